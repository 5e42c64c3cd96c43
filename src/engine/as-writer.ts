/**
 * For a command on a run that an engine may be driving: it becomes the run's writer for a moment, or
 * leaves a request for the one that is.
 */
import { existsSync, unlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { decide } from '../core/requests/decide.ts';
import type { ProposalRequest } from '../core/requests/proposals.ts';
import { ExitStatus, Refusal } from '../model/refusal.ts';
import type { InboxCommand } from '../store/inbox/records.ts';
import type { InboxProblem } from '../store/inbox/scanner.ts';
import type { RunPaths } from '../store/layout.ts';
import { describeHolder, type LockHolder } from '../store/lock/numbered-lock.ts';
import { holderHint } from '../store/lock/run-lock.ts';
import { Intake } from './intake.ts';
import { switchesOf } from '../processes/identity.ts';
import { runStore, tryOpenSession, type RunSession } from './session.ts';
import type { RunStore } from '../store/run-store.ts';
import type { Surroundings } from './surroundings.ts';

const POLL_MS = 100;
/** A holder that nobody here can see may be gone for good, and one that is halted may stay so, with nobody to say so. */
const PATIENCE_MS = 20_000;
/** A living engine looks into its inbox far more often. */
const STILLNESS_MS = 5000;

/** How a command waits for whoever holds a run. */
export interface Waiting {
  /** The request has been left for the holder. Returns what to call when that is over. */
  onWait?(holder: LockHolder): () => void;
  /** The person has had enough. */
  signal?: AbortSignal;
}

/**
 * The run's session, if nobody holds it; otherwise leaves the request for the engine that does, and
 * returns null when that has taken it. Should the engine end first, the session is ours after all. A request
 * that we do not wait for any longer is taken back, so that nobody obeys it when it is forgotten.
 *
 * @throws Refusal `run-not-writable`, `not-taken`, `interrupted`, and as `RunStore.drop`
 */
export async function sessionOrRequest(
  surroundings: Surroundings,
  programDir: string,
  runId: string,
  name: string,
  request: InboxCommand,
  { onWait, signal }: Waiting = {},
): Promise<RunSession | null> {
  const store = runStore(surroundings, programDir);
  const first = store.write(runId, name);
  if (first.ok) return first.writer;
  if (first.reason === 'not-writable') throw first.refusal;
  const file = store.drop(runId, { kind: 'command', command: request });
  if (file === null) return null;
  const endWait = first.holder === null ? undefined : onWait?.(first.holder);
  try {
    return await untilTaken(surroundings, store, runId, name, file, signal);
  } finally {
    endWait?.();
  }
}

/** null where the holder has taken the request; our session where it has ended before. @throws as `sessionOrRequest` */
async function untilTaken(
  { clock }: Surroundings,
  store: RunStore,
  runId: string,
  name: string,
  file: string,
  signal: AbortSignal | undefined,
): Promise<RunSession | null> {
  let sinceMs = clock.elapsedMs();
  let seen: { pid: number; switches: number } | null = null;
  /** Whether the holder has done anything at all since it was last asked; it may need long for what it was asked for. */
  const moves = (holder: LockHolder | null): boolean => {
    if (holder?.liveness !== 'alive') return false;
    const switches = switchesOf(holder.pid);
    if (switches === null) return true;
    const isSame = seen?.pid === holder.pid && seen.switches === switches;
    seen = { pid: holder.pid, switches };
    if (!isSame) sinceMs = clock.elapsedMs() - PATIENCE_MS + STILLNESS_MS;
    return !isSame;
  };
  for (;;) {
    await delay(POLL_MS, undefined, { signal }).catch(() => undefined);
    if (!existsSync(file)) return null;
    const next = store.write(runId, name);
    if (next.ok) {
      next.writer.inbox.remove(file);
      return next.writer;
    }
    const { holder } = next;
    const isOver = clock.elapsedMs() - sinceMs >= PATIENCE_MS && !moves(holder);
    if (!isOver && signal?.aborted !== true) continue;
    const refusal = takeBack(file, isOver ? 'not-taken' : 'interrupted', holder, runId);
    if (refusal === null) return null;
    throw refusal;
  }
}

/** null where the request was taken at the last moment. */
function takeBack(
  file: string,
  code: 'not-taken' | 'interrupted',
  holder: LockHolder | null,
  runId: string,
): Refusal | null {
  try {
    unlinkSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const who = holder === null ? 'whoever holds it' : describeHolder(holder);
  const message =
    `Run ${runId} is driven by ${who}, which has not done what it was asked for. ` +
    'The request has been taken back; what had begun of it goes on.';
  if (code === 'interrupted') return new Refusal(code, message, { exit: ExitStatus.interrupted });
  const hint = holder === null ? {} : { hint: holderHint(holder, runId) };
  return new Refusal(code, message, { ...hint, exit: ExitStatus.failed });
}

/** Makes what is known of a proposal true, whoever drives the run. @throws Refusal where nobody can */
export async function recordProposalsInRun(
  surroundings: Surroundings,
  programDir: string,
  runId: string,
  name: string,
  request: ProposalRequest,
  waiting: Waiting = {},
): Promise<void> {
  const session = await sessionOrRequest(surroundings, programDir, runId, name, request, waiting);
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
