/**
 * The one writer of a run: who holds a session holds the run's lock, and everything that becomes true
 * becomes so by `commit`. Short commands (a reply, an abort) open one for a moment; the engine for long.
 */
import type { RunEvent } from '../core/events/events.ts';
import { Refusal } from '../model/refusal.ts';
import { resultOf } from '../core/state/results.ts';
import type { RunState } from '../core/state/run-state.ts';
import type { RecordedResult } from '../store/log/results.ts';
import { replaceFile } from '../disk/disk.ts';
import { EventLog } from '../store/log/writer.ts';
import { runPaths, type RunPaths } from '../store/layout.ts';
import {
  acquireRunLock,
  describeHolder,
  holderHint,
  type LockResult,
  type RunLock,
} from '../store/lock/run-lock.ts';
import { readRunFile } from '../store/cache/run-file.ts';
import { evolveChecked, refuseEmptyLog, refuseLostEvents } from '../store/run-store.ts';
import { StateCache } from '../store/cache/state-cache.ts';
import type { Clock } from './clock.ts';
import type { DrivenRun } from './parts.ts';
import type { Surroundings } from './surroundings.ts';

export type SessionAttempt =
  | { ok: true; session: RunSession }
  | { ok: false; refusal: Refusal; reason: 'held' | 'not-writable' };

export class RunSession implements DrivenRun {
  readonly paths: RunPaths;
  readonly state: RunState;
  readonly clock: Clock;
  readonly #lock: RunLock;
  readonly #log: EventLog;
  readonly #cache: StateCache;
  readonly #listeners = new Set<(event: RunEvent, state: RunState) => void>();
  #onStaleCache: ((reason: Refusal) => void) | null = null;
  #isCommitting = false;

  private constructor(
    clock: Clock,
    paths: RunPaths,
    lock: RunLock,
    log: EventLog,
    state: RunState,
  ) {
    this.clock = clock;
    this.paths = paths;
    this.state = state;
    this.#lock = lock;
    this.#log = log;
    this.#cache = StateCache.open(paths, state);
  }

  /** Takes the lock and reads the log, or says who holds the run. `command` is shown to others. */
  static tryOpen(
    { env, clock }: Surroundings,
    programDir: string,
    runId: string,
    command: string,
  ): SessionAttempt {
    const paths = runPaths(programDir, runId);
    const claim = acquireRunLock(paths, { command });
    if (!claim.ok) return { ok: false, reason: claim.reason, refusal: refusalOf(runId, claim) };
    try {
      let state: RunState | null = null;
      const log = EventLog.openForAppend(paths.eventsLog, {
        sync: flushes(env),
        runId,
        visit: (event) => {
          state = evolveChecked(state, event, paths.eventsLog);
        },
      });
      if (!state) refuseEmptyLog(paths);
      try {
        refuseLostEvents(paths, readRunFile(paths), state);
      } catch (error) {
        log.close();
        throw error;
      }
      return { ok: true, session: new RunSession(clock, paths, claim.lock, log, state) };
    } catch (error) {
      claim.lock.release();
      throw error;
    }
  }

  /** As `tryOpen`. @throws Refusal `run-busy` that names the holder */
  static open(
    surroundings: Surroundings,
    programDir: string,
    runId: string,
    command: string,
  ): RunSession {
    const attempt = RunSession.tryOpen(surroundings, programDir, runId, command);
    if (attempt.ok) return attempt.session;
    throw attempt.refusal;
  }

  /** Now, as ISO 8601 in UTC; never before the last event, also when the clock jumped back. */
  now(): string {
    const now = this.clock.now();
    return now > this.state.updatedAt ? now : this.state.updatedAt;
  }

  /**
   * Makes events true: on disk, flushed, before this returns. They have been applied to the state by
   * whoever decided them; if this throws, the state in memory is ahead of the log and must be dropped.
   */
  commit(events: readonly RunEvent[]): void {
    this.#log.append(events);
    this.#tell(events);
  }

  /** As `commit`, but other work goes on while the device takes the events. One at a time. */
  async commitAsync(events: readonly RunEvent[]): Promise<void> {
    this.#isCommitting = true;
    try {
      await this.#log.appendAsync(events);
    } finally {
      this.#isCommitting = false;
    }
    this.#tell(events);
  }

  #tell(events: readonly RunEvent[]): void {
    for (const event of events) {
      this.#cache.note(event);
      for (const listener of this.#listeners) listener(event, this.state);
    }
  }

  /** Called after each event is on disk. Returns how to unsubscribe. */
  onEvent(listener: (event: RunEvent, state: RunState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Brings the readable cache, `state/` and the inbox's records, up to date. Nothing true hangs on it, so
   * that a disk which does not take it harms no one; but who reads it should know: see `onStaleCache`.
   * Not during a commit: it must not tell of events that a power cut may take back.
   */
  flushCache(): void {
    if (this.#isCommitting) return;
    const refusal = this.#cache.flush(this.state);
    if (!refusal) return;
    this.#onStaleCache?.(refusal);
    this.#onStaleCache = null;
  }

  /** Calls back, once, when the cache could not be written. */
  onStaleCache(listener: (reason: Refusal) => void): void {
    this.#onStaleCache = listener;
  }

  /**
   * The result of a done instance, as the log recorded it; null where the attempt that ended well left none.
   * Where its file under `state/` says anything else, that is written anew.
   *
   * @throws Refusal `log-damaged`
   */
  result(instanceId: string): RecordedResult | null {
    if (resultOf(this.state, instanceId) === null) return null;
    const recorded = this.#log.result(instanceId);
    if (recorded !== null) this.#cache.checkResult(instanceId, recorded.value);
    return recorded;
  }

  /** A readable copy of a session id, beside the instance, as soon as it is known. */
  noteSession(instanceId: string, sessionId: string): void {
    const file = this.paths.sessionFile(instanceId);
    replaceFile(file, `${JSON.stringify({ session_id: sessionId })}\n`);
  }

  close(): void {
    try {
      this.flushCache();
    } finally {
      this.#log.close();
      this.#lock.release();
    }
  }
}

function refusalOf(runId: string, claim: LockResult & { ok: false }): Refusal {
  if (claim.reason === 'not-writable') {
    return new Refusal(
      'run-not-writable',
      `${claim.path} cannot be written to: ${claim.message}.`,
      {
        hint: "Check the permissions of the program's .runs directory.",
      },
    );
  }
  return new Refusal('run-busy', `Run ${runId} is driven by ${describeHolder(claim.holder)}.`, {
    hint: holderHint(claim.holder, runId),
    data: { holder: claim.holder },
  });
}

/** Whether commits reach the device. CODEX_ORCH_NO_SYNC=1 is for measuring what that costs. */
export function flushes(env: Surroundings['env']): boolean {
  return env['CODEX_ORCH_NO_SYNC'] !== '1';
}
