/** For a command on a run that an engine may be driving: it becomes the run's writer, or tells the writer. */
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { recordProposals, type ProposalRequest } from '../core/requests/proposals.ts';
import { dropCommand, removeCommand } from '../store/inbox/drop.ts';
import type { InboxCommand } from '../store/inbox/records.ts';
import { runPaths } from '../store/layout.ts';
import { RunSession } from './session.ts';
import type { Surroundings } from './surroundings.ts';

const POLL_MS = 100;

/**
 * The run's session, if nobody holds it; otherwise leaves the command for the engine that does, and
 * returns null when that has taken it. Should the engine end first, the session is ours after all.
 */
export async function sessionOrTold(
  surroundings: Surroundings,
  programDir: string,
  runId: string,
  name: string,
  command: InboxCommand,
): Promise<RunSession | null> {
  const paths = runPaths(programDir, runId);
  const first = RunSession.tryOpen(surroundings, programDir, runId, name);
  if (first.ok) return first.session;
  if (first.reason === 'not-writable') throw first.refusal;
  const file = dropCommand(paths, command);
  for (;;) {
    await delay(POLL_MS);
    if (!existsSync(file)) return null;
    const next = RunSession.tryOpen(surroundings, programDir, runId, name);
    if (!next.ok) continue;
    removeCommand(file);
    return next.session;
  }
}

/** Makes what is known of a proposal true, whoever drives the run. @throws Refusal where nobody can */
export async function tellProposals(
  surroundings: Surroundings,
  programDir: string,
  runId: string,
  name: string,
  request: ProposalRequest,
): Promise<void> {
  const session = await sessionOrTold(surroundings, programDir, runId, name, request);
  if (!session) return;
  try {
    session.commit(recordProposals(session.state, request, session.now()));
  } finally {
    session.close();
  }
}
