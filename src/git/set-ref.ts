/** Moves refs of ours in the person's repository, past the lock that a git killed on the way has left. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeFile } from '../disk/disk.ts';
import { GitFailure, type Git, type GitOutcome } from './git.ts';

/** How long another git may hold a ref of ours: `update-ref` takes milliseconds. */
const LOCK_MS = 2000;
const STEP_MS = 100;

/** Whether another name for the same commit is an error does not arise: what it named before does not matter. */
export async function setRef(
  git: Git,
  repository: string,
  ref: string,
  commit: string,
): Promise<void> {
  const args = ['update-ref', ref, commit];
  const place = { cwd: repository, gitDir: repository };
  const lock = path.join(repository, ...ref.split('/')) + '.lock';
  let outcome: GitOutcome = await git.run(args, place);
  for (let waitedMs = 0; outcome.code !== 0 && existsSync(lock); waitedMs += STEP_MS) {
    if (waitedMs >= LOCK_MS) removeLock(lock);
    else await sleep(STEP_MS);
    outcome = await git.run(args, place);
    if (waitedMs >= LOCK_MS) break;
  }
  if (outcome.code !== 0) throw new GitFailure(args, outcome);
}

/** The commit of a ref; null where there is none. */
export async function refCommit(git: Git, repository: string, ref: string): Promise<string | null> {
  const args = ['rev-parse', '-q', '--verify', `${ref}^{commit}`];
  const { code, stdout } = await git.run(args, { cwd: repository, gitDir: repository });
  return code === 0 ? stdout.toString('utf8').trim() : null;
}

function removeLock(lock: string): void {
  try {
    removeFile(lock);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
