/**
 * Brings the result of a run into a branch of the person's: all of it or nothing. Everything is decided in memory
 * first; then one ref moves, and where the branch is checked out git's own fast-forward moves the files with it. What
 * else is uncommitted there stays; where it is in the way, nothing is done.
 *
 * An `Integration` is an intent: whoever carries one out keeps it on disk until that has returned. What a process that
 * was killed has left half-way, `recoverIntegration` ends.
 */
import { remove, temporaryName } from '../disk/disk.ts';
import { ExitStatus, Refusal } from '../model/refusal.ts';
import { changedFiles } from './changes.ts';
import {
  branchOf,
  holdsCommit,
  overlapsIn,
  shortOf,
  whereCheckedOut,
  type CheckedOut,
  type Destination,
} from './destination.ts';
import type { Side } from './fold.ts';
import { GitFailure, type Git, type GitPlace } from './git.ts';
import { REPLACE_ROOT } from './refs.ts';
import type { Repository } from './repository.ts';
import { mergeSides, type Merged } from './result.ts';
import { refCommit, setRef } from './set-ref.ts';
import type { MergeConflict } from '../model/trees.ts';

export interface IntegrationInput {
  repository: Pick<Repository, 'commonDir' | 'topLevel'>;
  destination: Destination;
  /** One commit on the branch, instead of all that the run made. */
  squash: boolean;
  /** What the run started from. `head`: what was checked out then, another where uncommitted work was included. */
  base: Side & { head: string };
  result: Side;
  /** Of the commit, where one is to be made. */
  message: string;
  /** Who makes it, where the environment of the person says so: `GIT_AUTHOR_NAME` and its like. */
  env: Readonly<Record<string, string>>;
  runId: string;
  /** Now: ISO 8601. For commits that carry the merge until it is made. */
  at: string;
  /** A name of ours where nothing lies, for what is needed on the way. */
  scratch: string;
}

/** What is to be done: plain data. */
export interface Integration {
  commonDir: string;
  /** `nothing`: the branch has it all. `fast_forward`: its commits are those of the run. */
  how: 'nothing' | 'fast_forward' | 'merge' | 'squash';
  /** `refs/heads/…` */
  branch: string;
  /** Where the branch is; null: it is to be made. */
  from: string | null;
  to: string;
  checkedOut: CheckedOut | null;
  /** The commit of what is uncommitted where it is checked out: that becomes a commit of the branch first. */
  included: string | null;
  /** The merge that a squash stands for, so that `blame` can go on through it. */
  replaces: string | null;
}

export type Decided =
  | { ok: true; integration: Integration }
  | { ok: false; branch: string; conflicts: MergeConflict[]; overlaps: string[] };

/** For reflogs. */
const REASON = 'codex-orch integrate';

/**
 * What `carryOut` is to do, or why it cannot be done. Makes objects alone.
 * @throws Refusal as `branchOf` and `whereCheckedOut`; `identity-missing`; GitFailure
 */
export async function decideIntegration(git: Git, input: IntegrationInput): Promise<Decided> {
  const { destination, base, result, squash } = input;
  const { commonDir } = input.repository;
  const place: GitPlace = { cwd: commonDir, gitDir: commonDir };
  const branch = await branchOf(git, input.repository, destination);
  const { isNew } = destination;
  const tip = isNew ? base.head : await git.text(['rev-parse', `${branch}^{commit}`], place);
  const checkedOut = isNew ? null : await whereCheckedOut(git, input.repository, branch);
  const included = await includedIn(git, input, checkedOut, tip);
  const from = included ?? tip;
  const onto = { commit: from, ref: isNew || included !== null ? from : branch };
  const merged = await foldIn(git, input, onto);
  if (!merged.ok) return { ok: false, branch, conflicts: merged.conflicts, overlaps: [] };
  const tree = await git.text(['rev-parse', `${merged.commit}^{tree}`], place);
  const start = {
    commonDir,
    branch,
    from: isNew ? null : tip,
    checkedOut,
    included,
    replaces: null,
  };
  const hasAll =
    (await isAncestor(git, place, result.commit, from)) ||
    (!isNew && tree === (await git.text(['rev-parse', `${from}^{tree}`], place)));
  if (hasAll && !isNew) {
    return { ok: true, integration: { ...start, included: null, how: 'nothing', to: tip } };
  }
  const integration: Integration = hasAll
    ? { ...start, how: 'fast_forward', to: from }
    : !squash && (await isAncestor(git, place, from, result.commit))
      ? { ...start, how: 'fast_forward', to: result.commit }
      : { ...start, ...(await commitOf(git, place, input, tree, from)) };
  if (checkedOut !== null) {
    const changed = await changedFiles(git, place, from, integration.to);
    // What is uncommitted is the base itself, where that is included: only new files can be in the way.
    const added = included === null ? changed : changed.filter(({ status }) => status === 'A');
    const overlaps = await overlapsIn(git, checkedOut, added);
    if (overlaps.length > 0) return { ok: false, branch, conflicts: [], overlaps };
  }
  return { ok: true, integration };
}

