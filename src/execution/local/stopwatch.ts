/**
 * The time of this machine, as its processes and files have it: what is compared here was stamped by the
 * kernel, or is a deadline of a process.
 */

/** Milliseconds since the epoch. It may jump. */
export function nowMs(): number {
  return Date.now();
}

/** Monotonic time since a moment that may lie before the watch began. */
export class Stopwatch {
  private readonly startMs: number;

  constructor(alreadyElapsedMs = 0) {
    this.startMs = performance.now() - alreadyElapsedMs;
  }

  elapsedMs(): number {
    return performance.now() - this.startMs;
  }
}
