import { performance } from 'node:perf_hooks';

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
