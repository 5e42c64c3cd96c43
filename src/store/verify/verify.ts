/**
 * `run verify`: is what this run has on disk what its log says? And `--repair`: write `state/` anew from
 * the log. The log itself is never repaired beyond dropping the torn last line of a crash: what an event
 * was cannot be guessed.
 */
import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import path from 'node:path';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import type { RunState } from '../../core/state/run-state.ts';
import { remove } from '../../disk/disk.ts';
import { EventLog } from '../log/writer.ts';
import type { RunPaths } from '../layout.ts';
import type { LogEnd } from '../log/reader.ts';
import { describeHolder } from '../lock/numbered-lock.ts';
import { acquireRunLock, currentHolder, holderHint } from '../lock/run-lock.ts';
import { evolveChecked, replayLog } from '../log/replay.ts';
import { StateCache } from '../cache/state-cache.ts';
import { findLeftovers, verifyHashes } from './files.ts';
import type { VerifyProblem, VerifyReport } from './report.ts';
import { ReplayNotes, verifyRecords, verifyState } from './state.ts';

/** How often, and how long in between, the files of a run that goes on are compared. */
const LOOKS = 20;
const BETWEEN_LOOKS_MS = 50;

/**
 * Checks a run; with `repair` writes its `state/` anew first, unless the log is damaged. Works on a run
 * that an engine drives (what is just being written is looked at again), but does not repair one.
 *
 * @throws Refusal `format-newer`, `log-missing`, `run-empty`, for `repair` also `run-busy`
 */
export async function verifyRunDirectory(
  paths: RunPaths,
  options: { repair?: boolean; now: () => string },
): Promise<VerifyReport> {
  let repaired = false;
  if (options.repair && readable(paths)) {
    repairState(paths, options.now);
    repaired = true;
  }
  for (let look = 1; ; look += 1) {
    const before = stirrings(paths);
    const report = await lookAt(paths, repaired);
    const stoodStill = before !== null && before === stirrings(paths);
    if (report.ok || look === LOOKS || stoodStill) return report;
    await sleep(BETWEEN_LOOKS_MS);
  }
}

/**
 * What changes whenever somebody writes to the run; null while somebody may. One who came and went while we
 * looked has left files that are newer than the log that we read.
 */
function stirrings(paths: RunPaths): string | null {
  if (currentHolder(paths) !== null) return null;
  const stamp = (file: string): string => {
    const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
    return stats ? `${stats.size} ${stats.mtimeNs}` : '';
  };
  return `${stamp(paths.eventsLog)} ${stamp(paths.lockDir)}`;
}

async function lookAt(paths: RunPaths, repaired: boolean): Promise<VerifyReport> {
  const problems: VerifyProblem[] = [];
  const complain = (severity: VerifyProblem['severity'], where: string, message: string): void => {
    const relative = where.startsWith(paths.root) ? path.relative(paths.root, where) : where;
    problems.push({ severity, where: relative, message });
  };
  const report = (log: VerifyReport['log'], checked: VerifyReport['checked']): VerifyReport => ({
    run_id: paths.runId,
    ok: !problems.some(({ severity }) => severity === 'error'),
    log,
    checked,
    problems,
    repaired,
  });

  const notes = new ReplayNotes(paths);
  let seen = 0;
  let replayed: { state: RunState; end: LogEnd };
  try {
    replayed = replayLog(paths, (event) => {
      seen = event.seq;
      notes.note(event);
    });
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'log-damaged') throw error;
    const { line, what } = error.data as { line: number; what: string };
    complain('error', `${paths.eventsLog}, line ${line}`, what);
    return report(
      { events: seen, bytes: null, torn_bytes: 0, head: null },
      { state_files: 0, program_files: 0, artifacts: 0, results: 0 },
    );
  }
  const { state, end } = replayed;
  if (end.tornBytes > 0) {
    const torn = `ends in a torn line of ${end.tornBytes} bytes, as a crash leaves it`;
    complain('warning', paths.eventsLog, `${torn}; the next engine drops it`);
  }
  const stateFiles = verifyState(paths, state, end, notes, complain);
  verifyRecords(paths, state, notes, complain);
  const hashed = await verifyHashes(paths, state, notes, complain);
  findLeftovers(paths, state, complain);
  return report(
    { events: end.seq, bytes: end.bytes, torn_bytes: end.tornBytes, head: end.head },
    { state_files: stateFiles, ...hashed },
  );
}

function readable(paths: RunPaths): boolean {
  try {
    replayLog(paths);
    return true;
  } catch (error) {
    if (error instanceof Refusal && error.code === 'log-damaged') return false;
    throw error;
  }
}

/** Under the lock: an engine that drives the run writes `state/` itself. */
function repairState(paths: RunPaths, now: () => string): void {
  const claim = acquireRunLock(paths, { command: 'run verify --repair', now });
  if (!claim.ok) {
    if (claim.reason === 'not-writable') {
      throw new Refusal('run-not-writable', `${claim.path} cannot be written: ${claim.message}.`);
    }
    const holder = describeHolder(claim.holder);
    throw new Refusal('run-busy', `Run ${paths.runId} is driven by ${holder}.`, {
      hint:
        claim.holder.liveness === 'alive'
          ? 'Wait for it to end, or stop it, then repair.'
          : holderHint(claim.holder, paths.runId),
      exit: ExitStatus.failed,
    });
  }
  try {
    const cache = StateCache.create(paths);
    let state: RunState | null = null;
    const log = EventLog.openForAppend(paths.eventsLog, {
      runId: paths.runId,
      visit: (event) => {
        state = evolveChecked(state, event, paths.eventsLog);
        cache.note(event);
      },
    });
    try {
      remove(paths.stateDir);
      const failed = state === null ? null : cache.flush(state, log.position);
      if (failed) throw failed;
    } finally {
      log.close();
    }
  } finally {
    claim.lock.release();
  }
}
