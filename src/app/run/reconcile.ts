/** `run reconcile`: gives what is marked running, and does not run, its end. */
import type { RunState } from '../../core/state/run-state.ts';
import { runPaths } from '../../store/layout.ts';
import { viewRun } from '../../store/directory/view.ts';
import type { World } from '../world.ts';
import { driveRun } from './drive.ts';
import type { RunAction } from './request.ts';

/**
 * Settles instances that are marked running: one whose process is gone or has finished gets its end; a
 * live one past its timeouts is stopped; any other live one is left at work. Starts nothing.
 *
 * @throws Refusal `run-busy`: an engine settles its instances itself
 */
export async function reconcileRun(
  world: World,
  programDir: string,
  runId: string,
): Promise<RunState> {
  const options = { command: 'run reconcile', settleOnly: true };
  return (await driveRun(world, programDir, runId, options).ended).state;
}

/** For the page. @throws Refusal as `reconcileRun` */
export async function reconcileNow(
  world: World,
  programDir: string,
  runId: string,
): Promise<RunAction> {
  const before = viewRun(runPaths(programDir, runId)).state.seq;
  const { seq } = await reconcileRun(world, programDir, runId);
  const message =
    seq === before
      ? 'Nothing was to be settled: what is marked running does run.'
      : 'What had ended was settled. Resume the run to go on.';
  return { outcome: 'done', message };
}
