/** Looks at runs; changes nothing. For the command line and the page alike. */
import { existsSync } from 'node:fs';
import type { RunEvent } from '../../core/events/events.ts';
import {
  explainInstance,
  explainUnfinished,
  type Explanation,
} from '../../core/explain/explain.ts';
import type { Elsewhere } from '../../core/explain/reason.ts';
import type { CheckReceipt } from '../../model/checks.ts';
import type { JsonObject } from '../../model/json.ts';
import { Refusal } from '../../model/refusal.ts';
import type { RunState } from '../../core/state/run-state.ts';
import { listRunIds, resolveRunId, runPaths } from '../../store/layout.ts';
import type { RunSummary } from '../../store/cache/documents.ts';
import { listRunSummaries } from '../../store/run-list.ts';
import { holdersOfUser } from '../../attempt/hold/holds.ts';
import { globalRootFrom } from '../../program/global-config.ts';
import { describeHolder, type LockHolder } from '../../store/lock/numbered-lock.ts';
import { currentHolder } from '../../store/lock/run-lock.ts';
import { compilePlainly } from '../../engine/compile-plainly.ts';
import { keepHeapSmall } from '../../engine/keep-heap-small.ts';
import { viewRun } from '../../store/directory/view.ts';
import { followLog } from '../../store/log/follow.ts';
import { evolveChecked } from '../../store/log/replay.ts';
import type { ListedRun } from '../../store/run-store.ts';
import type { VerifyReport } from '../../store/verify/report.ts';
import type { World } from '../world.ts';
import { resolveInstanceId } from './resolve-instance.ts';
import { whereIs } from './whereabouts.ts';
import { whereInWords } from '../../model/whereabouts.ts';
import type { Instance } from '../../model/run.ts';
import { runDocument, type RunDocument } from './run-document.ts';

export { describeHolder, resolveRunId };
export type { ListedRun, RunDocument, RunSummary, VerifyReport };

/** Where the run lies, absolute. */
export function runDirectory(programDir: string, runId: string): string {
  return runPaths(programDir, runId).root;
}

/** What a check has printed, absolute. */
export function checkLog(
  programDir: string,
  runId: string,
  instanceId: string,
  attempt: number,
  { index, baseline }: Pick<CheckReceipt, 'index' | 'baseline'>,
): string {
  const check = { index, isBaseline: baseline === true };
  return runPaths(programDir, runId).checkPlace(instanceId, attempt, check).log;
}

/** Newest first. */
export function listRuns(programDir: string): ListedRun[] {
  return listRunSummaries(programDir);
}

export type ShownRun =
  { ok: true; document: RunDocument } | { ok: false; runId: string; refusal: Refusal };

/** All of each run, newest first; one that cannot be read is named. */
export function showRuns(programDir: string): ShownRun[] {
  return listRunIds(programDir).map((runId) => {
    try {
      return { ok: true, document: showRun(programDir, runId) };
    } catch (error) {
      if (error instanceof Refusal) return { ok: false, runId, refusal: error };
      throw error;
    }
  });
}

/** `run`: an id, a unique prefix, or `latest`. */
export function showRun(programDir: string, run: string): RunDocument {
  return runDocument(programDir, readRun(programDir, run).state);
}

/** All of a run, which may be large: what reading it leaves is cleared away on the way. */
export function readRun(programDir: string, run: string): { runId: string; state: RunState } {
  keepHeapSmall();
  const runId = resolveRunId(programDir, run);
  return { runId, state: viewRun(runPaths(programDir, runId)).state };
}

/** As `readRun`, for a process that ends when it has shown what it read. */
export function readRunToShow(programDir: string, run: string): { runId: string; state: RunState } {
  compilePlainly();
  return readRun(programDir, run);
}

/** Who drives the run now, if anyone does. */
export function runHolder(programDir: string, runId: string): LockHolder | null {
  return currentHolder(runPaths(programDir, runId));
}

export interface RunExplanation {
  runId: string;
  state: RunState;
  holder: LockHolder | null;
  instances: Explanation[];
  decisions: Decision[];
}

/** What a controller chose, from the log. */
export interface Decision {
  instance_id: string;
  task_id: string;
  input_scope_id: string;
  control: JsonObject;
  /** Tasks that the choice activated. */
  chosen: string[];
  /** Tasks of routes that were not chosen. */
  not_chosen: string[];
  /** For `continue`: the scope that it opened, and the number of the iteration, from 1. */
  opened: { input_scope_id: string; iteration: number } | null;
}

