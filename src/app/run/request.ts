/**
 * For verbs of a place that does not stay, the page: an engine that drives the run already is asked, and one
 * that does not answer must not keep the asker for ever.
 */
import { sessionOrRequest, type Waiting } from '../../engine/as-writer.ts';
import type { InboxCommand } from '../../store/inbox/records.ts';
import { runPaths } from '../../store/layout.ts';
import { currentHolder } from '../../store/lock/run-lock.ts';
import type { World } from '../world.ts';

export type { Waiting };

export interface RunAction {
  /** `started`: an engine of its own; `told`: the one at work; `done`: nothing more is to come. */
  outcome: 'started' | 'told' | 'done';
  /** One sentence. */
  message: string;
}

const PATIENCE_MS = 20_000;

/** Asks the engine that drives the run; null where nobody does. @throws Refusal as `sessionOrRequest` */
export async function requestOfEngine(
  world: World,
  programDir: string,
  runId: string,
  name: string,
  request: InboxCommand,
): Promise<RunAction | null> {
  if (currentHolder(runPaths(programDir, runId)) === null) return null;
  const asked = sessionOrRequest(world, programDir, runId, name, request);
  const result = await inTime(asked);
  if (!result) {
    // Should it come to us after all, we must not keep it.
    asked.then(
      (session) => session?.close(),
      () => undefined,
    );
    return { outcome: 'told', message: 'The engine was told, and has not taken it yet.' };
  }
  if (result.value === null) return { outcome: 'told', message: 'The engine at work was told.' };
  // It ended before it could take the request.
  result.value.close();
  return null;
}

/** What a promise gives, or null where that takes too long; what fails later is nobody's any more. */
export async function inTime<T>(promise: Promise<T>): Promise<{ value: T } | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), PATIENCE_MS);
  });
  try {
    return await Promise.race([promise.then((value) => ({ value })), late]);
  } finally {
    clearTimeout(timer);
    promise.catch(() => undefined);
  }
}
