/** Takes in what lies in a run's inbox while no engine drives the run, as its writer for a moment. */
import type { LockHolder } from '../store/lock/run-lock.ts';
import type { InboxProblem } from '../store/inbox/scanner.ts';
import type { RunPaths } from '../store/layout.ts';
import { currentHolder } from '../store/lock/run-lock.ts';
import { Intake } from './intake.ts';
import { RunSession } from './session.ts';
import type { Surroundings } from './surroundings.ts';

export type TakeIn =
  | { taken: true; refused: InboxProblem[] }
  | { taken: false; reason: 'held' | 'not-writable'; holder: LockHolder | null };

/**
 * Takes in questions and answers, if nobody holds the run. Requests to an engine stay for one, and
 * nothing is started: an instance that can go on does so when the run is resumed.
 *
 * @throws Refusal for a damaged log, or a disk that takes no writes
 */
export async function takeInIfFree(
  surroundings: Surroundings,
  paths: RunPaths,
  command: string,
): Promise<TakeIn> {
  const attempt = RunSession.tryOpen(surroundings, paths.authoredDir, paths.runId, command);
  if (!attempt.ok) return { taken: false, reason: attempt.reason, holder: currentHolder(paths) };
  const { session } = attempt;
  try {
    const { events, refused } = await new Intake(session).take();
    session.commit(events);
    return { taken: true, refused };
  } finally {
    session.close();
  }
}
