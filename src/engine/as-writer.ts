/**
 * For a command on a run that an engine may be driving: it becomes the run's writer for a moment, or
 * leaves a request for the one that is.
 */
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { decide } from '../core/requests/decide.ts';
import type { ProposalRequest } from '../core/requests/proposals.ts';
import type { InboxCommand } from '../store/inbox/records.ts';
import type { InboxProblem } from '../store/inbox/scanner.ts';
import type { RunPaths } from '../store/layout.ts';
import type { LockHolder } from '../store/lock/numbered-lock.ts';
import { Intake } from './intake.ts';
import { runStore, tryOpenSession, type RunSession } from './session.ts';
import type { Surroundings } from './surroundings.ts';

const POLL_MS = 100;

/**
 * The run's session, if nobody holds it; otherwise leaves the request for the engine that does, and
 * returns null when that has taken it. Should the engine end first, the session is ours after all.
 *
 * @throws Refusal `run-not-writable`, and as `RunStore.drop`
 */
export async function sessionOrRequest(
  surroundings: Surroundings,
  programDir: string,
  runId: string,
  name: string,
  request: InboxCommand,
): Promise<RunSession | null> {
  const store = runStore(surroundings, programDir);
  const first = store.write(runId, name);
  if (first.ok) return first.writer;
  if (first.reason === 'not-writable') throw first.refusal;
  const file = store.drop(runId, { kind: 'command', command: request });
  for (;;) {
    await delay(POLL_MS);
    if (file === null || !existsSync(file)) return null;
    const next = store.write(runId, name);
    if (!next.ok) continue;
    next.writer.inbox.remove(file);
    return next.writer;
  }
}

/** Makes what is known of a proposal true, whoever drives the run. @throws Refusal where nobody can */
export async function recordProposalsInRun(
  surroundings: Surroundings,
  programDir: string,
  runId: string,
  name: string,
  request: ProposalRequest,
): Promise<void> {
  const session = await sessionOrRequest(surroundings, programDir, runId, name, request);
  if (!session) return;
  try {
    const decision = decide(session.state, request, session.now());
    if (decision.ok) session.commit(decision.events);
  } finally {
    session.close();
  }
}

export type InboxReceipt =
  | { received: true; refused: InboxProblem[] }
  | { received: false; reason: 'held' | 'not-writable'; holder: LockHolder | null };

/**
 * Receives the questions and replies that lie in a run's inbox, if nobody holds the run. Requests to an
 * engine stay for one, and nothing is started: an instance that can go on does so when the run is resumed.
 *
 * @throws Refusal for a damaged log, or a disk that takes no writes
 */
export async function receiveIfFree(
  surroundings: Surroundings,
  paths: RunPaths,
  name: string,
): Promise<InboxReceipt> {
  const attempt = tryOpenSession(surroundings, paths.authoredDir, paths.runId, name);
  if (!attempt.ok) return { received: false, reason: attempt.reason, holder: attempt.holder };
  const session = attempt.writer;
  try {
    const { events, refused } = await new Intake(session).receive();
    session.commit(events);
    return { received: true, refused };
  } finally {
    session.close();
  }
}
