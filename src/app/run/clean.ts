/** `run tree` and `run clean`: where the tree of an instance is, and how trees and refs go. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { copiedPaths } from '../../attempt/tree/leave-work.ts';
import { isWhole, layOut } from '../../attempt/tree/lay-out.ts';
import { ownTreeOf, treeAt, type OwnTree } from '../../attempt/tree/own-tree.ts';
import { prepareTree, runFolder, type TreeContext } from '../../attempt/tree/prepare-tree.ts';
import { instanceOf, runStatus } from '../../core/state/run-state.ts';
import { remove, removeTree } from '../../disk/disk.ts';
import { namesIn } from '../../disk/names-in.ts';
import { makeCommit } from '../../git/make-commit.ts';
import { runRefs } from '../../git/refs.ts';
import { refsOf } from '../../git/result.ts';
import { deleteRefs, setRef } from '../../git/set-ref.ts';
import { writeWork } from '../../git/work.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import { globalRootFrom, loadGlobalConfig } from '../../program/global-config.ts';
import { currentHolder } from '../../store/lock/run-lock.ts';
import type { World } from '../world.ts';
import { listRuns } from './inspect-run.ts';
import { resolveInstanceId } from './resolve-instance.ts';
import { readWork, type RunWork } from './work.ts';

export interface InstanceTree {
  run_id: string;
  instance_id: string;
  /** Absolute. */
  directory: string;
  /** It was gone, and is made again. */
  made: boolean;
}

/**
 * Makes the tree again where it was removed: at its place, with what the instance left.
 * @throws Refusal `no-trees`, `no-tree` where the instance has none yet, `run-driven`
 */
export async function instanceTree(
  world: World,
  programDir: string,
  run: string,
  instance: string,
): Promise<InstanceTree> {
  const work = readWork(world, programDir, run);
  const { git, paths, state } = work;
  const id = resolveInstanceId(state, instance);
  const { workspace, status } = instanceOf(state, id);
  const found = ownTreeOf({ state, paths }, id);
  if (found?.ok !== true || workspace === undefined || workspace.directory === null) {
    const message = `${id} has no tree: it has none of its own, or its first attempt has not begun.`;
    throw new Refusal('no-tree', message, { exit: ExitStatus.failed });
  }
  const { directory, start, commit } = workspace;
  const shown = { run_id: state.runId, instance_id: id, directory };
  if (isWhole(paths, directory)) return { ...shown, made: false };
  if (status === 'running') refuseDriven(work);
  const problem =
    commit === null
      ? await prepareTree(treeContext(world, work), id)
      : await layOut({ git, paths, env: world.env }, withoutSetup(found.own), {
          instance: instanceOf(state, id),
          directory,
          start,
          merge: null,
          left: commit.commit,
        });
  if (problem?.kind !== 'failed') return { ...shown, made: true };
  throw new Refusal('no-tree', problem.message, { exit: ExitStatus.failed });
}

function treeContext(world: World, { git, paths, state }: RunWork): TreeContext {
  return { state, paths, git, env: world.env, treesRoot: () => treesRoot(world) };
}

async function treesRoot(world: World): Promise<string> {
  return (await loadGlobalConfig(globalRootFrom(world.env, world.cwd))).config.trees.dir;
}

/** Of one that is done: nobody is to work in it. */
function withoutSetup(own: OwnTree): OwnTree {
  return { ...own, spec: { ...own.spec, setup: null, copy: [] } };
}

export interface CleanOptions {
  /** Also all refs of the run: `run changes`, `run integrate` and `blame` know nothing of it then. */
  refs: boolean;
  dryRun: boolean;
}

export interface CleanedRun {
  run_id: string;
  /** Trees that were removed, or would be. */
  trees: string[];
  /** Refs that were. */
  refs: string[];
  /** Refs that were made of what instances had not finished. */
  kept: string[];
  /** Trees that stay, for something in them is in no commit: a repository of its own. */
  kept_trees: string[];
}

