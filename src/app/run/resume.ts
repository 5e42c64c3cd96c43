/** `run resume`: settles what ended unseen, gives what is worth it another try, and drives. */
import { runStatus } from '../../core/state/run-state.ts';
import { isOverForGood } from '../../core/state/standing.ts';
import { runPaths } from '../../store/layout.ts';
import { viewRun } from '../../store/directory/view.ts';
import type { World } from '../world.ts';
import { driveInBackground } from './background.ts';
import { driveRun, type Drive, type DriveOptions } from './drive.ts';
import { requestOfEngine, type RunAction } from './request.ts';

/** @throws Refusal `run-busy`, or for a damaged log */
export function resumeRun(
  world: World,
  programDir: string,
  runId: string,
  options: DriveOptions,
): Drive {
  return driveRun(world, programDir, runId, { ...options, revive: true });
}

/** The same by an engine of its own, or by the one at work. @throws Refusal for a run that cannot be read */
export async function resumeInBackground(
  world: World,
  programDir: string,
  runId: string,
): Promise<RunAction> {
  const { state } = viewRun(runPaths(programDir, runId));
  const before = runStatus(state);
  const request = { command: 'resume' } as const;
  const requested = await requestOfEngine(world, programDir, runId, 'run resume', request);
  if (requested) return requested;
  // Of a run that is done, too: an answer may lie in its inbox, or `state/` be behind.
  driveInBackground(world, programDir, runId, { revive: true });
  if (isOverForGood(state)) {
    return { outcome: 'done', message: 'The run was aborted: nothing in it can go on.' };
  }
  if (before === 'done') {
    return { outcome: 'done', message: 'The run is done: nothing is left to go on with.' };
  }
  return { outcome: 'started', message: 'The run goes on in the background.' };
}
