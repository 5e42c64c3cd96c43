/** `run changes`: what a run, or one instance of it, has changed. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { instanceOf, type RunState } from '../../core/state/run-state.ts';
import { makeDirectory } from '../../disk/disk.ts';
import { ownTreeOf, treeAt } from '../../attempt/tree/own-tree.ts';
import { mergeWork, type WorkPlace } from '../../attempt/tree/merge-work.ts';
import { copiedPaths } from '../../attempt/tree/leave-work.ts';
import { isAfter, sharedChange, sharedChanges } from '../../attempt/seen/shared-changes.ts';
import type { GitPlace } from '../../git/git.ts';
import { changedFiles, patchBetween, type ChangedFile } from '../../git/changes.ts';
import { runRefs } from '../../git/refs.ts';
import { refCommit } from '../../git/set-ref.ts';
import { writeWork } from '../../git/work.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import { lastAnswered, lastAsked } from '../inbox/last-asked.ts';
import type { World } from '../world.ts';
import { resolveInstanceId } from './resolve-instance.ts';
import { lookAtWork, mergedWork, noTrees, type RunWork } from './work.ts';

export type { ChangedFile };

export interface RunChanges {
  run_id: string;
  /** Null: all of the run. */
  instance_id: string | null;
  /** From when on, ISO 8601; not there where it is from its beginning. */
  since?: string;
  repositories: RepositoryChanges[];
}

export interface RepositoryChanges {
  /** The top of the person's working tree. */
  worktree: string;
  /** Where the work of a run does not fit together: the ref of the part that this is; null: it is all of it. */
  of: string | null;
  /** Commits, or a tree where it is not committed yet. */
  from: string;
  to: string;
  /**
   * Of instances that share their working tree: who else was at work there meanwhile, so that it may be theirs. Null:
   * the tree is the instance's own.
   */
  shared_with: string[] | null;
  files: ChangedFile[];
  /** As `git diff` prints it; null where it was not asked for. */
  patch: string | null;
}

export interface ChangesAsked {
  /** As `resolveInstanceId`; null: all of the run. */
  instance?: string | null;
  patch?: boolean;
  /**
   * What has come since then, ISO 8601 in UTC, or since a person's answer: of a run since it last asked for one, of an
   * instance since it was last given one; null: all of it.
   */
  since?: string | null;
}

const SINCE_QUESTION = 'question';

/** @throws Refusal `no-trees`, `no-changes` where nothing is known of it, `no-question` */
export async function runChanges(
  world: World,
  programDir: string,
  run: string,
  { instance = null, patch = false, since: from = null }: ChangesAsked = {},
): Promise<RunChanges> {
  const work = lookAtWork(world, programDir, run);
  const { git, state } = work;
  const instanceId = instance === null ? null : resolveInstanceId(state, instance);
  const since = from === SINCE_QUESTION ? sinceQuestion(state, instanceId) : from;
  const ranges =
    instanceId === null ? await ofRun(work, since) : [await ofInstance(work, instanceId, since)];
  const repositories = ranges.map(async ({ place, sharedWith, ...range }) => {
    const { from, to } = range;
    const shown = patch ? (await patchBetween(git, place, from, to)).toString('utf8') : null;
    const files = await changedFiles(git, place, from, to);
    return { ...range, shared_with: sharedWith, files, patch: shown };
  });
  return {
    run_id: state.runId,
    instance_id: instanceId,
    ...(since === null ? {} : { since }),
    repositories: await Promise.all(repositories),
  };
}

function sinceQuestion(state: RunState, instanceId: string | null): string {
  const asked = instanceId === null ? lastAsked(state) : lastAnswered(state, instanceId);
  if (asked !== null) return asked;
  const who = instanceId ?? `Run ${state.runId}`;
  const message = `${who} has asked no person anything that was answered.`;
  throw new Refusal('no-question', message, { exit: ExitStatus.failed });
}

