/** How many attempts of one queue may be handed out at once whose host has not given a sign yet. */

export class Gate {
  readonly #most: number;
  #inside = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** Resolves, in the order of the calls, once there is room. Returns how to leave, which may be called again. */
  async enter(): Promise<() => void> {
    if (this.#inside >= this.#most) await new Promise<void>((go) => this.#waiting.push(go));
    else this.#inside += 1;
    let isInside = true;
    return () => {
      if (!isInside) return;
      isInside = false;
      const next = this.#waiting.shift();
      if (next === undefined) this.#inside -= 1;
      else next();
    };
  }
}
