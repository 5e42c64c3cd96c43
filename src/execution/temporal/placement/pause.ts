/** Waiting that can be cut short, and how long to wait before the next try. */

export class Pause {
  #wakers = new Set<() => void>();

  /** Whoever waits now goes on at once. */
  wake(): void {
    const woken = [...this.#wakers];
    this.#wakers.clear();
    for (const wake of woken) wake();
  }

  for(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#wakers.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wakers.add(done);
    });
  }

  untilWoken(): Promise<undefined> {
    return new Promise((resolve) => this.#wakers.add(() => resolve(undefined)));
  }
}

const FIRST_MS = 250;
const MOST_MS = 10_000;

export class Backoff {
  #nextMs = FIRST_MS;

  /** Twice as long each time, up to 10 s. */
  nextMs(): number {
    const ms = this.#nextMs;
    this.#nextMs = Math.min(MOST_MS, ms * 2);
    return ms;
  }
}
