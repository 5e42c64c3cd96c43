/** Moves refs of ours in the person's repository, past the lock that a git killed on the way has left. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeFile } from '../disk/disk.ts';
import { GitFailure, type Git, type GitOutcome } from './git.ts';

/** How long another git may hold a ref of ours: `update-ref` takes milliseconds. */
const LOCK_MS = 2000;
const STEP_MS = 100;

/** Makes a ref name a commit, whatever it named before. @throws GitFailure */
export function setRef(git: Git, repository: string, ref: string, commit: string): Promise<void> {
  return changeRefs(git, repository, [ref], `update ${ref} ${commit}\n`);
}

/** Takes refs away, all or none; one that is not there is no error. @throws GitFailure */
export async function deleteRefs(
  git: Git,
  repository: string,
  refs: readonly string[],
): Promise<void> {
  if (refs.length === 0) return;
  await changeRefs(git, repository, refs, refs.map((ref) => `delete ${ref}\n`).join(''));
}

async function changeRefs(
  git: Git,
  repository: string,
  refs: readonly string[],
  input: string,
): Promise<void> {
  const args = ['update-ref', '--stdin'];
  const place = { cwd: repository, gitDir: repository };
  const run = (): Promise<GitOutcome> => git.run(args, place, { input });
  const locks = refs.map((ref) => path.join(repository, ...ref.split('/')) + '.lock');
  const isLocked = (): boolean => locks.some((lock) => existsSync(lock));
  let outcome = await run();
  for (let waitedMs = 0; outcome.code !== 0 && isLocked(); waitedMs += STEP_MS) {
    if (waitedMs >= LOCK_MS) for (const lock of locks) removeLock(lock);
    else await sleep(STEP_MS);
    outcome = await run();
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