/** The runs that are over for so long; those without trees are passed over. `now`: ISO 8601. */
export function runsOlderThan(programDir: string, ageMs: number, now: string): string[] {
  return listRuns(programDir).flatMap((run) => {
    if (!run.ok) return [];
    const { id, status, aborted, updated_at } = run.summary;
    const isOver = status === 'done' || status === 'failed' || aborted;
    return isOver && Date.parse(now) - Date.parse(updated_at) >= ageMs ? [id] : [];
  });
}

/** @throws Refusal `no-trees`, `run-not-over`, `run-driven` */
export async function cleanRun(
  world: World,
  programDir: string,
  run: string,
  { refs: alsoRefs, dryRun }: CleanOptions,
): Promise<CleanedRun> {
  const work = readWork(world, programDir, run);
  const { git, paths, state } = work;
  refuseDriven(work);
  const status = runStatus(state);
  if (status !== 'done' && status !== 'failed') {
    const message = `Run ${state.runId} is ${status}: what is in its trees is needed still.`;
    throw new Refusal('run-not-over', message, {
      hint: `codex-orch run abort ${state.runId}`,
      exit: ExitStatus.failed,
    });
  }
  const cleaned: CleanedRun = {
    run_id: state.runId,
    trees: [],
    refs: [],
    kept: [],
    kept_trees: [],
  };
  for (const { instance_id: id, workspace, status: stands } of state.instances.values()) {
    const { directory = null, start } = workspace ?? {};
    const found = ownTreeOf({ state, paths }, id);
    if (directory === null || found?.ok !== true || !existsSync(directory)) continue;
    const { base } = found.own;
    let leftOut = workspace?.commit?.left_out ?? [];
    // What is half made holds no work yet.
    if (stands !== 'done' && start !== undefined && isWhole(paths, directory)) {
      const tree = treeAt(paths, base, directory);
      const options = { start, maxFileBytes: Infinity, copied: copiedPaths(found.own) };
      const ref = runRefs(state.runId).left(id);
      cleaned.kept.push(ref);
      // A dry run, too: what is in no commit keeps the tree. Objects that nothing names are no change.
      const left = await writeWork(git, tree, options);
      if (!left.ok) {
        throw new Refusal('tree-unreadable', `${id}: ${left.message}`, { exit: ExitStatus.failed });
      }
      leftOut = left.left_out;
      if (!dryRun) {
        const message = `What ${id} had not finished\n\nCodex-Orch-Run: ${state.runId}\nCodex-Orch-Instance: ${id}`;
        const content = { tree: left.tree, parents: [start], message, at: state.updatedAt };
        await setRef(git, base.repository, ref, await makeCommit(git, base.repository, content));
      }
    }
    if (leftOut.length > 0) {
      cleaned.kept_trees.push(directory);
      continue;
    }
    cleaned.trees.push(directory);
    if (!dryRun) await removeTree(directory);
  }
  for (const { base } of alsoRefs ? work.places : []) {
    const refs = await refsOf(git, base.repository, state.runId);
    cleaned.refs.push(...refs);
    // What stands behind squashes stays: `blame` goes by it.
    if (!dryRun) await deleteRefs(git, base.repository, refs);
  }
  if (!dryRun) {
    remove(paths.treesDir);
    await removeLeftovers(world, work);
  }
  return cleaned;
}

/** What a crash has left of trees that were begun, and that no event names. */
async function removeLeftovers(world: World, { state, paths }: RunWork): Promise<void> {
  const folder = path.join(await treesRoot(world), runFolder(paths.runId));
  const named = new Set(
    [...state.instances.values()].flatMap(({ workspace }) => workspace?.directory ?? []),
  );
  for (const name of namesIn(folder)) {
    if (!named.has(path.join(folder, name))) await removeTree(path.join(folder, name));
  }
  if (namesIn(folder).length === 0) remove(folder);
}

function refuseDriven({ paths }: RunWork): void {
  if (currentHolder(paths) === null) return;
  throw new Refusal('run-driven', `An engine drives run ${paths.runId}.`, {
    hint: 'Wait for it, or stop it.',
    exit: ExitStatus.failed,
  });
}