interface Range {
  /** Where git finds both. */
  place: GitPlace;
  worktree: string;
  of: string | null;
  from: string;
  to: string;
  sharedWith: string[] | null;
}

async function ofRun(work: RunWork, since: string | null): Promise<Range[]> {
  const ranges: Range[] = [];
  for (const place of work.places) {
    const merged = await mergedWork(work, place, oneOfMany());
    const { repository, worktree } = place.base;
    const from = await startOf(work, place, since);
    const range = { place: within(repository), worktree, from, sharedWith: null };
    if (merged.ok) ranges.push({ ...range, of: null, to: merged.commit });
    // Where it does not fit together, it is shown apart.
    else ranges.push(...merged.sides.map(({ commit: to, ref: of }) => ({ ...range, of, to })));
  }
  ranges.push(...sharedChanges(work, since).map((change) => ({ ...change, of: null })));
  // Nothing that was recorded has happened since: that is not to say that nothing is recorded.
  if (ranges.length === 0 && sharedChanges(work).length === 0) throw noTrees(work);
  return ranges;
}

/** Anybody may look, at any time, also while an engine merges. No dot stands in the id of an instance there. */
function oneOfMany(): string {
  return `.${randomBytes(4).toString('hex')}`;
}

/** What had been committed by then; where that does not fit together, all counts as new. */
async function startOf(work: RunWork, place: WorkPlace, since: string | null): Promise<string> {
  if (since === null) return place.base.commit;
  const merged = await mergeWork(work, place, { before: since, apart: oneOfMany() });
  return merged.ok ? merged.commit : place.base.commit;
}

function within(repository: string): GitPlace {
  return { cwd: repository, gitDir: repository };
}

/** What is not committed yet is looked at where it stands. */
async function ofInstance(work: RunWork, id: string, since: string | null): Promise<Range> {
  const { git, paths, state } = work;
  const { workspace } = instanceOf(state, id);
  const found = ownTreeOf({ state, paths }, id);
  if (workspace === undefined || found?.ok !== true) {
    const shared = await sharedChange(work, id, since);
    if (shared !== null) return { ...shared, of: null };
    const message = `${id} has no tree of its own, and nobody has recorded what changed while it ran.`;
    throw new Refusal('no-changes', message, {
      hint: 'Set "isolation: tree", or "changes: true"; both need a git repository.',
      exit: ExitStatus.failed,
    });
  }
  const { base } = found.own;
  const { start, directory, commit } = workspace;
  const range = {
    ...{ place: within(base.repository), worktree: base.worktree, of: null },
    ...{ from: (await stoodAt(work, base.repository, id, since)) ?? start, sharedWith: null },
  };
  if (commit !== null) return { ...range, to: commit.commit };
  if (directory !== null && existsSync(directory)) {
    makeDirectory(paths.treesDir);
    const options = { start, maxFileBytes: Infinity, copied: copiedPaths(found.own) };
    const left = await writeWork(git, treeAt(paths, base, directory), options);
    if (left.ok) return { ...range, to: left.tree };
    throw new Refusal('no-changes', `${id}: ${left.message}`, { exit: ExitStatus.failed });
  }
  const left = await refCommit(git, base.repository, runRefs(state.runId).left(id));
  return { ...range, to: left ?? start };
}

/**
 * What stood in its tree then, as far as that is kept: when it was done, or when the last attempt that had ended by then
 * asked something. null: nothing is, so that all counts as new.
 */
async function stoodAt(
  { git, state }: RunWork,
  repository: string,
  id: string,
  since: string | null,
): Promise<string | null> {
  if (since === null) return null;
  const { attempts, workspace } = instanceOf(state, id);
  const ended = attempts.filter((each) => !isAfter(each, since));
  const commit = workspace?.commit?.commit ?? null;
  if (commit !== null && ended.length === attempts.length) return commit;
  const refs = runRefs(state.runId);
  for (const { attempt } of ended.reverse()) {
    const asked = await refCommit(git, repository, refs.asked(id, attempt));
    if (asked !== null) return asked;
  }
  return null;
}
