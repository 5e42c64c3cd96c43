/** What a run leaves in a repository once it is done: one commit that has the work of all its instances. */
import type { MergeConflict } from '../model/trees.ts';
import { fold, independent, type FoldOptions, type Side } from './fold.ts';
import type { Git, GitPlace } from './git.ts';
import { runRefs } from './refs.ts';
import { deleteRefs, refCommit, setRef } from './set-ref.ts';

/** `sides`: those that nothing else has. */
export type Merged = { sides: Side[] } & (
  { ok: true; commit: string } | { ok: false; conflicts: MergeConflict[] }
);

export type MergeOptions = Omit<FoldOptions, 'sides' | 'ref'> & {
  runId: string;
  sides: readonly Side[];
  /** Tells a merge from others of the run at the same time; left out: of whoever holds the run. */
  apart?: string;
};

/**
 * One commit that has all sides: the only one that has them already, or a merge of those that nothing else has. It is
 * named by nothing when this returns.
 */
export async function mergeSides(git: Git, options: MergeOptions): Promise<Merged> {
  const { repository, runId, sides, apart = '', scratch, ...rest } = options;
  const commits = await independent(
    git,
    repository,
    sides.map(({ commit }) => commit),
  );
  const kept = commits.flatMap((commit) => sides.find((side) => side.commit === commit) ?? []);
  const [first, ...others] = kept;
  if (!first) throw new Error('nothing to merge');
  if (others.length === 0) return { ok: true, commit: first.commit, sides: kept };
  const ref = `${runRefs(runId).all}merge${apart}`;
  const own = { repository, ref, scratch: `${scratch}${apart}` };
  const folded = await fold(git, { ...rest, ...own, sides: [first, ...others] }).finally(() =>
    deleteRefs(git, repository, [ref]),
  );
  const { commit, conflicts } = folded;
  if (conflicts.length > 0) return { ok: false, conflicts, sides: kept };
  return { ok: true, commit, sides: kept };
}

/**
 * Keeps the result of a run under its ref. That keeps alive what led to it, so the refs of that go, in one
 * transaction; those of what did not get in stay. Doing it again changes nothing. `programDir`: for `blame`, which is asked in the
 * repository.
 */
export async function keepResult(
  git: Git,
  repository: string,
  runId: string,
  commit: string,
  programDir: string,
): Promise<void> {
  const place: GitPlace = { cwd: repository, gitDir: repository };
  const refs = runRefs(runId);
  const pointer = ['hash-object', '-w', '--stdin'];
  await setRef(
    git,
    repository,
    refs.program,
    await git.text(pointer, place, { input: programDir }),
  );
  await setRef(git, repository, refs.result, commit);
  const args = ['for-each-ref', `--merged=${commit}`, '--format=%(refname)', refs.all];
  const merged = (await git.text(args, place)).split('\n').filter(Boolean);
  const kept = /^(?:base(?:-\d+)?|result|pushed\/.*|.*-left|.*-own|.*-asked-\d+)$/;
  const gone = merged.filter((ref) => !kept.test(ref.slice(refs.all.length)));
  await deleteRefs(git, repository, gone);
}

/** Where the program of a run lies, as its result was kept; null: nothing tells. */
export async function programOf(git: Git, place: GitPlace, runId: string): Promise<string | null> {
  const { code, stdout } = await git.run(['cat-file', 'blob', runRefs(runId).program], place);
  return code === 0 ? stdout.toString('utf8') : null;
}

/** The result of a run, where it is kept; null: there is none. */
export async function keptResult(
  git: Git,
  repository: string,
  runId: string,
): Promise<Side | null> {
  const ref = runRefs(runId).result;
  const commit = await refCommit(git, repository, ref);
  return commit === null ? null : { commit, ref };
}

/** All refs that a run keeps in a repository. */
export async function refsOf(git: Git, repository: string, runId: string): Promise<string[]> {
  const args = ['for-each-ref', '--format=%(refname)', runRefs(runId).all];
  const printed = await git.text(args, { cwd: repository, gitDir: repository });
  return printed === '' ? [] : printed.split('\n');
}
