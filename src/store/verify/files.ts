/** Checks every hash that the log recorded, and looks for what no event knows of. Reads only. */
import path from 'node:path';
import { MAX_RESULT_BYTES, type FileRecord } from '../../model/run.ts';
import type { RunState } from '../../core/state/run-state.ts';
import { identityOf } from '../../processes/identity.ts';
import { hashForeign, type ForeignRead } from '../../disk/foreign-file.ts';
import { unsettledAttempts, type RunPaths } from '../layout.ts';
import type { Complain } from './report.ts';
import type { ReplayNotes } from './state.ts';
import { namesIn } from '../../disk/names-in.ts';

export interface Hashed {
  program_files: number;
  artifacts: number;
  results: number;
}

/** Frozen program files, published artifacts, results. */
export async function verifyHashes(
  paths: RunPaths,
  state: RunState,
  notes: ReplayNotes,
  complain: Complain,
): Promise<Hashed> {
  const hashed: Hashed = { program_files: 0, artifacts: 0, results: 0 };
  for (const record of state.plan.files) {
    await verifyRecord(paths.programDir, record, complain);
    hashed.program_files += 1;
  }
  for (const instance of state.instances.values()) {
    for (const record of instance.published) {
      await verifyRecord(paths.publishedDir(instance.instance_id), record, complain);
      hashed.artifacts += 1;
    }
  }
  for (const [id, { attempt, sha256 }] of notes.results) {
    const file = path.join(paths.attemptDir(id, attempt), 'result.json');
    const options = { below: paths.root, maxBytes: MAX_RESULT_BYTES };
    const problem = await differenceTo(sha256, file, options);
    hashed.results += 1;
    if (problem === 'is missing') {
      complain('warning', file, 'is missing; state/results/ has its content');
    } else if (problem !== null) complain('error', file, problem);
  }
  return hashed;
}

async function verifyRecord(
  directory: string,
  record: FileRecord,
  complain: Complain,
): Promise<void> {
  const file = path.join(directory, ...record.relative_path.split('/'));
  const options = { below: path.dirname(directory), maxBytes: record.size };
  const problem = await differenceTo(record.sha256, file, options);
  if (problem !== null) complain('error', file, problem);
}

/** How a file differs from what was recorded of it; `is missing`, where there is none. */
async function differenceTo(
  sha256: string,
  file: string,
  options: ForeignRead,
): Promise<string | null> {
  const found = await hashForeign(file, options);
  if (!found.ok) {
    return found.code === 'missing' ? 'is missing' : `has been changed: ${found.reason}`;
  }
  if (found.sha256 === sha256) return null;
  return `has been changed: SHA-256 ${found.sha256}, recorded ${sha256}`;
}

/** What a crash or a hand has left, and no event knows of. */
export function findLeftovers(paths: RunPaths, state: RunState, complain: Complain): void {
  for (const name of namesIn(paths.instancesDir)) {
    const directory = path.join(paths.instancesDir, name);
    const instance = state.instances.get(name);
    if (!instance) {
      if (!name.startsWith('.'))
        complain('warning', directory, 'belongs to no instance of the log');
      continue;
    }
    for (const attempt of namesIn(path.join(directory, 'attempts'))) {
      if (/^\d+$/.test(attempt) && Number(attempt) > instance.attempt) {
        complain('warning', path.join(directory, 'attempts', attempt), 'is no attempt of the log');
      }
    }
    complainOfTemporaries(directory, complain);
  }
  for (const { owner, attempt } of unsettledAttempts(paths)) {
    const instance = state.instances.get(owner);
    // A question that an assistant answers: its tries are in no log.
    if (!instance && state.interrupts.has(owner)) continue;
    const directory = paths.controlDir(owner, attempt);
    if (!instance || attempt > instance.attempt) {
      complain('warning', directory, 'belongs to no attempt of the log');
    } else if (attempt < instance.attempt || instance.status !== 'running') {
      complain('info', directory, 'is of an attempt that is over; the next engine puts it away');
    }
  }
  for (const directory of [
    paths.root,
    paths.stateDir,
    ...['tasks', 'inputs', 'instances', 'results'].map((name) => path.join(paths.stateDir, name)),
    paths.inboxInterrupts,
    paths.inboxReplies,
    paths.inboxCommands,
    paths.proposals,
    paths.lockDir,
  ]) {
    complainOfTemporaries(directory, complain);
  }
}

/** `.<name>.<pid>.<8 hex>.tmp`, as src/disk/disk.ts names them. */
function complainOfTemporaries(directory: string, complain: Complain): void {
  for (const name of namesIn(directory)) {
    const pid = /^\..+\.(\d+)\.[0-9a-f]{8}\.tmp$/.exec(name)?.[1];
    if (pid === undefined || identityOf(Number(pid)) !== null) continue;
    complain('info', path.join(directory, name), 'was left by a process that died; it can go');
  }
}
