/** `run changes`: what a run, or one instance of it, has changed. */
import { existsSync } from 'node:fs';
import { instanceOf } from '../../core/state/run-state.ts';
import { makeDirectory } from '../../disk/disk.ts';
import { ownTreeOf, treeAt } from '../../attempt/tree/own-tree.ts';
import { copiedPaths } from '../../attempt/tree/leave-work.ts';
import { changedFiles, patchBetween, type ChangedFile } from '../../git/changes.ts';
import { runRefs } from '../../git/refs.ts';
import { refCommit } from '../../git/set-ref.ts';
import { writeWork } from '../../git/work.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import type { World } from '../world.ts';
import { resolveInstanceId } from './resolve-instance.ts';
import { mergedWork, readWork, type RunWork } from './work.ts';

export type { ChangedFile };

export interface RunChanges {
  run_id: string;
  /** Null: all of the run. */
  instance_id: string | null;
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
  files: ChangedFile[];
  /** As `git diff` prints it; null where it was not asked for. */
  patch: string | null;
}

/** @throws Refusal `no-trees`, `no-changes` for an instance without a tree */
export async function runChanges(
  world: World,
  programDir: string,
  run: string,
  { instance = null, patch = false }: { instance?: string | null; patch?: boolean } = {},
): Promise<RunChanges> {
  const work = readWork(world, programDir, run);
  const { git, state } = work;
  const instanceId = instance === null ? null : resolveInstanceId(state, instance);
  const ranges = instanceId === null ? await ofRun(work) : [await ofInstance(work, instanceId)];
  const repositories = ranges.map(async ({ repository, worktree, of, from, to }) => {
    const place = { cwd: repository, gitDir: repository };
    const shown = patch ? (await patchBetween(git, place, from, to)).toString('utf8') : null;
    return {
      worktree,
      of,
      from,
      to,
      files: await changedFiles(git, place, from, to),
      patch: shown,
    };
  });
  return {
    run_id: state.runId,
    instance_id: instanceId,
    repositories: await Promise.all(repositories),
  };
}

interface Range {
  repository: string;
  worktree: string;
  of: string | null;
  from: string;
  to: string;
}

async function ofRun(work: RunWork): Promise<Range[]> {
  const ranges: Range[] = [];
  for (const place of work.places) {
    const merged = await mergedWork(work, place);
    const { repository, worktree, commit: from } = place.base;
    const range = { repository, worktree, from };
    if (merged.ok) ranges.push({ ...range, of: null, to: merged.commit });
    // Where it does not fit together, it is shown apart.
    else ranges.push(...merged.sides.map(({ commit: to, ref: of }) => ({ ...range, of, to })));
  }
  return ranges;
}

/** What is not committed yet is looked at where it stands. */
async function ofInstance({ git, paths, state }: RunWork, id: string): Promise<Range> {
  const { workspace } = instanceOf(state, id);
  const found = ownTreeOf({ state, paths }, id);
  if (workspace === undefined || found?.ok !== true) {
    throw new Refusal(
      'no-changes',
      `${id} has no tree of its own, so nobody can tell its changes apart.`,
      {
        exit: ExitStatus.failed,
      },
    );
  }
  const { base } = found.own;
  const { start, directory, commit } = workspace;
  const range = { repository: base.repository, worktree: base.worktree, of: null, from: start };
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
