/**
 * What a person may do to a run from a place that does not stay: engines are started in the background,
 * and an engine that drives the run already is told instead. For the page.
 */
import { runStatus } from '../../core/state/run-state.ts';
import type { InboxCommand } from '../../store/inbox/records.ts';
import { runPaths } from '../../store/layout.ts';
import { currentHolder } from '../../store/lock/run-lock.ts';
import { loadRun } from '../../store/run-store.ts';
import { driveInBackground } from './drive.ts';
import { abortRun, hasFailed, reconcileRun, requeueInstance } from './recover.ts';
import { resolveInstanceId } from './resolve-instance.ts';
import type { World } from '../world.ts';
import { sessionOrTold } from '../../engine/session-or-told.ts';

export interface RunAction {
  /** `started`: an engine of its own; `told`: the one at work; `done`: nothing more is to come. */
  outcome: 'started' | 'told' | 'done';
  /** One sentence. */
  message: string;
}

/** An engine that does not answer must not keep the asker for ever. */
const PATIENCE_MS = 20_000;

/** `run resume`. @throws Refusal for a run that cannot be read or written */
export async function resumeInBackground(
  world: World,
  programDir: string,
  runId: string,
): Promise<RunAction> {
  const before = runStatus(loadRun(runPaths(programDir, runId)));
  const told = await tell(world, programDir, runId, 'run resume', { command: 'resume' });
  if (told) return told;
  // Of a run that is done, too: an answer may lie in its inbox, or `state/` be behind.
  driveInBackground(world, programDir, runId, { revive: true });
  if (before === 'done') {
    return { outcome: 'done', message: 'The run is done: nothing is left to go on with.' };
  }
  return { outcome: 'started', message: 'The run goes on in the background.' };
}

/** `run retry-instance`. @throws Refusal `not-retryable`, `instance-not-found` */
export async function retryInBackground(
  world: World,
  programDir: string,
  runId: string,
  instance: string,
  grantIterations: number,
): Promise<RunAction> {
  const id = resolveInstanceId(loadRun(runPaths(programDir, runId)), instance, hasFailed);
  const told = await tell(world, programDir, runId, 'run retry-instance', {
    command: 'retry_instance',
    instance_id: id,
    granted_iterations: grantIterations,
  });
  if (told) return told;
  requeueInstance(world, programDir, runId, id, grantIterations);
  driveInBackground(world, programDir, runId);
  return { outcome: 'started', message: `${id} is tried again, in the background.` };
}

/** `run reconcile`. @throws Refusal `run-busy`: an engine settles its instances itself */
export async function reconcileNow(
  world: World,
  programDir: string,
  runId: string,
): Promise<RunAction> {
  const before = loadRun(runPaths(programDir, runId)).seq;
  const { seq } = await reconcileRun(world, programDir, runId);
  const message =
    seq === before
      ? 'Nothing was to be settled: what is marked running does run.'
      : 'What had ended was settled. Resume the run to go on.';
  return { outcome: 'done', message };
}

/** `run abort`. */
export async function abortNow(
  world: World,
  programDir: string,
  runId: string,
): Promise<RunAction> {
  loadRun(runPaths(programDir, runId));
  const isDriven = currentHolder(runPaths(programDir, runId)) !== null;
  const ended = await inTime(abortRun(world, programDir, runId));
  if (!ended) return { outcome: 'told', message: 'The engine was told, and has not stopped yet.' };
  return isDriven
    ? { outcome: 'told', message: 'The engine stops every process of the run.' }
    : { outcome: 'done', message: 'Every process of the run is stopped.' };
}

/** null: nobody drives the run. */
async function tell(
  world: World,
  programDir: string,
  runId: string,
  name: string,
  command: InboxCommand,
): Promise<RunAction | null> {
  if (currentHolder(runPaths(programDir, runId)) === null) return null;
  const asked = sessionOrTold(world, programDir, runId, name, command);
  const result = await inTime(asked);
  if (!result) {
    // Should it come to us after all, we must not keep it.
    asked.then(
      (session) => session?.close(),
      () => undefined,
    );
    return { outcome: 'told', message: 'The engine was told, and has not taken it yet.' };
  }
  if (result.value === null) return { outcome: 'told', message: 'The engine at work was told.' };
  // It ended before it could take the command.
  result.value.close();
  return null;
}

/** What a promise gives, or null where that takes too long; what fails later is nobody's any more. */
async function inTime<T>(promise: Promise<T>): Promise<{ value: T } | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), PATIENCE_MS);
  });
  try {
    return await Promise.race([promise.then((value) => ({ value })), late]);
  } finally {
    clearTimeout(timer);
    promise.catch(() => undefined);
  }
}
