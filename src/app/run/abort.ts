/** `run abort`: stops every process of the run, and fails or skips what is not done. */
import { sessionOrRequest, type Waiting } from '../../engine/as-writer.ts';
import { runPaths } from '../../store/layout.ts';
import { currentHolder } from '../../store/lock/run-lock.ts';
import { viewRun } from '../../store/directory/view.ts';
import type { World } from '../world.ts';
import { driveSession } from './drive.ts';
import { inTime, type RunAction } from './request.ts';

/** Returns when the run is aborted, by us or by the engine that drives it. @throws Refusal as `sessionOrRequest` */
export async function stopAndAbort(
  world: World,
  programDir: string,
  runId: string,
  waiting: Waiting = {},
): Promise<void> {
  const request = { command: 'abort' } as const;
  const session = await sessionOrRequest(world, programDir, runId, 'run abort', request, waiting);
  if (!session) return;
  const drive = driveSession(world, session, {}, (engine) => engine.abort());
  await drive.ended;
}

/** The same, but does not wait for ever. @throws Refusal for a run that cannot be read */
export async function abortNow(
  world: World,
  programDir: string,
  runId: string,
): Promise<RunAction> {
  viewRun(runPaths(programDir, runId));
  const isDriven = currentHolder(runPaths(programDir, runId)) !== null;
  const ended = await inTime(stopAndAbort(world, programDir, runId));
  if (!ended) return { outcome: 'told', message: 'The engine was told, and has not stopped yet.' };
  return isDriven
    ? { outcome: 'told', message: 'The engine stops every process of the run.' }
    : { outcome: 'done', message: 'Every process of the run is stopped.' };
}
