/** `run grant`: more than a limit allows. Whoever drives the run goes on with it; it starts nothing by itself. */
import { decide } from '../../core/requests/decide.ts';
import { sessionOrRequest, type Waiting } from '../../engine/as-writer.ts';
import { Refusal } from '../../model/refusal.ts';
import { viewRun } from '../../store/directory/view.ts';
import { runPaths } from '../../store/layout.ts';
import type { World } from '../world.ts';
import { resolveInstanceId } from './resolve-instance.ts';

export interface Granted {
  instance_id: string;
  wall_sec: number;
}

/** `instance`: as `resolveInstanceId`. @throws Refusal `not-grantable`, `no-limit`, and as `sessionOrRequest` */
export async function grantToInstance(
  world: World,
  programDir: string,
  runId: string,
  instance: string,
  { wallSec }: { wallSec: number },
  waiting: Waiting = {},
): Promise<Granted> {
  const { state } = viewRun(runPaths(programDir, runId));
  const id = resolveInstanceId(state, instance, ({ status }) => status !== 'done');
  const request = { command: 'grant', instance_id: id, wall_sec: wallSec } as const;
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
  return { instance_id: id, wall_sec: wallSec };
}
