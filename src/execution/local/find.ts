/** Finds an attempt again after the engine that started it has died. See attempt-files.ts. */
import type { AttemptOrder } from '../../model/attempt.ts';
import { isSameProcess } from '../../processes/identity.ts';
import type { Found, Heard } from '../executor.ts';
import { foundFiles, readExit, readIdentity, settleClaim } from './attempt-files.ts';
import { prepareAttempt } from './environment.ts';
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
  const argv = await commandOf(order, inherited);
  const liveness = identity === null ? 'gone' : isSameProcess(identity);
  const gone = liveness === 'gone' || (liveness === 'unknown' && readExit(files) !== null);
  if (identity === null || gone) {
    return {
      kind: 'ended',
      handle: new AttemptWatch(order, files, { kind: 'gone', identity, argv }, heard),
    };
  }
  const handle = new AttemptWatch(order, files, { kind: 'attached', identity, argv }, heard);
  return { kind: 'running', handle, isOverdue: handle.isOverdue() };
}

/** For runtime.json: what it would be started with now, which is what it was started with. */
async function commandOf(
  order: AttemptOrder,
  inherited: Readonly<NodeJS.ProcessEnv>,
): Promise<string[]> {
  try {
    return (await prepareAttempt(order, inherited)).argv;
  } catch {
    return [];
  }
}
