/** The attempts of a run on disk, for its engine: ordered, briefed and harvested. It decides nothing about the run. */
import path from 'node:path';
import type { AgentConfig } from '../agents/backend.ts';
import { briefWorker } from '../attempt/brief/brief-worker.ts';
import type { AskableRole } from '../attempt/brief/stage-request.ts';
import { harvestWork } from '../attempt/harvest/harvest.ts';
import { workerOrder } from '../attempt/order.ts';
import { clearLeftovers, putAway, type AttemptDirectories } from '../attempt/place/directories.ts';
import { isSettledTry } from '../store/assistant-records.ts';
import { unsettledAttempts, type RunPaths } from '../store/layout.ts';
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
      const basis = {
        ...{ paths, state, config: context.config, env, now: () => session.now() },
        commandDir: path.dirname(commandPath),
      };
      return workerOrder(basis, instanceId, generation);
    },
    async brief(instanceId, order) {
      const result = (id: string) => session.result(id);
      const run = { state, paths, result, commandPath, roles: await context.roles() };
      return briefWorker(run, instanceId, order);
    },
    harvest: (instanceId, end) => harvestWork(session, instanceId, end),
    putAway: (instanceId, attempt) => putAway(directoriesOf(paths, instanceId, attempt)),
    putAwayLeftovers: () => putAwayLeftovers(session),
  };
}

/** What engines that died have left in `control/`, of workers and of assistants. */
function putAwayLeftovers({ state, paths }: RunSession): void {
  clearLeftovers(paths.controlRoot);
  for (const { owner, attempt } of unsettledAttempts(paths)) {
    const controlDir = paths.controlDir(owner, attempt);
    const instance = state.instances.get(owner);
    if (!instance) {
      const attemptDir = paths.assistantAttemptDir(owner, attempt);
      if (isSettledTry({ attemptDir, controlDir })) putAway({ attemptDir, controlDir });
    } else if (instance.status !== 'running' || instance.attempt !== attempt) {
      putAway(directoriesOf(paths, owner, attempt));
    }
  }
}

function directoriesOf(paths: RunPaths, instanceId: string, attempt: number): AttemptDirectories {
  return {
    attemptDir: paths.attemptDir(instanceId, attempt),
    controlDir: paths.controlDir(instanceId, attempt),
  };
}
