/**
 * How long an attempt may go on, and be silent. Elapsed times run on the monotonic clock from what was true
 * when watching began, so that neither a changed clock nor a sleeping laptop uses up an agent's time.
 */
import type { AttemptOrder, StopReason } from '../../model/attempt.ts';
import { nowMs, Stopwatch } from './stopwatch.ts';

export class Limits {
  readonly #order: AttemptOrder;
  readonly #ageMs: number;
  readonly #wall: Stopwatch;
  #idle = new Stopwatch();

  constructor(order: AttemptOrder) {
    this.#order = order;
    this.#ageMs = Math.max(0, nowMs() - Date.parse(order.startedAt));
    this.#wall = new Stopwatch(this.#ageMs);
  }

  /** Something was printed just now. */
  sawOutput(): void {
    this.#idle = new Stopwatch();
  }

  /** Of an attempt that was found again: `lastOutputMs` since the epoch. */
  lastSawOutput(lastOutputMs: number): void {
    const silenceMs = Math.max(0, nowMs() - lastOutputMs);
    this.#idle = new Stopwatch(Math.min(this.#ageMs, silenceMs));
  }

  silenceMs(): number {
    return this.#idle.elapsedMs();
  }

  /** The limit that the attempt has come to; null: none. */
  reached(): StopReason | null {
    const { wallTimeoutMs, idleTimeoutMs } = this.#order;
    if (wallTimeoutMs !== null && this.#wall.elapsedMs() >= wallTimeoutMs) return 'wall_timeout';
    if (idleTimeoutMs !== null && this.silenceMs() >= idleTimeoutMs) return 'idle_timeout';
    return null;
  }
}
