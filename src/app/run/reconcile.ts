/** `run reconcile`: gives what is marked running, and does not run, its end. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { finishAttempt } from '../../core/judge/finish.ts';
import { advance } from '../../core/plan/plan.ts';
import type { RunState } from '../../core/state/run-state.ts';
import { harvest, notStarted, prepareOrder } from '../../engine/attempts.ts';
import { Intake } from '../../engine/intake.ts';
import { RunSession } from '../../engine/session.ts';
import type { AttemptOrder } from '../../model/attempt.ts';
import { globalRootFrom, loadAgentConfig } from '../../program/global-config.ts';
import { runPaths } from '../../store/layout.ts';
import { loadRun } from '../../store/run-store.ts';
import type { World } from '../world.ts';
import { attemptContext } from './drive.ts';
import type { RunAction } from './request.ts';

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
      session.commit((await intake.receive()).events);
      session.commit(finishAttempt(state, id, facts, session.now()));
    }
    session.commit((await intake.receive()).events);
    session.commit(advance(state, { slots: 0, now: session.now() }).events);
    return state;
  } finally {
    session.close();
  }
}

/** For the page. @throws Refusal `run-busy`: an engine settles its instances itself */
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
