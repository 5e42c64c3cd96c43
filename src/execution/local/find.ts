/** Finds an attempt again after the engine that started it has died. See attempt-files.ts. */
import { readRecord } from '../temporal/placement/record.ts';
import { existsSync } from 'node:fs';
import type { AttemptOrder } from '../../model/attempt.ts';
import { isSameProcess, ownScope } from '../../processes/identity.ts';
import type { Found, Heard } from '../executor.ts';
import {
  attemptFiles,
  claimOf,
  foundFiles,
  readExit,
  readIdentity,
  settleClaim,
} from './attempt-files.ts';
import { prepareAttempt, type Prepared } from './environment.ts';
import { groupLivesWith } from './process-group.ts';
import { AttemptWatch } from './watch.ts';

/** As `Executor.find`. */
export async function findAttempt(
  order: AttemptOrder,
  heard: Heard,
  inherited: Readonly<NodeJS.ProcessEnv>,
): Promise<Found> {
  const files = foundFiles(order);
  let generation = order.generation;
  // Earlier engines may have voided this generation, and started the next.
  for (; ; generation += 1) {
    const claim = settleClaim(files, generation);
    if (claim === 'created') return { kind: 'never_started', nextGeneration: generation + 1 };
    if (claim === 'run') break;
  }
  const identity = readIdentity(files, generation);
  const { argv, env } = await preparedAgain(order, inherited);
  const liveness = identity === null ? 'gone' : isSameProcess(identity);
  const gone = liveness === 'gone' || (liveness === 'unknown' && readExit(files) !== null);
  if (identity === null || gone) {
    return {
      kind: 'ended',
      handle: new AttemptWatch(order, files, { kind: 'gone', identity, argv }, heard, env),
    };
  }
  const handle = new AttemptWatch(order, files, { kind: 'attached', identity, argv }, heard, env);
  return { kind: 'running', handle, isOverdue: handle.isOverdue() };
}

/**
 * Whether nothing of an attempt is at work, whose engine is dead. `settle`: and nothing ever will be; one that was not
 * begun can be begun by the next engine of its run alone. `look`: as it seems now; changes nothing.
 */
export function isAttemptOver(
  { attemptDir, controlDir }: Pick<AttemptOrder, 'attemptDir' | 'controlDir'>,
  how: 'settle' | 'look',
): boolean {
  const files = attemptFiles({ controlDir });
  // Without it, no process can claim the attempt.
  if (!existsSync(controlDir)) return true;
  // Of one that others carry out, the next engine of its run alone can tell.
  const remote = readRecord({ controlDir });
  if (remote !== null && remote.state !== 'void') return remote.state === 'over';
  for (let generation = 0; ; generation += 1) {
    const claim = how === 'settle' ? settleClaim(files, generation) : claimOf(files, generation);
    if (claim === 'void') continue;
    if (claim !== 'run') return true;
    const identity = readIdentity(files, generation);
    if (identity === null) return true;
    const liveness = isSameProcess(identity);
    if (liveness === 'unknown') return readExit(files) !== null;
    if (liveness === 'alive') return false;
    const entry = `CODEX_ORCH_ATTEMPT_DIR=${attemptDir}`;
    return identity.bootId !== ownScope().bootId || !groupLivesWith(identity.pid, entry);
  }
}

/** What it would be started with now, which is what it was started with. */
async function preparedAgain(
  order: AttemptOrder,
  inherited: Readonly<NodeJS.ProcessEnv>,
): Promise<{ argv: string[]; env: Prepared['env'] | null }> {
  try {
    return await prepareAttempt(order, inherited);
  } catch {
    return { argv: [], env: null };
  }
}
