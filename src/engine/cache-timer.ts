/** When `state/` is written while a run is driven: scripts poll it, and it is for readers alone. */
import type { Clock } from './clock.ts';
import type { DrivenRun } from './parts.ts';

/** It is at most so late; what changes several times meanwhile is written once. */
const CACHE_LATE_MS = 900;
/** However long the writing takes. */
const CACHE_PAUSE_MS = 200;

export class CacheTimer {
  readonly #clock: Clock;
  readonly #run: Pick<DrivenRun, 'flushCache'>;
  /** How long the latest writing took. */
  #tookMs = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(clock: Clock, run: Pick<DrivenRun, 'flushCache'>) {
    this.#clock = clock;
    this.#run = run;
  }

  /** Something has changed. */
  schedule(): void {
    this.#timer ??= setTimeout(
      () => {
        this.#timer = null;
        const before = this.#clock.elapsedMs();
        this.#run.flushCache();
        this.#tookMs = this.#clock.elapsedMs() - before;
      },
      Math.max(CACHE_PAUSE_MS, CACHE_LATE_MS - this.#tookMs),
    );
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer);
  }
}
