/**
 * How many attempts a worker carries out at once. What is being handed in takes up no slot; what was found again does. So
 * a slot is not what the SDK takes for one, which asks here before each poll of the queue.
 */

export interface SlotUse {
  /** Attempts at work here, whichever activity attends to them. */
  working(): number;
  /** Activities of the queue that attend to an attempt, at work or not. */
  attending(): number;
  /** Whether one more could be laid out here. Whoever says that it could not tells `changed` when it can. */
  hasRoom(): boolean;
}

/** Leave to poll, and then to carry out what that brings. */
export interface Slot {
  readonly number: number;
}

export class Slots {
  readonly #count: number;
  readonly #use: SlotUse;
  /** By number. `true`: its poll has brought an activity. */
  readonly #given = new Map<number, boolean>();
  #waiting: ((slot: Slot) => void)[] = [];
  #next = 0;
  #isClosed = false;

  constructor(count: number, use: SlotUse) {
    this.#count = count;
    this.#use = use;
  }

  /** Resolves once one is free. */
  reserve(signal: AbortSignal): Promise<Slot> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(resolve);
      const leave = (): void => {
        this.#waiting = this.#waiting.filter((each) => each !== resolve);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.changed();
    });
  }

  tryReserve(): Slot | null {
    return this.#isFree() ? this.#give() : null;
  }

  /** From now on nobody gets one. */
  close(): void {
    this.#isClosed = true;
  }

  /** Its poll has brought an activity. */
  used({ number }: Slot): void {
    if (this.#given.has(number)) this.#given.set(number, true);
  }

  release({ number }: Slot): void {
    this.#given.delete(number);
    this.changed();
  }

  /** Whoever waits is looked at again. */
  changed(): void {
    while (this.#waiting.length > 0 && this.#isFree()) this.#waiting.shift()?.(this.#give());
  }

  #isFree(): boolean {
    if (this.#isClosed) return false;
    const used = [...this.#given.values()].filter((isUsed) => isUsed).length;
    const polling = this.#given.size - used;
    // An activity that has come, and has not come to its attempt yet.
    const coming = Math.max(0, used - this.#use.attending());
    return polling + coming + this.#use.working() < this.#count && this.#use.hasRoom();
  }

  #give(): Slot {
    this.#next += 1;
    this.#given.set(this.#next, false);
    return { number: this.#next };
  }
}
