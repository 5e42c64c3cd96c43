/** `run grant`: more than a limit allows. Whoever drives the run goes on with it; it starts nothing by itself. */
import { decide } from '../../core/requests/decide.ts';
import { sessionOrRequest, type Waiting } from '../../engine/as-writer.ts';
import type { Budget } from '../../model/budget.ts';
import { Refusal } from '../../model/refusal.ts';
import { viewRun } from '../../store/directory/view.ts';
import { runPaths } from '../../store/layout.ts';
import type { World } from '../world.ts';
import { resolveInstanceId } from './resolve-instance.ts';

/** What more is allowed; what is left out is as it was. */
export interface Grant extends Budget {
  /** Of a loop. */
  iterations?: number;
}

export interface Granted extends Grant {
  /** null: of the run. */
  instance_id: string | null;
}

/**
 * `instance`: as `resolveInstanceId`; null: the run's own budget.
 *
 * @throws Refusal `not-grantable`, `no-limit`, `nothing-granted`, and as `sessionOrRequest`
 */
export async function grantBeyond(
  world: World,
  programDir: string,
  runId: string,
  instance: string | null,
  grant: Grant,
  waiting: Waiting = {},
): Promise<Granted> {
  const { state } = viewRun(runPaths(programDir, runId));
  const id =
    instance === null
      ? null
      : resolveInstanceId(state, instance, ({ status }) => status !== 'done');
  const request = { command: 'grant', instance_id: id, ...grant } as const;
  // Told at once, also where an engine would drop it in silence. The view is ours to spoil.
  const foreseen = decide(state, request, state.updatedAt);
  if (!foreseen.ok) throw new Refusal(foreseen.code, foreseen.reason);
  const command = 'run grant';
  const session = await sessionOrRequest(world, programDir, runId, command, request, waiting);
  if (session) {
    try {
      const decision = decide(session.state, request, session.now());
      if (!decision.ok) throw new Refusal(decision.code, decision.reason);
      session.commit(decision.events);
    } finally {
      session.close();
    }
  }
  return { instance_id: id, ...grant };
}
