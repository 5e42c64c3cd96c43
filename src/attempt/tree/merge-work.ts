/** The work of all instances of a run, merged in each repository that they worked on, and kept there. */
import { backendOf } from '../../agents/backends.ts';
import { effectiveAgent } from '../../agents/resolve-agent.ts';
import { instanceOf, taskOf, type RunState } from '../../core/state/run-state.ts';
import { makeDirectory } from '../../disk/disk.ts';
import type { Side } from '../../git/fold.ts';
import type { Git } from '../../git/git.ts';
import { runRefs } from '../../git/refs.ts';
import { keepResult, mergeSides, refsOf, type Merged } from '../../git/result.ts';
import { Refusal } from '../../model/refusal.ts';
import type { ResultSide, RunResult, WorkspaceBase } from '../../model/trees.ts';
import type { RunPaths } from '../../store/layout.ts';

export interface MergeContext {
  state: RunState;
  paths: RunPaths;
  git: Git;
}

/** A repository of the run, by the first of its working trees. */
export interface WorkPlace {
  base: WorkspaceBase;
  /** Of the base. */
  ref: string;
}

/** Working trees of one repository have one result there. */
export function workPlaces({ state, paths }: Omit<MergeContext, 'git'>): WorkPlace[] {
  const { workspace_bases: bases = [] } = state.plan;
  const refs = runRefs(paths.runId);
  const places = bases.map((base, place) => ({ base, ref: refs.base(place) }));
  return places.filter(
    ({ base }, at) => bases.findIndex(({ repository }) => repository === base.repository) === at,
  );
}

/** The tops of the run's working trees of a repository. */
export function worktreesOf({ plan }: RunState, repository: string): ReadonlySet<string> {
  const bases = plan.workspace_bases ?? [];
  return new Set(
    bases.filter((each) => each.repository === repository).map(({ worktree }) => worktree),
  );
}

/**
 * What the instances that are done have done so far, in one commit; merged again, it is the same. `before`: as it was
 * then, ISO 8601 in UTC. `apart`: as `mergeSides`.
 */
export async function mergeWork(
  { git, paths, state }: MergeContext,
  { base, ref }: WorkPlace,
  { before = null, apart }: { before?: string | null; apart?: string | undefined } = {},
): Promise<Merged> {
  const { repository } = base;
  const { runId } = paths;
  const named = new Set(await refsOf(git, repository, runId));
  const committed = committedIn(state, repository).filter(
    ({ finished_at: at }) => before === null || (at ?? '') <= before,
  );
  const sides = committed.map(({ instance_id: id, workspace }): Side => {
    const commit = workspace?.commit?.commit ?? '';
    const own = runRefs(runId).instance(id);
    return { commit, ref: named.has(own) ? own : commit };
  });
  makeDirectory(paths.treesDir);
  return mergeSides(git, {
    repository,
    runId,
    sides: sides.length === 0 ? [{ commit: base.commit, ref }] : sides,
    message: `Merge the work of run ${runId}\n\nCodex-Orch-Run: ${runId}`,
    at: lastEnd(state),
    scratch: paths.treeFile('result', 'merge'),
    ...(apart === undefined ? {} : { apart }),
  });
}

/** For a run in which nothing is left to do: merges its work, and keeps what fits together. */
export async function mergeResults(context: MergeContext): Promise<RunResult[]> {
  const results: RunResult[] = [];
  for (const place of workPlaces(context)) {
    try {
      results.push(await mergeResult(context, place));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // The run is done all the same; whoever asks for the result has it merged again.
      results.push({ ...nothing(place), problem: error.message });
    }
  }
  return results;
}

async function mergeResult(context: MergeContext, place: WorkPlace): Promise<RunResult> {
  const { git, paths, state } = context;
  const { repository } = place.base;
  const merged = await mergeWork(context, place);
  const sides = merged.sides.flatMap(({ commit }): ResultSide[] => {
    const of = committedIn(state, repository).find(
      ({ workspace }) => workspace?.commit?.commit === commit,
    );
    if (of === undefined) return [];
    const { instance_id: id } = of;
    return [{ instance_id: id, commit, ref: runRefs(paths.runId).instance(id) }];
  });
  if (!merged.ok) {
    const { conflicts } = merged;
    return { ...nothing(place), sides, conflicts, resolver: resolverOf(state, sides) };
  }
  await keepResult(git, repository, paths.runId, merged.commit, paths.authoredDir);
  return { ...nothing(place), sides, commit: merged.commit };
}

function nothing({ base: { repository, worktree } }: WorkPlace): RunResult {
  const rest = { commit: null, sides: [], conflicts: [], resolver: null, problem: null };
  return { repository, worktree, ...rest };
}

/** The first of the tasks whose work meets that has an agent which can be told what to do, and may write. */
function resolverOf(state: RunState, sides: readonly ResultSide[]): string | null {
  const tasks = sides.map(({ instance_id: id }) => taskOf(state, instanceOf(state, id)));
  const found = tasks.find((task) => {
    const { agent } = effectiveAgent(state.plan.project, task);
    return backendOf(agent.backend).needsPrompt;
  });
  return found?.id ?? null;
}

function committedIn(state: RunState, repository: string) {
  const worktrees = worktreesOf(state, repository);
  return [...state.instances.values()].filter(
    // What did not pass its checks is written, and counts for nothing.
    ({ status, workspace }) =>
      status === 'done' && workspace?.commit && worktrees.has(workspace.worktree),
  );
}

/** When the last of its instances ended: a merge that is made again has the same date. */
function lastEnd(state: RunState): string {
  let last = state.createdAt;
  for (const { finished_at: at } of state.instances.values())
    if (at !== null && at > last) last = at;
  return last;
}
