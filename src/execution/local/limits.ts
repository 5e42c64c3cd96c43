/**
 * How long an attempt may go on, and be silent. Time passes from one look to the next, on the monotonic clock: a
 * gap far above the time between two looks counts as one. Whoever could not look meanwhile (a machine that slept, a
 * frozen container) stood still together with the agent.
 */
import type { AttemptOrder, StopReason } from '../../model/attempt.ts';
import { ageMs, type ProcessIdentity } from '../../processes/identity.ts';
import { nowMs, Stopwatch } from './stopwatch.ts';

/** Between two looks at an attempt. */
export const POLL_MS = 100;
/** No look is so late on a machine that goes on, be it a busy one. */
const GAP_MS = 1000;
/** A wall clock that is ahead of the process by more was set forward, or slept through it. */
const SKEW_MS = 5000;

type LimitedOrder = Pick<AttemptOrder, 'wallTimeoutMs' | 'idleTimeoutMs' | 'startedAt' | 'budget'>;

export class Limits {
  readonly #order: LimitedOrder;
  #wallTimeoutMs: number | null;
  #budgetMs: number | null;
  #ageMs = 0;
  #silenceMs = 0;
  #sinceLook = new Stopwatch();

  constructor(order: LimitedOrder) {
    this.#order = order;
    this.#wallTimeoutMs = order.wallTimeoutMs;
    this.#budgetMs = order.budget?.wallMs ?? null;
  }

  /**
   * Of an attempt that was found again: how old it is, by its own process; how long it has been silent, by
   * the time of its output (ms since the epoch), less what the clock was set forward since it began.
   */
  takeOver(identity: ProcessIdentity, lastOutputMs: number): void {
    const wallAgeMs = Math.max(0, nowMs() - Date.parse(this.#order.startedAt));
    this.#ageMs = ageMs(identity) ?? wallAgeMs;
    const skewMs = wallAgeMs - this.#ageMs;
    const silenceMs = nowMs() - lastOutputMs - (skewMs > SKEW_MS ? skewMs : 0);
    this.#silenceMs = Math.max(0, Math.min(this.#ageMs, silenceMs));
  }

  /** Looks at the clock. Called at each look at the attempt. */
  look(): void {
    const passedMs = this.#sinceLook.elapsedMs();
    this.#sinceLook = new Stopwatch();
    const countedMs = passedMs > GAP_MS ? POLL_MS : passedMs;
    this.#ageMs += countedMs;
    this.#silenceMs += countedMs;
  }

  /** Something was printed just now. */
  sawOutput(): void {
    this.#silenceMs = 0;
  }

  silenceMs(): number {
    return this.#silenceMs;
  }

  /** Until one of them can be reached, as far as is known now. */
  leftMs(): number {
    const { idleTimeoutMs } = this.#order;
    return Math.min(
      (this.#wallTimeoutMs ?? Infinity) - this.#ageMs,
      (this.#budgetMs ?? Infinity) - this.#ageMs,
      (idleTimeoutMs ?? Infinity) - this.#silenceMs,
    );
  }

  /** Another time limit from now on. */
  limitWall(wallTimeoutMs: number): void {
    this.#wallTimeoutMs = wallTimeoutMs;
  }

  /** Another budget of time from now on; null: none. */
  limitBudget(wallMs: number | null): void {
    this.#budgetMs = wallMs;
  }

  /** The limit that the attempt has come to; null: none. */
  reached(): StopReason | null {
    const { idleTimeoutMs } = this.#order;
    if (this.#wallTimeoutMs !== null && this.#ageMs >= this.#wallTimeoutMs) return 'wall_timeout';
    if (this.#budgetMs !== null && this.#ageMs >= this.#budgetMs) return 'budget';
    if (idleTimeoutMs !== null && this.#silenceMs >= idleTimeoutMs) return 'idle_timeout';
    return null;
  }
}
