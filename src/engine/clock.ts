/** The time, as an engine sees it: handed in, so that a test can decide how late it is. */

export interface Clock {
  /** ISO 8601, UTC. It may jump: people and time servers set it. */
  now(): string;
  /** Since some moment before; never jumps. For how long something took. */
  elapsedMs(): number;
  /**
   * Calls back once, when `now()` has come to `at`, or before (a clock may be set back while a timer runs,
   * and timers are short): whoever waits looks again. Returns what cancels it.
   */
  wakeAt(at: string, wake: () => void): () => void;
}

/** Timers of Node fire at once beyond this (https://nodejs.org/api/timers.html). */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The machine's own. */
export const systemClock: Clock = {
  now: () => new Date().toISOString(),
  elapsedMs: () => performance.now(),
  wakeAt(at, wake) {
    const waitMs = Math.max(0, Date.parse(at) - Date.now());
    const timer = setTimeout(wake, Math.min(waitMs, LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
};