/** That nothing is to be done, since a branch has all of these commits; null: it lacks some. */
export async function holdsAll(
  git: Git,
  { repository: commonDir, worktree: topLevel }: { repository: string; worktree: string },
  into: string | null,
  sides: readonly Side[],
): Promise<Integration | null> {
  const place: GitPlace = { cwd: commonDir, gitDir: commonDir };
  const branch = await branchOf(git, { commonDir, topLevel }, { branch: into, isNew: false });
  const tip = await git.text(['rev-parse', `${branch}^{commit}`], place);
  for (const { commit } of sides) if (!(await isAncestor(git, place, commit, tip))) return null;
  const nothing = { how: 'nothing', checkedOut: null, included: null, replaces: null } as const;
  return { ...nothing, commonDir, branch, from: tip, to: tip };
}

/**
 * Does what was decided.
 * @throws Refusal `branch-moved` and `integrate-refused`, with nothing changed; GitFailure, where it may be half done
 */
export async function carryOut(git: Git, integration: Integration): Promise<void> {
  const { commonDir, branch, from, to, checkedOut, included, how } = integration;
  if (how === 'nothing') return;
  const place: GitPlace = { cwd: commonDir, gitDir: commonDir };
  await nameReplaced(git, integration);
  if (checkedOut === null) {
    // All zeros: it must not be there.
    const before = from ?? '0'.repeat(to.length);
    const moved = await git.run(['update-ref', '-m', REASON, branch, to, before], place);
    if (moved.code !== 0) throw refusedByGit(branch, moved.stderr);
    return;
  }
  const there: GitPlace = { cwd: checkedOut.topLevel };
  const tip = await refCommit(git, commonDir, branch);
  if (tip !== from) throw refusedByGit(branch, `the branch has moved to ${tip ?? 'nothing'}`);
  if (included !== null) {
    // The files are those of that commit.
    await moveBranch(git, there, included);
    await git.text(['reset', '-q'], there);
  }
  const moved = await fastForward(git, there, to);
  if (moved.code === 0) return;
  if (moved.code === null || !hasRefused(moved.stderr)) {
    const hint = 'Files may be half written. Mend what it says, and integrate again: that ends it.';
    throw new GitFailure(['merge'], moved, hint);
  }
  if (included !== null) {
    await git.text(['reset', '-q', '--soft', from ?? included], there);
    await git.text(['reset', '-q'], there);
  }
  throw refusedByGit(branch, moved.stderr);
}

/** Before the branch moves: `blame` goes on through a squash by the merge that it stands for. */
export async function nameReplaced(git: Git, integration: Integration): Promise<void> {
  const { commonDir, to, replaces } = integration;
  if (replaces !== null) await setRef(git, commonDir, `${REPLACE_ROOT}${to}`, replaces);
}

