/** One engine at a time drives a run: the lock is the directory `lock/` of the run. See numbered-lock.ts. */
import { statSync } from 'node:fs';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import type { RunPaths } from '../layout.ts';
import { isOutOfSpace } from '../../disk/out-of-space.ts';
import { writeRefusal } from '../write-refusal.ts';
import {
  acquireLock,
  describeHolder,
  lockHolder,
  type LockHolder,
  type LockOptions,
  type LockResult,
} from './numbered-lock.ts';

/**
 * Takes the lock of a run, or says who has it. See `acquireLock`.
 * @throws Refusal `run-not-found` if the run has no directory, `disk-full`
 */
export function acquireRunLock(paths: RunPaths, options: LockOptions): LockResult {
  if (!statSync(paths.root, { throwIfNoEntry: false })?.isDirectory()) {
    throw new Refusal('run-not-found', `There is no run at ${paths.root}.`, {
      exit: ExitStatus.notFound,
    });
  }
  return acquireInRun(paths.lockDir, options);
}

/** Takes a lock that is a directory of a run. @throws Refusal `disk-full` */
export function acquireInRun(lockDir: string, options: LockOptions): LockResult {
  try {
    return acquireLock(lockDir, options);
  } catch (error) {
    throw isOutOfSpace(error) ? writeRefusal(lockDir, error) : error;
  }
}

/** Who drives the run now; null if nobody does. Changes nothing. */
export function currentHolder(paths: RunPaths): LockHolder | null {
  return lockHolder(paths.lockDir);
}

/**
 * What a person can do about a holder. One that cannot be seen from here may be at work all the same:
 * only who knows that it is gone can say so, by removing its file.
 */
export function holderHint(holder: LockHolder, runId: string): string {
  if (holder.liveness === 'alive') {
    return `Follow it with: codex-orch run watch ${runId}; should it be halted (Ctrl-Z), kill -CONT ${holder.pid} lets it go on.`;
  }
  const where =
    holder.host === '' ? 'Nothing' : `Nothing on ${holder.host}, in no container of it,`;
  return (
    `${where} may drive this run any more: look there for "codex-orch run" and for its agents. ` +
    `Only once you know that it is gone for good: rm ${holder.file}`
  );
}

/** Why a run cannot be written to now. */
export function refusalOf(runId: string, claim: LockResult & { ok: false }): Refusal {
  if (claim.reason === 'held') return heldRefusal(runId, claim.holder);
  const message = `${claim.path} cannot be written to: ${claim.message}.`;
  return new Refusal('run-not-writable', message, {
    hint: "Check the permissions of the program's .runs directory.",
  });
}

export function heldRefusal(runId: string, holder: LockHolder): Refusal {
  return new Refusal('run-busy', `Run ${runId} is driven by ${describeHolder(holder)}.`, {
    hint: holderHint(holder, runId),
    data: { holder },
  });
}
