/** What a run starts from: the commit of HEAD, or one on it of what was uncommitted. The person's index stays as it is. */
import path from 'node:path';
import { makeDirectory, remove } from '../disk/disk.ts';
import { copyKeepingTime } from '../disk/foreign-file.ts';
import type { Uncommitted, WorkspaceBase } from '../model/trees.ts';
import { Refusal } from '../model/refusal.ts';
import type { Git } from './git.ts';
import { makeCommit } from './make-commit.ts';
import {
  dirtOf,
  headCommit,
  leftOut,
  relativeDrivers,
  unreadableIndex,
  type Repository,
} from './repository.ts';

/** What can be said before anything is written. */
export interface CheckedBase {
  repository: Repository;
  head: string;
  branch: string | null;
  isDirty: boolean;
}

/** @throws Refusal with what stands against it, by name */
export async function checkBase(
  git: Git,
  repository: Repository,
  uncommitted: Uncommitted | null,
): Promise<CheckedBase> {
  const { topLevel } = repository;
  const head = await headCommit(git, repository);
  const [driver] = await relativeDrivers(git, repository);
  if (driver) {
    const message = `${driver.key} of ${topLevel} runs ${JSON.stringify(driver.command)}, which is looked up in the tree: there it would run what an agent wrote.`;
    throw new Refusal('repository-filter', message, {
      hint: `Name it by an absolute path: git config ${driver.key} …`,
    });
  }
  const dirt = await dirtOf(git, repository);
  if (dirt.unmerged.length > 0) {
    const message = `${topLevel} has unmerged paths: ${someOf(dirt.unmerged)}.`;
    throw new Refusal('repository-unmerged', message, { hint: 'Resolve and commit them.' });
  }
  if (dirt.submodules.length > 0 && uncommitted !== 'ignore') {
    const message = `Submodules of ${topLevel} have changes of their own: ${someOf(dirt.submodules)}. What is in them cannot be taken along.`;
    throw new Refusal('repository-submodules-dirty', message, {
      hint: 'Commit or undo them there, or start without what is uncommitted: --uncommitted ignore',
    });
  }
  if (dirt.paths.length > 0 && uncommitted === null) {
    const message = `${topLevel} has uncommitted changes: ${someOf(dirt.paths)}.`;
    throw new Refusal('repository-dirty', message, {
      hint: 'Commit them, or choose: --uncommitted include (they are part of what the run starts from), --uncommitted ignore (it starts from the last commit)',
    });
  }
  const symbolic = await git.run(['symbolic-ref', '-q', 'HEAD'], { cwd: topLevel });
  const branch = symbolic.code === 0 ? symbolic.stdout.toString('utf8').trim() : null;
  return { repository, head, branch, isDirty: dirt.paths.length > 0 };
}

/**
 * The base, with a commit where it includes what is uncommitted. `scratch`: a file of ours, made and removed; `at`: as
 * for `makeCommit`.
 * @throws Refusal `index-unreadable`; GitFailure
 */
export async function makeBase(
  git: Git,
  { repository, head, branch, isDirty }: CheckedBase,
  uncommitted: Uncommitted | null,
  { scratch, at }: { scratch: string; at: string },
): Promise<WorkspaceBase> {
  const { commonDir, topLevel, objectFormat } = repository;
  const base: WorkspaceBase = {
    repository: commonDir,
    worktree: topLevel,
    object_format: objectFormat,
    branch,
    head,
    commit: head,
    uncommitted: isDirty ? (uncommitted ?? 'none') : 'none',
  };
  if (base.uncommitted !== 'include') return base;
  const place = { cwd: topLevel };
  const index = await git.text(
    ['rev-parse', '--path-format=absolute', '--git-path', 'index'],
    place,
  );
  try {
    makeDirectory(path.dirname(scratch));
    // A copy with its time: git trusts an entry that is older than the index.
    const copied = await copyKeepingTime(index, scratch);
    const own = { cwd: topLevel, indexFile: scratch };
    if (!copied.ok) {
      if (copied.code !== 'missing') throw unreadableIndex(index, copied);
      // With none at all, what git ignores would be missing from the base, though it is tracked.
      await git.text(['read-tree', head], own);
    }
    await git.text(['add', '-A', '--', '.', ...leftOut], own);
    const tree = await git.text(['write-tree'], own);
    const message = `What was uncommitted in ${path.basename(topLevel)}`;
    base.commit = await makeCommit(git, commonDir, { tree, parents: [head], message, at });
  } finally {
    remove(scratch);
  }
  return base;
}

function someOf(names: readonly string[]): string {
  const shown = names.slice(0, 5).map((name) => JSON.stringify(name));
  const more = names.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
