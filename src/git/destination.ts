/** A branch of the person's that something is to be brought into: which, where it is checked out, what is in the way. */
import { lstatSync } from 'node:fs';
import path from 'node:path';
import { readForeignText } from '../disk/foreign-file.ts';
import { namesIn } from '../disk/names-in.ts';
import { ExitStatus, Refusal } from '../model/refusal.ts';
import type { ChangedFile } from './changes.ts';
import type { Git, GitPlace } from './git.ts';
import { refCommit } from './set-ref.ts';
import { leftOut, operationUnderWay, type Repository } from './repository.ts';

/** Where the result is to go. */
export interface Destination {
  /** As a person says it; null: the one that is checked out. */
  branch: string | null;
  /** It is to be made. */
  isNew: boolean;
}

/** A working tree that has a branch checked out. */
export interface CheckedOut {
  topLevel: string;
  gitDir: string;
}

/** `refs/heads/…`. @throws Refusal `branch-name`, `branch-missing`, `branch-exists` */
export async function branchOf(
  git: Git,
  { commonDir, topLevel }: Pick<Repository, 'commonDir' | 'topLevel'>,
  { branch, isNew }: Destination,
): Promise<string> {
  if (branch === null) {
    const head = await git.run(['symbolic-ref', '-q', 'HEAD'], { cwd: topLevel });
    if (head.code === 0) return head.stdout.toString('utf8').trim();
    throw new Refusal('branch-missing', `No branch is checked out in ${topLevel}.`, {
      hint: 'Say where the result is to go: --into BRANCH, or --branch NEW',
    });
  }
  const full = branch.startsWith('refs/heads/') ? branch : `refs/heads/${branch}`;
  const place: GitPlace = { cwd: commonDir, gitDir: commonDir };
  const checked = await git.run(['check-ref-format', full], place);
  if (checked.code !== 0 || branch.startsWith('-')) {
    throw new Refusal('branch-name', `"${branch}" cannot be the name of a branch.`);
  }
  const isThere = (await refCommit(git, commonDir, full)) !== null;
  if (isThere && isNew) {
    throw new Refusal('branch-exists', `There is a branch "${branch}" already.`, {
      hint: `Merge into it with --into ${branch}, or give another name.`,
      exit: ExitStatus.failed,
    });
  }
  if (!isThere && !isNew) {
    throw new Refusal('branch-missing', `There is no branch "${branch}".`, {
      hint: `To make it: --branch ${branch}`,
      exit: ExitStatus.notFound,
    });
  }
  return full;
}

