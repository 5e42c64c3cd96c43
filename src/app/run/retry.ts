/** `run retry-instance`: forces one failed instance, and drives. */
import type { RunEvent } from '../../core/events/events.ts';
import { decide } from '../../core/requests/decide.ts';
import type { Decision } from '../../core/requests/decision.ts';
import { gatheredAlready } from '../../core/state/regions.ts';
import { isDelayed } from '../../core/state/standing.ts';
import { openSession, type RunSession } from '../../engine/session.ts';
import { Refusal } from '../../model/refusal.ts';
import type { Instance } from '../../model/run.ts';
import { runPaths } from '../../store/layout.ts';
import { viewRun } from '../../store/directory/view.ts';
import { currentHolder } from '../../store/lock/run-lock.ts';
import type { World } from '../world.ts';
import { driveInBackground } from './background.ts';
import { driveRun, type Drive, type DriveOptions } from './drive.ts';
import { requestOfEngine, type RunAction } from './request.ts';
import { resolveInstanceId } from './resolve-instance.ts';

/** `onStays`: what has gathered the instance's item already, and stays done with what it was given. */
interface RetryHooks {
  onStays?(instances: readonly Instance[]): void;
}

export interface RetryOptions extends RetryHooks {
  /** For a loop that reached its limit. */
  grantIterations: number;
  /** Leave the session of the earlier attempts. */
  newSession: boolean;
  /** A clean tree, too, where it has one of its own. */
  freshTree: boolean;
}

/** `instance`: as `resolveInstanceId`. @throws Refusal `not-retryable`, `instance-not-found` */
export function retryAndDrive(
  world: World,
  programDir: string,
  runId: string,
  instance: string,
  options: DriveOptions & RetryOptions,
): Drive {
  return driveRun(world, programDir, runId, {
    ...options,
    prepare: (session) => requeue(session, instance, options),
  });
}

/** As `retryAndDrive`, but leaves the driving to an engine that the caller starts. */
export function requeueInstance(
  world: World,
  programDir: string,
  runId: string,
  instance: string,
  options: RetryOptions,
): void {
  const session = openSession(world, programDir, runId, 'run retry-instance');
  try {
    requeue(session, instance, options);
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
  options: RetryOptions,
): Promise<RunAction> {
  const id = resolveInstanceId(viewRun(runPaths(programDir, runId)).state, instance, hasFailed);
  const command = 'run retry-instance';
  const request = requestFor(id, options);
  const requested = await requestOfEngine(world, programDir, runId, command, request);
  if (requested) return requested;
  const stay: string[] = [];
  const onStays = (instances: readonly Instance[]): void =>
    void stay.push(...instances.map((each) => ` ${staysInWords(each)}`));
  requeueInstance(world, programDir, runId, id, { ...options, onStays });
  driveInBackground(world, programDir, runId);
  return {
    outcome: 'started',
    message: `${id} is tried again, in the background.${stay.join('')}`,
  };
}

/**
 * Has the engine that drives the run try the instance again; null: none does. `seq`: of the last event before.
 * @throws Refusal as `retryAndDrive`
 */
export async function retryByEngine(
  world: World,
  programDir: string,
  runId: string,
  instance: string,
  options: RetryOptions,
): Promise<{ instance_id: string; seq: number } | null> {
  const paths = runPaths(programDir, runId);
  if (currentHolder(paths) === null) return null;
  const { state } = viewRun(paths);
  const { seq } = state;
  const id = resolveInstanceId(state, instance, hasFailed);
  const stay = gatheredAlready(state, id);
  const request = requestFor(id, options);
  // An engine drops what it cannot do, and nobody would hear of it.
  eventsOf(decide(state, request, world.clock.now()));
  const told = await requestOfEngine(world, programDir, runId, 'run retry-instance', request);
  if (told === null) return null;
  if (stay.length > 0) options.onStays?.(stay);
  return { instance_id: id, seq };
}

/** What a retry is for, where a name alone leaves it open. */
function hasFailed(instance: Instance): boolean {
  return instance.status === 'failed' || isDelayed(instance);
}

function requestFor(instanceId: string, { grantIterations, newSession, freshTree }: RetryOptions) {
  return {
    command: 'retry_instance',
    instance_id: instanceId,
    granted_iterations: grantIterations,
    new_session: newSession,
    ...(freshTree ? { fresh_tree: true } : {}),
  } as const;
}

/** As a sentence, for people. */
export function staysInWords({ instance_id: id }: Instance): string {
  return `${id} has gathered the item as it was, and stays done.`;
}

function requeue(session: RunSession, instance: string, options: RetryOptions): void {
  const id = resolveInstanceId(session.state, instance, hasFailed);
  const events = eventsOf(decide(session.state, requestFor(id, options), session.now()));
  const stay = gatheredAlready(session.state, id);
  session.commit(events);
  if (stay.length > 0) options.onStays?.(stay);
}

/** The events. @throws Refusal */
function eventsOf(decision: Decision): RunEvent[] {
  if (decision.ok) return decision.events;
  const hint = 'start another run: codex-orch run start --root TASK';
  const details = decision.code === 'run-aborted' ? { hint } : {};
  throw new Refusal(decision.code, decision.reason, details);
}
