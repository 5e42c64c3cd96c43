/** The attempts of a run on disk, for its engine: ordered, briefed and harvested. It decides nothing about the run. */
import { statSync } from 'node:fs';
import path from 'node:path';
import type { AgentConfig } from '../agents/backend.ts';
import { briefWorker } from '../attempt/brief/brief-worker.ts';
import type { AskableRole } from '../attempt/brief/stage-request.ts';
import { harvestWork } from '../attempt/harvest/harvest.ts';
import { workerOrder } from '../attempt/order.ts';
import type { AttemptOrder } from '../model/attempt.ts';
import type { Attempts } from './parts.ts';
import type { RunSession } from './session.ts';
import type { Surroundings } from './surroundings.ts';

/** What all attempts of one engine share. */
export interface AttemptContext {
  session: RunSession;
  clock: Surroundings['clock'];
  env: Surroundings['env'];
  config: AgentConfig;
  /** The `codex-orch` shim that workers call. */
  commandPath: string;
  /** Roles of the program; read when the first prompt needs them. */
  roles(): Promise<AskableRole[]>;
}

export function attemptsOf(context: AttemptContext): Attempts {
  const { session, env, commandPath } = context;
  const { state, paths } = session;
  return {
    order: (instanceId, generation) => {
      const basis = { paths, state, config: context.config, env, now: () => session.now() };
      return workerOrder(basis, instanceId, generation);
    },
    async brief(instanceId, order) {
      const result = (id: string) => session.result(id);
      const run = { state, paths, result, commandPath, roles: await context.roles() };
      return briefWorker(run, instanceId, order);
    },
    isOverdue: (order) => isOverdue(order, Date.parse(context.clock.now())),
    harvest: (instanceId, end) => harvestWork(session, instanceId, end),
  };
}

/** Whether whoever watches the attempt would find it past one of its limits. */
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
