/**
 * What every engine is: a loop that takes what was observed, plans, commits, acts, and waits until something
 * happens or a moment comes. Only its turns change anything; what goes on beside it (agents, answers, whole
 * runs) leaves what it has to say in a list, and wakes it.
 */
import type { Clock } from './clock.ts';
import { Wake } from './wake.ts';

export type StopMode = 'graceful' | 'now';

export interface Turn {
  /** Nothing goes on and nothing can begin: this was the last turn. */
  isOver: boolean;
  /** ISO 8601: when to take another turn though nothing has happened; null: not before something does. */
  wakeAt: string | null;
}

/** Something beside the loop that can be told to stop: by asking, and again with `now` by force. */
export interface Stoppable {
  stop(mode: StopMode): void;
}

export class Loop {
  readonly #clock: Clock;
  readonly #wake = new Wake();
  readonly #stoppables = new Set<Stoppable>();
  #stopping: StopMode | null = null;
  /** A defect in something that goes on beside the loop; the loop throws it. */
  #defect: unknown = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How what goes on was told to stop, if it was: nothing new should begin. */
  get stopping(): StopMode | null {
    return this.#stopping;
  }

  /** Takes turns until one says that it was the last. Rejects with what a turn throws, or with a defect. */
  async run(turn: () => Promise<Turn>): Promise<void> {
    for (;;) {
      const { isOver, wakeAt } = await turn();
      this.throwDefect();
      if (isOver) return;
      const cancel = wakeAt === null ? null : this.#clock.wakeAt(wakeAt, this.wake);
      await this.#wake.wait();
      cancel?.();
      this.throwDefect();
    }
  }

  /** Something happened: another turn is due. */
  wake = (): void => {
    this.#wake.notify();
  };

  /** Stops what goes on, and what may yet come of what is being prepared. */
  stop(mode: StopMode): void {
    if (this.#stopping === 'now') return;
    this.#stopping = mode;
    this.stopAll(mode);
  }

  /** Stops what goes on, and lets others begin. */
  stopAll(mode: StopMode): void {
    for (const stoppable of this.#stoppables) stoppable.stop(mode);
    this.wake();
  }

  /** Lets work go on beside the loop; a defect in it ends the loop. */
  beside(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.fail(error));
  }

  /** As `beside`, for work that is stopped with the loop, also where the stop came before it. */
  besideUntilStopped(work: Promise<unknown>, stoppable: Stoppable): void {
    this.#stoppables.add(stoppable);
    this.beside(work.finally(() => this.#stoppables.delete(stoppable)));
    if (this.#stopping !== null) stoppable.stop(this.#stopping);
  }

  fail(error: unknown): void {
    this.#defect ??= error;
    this.wake();
  }

  /** For a turn that is about to make something final. */
  throwDefect(): void {
    if (this.#defect) throw this.#defect;
  }
}
