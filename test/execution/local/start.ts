/** Carries out orders as an engine does: by processes of this machine, with a launcher where there is one. */
import { launchersHere, LocalExecutor } from '../../../src/execution/local/executor.ts';
import type { Found, Handle, Heard } from '../../../src/execution/executor.ts';
import type { AttemptEnd, AttemptOrder } from '../../../src/model/attempt.ts';

const executor = new LocalExecutor({ env: process.env, launchers: launchersHere() });

export function startAttempt(order: AttemptOrder, heard: Heard = deaf): Promise<Handle> {
  return executor.start(order, heard);
}

export function findAttempt(order: AttemptOrder, heard: Heard = deaf): Promise<Found> {
  return executor.find(order, heard);
}

/** Starts an attempt, and waits for its end. */
export async function runToEnd(order: AttemptOrder): Promise<AttemptEnd> {
  return (await startAttempt(order)).ended;
}

function deaf(): void {
  // The test looks at the end alone.
}
