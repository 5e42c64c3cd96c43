/** `run retry-instance`: forces one failed instance, and drives. */
import { decide } from '../../core/requests/decide.ts';
import { openSession, type RunSession } from '../../engine/session.ts';
import { Refusal } from '../../model/refusal.ts';
import type { Instance } from '../../model/run.ts';
import { runPaths } from '../../store/layout.ts';
import { viewRun } from '../../store/directory/view.ts';
import type { World } from '../world.ts';
import { driveInBackground } from './background.ts';
import { driveRun, type Drive, type DriveOptions } from './drive.ts';
import { requestOfEngine, type RunAction } from './request.ts';
import { resolveInstanceId } from './resolve-instance.ts';

/** `instance`: as `resolveInstanceId`. @throws Refusal `not-retryable`, `instance-not-found` */
export function retryAndDrive(
  world: World,
  programDir: string,
  runId: string,
  instance: string,
  options: DriveOptions & { grantIterations: number },
): Drive {
  return driveRun(world, programDir, runId, {
    ...options,
    prepare: (session) => requeue(session, instance, options.grantIterations),
  });
}

/** As `retryAndDrive`, but leaves the driving to an engine that the caller starts. */
export function requeueInstance(
  world: World,
  programDir: string,
  runId: string,
  instance: string,
  grantIterations: number,
): void {
  const session = openSession(world, programDir, runId, 'run retry-instance');
  try {
    requeue(session, instance, grantIterations);
  } finally {
    session.close();
  }
}

/** By an engine of its own, or by the one at work. @throws Refusal as `retryAndDrive` */
export async function retryInBackground(
  world: World,
  programDir: string,
  runId: string,
  instance: string,
  grantIterations: number,
): Promise<RunAction> {
  const id = resolveInstanceId(viewRun(runPaths(programDir, runId)).state, instance, hasFailed);
  const requested = await requestOfEngine(world, programDir, runId, 'run retry-instance', {
    command: 'retry_instance',
    instance_id: id,
    granted_iterations: grantIterations,
  });
  if (requested) return requested;
  requeueInstance(world, programDir, runId, id, grantIterations);
  driveInBackground(world, programDir, runId);
  return { outcome: 'started', message: `${id} is tried again, in the background.` };
}

/** What a retry is for, where a name alone leaves it open. */
function hasFailed(instance: Instance): boolean {
  return instance.status === 'failed';
}

function requeue(session: RunSession, instance: string, grantIterations: number): void {
  const id = resolveInstanceId(session.state, instance, hasFailed);
  const decision = decide(
    session.state,
    { command: 'retry_instance', instance_id: id, granted_iterations: grantIterations },
    session.now(),
  );
  if (!decision.ok) throw new Refusal(decision.code, decision.reason);
  session.commit(decision.events);
}
