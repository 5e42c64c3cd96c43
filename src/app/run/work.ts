/** What a run has left in the repositories that it worked on, from its log and from its refs there. */
import { runStatus, type RunState } from '../../core/state/run-state.ts';
import { makeDirectory } from '../../disk/disk.ts';
import type { Side } from '../../git/fold.ts';
import { gitOf, type Git } from '../../git/git.ts';
import { runRefs } from '../../git/refs.ts';
import { keepResult, mergeSides, refsOf, keptResult, type Merged } from '../../git/result.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import type { MergeConflict, WorkspaceBase } from '../../model/trees.ts';
import { viewRun } from '../../store/directory/view.ts';
import { resolveRunId, runPaths, type RunPaths } from '../../store/layout.ts';
import type { World } from '../world.ts';

export interface RunWork {
  git: Git;
  paths: RunPaths;
  state: RunState;
  /** One for each repository. */
  places: WorkPlace[];
}

export interface WorkPlace {
  base: WorkspaceBase;
  /** Of the base. */
  ref: string;
}

/** `run`: as a person says it. @throws Refusal `no-trees` for a run that leaves no commits */
export function readWork(world: World, programDir: string, run: string): RunWork {
  const paths = runPaths(programDir, resolveRunId(programDir, run));
  const { state } = viewRun(paths);
  const work = workOf(gitOf(world.env), paths, state);
  if (work !== null) return work;
  throw new Refusal(
    'no-trees',
    `No task of run ${paths.runId} has a tree of its own: it leaves no commits.`,
    {
      hint: 'Set "isolation: tree" in project.yaml or in a task.',
      exit: ExitStatus.failed,
    },
  );
}

/** null for a run without trees. */
function workOf(git: Git, paths: RunPaths, state: RunState): RunWork | null {
  const { workspace_bases: bases } = state.plan;
  if (bases === undefined || bases.length === 0) return null;
  const refs = runRefs(paths.runId);
  const places = bases.map((base, place) => ({ base, ref: refs.base(place) }));
  // Working trees of one repository have one result there.
  const first = places.filter(
    ({ base }, at) => bases.findIndex(({ repository }) => repository === base.repository) === at,
  );
  return { git, paths, state, places: first };
}

/**
 * The work of all instances: the result of the run where it is done, and kept from then on; otherwise of those that
 * are done so far.
 */
export async function mergedWork(work: RunWork, { base, ref }: WorkPlace): Promise<Merged> {
  const { git, paths, state } = work;
  const { repository } = base;
  const { runId } = paths;
  const isDone = runStatus(state) === 'done';
  const kept = isDone ? await keptResult(git, repository, runId) : null;
  if (kept !== null) return { ok: true, commit: kept.commit };
  const named = new Set(await refsOf(git, repository, runId));
  const worktrees = new Set(
    (state.plan.workspace_bases ?? [])
      .filter((each) => each.repository === repository)
      .map(({ worktree }) => worktree),
  );
  const sides = [...state.instances.values()].flatMap(({ instance_id: id, workspace }): Side[] => {
    if (!workspace?.commit || !worktrees.has(workspace.worktree)) return [];
    const { commit } = workspace.commit;
    const own = runRefs(runId).instance(id);
    return [{ commit, ref: named.has(own) ? own : commit }];
  });
  makeDirectory(paths.treesDir);
  const merged = await mergeSides(git, {
    repository,
    runId,
    sides: sides.length === 0 ? [{ commit: base.commit, ref }] : sides,
    message: `Merge the work of run ${runId}\n\nCodex-Orch-Run: ${runId}`,
    at: state.updatedAt,
    scratch: paths.treeFile('result', 'merge'),
  });
  if (merged.ok && isDone) {
    await keepResult(git, repository, runId, merged.commit, paths.authoredDir);
  }
  return merged;
}

/**
 * Keeps the result of a run that is done in each repository. Where that fails, whoever asks for the result is told why:
 * the run is done all the same.
 */
export async function keepResults(
  world: World,
  { paths, state }: { paths: RunPaths; state: RunState },
): Promise<void> {
  if (runStatus(state) !== 'done') return;
  const work = workOf(gitOf(world.env), paths, state);
  for (const place of work?.places ?? []) {
    try {
      if (work !== null) await mergedWork(work, place);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  }
}

/** What cannot be merged, for those who need the result. */
export function resultConflict(runId: string, conflicts: readonly MergeConflict[]): Refusal {
  const files = conflicts.map(({ path: file, kinds }) => `${file} (${kinds.join(', ')})`);
  const message = `The work of run ${runId} has no single result: its instances disagree on ${files.join('; ')}.`;
  return new Refusal('result-conflict', message, {
    hint: `See what each has done: codex-orch run changes ${runId} INSTANCE. A task that depends on all of them would merge it.`,
    exit: ExitStatus.failed,
    data: { conflicts, overlaps: [] },
  });
}

/** @throws Refusal `run-not-done` */
export function refuseUnfinished({ state, paths }: RunWork): void {
  const status = runStatus(state);
  if (status === 'done') return;
  throw new Refusal('run-not-done', `Run ${paths.runId} is ${status}: it has no result yet.`, {
    hint: `codex-orch run explain ${paths.runId}`,
    exit: ExitStatus.failed,
    data: { conflicts: [], overlaps: [] },
  });
}