/** Git decides once more, by itself, whether anything is in the way; if so it changes nothing. */
export function fastForward(git: Git, there: GitPlace, to: string): ReturnType<Git['run']> {
  const env = { GIT_REFLOG_ACTION: REASON };
  // Without it a file that git ignores would be written over: think of `.env`.
  return git.run(['merge', '-q', '--ff-only', '--no-overwrite-ignore', to], there, { env });
}

/** Before it began, and so with nothing changed; else something, such as a full disk, has stopped it on the way. */
function hasRefused(stderr: string): boolean {
  return /would be overwritten by|would lose untracked|Not possible to fast-forward|index\.lock/.test(
    stderr,
  );
}

/** The branch that is checked out there; no file, and nothing of the index. */
export async function moveBranch(git: Git, there: GitPlace, to: string): Promise<void> {
  await git.text(['reset', '-q', '--soft', to], there, { env: { GIT_REFLOG_ACTION: REASON } });
}

/** Without the included work first, the person's own commit of the same changes would conflict with the result. */
async function foldIn(git: Git, input: IntegrationInput, onto: Side): Promise<Merged> {
  const { repository, runId, base, result, at, scratch } = input;
  const options = { repository: repository.commonDir, runId, message: 'Merge', at, scratch };
  const first = await mergeSides(git, { ...options, sides: [onto, base] });
  if (!first.ok) return first;
  const ours = { commit: first.commit, ref: first.commit };
  return mergeSides(git, {
    ...options,
    sides: [first.commit === onto.commit ? onto : ours, result],
  });
}

/** The base, where the branch still is at what it was made on, and the files are what it holds. */
async function includedIn(
  git: Git,
  { base, scratch }: IntegrationInput,
  checkedOut: CheckedOut | null,
  tip: string,
): Promise<string | null> {
  if (checkedOut === null || base.commit === base.head || tip !== base.head) return null;
  // Another name each time: a git that was killed may have left, or still hold, the lock of one.
  const indexFile = temporaryName(scratch);
  try {
    return (await holdsCommit(git, checkedOut, base.commit, indexFile)) ? base.commit : null;
  } finally {
    remove(indexFile);
    remove(`${indexFile}.lock`);
  }
}

async function commitOf(
  git: Git,
  place: GitPlace,
  { result, squash, message, env }: IntegrationInput,
  tree: string,
  from: string,
): Promise<Pick<Integration, 'how' | 'to' | 'replaces'>> {
  const signs = await git.run(['config', '--type=bool', 'commit.gpgSign'], place);
  const signed = signs.stdout.toString('utf8').trim() === 'true' ? ['-S'] : [];
  const commit = async (parents: string[]): Promise<string> => {
    const args = ['commit-tree', ...signed, tree, ...parents.flatMap((each) => ['-p', each])];
    const made = await git.run([...args, '-F', '-'], place, { env, input: message });
    if (made.code === 0) return made.stdout.toString('utf8').trim();
    if (!made.stderr.includes('empty ident') && !made.stderr.includes('tell me who you are')) {
      throw new GitFailure(args, made);
    }
    throw new Refusal('identity-missing', 'Git does not know in whose name to commit.', {
      hint: 'git config --global user.name NAME; git config --global user.email ADDRESS',
      exit: ExitStatus.failed,
    });
  };
  const merge = await commit([from, result.commit]);
  if (!squash) return { how: 'merge', to: merge, replaces: null };
  return { how: 'squash', to: await commit([from]), replaces: merge };
}

async function isAncestor(
  git: Git,
  place: GitPlace,
  older: string,
  newer: string,
): Promise<boolean> {
  const args = ['merge-base', '--is-ancestor', older, newer];
  const outcome = await git.run(args, place);
  if (outcome.code !== 0 && outcome.code !== 1) throw new GitFailure(args, outcome);
  return outcome.code === 0;
}

function refusedByGit(branch: string, stderr: string): Refusal {
  const said = stderr.trim().split('\n').slice(0, 8).join(' ').slice(0, 600);
  return new Refusal('integrate-refused', `${shortOf(branch)} was left as it is: ${said}`, {
    hint: 'Commit or stash what is in the way, and try again.',
    exit: ExitStatus.failed,
  });
}