export interface ExplainOptions {
  /** As `resolveInstanceId`; left out: all that are not done. */
  instance?: string;
  /** Where the user's own directory is; left out: who holds locks in other runs is not told. */
  surroundings?: Pick<World, 'env' | 'cwd'>;
}

/** Who holds a lock of the user, as seen from a run. */
function holdersFor({ env, cwd }: Pick<World, 'env' | 'cwd'>, programDir: string, runId: string) {
  const globalRoot = globalRootFrom(env, cwd);
  return (lock: string): string[] =>
    holdersOfUser(globalRoot, lock).map((holder) => {
      if (holder.run_id === runId) return holder.instance_id;
      const where = holder.program_dir === programDir ? '' : ` in ${holder.program_dir}`;
      return `${holder.instance_id} of run ${holder.run_id}${where}`;
    });
}

/** Explains one instance, or all that are not done; with every decision of a controller so far. */
export function explainRun(
  programDir: string,
  run: string,
  { instance, surroundings }: ExplainOptions = {},
): RunExplanation {
  const runId = resolveRunId(programDir, run);
  const paths = runPaths(programDir, runId);
  const found = new Map<string, Decision>();
  const state = viewRun(paths, (event, now) => noteDecision(found, event, now)).state;
  const decisions = [...found.values()];
  const holder = currentHolder(paths);
  const userHolders = surroundings && holdersFor(surroundings, programDir, runId);
  const whereabouts = (one: Instance): Elsewhere | null => {
    const where = whereIs(paths, one);
    return where === null ? null : { inWords: whereInWords(where), isTaken: where.host !== null };
  };
  const driven = holder !== null;
  const context = {
    programDir,
    driven,
    whereabouts,
    isThere: existsSync,
    ...(userHolders && { userHolders }),
  };
  const instances =
    instance === undefined
      ? explainUnfinished(state, context)
      : [explainInstance(state, resolveInstanceId(state, instance), context)];
  return { runId, state, holder, instances, decisions };
}

function noteDecision(decisions: Map<string, Decision>, event: RunEvent, state: RunState): void {
  const id = event.instance_id;
  if (id === null) return;
  if (event.event_type === 'control_emitted') {
    const instance = state.instances.get(id);
    decisions.set(id, {
      instance_id: id,
      task_id: instance?.task_id ?? '',
      input_scope_id: instance?.input_scope_id ?? '',
      control: event.payload.control,
      chosen: [],
      not_chosen: [],
      opened: null,
    });
    return;
  }
  const decision = decisions.get(id);
  if (!decision) return;
  switch (event.event_type) {
    case 'route_selected':
    case 'loop_stopped':
      decision.chosen.push(...event.payload.targets);
      return;
    case 'route_unselected':
      decision.not_chosen.push(...event.payload.targets);
      return;
    case 'loop_continued': {
      const { input_scope_id, iteration, targets } = event.payload;
      decision.chosen.push(...targets);
      decision.opened = { input_scope_id, iteration };
      return;
    }
    default:
      return;
  }
}

/**
 * Every event of a run, from the first, and each further one as it comes, until `signal` aborts or
 * `onEvent` returns false. `onEvent` gets the state after the event; `onCaughtUp` is called whenever all there
 * is has been shown, several times a second, and may end it too.
 */
export async function followRun(
  programDir: string,
  runId: string,
  onEvent: (event: RunEvent, state: RunState) => boolean | void,
  options: { signal?: AbortSignal; onCaughtUp?: (state: RunState) => boolean | void } = {},
): Promise<void> {
  const paths = runPaths(programDir, runId);
  const signal = options.signal ?? new AbortController().signal;
  let state: RunState | null = null;
  for await (const events of followLog(paths, 0, signal)) {
    for (const event of events) {
      state = evolveChecked(state, event, paths.eventsLog);
      if (onEvent(event, state) === false) return;
    }
    if (events.length === 0 && state && options.onCaughtUp?.(state) === false) return;
  }
}

/**
 * `run verify`: is what a run has on disk what its log says? `run`: an id, a unique prefix, or `latest`.
 * @throws Refusal as `verifyRunDirectory`
 */
export async function verifyRun(
  { clock }: World,
  programDir: string,
  run: string,
  options: { repair?: boolean } = {},
): Promise<VerifyReport> {
  const { verifyRunDirectory } = await import('../../store/verify/verify.ts');
  const paths = runPaths(programDir, resolveRunId(programDir, run));
  return verifyRunDirectory(paths, { ...options, now: () => clock.now() });
}
