/**
 * Whether an attempt that prints nothing gets on all the same: by the processor time of all that it has running, its own
 * files, the file of its session, and the files that it works on. What costs a walk through directories is looked at
 * when nothing else has shown for the whole of the limit.
 */
import type { Backend, Environment } from '../../agents/backend.ts';
import type { AttemptOrder } from '../../model/attempt.ts';
import { changeSince } from './newest-change.ts';
import { Descendants } from './descendants.ts';
import { nowMs, Stopwatch } from './stopwatch.ts';

/** Less of a core than this over the limit is none: what waits wakes up now and then, too. */
const LEAST_SHARE = 0.01;
/** How often within the limit the processor time is looked at. */
const LOOKS = 20;
const [SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS] = [100, 15_000];

export class ProgressWatch {
  readonly #order: AttemptOrder;
  readonly #backend: Backend;
  readonly #env: Environment | null;
  readonly #descendants: Descendants;
  /** Processor time at the last sign of progress. */
  #usedMs = 0;
  #sinceLook = new Stopwatch();
  #startsAnew = false;
  /** The newest change that has counted: clocks may be set back over it. */
  #changedMs = 0;
  /** The look at its files: what it has found, once it is done; null: none is under way. */
  #search: { found?: number | null } | null = null;
  #isOver = false;

  /** `env`: all of the attempt's; null where it is not known. */
  constructor(order: AttemptOrder, backend: Backend, leader: number, env: Environment | null) {
    this.#order = order;
    this.#backend = backend;
    this.#env = env;
    this.#descendants = new Descendants(leader, order);
    this.#usedMs = this.#descendants.cpuMs();
  }

  /** Something was printed: what it works counts from about now. */
  sawOutput(): void {
    this.#startsAnew = true;
  }

  /** Whether it has worked, since it last got on, as much as counts in `limitMs`. Cheap: most calls look at nothing. */
  hasWorked(limitMs: number): boolean {
    const pauseMs = Math.min(Math.max(limitMs / LOOKS, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
    if (this.#sinceLook.elapsedMs() < pauseMs) return false;
    this.#sinceLook = new Stopwatch();
    const usedMs = this.#descendants.cpuMs();
    if (this.#startsAnew) this.#usedMs = usedMs;
    this.#startsAnew = false;
    if (usedMs - this.#usedMs < limitMs * LEAST_SHARE) return false;
    this.#usedMs = usedMs;
    return true;
  }

  /**
   * Of one that seems to have stood still for so long: how long ago a file of its changed all the same, ms; `none`;
   * or `unknown`, until the look, which goes on beside, is done.
   */
  lastChange(silenceMs: number, sessionId: string | null): number | 'none' | 'unknown' {
    if (this.#search === null) {
      this.#search = {};
      void this.#look(this.#search, nowMs() - silenceMs, sessionId);
    }
    const { found } = this.#search;
    if (found === undefined) return 'unknown';
    this.#search = null;
    if (found === null || found <= this.#changedMs) return 'none';
    this.#changedMs = found;
    this.#usedMs = this.#descendants.cpuMs();
    return Math.max(0, nowMs() - found);
  }

  close(): void {
    this.#isOver = true;
  }

  async #look(
    search: { found?: number | null },
    sinceMs: number,
    sessionId: string | null,
  ): Promise<void> {
    const { attemptDir, cwd, writableRoots, sandbox } = this.#order;
    const session = sessionId ?? this.#order.sessionId;
    const file =
      session === null || this.#env === null ? null : this.#backend.sessionFile(session, this.#env);
    const worked = sandbox === 'read-only' ? [] : [cwd, ...writableRoots];
    const places = [attemptDir, ...(file === null ? [] : [file]), ...worked];
    const after = Math.max(sinceMs, this.#changedMs);
    search.found = await changeSince(places, after, () => this.#isOver);
  }
}
