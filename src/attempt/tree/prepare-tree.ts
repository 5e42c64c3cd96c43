/**
 * Makes the tree of an instance before its first attempt: from what led to it, merged where that is more than one
 * commit. Done again after a crash, it makes another one and leaves what was begun alone.
 */
import path from 'node:path';
import { instanceOf, taskOf, type RunState } from '../../core/state/run-state.ts';
import { leadingCommits } from '../../core/state/start-commits.ts';
import { makeDirectory, makeNewDirectory } from '../../disk/disk.ts';
import { fold, independent, type Folded, type Side } from '../../git/fold.ts';
import { runRefs } from '../../git/refs.ts';
import { refCommit, setRef } from '../../git/set-ref.ts';
import type { MergeUnderWay } from '../../git/tree.ts';
import type { FailureKind, Instance } from '../../model/run.ts';
import type { MergeConflict, PreparedWorkspace, WorkspaceBase } from '../../model/trees.ts';
import { worktreesOf } from './merge-work.ts';
import { isWhole, layOut, type LayOutContext, type TreeProblem } from './lay-out.ts';
import { ownTreeOf, type OwnTree } from './own-tree.ts';

export interface TreeContext extends LayOutContext {
  state: RunState;
  /** Absolute: where all trees lie. */
  treesRoot(): Promise<string>;
}

export type PreparedTree =
  { kind: 'ready' } | { kind: 'made'; workspace: PreparedWorkspace } | TreeProblem;

/** Where it starts, and what is left to the agent there. */
interface Start {
  start: string;
  parents: string[];
  conflicts: MergeConflict[];
  merge: MergeUnderWay | null;
}

export async function prepareTree(context: TreeContext, instanceId: string): Promise<PreparedTree> {
  const found = ownTreeOf(context, instanceId);
  if (found === null) return { kind: 'ready' };
  if (!found.ok) return failed('workspace', found.message);
  return prepare(context, instanceOf(context.state, instanceId), found.own);
}

async function prepare(
  context: TreeContext,
  instance: Instance,
  own: OwnTree,
): Promise<PreparedTree> {
  const { git, paths } = context;
  const { base } = own;
  const known = instance.workspace?.directory ?? null;
  if (known !== null && isWhole(paths, known)) return { kind: 'ready' };
  const refs = runRefs(context.state.runId);
  const started = await startOf(context, instance, own);
  if (started.conflicts.length > 0 && own.onConflict === 'fail') {
    return failed('merge_conflict', conflictMessage(context.state, instance, started));
  }
  const { start, parents, conflicts, merge } = started;
  // Where a session knows its tree, it comes back at its place, with what was left in it.
  const directory = known ?? (await newDirectory(context, instance.instance_id));
  const left =
    known === null ? null : await refCommit(git, base.repository, refs.left(instance.instance_id));
  const problem = await layOut(context, own, { instance, directory, start, merge, left });
  if (problem !== null) return problem;
  if (known !== null) return { kind: 'ready' };
  const { worktree } = base;
  return { kind: 'made', workspace: { worktree, directory, start, parents, conflicts } };
}

/** Once found and recorded, a start stays what it is. */
async function startOf(
  { state, paths, git }: TreeContext,
  instance: Instance,
  { base }: OwnTree,
): Promise<Start> {
  const { instance_id: id, workspace: known } = instance;
  if (known !== undefined && known.conflicts.length === 0) {
    return { ...known, merge: null };
  }
  const refs = runRefs(state.runId);
  const leading = leadingCommits(state, id, worktreesFor(state, instance, base));
  const { repository } = base;
  const commits = await independent(
    git,
    repository,
    leading.map(({ commit }) => commit),
  );
  const sides = commits.map((commit): Side => {
    const from = leading.find((one) => one.commit === commit);
    const of = from?.kind === 'start' ? refs.start : refs.instance;
    return { commit, ref: of(from?.instanceId ?? id) };
  });
  const [first, ...others] = sides;
  if (first === undefined || others.length === 0) {
    const start = first?.commit ?? base.commit;
    return { start, parents: commits, conflicts: [], merge: null };
  }
  const folded = await fold(git, {
    repository,
    sides: [first, ...others],
    ref: refs.start(id),
    message: mergeMessage(state, instance),
    // Of the first attempt: the merge is the same one for all of them.
    at: instance.attempts[0]?.started_at ?? state.createdAt,
    scratch: paths.treeFile(id, 'merge'),
  });
  const merge = mergeOf(folded, first, others);
  if (known === undefined) {
    return { start: folded.commit, parents: commits, conflicts: folded.conflicts, merge };
  }
  await setRef(git, repository, refs.start(id), known.start);
  return { ...known, merge };
}

/** A merge of all work takes what was done in any working tree of the repository. */
function worktreesFor(
  state: RunState,
  { task_id: task }: Instance,
  { repository, worktree }: WorkspaceBase,
): ReadonlySet<string> {
  const isMerge = [...state.mergeTasks.values()].includes(task);
  return isMerge ? worktreesOf(state, repository) : new Set([worktree]);
}

function mergeOf(folded: Folded, first: Side, others: readonly Side[]): MergeUnderWay | null {
  if (folded.conflicts.length === 0) return null;
  return {
    head: first.commit,
    others: others.map(({ commit }) => commit),
    stages: folded.stages,
  };
}

function mergeMessage(state: RunState, instance: Instance): string {
  const { title, id } = taskOf(state, instance);
  return [
    `Merge what "${title.replace(/\s+/g, ' ')}" starts from`,
    '',
    `Codex-Orch-Run: ${state.runId}`,
    `Codex-Orch-Instance: ${instance.instance_id}`,
    `Codex-Orch-Task: ${id}`,
  ].join('\n');
}

function conflictMessage(state: RunState, { instance_id: id }: Instance, start: Start): string {
  const files = start.conflicts.map(({ path: file, kinds }) => `${file} (${kinds.join(', ')})`);
  const known = [...state.instances.values()];
  const sides = start.parents.map(
    (commit) =>
      known.find(({ workspace }) => workspace?.commit?.commit === commit)?.instance_id ??
      commit.slice(0, 12),
  );
  return `what ${sides.join(' and ')} did cannot be merged for ${id}: ${files.join('; ')}. Set "tree: {on_conflict: resolve}" to have its agent do it`;
}

/** Outside of program and repository, short (sockets lie in trees), and never one that is there already. */
async function newDirectory(
  { state, treesRoot }: TreeContext,
  instanceId: string,
): Promise<string> {
  const parent = path.join(await treesRoot(), runFolder(state.runId));
  makeDirectory(parent);
  const name = instanceId.slice(-8);
  for (let count = 1; ; count += 1) {
    const directory = path.join(parent, count === 1 ? name : `${name}-${count}`);
    try {
      makeNewDirectory(directory);
      return directory;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** The folder of a run's trees. */
export function runFolder(runId: string): string {
  return runId.slice(-8);
}

function failed(failureKind: FailureKind, message: string): PreparedTree {
  return { kind: 'failed', failureKind, message };
}
