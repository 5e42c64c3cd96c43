/** `run retry-instance`: forces one failed instance. */
import type { RunEvent } from '../../core/events/events.ts';
import { decide } from '../../core/requests/decide.ts';
import type { Decision } from '../../core/requests/decision.ts';
import { gatheredAlready } from '../../core/state/regions.ts';
import { isDelayed } from '../../core/state/standing.ts';
import { sessionOrRequest } from '../../engine/as-writer.ts';
import type { RunSession } from '../../engine/session.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import type { Instance } from '../../model/run.ts';
import { runPaths, type RunPaths } from '../../store/layout.ts';
import { viewRun } from '../../store/directory/view.ts';
import type { World } from '../world.ts';
import { driveInBackground } from './background.ts';
import { driveRun, type Drive, type DriveOptions } from './drive.ts';
import { inTime, type RunAction, type Waiting } from './request.ts';
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

export interface Retried {
  instance_id: string;
  /** An engine at work goes on with it; null: nobody drives the run. */
  by: 'engine' | null;
  /** Of the last event before. */
  seq: number;
}

/**
 * Has the instance tried again by whoever drives the run; where nobody does, the caller is to. What an engine that is
 * asked has dropped, because the run has gone on meanwhile, is refused as it would be now.
 *
 * @throws Refusal as `retryAndDrive` and `sessionOrRequest`
 */
export async function tryAgain(
  world: World,
  programDir: string,
  runId: string,
  instance: string,
  options: RetryOptions,
  waiting: Waiting = {},
): Promise<Retried> {
  const paths = runPaths(programDir, runId);
  const { state } = viewRun(paths);
  const { seq } = state;
  const id = resolveInstanceId(state, instance, hasFailed);
  const stay = gatheredAlready(state, id);
  const request = requestFor(id, options);
  // Told at once, also where an engine would drop it in silence. The view is ours to spoil.
  eventsOf(decide(state, request, state.updatedAt));
  const session = await sessionOrRequest(
    world,
    programDir,
    runId,
    'run retry-instance',
    request,
    waiting,
  );
  if (session === null) {
    refuseDropped(paths, id, request, seq);
    if (stay.length > 0) options.onStays?.(stay);
    return { instance_id: id, by: 'engine', seq };
  }
  try {
    requeue(session, id, options);
  } finally {
    session.close();
  }
  return { instance_id: id, by: null, seq };
}

/** By an engine of its own, or by the one at work; does not wait for ever. @throws Refusal as `tryAgain` */
export async function retryInBackground(
  world: World,
  programDir: string,
  runId: string,
  instance: string,
  options: RetryOptions,
): Promise<RunAction> {
  const stay: string[] = [];
  const onStays = (instances: readonly Instance[]): void =>
    void stay.push(...instances.map((each) => ` ${staysInWords(each)}`));
  const wish = { ...options, onStays };
  const retried = tryAgain(world, programDir, runId, instance, wish).then((each) => {
    // Also where nobody waits for it any more.
    if (each.by === null) driveInBackground(world, programDir, runId);
    return each;
  });
  const done = await inTime(retried);
  if (done === null) {
    return { outcome: 'told', message: 'The engine was told, and has not taken it yet.' };
  }
  const { by, instance_id: id } = done.value;
  return by === 'engine'
    ? { outcome: 'told', message: `The engine at work was told.${stay.join('')}` }
    : { outcome: 'started', message: `${id} is tried again, in the background.${stay.join('')}` };
}

/** An engine has taken the request. @throws Refusal where it has not obeyed it: the run had gone on */
function refuseDropped(paths: RunPaths, id: string, request: RetryRequest, seq: number): void {
  let isObeyed = false;
  const { state } = viewRun(paths, (event) => {
    isObeyed ||=
      event.seq > seq && event.event_type === 'instance_requeued' && event.instance_id === id;
  });
  if (isObeyed) return;
  eventsOf(decide(state, request, state.updatedAt));
  const message = `The engine of run ${paths.runId} has not tried ${id} again: something else came first.`;
  throw new Refusal('not-taken', message, { hint: 'Ask again.', exit: ExitStatus.failed });
}

/** What a retry is for, where a name alone leaves it open. */
function hasFailed(instance: Instance): boolean {
  return instance.status === 'failed' || isDelayed(instance);
}

type RetryRequest = ReturnType<typeof requestFor>;

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