/** A branch as a person says it. */
export function shortOf(branch: string): string {
  return branch.replace(/^refs\/heads\//, '');
}

/**
 * Where a branch is checked out; null: nowhere, so that a change of it touches no files.
 * @throws Refusal where something is under way in that tree, or it is not there
 */
export async function whereCheckedOut(
  git: Git,
  { commonDir }: Pick<Repository, 'commonDir'>,
  branch: string,
): Promise<CheckedOut | null> {
  refuseRebased(commonDir, branch);
  const place: GitPlace = { cwd: commonDir, gitDir: commonDir };
  let topLevel = '';
  for (const field of await git.fields(['worktree', 'list', '--porcelain', '-z'], place)) {
    if (field.startsWith('worktree ')) topLevel = field.slice('worktree '.length);
    if (field !== `branch ${branch}`) continue;
    const found = await git.run(['rev-parse', '--absolute-git-dir'], { cwd: topLevel });
    if (found.code !== 0) {
      const where = `${shortOf(branch)} is checked out in ${topLevel}, which cannot be worked in.`;
      throw new Refusal('worktree-missing', where, {
        hint: 'Bring it back, or say another branch.',
        exit: ExitStatus.failed,
      });
    }
    const gitDir = found.stdout.toString('utf8').replace(/\n$/, '');
    const busy = operationUnderWay(gitDir);
    if (busy !== null) throw busyRefusal(`A ${busy} is in progress in ${topLevel}.`);
    return { topLevel, gitDir };
  }
  return null;
}

/** While a branch is rebased it is checked out nowhere, and moves at the end. */
function refuseRebased(commonDir: string, branch: string): void {
  const linked = path.join(commonDir, 'worktrees');
  for (const gitDir of [commonDir, ...namesIn(linked).map((name) => path.join(linked, name))]) {
    for (const name of ['rebase-merge', 'rebase-apply']) {
      const rebased = readForeignText(path.join(gitDir, name, 'head-name'), { maxBytes: 4096 });
      if (rebased.ok && rebased.text.trim() === branch) {
        throw busyRefusal(`${shortOf(branch)} is being rebased.`);
      }
    }
  }
}

function busyRefusal(message: string): Refusal {
  return new Refusal('repository-busy', message, {
    hint: 'Finish that, or give it up, and try again.',
    exit: ExitStatus.failed,
  });
}

/**
 * Whether the files of a working tree, with those that git neither knows nor ignores, are those of a commit.
 * `indexFile`: a name for an index of ours, where nothing lies.
 */
export async function holdsCommit(
  git: Git,
  { topLevel }: CheckedOut,
  commit: string,
  indexFile: string,
): Promise<boolean> {
  const there: GitPlace = { cwd: topLevel, indexFile };
  await git.text(['read-tree', '-m', commit], there);
  await git.run(['update-index', '-q', '--refresh'], there);
  const ours = ['--', '.', ...leftOut];
  const changed = await git.run(
    ['diff-files', '--quiet', '--ignore-submodules=all', ...ours],
    there,
  );
  if (changed.code !== 0) return false;
  const untracked = ['ls-files', '-o', '-z', '--exclude-standard', ...ours];
  return (await git.fields(untracked, there)).length === 0;
}

/** Files that are to change in a working tree, and that a person has changed or put there themselves. */
export async function overlapsIn(
  git: Git,
  { topLevel }: CheckedOut,
  changed: readonly ChangedFile[],
): Promise<string[]> {
  const status = ['status', '--porcelain', '-z', '--no-renames', '--untracked-files=no'];
  const dirty = await git.fields([...status, '--ignore-submodules=all'], { cwd: topLevel });
  const dirt = new Set(dirty.map((entry) => entry.slice(3)));
  const gone = new Set(changed.filter(({ status }) => status === 'D').map((file) => file.path));
  const found = new Set(changed.map((file) => file.path).filter((file) => dirt.has(file)));
  for (const file of changed) {
    if (file.status !== 'A') continue;
    const inTheWay = firstInTheWay(topLevel, file.path);
    if (inTheWay !== null && !goes(topLevel, inTheWay, gone)) found.add(inTheWay);
  }
  return [...found].sort();
}

/** Whether it is one of the files that are to go, also by another spelling, on a disk that ignores case. */
function goes(topLevel: string, name: string, gone: ReadonlySet<string>): boolean {
  if (gone.has(name)) return true;
  const parts = name.split('/');
  const isSpeltSo = parts.every((part, at) =>
    namesIn(path.join(topLevel, ...parts.slice(0, at))).includes(part),
  );
  return !isSpeltSo && [...gone].some((each) => each.toLowerCase() === name.toLowerCase());
}

/** What is not tracked and stands where a file is to come: that itself, or a file where a directory must be. */
function firstInTheWay(topLevel: string, file: string): string | null {
  const parts = file.split('/');
  for (let depth = 1; depth <= parts.length; depth += 1) {
    const name = parts.slice(0, depth).join('/');
    const stats = lstatSync(path.join(topLevel, name), { throwIfNoEntry: false });
    if (!stats) return null;
    // A directory in the place of the file itself: git tells whether all in it is to go.
    if (!stats.isDirectory()) return name;
  }
  return null;
}
