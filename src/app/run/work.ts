/** What a run has left in the repositories that it worked on, from its log and from its refs there. */
import { runStatus, type RunState } from '../../core/state/run-state.ts';
import { mergeWork, workPlaces, type WorkPlace } from '../../attempt/tree/merge-work.ts';
import { gitOf, type Git } from '../../git/git.ts';
import { keepResult, keptResult, type Merged } from '../../git/result.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
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

/** `run`: as a person says it. @throws Refusal `no-trees` for a run that leaves no commits */
export function readWork(world: World, programDir: string, run: string): RunWork {
  const work = lookAtWork(world, programDir, run);
  if (work.places.length > 0) return work;
  throw noTrees(work);
}

/** As `readWork`, also of a run that leaves no commits. */
export function lookAtWork(world: World, programDir: string, run: string): RunWork {
  const paths = runPaths(programDir, resolveRunId(programDir, run));
  const { state } = viewRun(paths);
  return { git: gitOf(world.env), paths, state, places: workPlaces({ paths, state }) };
}

export function noTrees({ paths }: RunWork): Refusal {
  const message = `No task of run ${paths.runId} has a tree of its own: it leaves no commits.`;
  return new Refusal('no-trees', message, {
    hint: 'Set "isolation: tree" in project.yaml or in a task.',
    exit: ExitStatus.failed,
  });
}

/**
 * The work of all instances: the result of the run where it is done, and kept from then on; otherwise of those that
 * are done so far. `apart`: as `mergeSides`.
 */
export async function mergedWork(work: RunWork, place: WorkPlace, apart?: string): Promise<Merged> {
  const { git, paths, state } = work;
  const { repository } = place.base;
  const { runId } = paths;
  const isDone = runStatus(state) === 'done';
  const kept = isDone ? await keptResult(git, repository, runId) : null;
  if (kept !== null) return { ok: true, commit: kept.commit, sides: [kept] };
  const merged = await mergeWork(work, place, { apart });
  if (merged.ok && isDone) {
    await keepResult(git, repository, runId, merged.commit, paths.authoredDir);
  }
  return merged;
}

/** What cannot be merged, for those who need the result. */
export function resultConflict(
  { paths: { runId }, state }: RunWork,
  { conflicts, sides }: Merged & { ok: false },
): Refusal {
  const files = conflicts.map(({ path: file, kinds }) => `${file} (${kinds.join(', ')})`);
  const message = `The work of run ${runId} has no single result: its instances disagree on ${files.join('; ')}.`;
  const byHand = `git merge ${sides.map(({ ref }) => ref).join(' ')}`;
  const isAsked = state.runQuestions.size > 0;
  return new Refusal('result-conflict', message, {
    hint: isAsked
      ? `The run asks what is to become of it: codex-orch inbox list --unresolved-only`
      : `See what each has done: codex-orch run changes ${runId}. To merge it yourself, on a branch of yours, one after the other: ${byHand}`,
    exit: ExitStatus.failed,
    data: { conflicts, overlaps: [] },
  });
}

/** @throws Refusal `run-not-done` */
export function refuseUnfinished({ state, paths }: RunWork): void {
  const status = runStatus(state);
  // Where all is done but the question about it, that is what is to be said.
  if (status === 'done' || isResultAsked(state)) return;
  throw new Refusal('run-not-done', `Run ${paths.runId} is ${status}: it has no result yet.`, {
    hint: `codex-orch run explain ${paths.runId}`,
    exit: ExitStatus.failed,
    data: { conflicts: [], overlaps: [] },
  });
}

/** Whether nothing is left to do but to say what is to become of what does not fit together. */
function isResultAsked(state: RunState): boolean {
  return [...state.runQuestions].some(
    (id) => state.interrupts.get(id)?.interrupt.subject === 'result_conflict',
  );
}
