/** Lets one loop sleep until something happens; what happens while it is awake is not missed. */
export class Wake {
  #pending = false;
  #resolve: (() => void) | null = null;

  /** Something happened. */
  notify = (): void => {
    this.#pending = true;
    this.#resolve?.();
  };

  /** Resolves when something happened since the last `wait`: with all that came of it at once. */
  async wait(): Promise<void> {
    if (!this.#pending) await new Promise<void>((resolve) => (this.#resolve = resolve));
    await new Promise((resolve) => setImmediate(resolve));
    this.#pending = false;
    this.#resolve = null;
  }
}
