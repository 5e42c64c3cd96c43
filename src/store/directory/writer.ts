/**
 * The one writer of a run on disk: who holds one holds the run's lock. Short commands (a reply, an abort) open
 * one for a moment; the engine for long. It opens the log once, and reads it once.
 */
import type { RunEvent } from '../../core/events/events.ts';
import { resultOf } from '../../core/state/results.ts';
import type { RunState } from '../../core/state/run-state.ts';
import { replaceFile } from '../../disk/disk.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import { readRunFile } from '../cache/run-file.ts';
import { StateCache } from '../cache/state-cache.ts';
import { directoryInbox } from '../inbox/directory.ts';
import type { RunPaths } from '../layout.ts';
import type { Lock } from '../lock/numbered-lock.ts';
import { acquireRunLock, refusalOf } from '../lock/run-lock.ts';
import { evolveChecked, refuseEmptyLog, refuseLostEvents } from '../log/replay.ts';
import type { RecordedResult } from '../log/results.ts';
import { EventLog } from '../log/writer.ts';
import { RunClock } from '../run-clock.ts';
import type { Inbox, RunWriter, Visit, Writing } from '../run-store.ts';

export interface WriterOptions {
  /** Shown to others: `run start`. */
  as: string;
  /** ISO 8601, UTC. */
  now(): string;
  /** Whether commits reach the device. */
  sync: boolean;
}

class DirectoryRunWriter implements RunWriter {
  readonly paths: RunPaths;
  readonly state: RunState;
  readonly inbox: Inbox;
  readonly #clock: RunClock;
  readonly #lock: Lock;
  readonly #log: EventLog;
  readonly #cache: StateCache;
  readonly #listeners = new Set<Visit>();
  #onStaleCache: ((reason: Refusal) => void) | null = null;
  #isCommitting = false;

  constructor(paths: RunPaths, opened: OpenedRun, lock: Lock, now: () => string) {
    this.paths = paths;
    this.state = opened.state;
    this.inbox = directoryInbox(paths, now);
    this.#clock = new RunClock(now);
    this.#lock = lock;
    this.#log = opened.log;
    this.#cache = opened.cache;
  }

  now(): string {
    return this.#clock.now(this.state.updatedAt);
  }

  commit(events: readonly RunEvent[]): void {
    if (events.length > 0) this.checkPlace();
    this.#log.append(events);
    this.#tell(events);
  }

  async commitAsync(events: readonly RunEvent[]): Promise<void> {
    this.#isCommitting = true;
    try {
      await this.#log.appendAsync(events);
    } finally {
      this.#isCommitting = false;
    }
    this.#tell(events);
  }

  checkPlace(): void {
    this.#log.checkPlace();
    if (this.#lock.isHeld()) return;
    throw new Refusal(
      'lock-lost',
      `The lock of run ${this.paths.runId} was removed from ${this.paths.lockDir} while it was driven: another engine may have it.`,
      { hint: `codex-orch run resume ${this.paths.runId}`, exit: ExitStatus.failed },
    );
  }

  #tell(events: readonly RunEvent[]): void {
    for (const event of events) {
      this.#cache.note(event);
      for (const listener of this.#listeners) listener(event, this.state);
    }
  }

  onEvent(listener: Visit): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  flushCache(): void {
    if (this.#isCommitting || !this.#isOurs()) return;
    const refusal = this.#cache.flush(this.state, this.#log.position);
    if (!refusal) return;
    this.#onStaleCache?.(refusal);
    this.#onStaleCache = null;
  }

  /** Whether what lies there is what we hold: beside another's run, or a restored one, nothing is written. */
  #isOurs(): boolean {
    try {
      this.checkPlace();
      return true;
    } catch (error) {
      if (error instanceof Refusal) return false;
      throw error;
    }
  }

  onStaleCache(listener: (reason: Refusal) => void): void {
    this.#onStaleCache = listener;
  }

  result(instanceId: string): RecordedResult | null {
    if (!this.state.instances.has(instanceId)) return null;
    if (resultOf(this.state, instanceId) === null) return null;
    const recorded = this.#log.result(instanceId);
    if (recorded !== null) this.#cache.checkResult(instanceId, recorded.value);
    return recorded;
  }

  noteSession(instanceId: string, sessionId: string): void {
    const file = this.paths.sessionFile(instanceId);
    try {
      replaceFile(file, `${JSON.stringify({ session_id: sessionId })}\n`);
    } catch {
      // For people alone: the log has it when the attempt ends.
    }
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

/** See `RunStore.write`. */
export function writeRun(paths: RunPaths, { as, now, sync }: WriterOptions): Writing {
  const claim = acquireRunLock(paths, { command: as, now });
  if (!claim.ok) {
    const holder = claim.reason === 'held' ? claim.holder : null;
    return { ok: false, reason: claim.reason, refusal: refusalOf(paths.runId, claim), holder };
  }
  try {
    const opened = openRun(paths, sync);
    return { ok: true, writer: new DirectoryRunWriter(paths, opened, claim.lock, now) };
  } catch (error) {
    claim.lock.release();
    throw error;
  }
}

interface OpenedRun {
  log: EventLog;
  state: RunState;
  cache: StateCache;
}

function openRun(paths: RunPaths, sync: boolean): OpenedRun {
  let state: RunState | null = null;
  const log = EventLog.openForAppend(paths.eventsLog, {
    sync,
    runId: paths.runId,
    visit: (event) => {
      state = evolveChecked(state, event, paths.eventsLog);
    },
  });
  try {
    if (!state) refuseEmptyLog(paths);
    refuseLostEvents(paths, readRunFile(paths), log.position.seq);
    return { log, state, cache: StateCache.open(paths, state, log.position) };
  } catch (error) {
    log.close();
    throw error;
  }
}
