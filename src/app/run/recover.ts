/** What a person may do to a run that stands still or goes wrong: section 11 of the contract. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { advance } from '../../core/plan/plan.ts';
import { finishAttempt } from '../../core/judge/finish.ts';
import { retryInstance as decideRetry } from '../../core/requests/recover.ts';
import { Refusal } from '../../model/refusal.ts';
import type { Instance } from '../../model/run.ts';
import type { RunState } from '../../core/state/run-state.ts';
import { globalRootFrom, loadAgentConfig } from '../../program/global-config.ts';
import type { AttemptOrder } from '../../model/attempt.ts';
import { harvest, notStarted, prepareOrder } from '../../engine/attempts.ts';
import { attemptContext, driveRun, driveSession, type Drive, type DriveOptions } from './drive.ts';
import { Intake } from '../../engine/intake.ts';
import { resolveInstanceId } from './resolve-instance.ts';
import { RunSession } from '../../engine/session.ts';
import type { World } from '../world.ts';
import { sessionOrTold } from '../../engine/session-or-told.ts';

/** `run resume`: settles, revives what is worth it, and drives. @throws Refusal `run-busy` */
export function resumeRun(
  world: World,
  programDir: string,
  runId: string,
  options: DriveOptions,
): Drive {
  return driveRun(world, programDir, runId, { ...options, revive: true });
}

/** Forces one failed instance, then drives. @throws Refusal `not-retryable`, `instance-not-found` */
export function retryInstance(
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

/** As `retryInstance`, but leaves the driving to an engine that the caller starts. */
export function requeueInstance(
  world: World,
  programDir: string,
  runId: string,
  instance: string,
  grantIterations: number,
): void {
  const session = RunSession.open(world, programDir, runId, 'run retry-instance');
  try {
    requeue(session, instance, grantIterations);
  } finally {
    session.close();
  }
}

/** What `run retry-instance` is for, where a name alone leaves it open. */
export function hasFailed(instance: Instance): boolean {
  return instance.status === 'failed';
}

function requeue(session: RunSession, instance: string, grantIterations: number): void {
  const id = resolveInstanceId(session.state, instance, hasFailed);
  const retry = decideRetry(session.state, id, grantIterations, session.now());
  if (!retry.ok) throw new Refusal('not-retryable', retry.reason);
  session.commit(retry.events);
}

/**
 * Settles instances that are marked running: one whose process is gone or has finished gets its end; a
 * live one past its timeouts is stopped; any other live one is left at work. Starts nothing.
 */
export async function reconcileRun(
  world: World,
  programDir: string,
  runId: string,
): Promise<RunState> {
  const session = RunSession.open(world, programDir, runId, 'run reconcile');
  try {
    const context = attemptContext(world, session);
    context.config = await loadAgentConfig(globalRootFrom(world.env, world.cwd));
    const { state } = session;
    const intake = new Intake(session);
    const running = [...state.instances.values()].filter(({ status }) => status === 'running');
    for (const { instance_id: id } of running) {
      const { order } = prepareOrder(context, id, 0);
      const found = await context.executor.find(order, () => undefined);
      if (found.kind === 'running' && !isOverdue(order, Date.parse(world.clock.now()))) {
        found.handle.detach();
        continue;
      }
      const facts =
        found.kind === 'never_started'
          ? notStarted('unknown', 'the engine died before it could start this attempt', true)
          : await harvest(context, id, await found.handle.ended);
      // What it asked before it ended counts; requests to an engine stay for one.
      session.commit((await intake.take()).events);
      session.commit(finishAttempt(state, id, facts, session.now()));
    }
    session.commit((await intake.take()).events);
    session.commit(advance(state, { slots: 0, now: session.now() }).events);
    return state;
  } finally {
    session.close();
  }
}

/** Whether a live attempt has passed one of its limits. Its supervisor will find the same. */
function isOverdue(order: AttemptOrder, nowMs: number): boolean {
  const startedAtMs = Date.parse(order.startedAt);
  const { wallTimeoutMs, idleTimeoutMs } = order;
  if (wallTimeoutMs !== null && nowMs - startedAtMs >= wallTimeoutMs) return true;
  const outputs = ['events.jsonl', 'stderr.log'].map((name) =>
    statSync(path.join(order.attemptDir, name), { throwIfNoEntry: false }),
  );
  const lastOutputMs = Math.max(startedAtMs, ...outputs.map((stats) => stats?.mtimeMs ?? 0));
  return idleTimeoutMs !== null && nowMs - lastOutputMs >= idleTimeoutMs;
}

/** Stops every process of the run, and fails or skips what is not done. */
export async function abortRun(world: World, programDir: string, runId: string): Promise<void> {
  const command = { command: 'abort' } as const;
  const session = await sessionOrTold(world, programDir, runId, 'run abort', command);
  if (!session) return;
  const drive = driveSession(world, session, {}, (engine) => engine.abort());
  await drive.ended;
}
