/**
 * How long an attempt may go on, and be silent. Time passes from one look to the next, on the monotonic clock: a
 * gap far above the time between two looks counts as one. Whoever could not look meanwhile (a machine that slept, a
 * frozen container) stood still together with the agent.
 */
import type { OutputSummary } from '../../agents/backend.ts';
import { quietLimit } from '../quiet-limit.ts';
import type { AttemptOrder, StopReason } from '../../model/attempt.ts';
import { ageMs, type ProcessIdentity } from '../../processes/identity.ts';
import { nowMs, Stopwatch } from './stopwatch.ts';

/** Between two looks at an attempt. */
export const POLL_MS = 100;
/** No look comes so much later than it is meant to on a machine that goes on, be it a busy one: what is longer counts as one `POLL_MS`. */
export const GAP_MS = 1000;
/** A wall clock that is ahead of the process by more was set forward, or slept through it. */
const SKEW_MS = 5000;

type LimitedOrder = Pick<
  AttemptOrder,
  'wallTimeoutMs' | 'idleTimeoutMs' | 'stall' | 'startedAt' | 'budget'
>;

export class Limits {
  readonly #order: LimitedOrder;
  #wallTimeoutMs: number | null;
  #budgetMs: number | null;
  #ageMs = 0;
  #silenceMs = 0;
  /** What its agent is busy with. */
  #busyWith: OutputSummary['busyWith'] = null;
  #sinceLook = new Stopwatch();
  /** When the next look is meant to come after the one before, ms. */
  #plannedMs = 0;

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
    // Nobody has looked for other signs of progress meanwhile.
    const isKnown = this.#order.stall === undefined;
    this.#silenceMs = isKnown ? Math.max(0, Math.min(this.#ageMs, silenceMs)) : 0;
  }

  /** Looks at the clock. Called at each look at the attempt. */
  look(): void {
    const passedMs = this.#sinceLook.elapsedMs();
    this.#sinceLook = new Stopwatch();
    const countedMs = passedMs > this.#plannedMs + GAP_MS ? POLL_MS : passedMs;
    this.#ageMs += countedMs;
    this.#silenceMs += countedMs;
  }

  /** The next look is meant to come in so much time. */
  planLook(pauseMs: number): void {
    this.#plannedMs = this.#sinceLook.elapsedMs() + pauseMs;
  }

  /** The last sign of progress came so long ago: something printed just now, or seen of late. */
  sawProgress(agoMs = 0): void {
    this.#silenceMs = agoMs;
  }

  /** Its output tells what it is busy with now. */
  setBusy(busyWith: OutputSummary['busyWith']): void {
    this.#busyWith = busyWith;
  }

  /** How long it may show no progress, ms; null: no limit. */
  quietMs(): number | null {
    return quietLimit(this.#order, { busyWith: this.#busyWith });
  }

  silenceMs(): number {
    return this.#silenceMs;
  }

  /** Until one of them can be reached, as far as is known now. */
  leftMs(): number {
    return Math.min(
      (this.#wallTimeoutMs ?? Infinity) - this.#ageMs,
      (this.#budgetMs ?? Infinity) - this.#ageMs,
      (this.quietMs() ?? Infinity) - this.#silenceMs,
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
    const quietMs = this.quietMs();
    if (this.#wallTimeoutMs !== null && this.#ageMs >= this.#wallTimeoutMs) return 'wall_timeout';
    if (this.#budgetMs !== null && this.#ageMs >= this.#budgetMs) return 'budget';
    if (quietMs !== null && this.#silenceMs >= quietMs) return 'idle_timeout';
    return null;
  }
}
