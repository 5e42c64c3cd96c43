/** The time, as an engine sees it: handed in, so that a test can decide how late it is. */

export interface Clock {
  /** ISO 8601, UTC. It may jump: people and time servers set it. */
  now(): string;
  /** Since some moment before; never jumps. For how long something took. */
  elapsedMs(): number;
  /** Calls back once, when `now()` has come to `at`. Returns what cancels it. */
  wakeAt(at: string, wake: () => void): () => void;
}

/** Timers of Node fire at once beyond this (https://nodejs.org/api/timers.html). */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The machine's own. */
export const systemClock: Clock = {
  now: () => new Date().toISOString(),
  elapsedMs: () => performance.now(),
  wakeAt(at, wake) {
    let timer: NodeJS.Timeout;
    // A timer counts on while the machine's time is set back, and is cut off where it is too long.
    const wait = (): void => {
      const leftMs = Date.parse(at) - Date.now();
      if (leftMs <= 0) wake();
      else timer = setTimeout(wait, Math.min(leftMs, LONGEST_TIMER_MS));
    };
    timer = setTimeout(wait, 0);
    return () => clearTimeout(timer);
  },
};
