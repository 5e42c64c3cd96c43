/** Puts together how an attempt ended, from what is known when its process is gone. Pure. */
import type { TerminationReason, Usage } from '../model/run.ts';
import type { Backend, Failure, OutputSummary } from '../agents/backend.ts';
import { classifyFailure } from '../agents/failure.ts';
import { largerUse, usageSince } from '../model/prices.ts';
import { quietLimit } from './quiet-limit.ts';
import type { AttemptOrder, AttemptEnd, StopReason } from '../model/attempt.ts';

export interface EndFacts {
  /** Why an engine stopped it; null: it ended by itself. */
  stopped: StopReason | null;
  returnCode: number | null;
  output: OutputSummary;
  stderrTail: string;
  stdoutFile: string;
  finishedAtMs: number;
  /** Whether its agent has done something. */
  progressed: boolean;
  /** What the session has used in sum by what the agent keeps of it; null: nobody has looked, or nothing is known. */
  sessionUse: Usage | null;
}

export function attemptEnd(order: AttemptOrder, backend: Backend, facts: EndFacts): AttemptEnd {
  const { output, returnCode } = facts;
  const termination = terminationOf(backend, facts);
  const requested = order.sessionId;
  let failure: Failure | null = null;
  if (termination !== 'completed' || isOtherSession(requested, output)) {
    failure = classifyFailure(backend, {
      termination: termination === 'completed' ? 'nonzero_exit' : termination,
      returnCode,
      output,
      stderrTail: facts.stderrTail,
      requestedSessionId: requested,
      timeoutMs: termination === 'wall_timeout' ? order.wallTimeoutMs : quietLimit(order, output),
      isStall: order.stall !== undefined,
      finishedAtMs: facts.finishedAtMs,
    });
  }
  if (failure?.retry_at !== undefined && order.knowsUsageLimits !== true) {
    const { failure_summary, resume_recommended } = failure;
    failure = { failure_kind: 'external_rate_limit', failure_summary, resume_recommended };
  }
  const sessionLost = failure?.failure_kind === 'session_lost';
  return {
    termination_reason:
      failure !== null && termination === 'completed' ? 'nonzero_exit' : termination,
    return_code: returnCode,
    failure_kind: failure?.failure_kind ?? null,
    failure_summary: failure?.failure_summary ?? null,
    resume_recommended: failure?.resume_recommended ?? false,
    session_id: sessionLost ? null : (output.sessionId ?? requested),
    usage: usedInAttempt(order, backend, output.usage, facts.sessionUse),
    ...(termination === 'idle_timeout' && order.stall !== undefined
      ? { progressed: facts.progressed }
      : {}),
    ...(failure?.retry_at === undefined ? {} : { retry_at: failure.retry_at }),
    final_message: backend.can.structuredOutput
      ? output.finalMessage === null
        ? null
        : { text: output.finalMessage }
      : { file: facts.stdoutFile },
    started_at: order.startedAt,
    finished_at: new Date(facts.finishedAtMs).toISOString(),
    session_lost: sessionLost,
  };
}

/** True where the agent began another session than the one it was to continue. */
export function isOtherSession(requested: string | null, output: OutputSummary): boolean {
  return requested !== null && output.sessionId !== null && output.sessionId !== requested;
}

function terminationOf(backend: Backend, facts: EndFacts): TerminationReason {
  const { returnCode, output, stopped } = facts;
  // A turn that is completed is: a stop that came too late, or an exit that nobody saw, undo nothing.
  if (output.turn === 'completed' && (returnCode === 0 || returnCode === null)) return 'completed';
  if (stopped !== null) return stopped;
  if (returnCode === null) return output.turn === 'failed' ? 'nonzero_exit' : 'orphaned';
  const saysNothingOfTurns = output.turn === 'untold' || !backend.can.structuredOutput;
  if (returnCode === 0 && saysNothingOfTurns) return 'completed';
  return 'nonzero_exit';
}

/** This attempt's own use, of what its output and what its agent keeps of the session tell. */
export function usedInAttempt(
  order: Pick<AttemptOrder, 'sessionId' | 'previousUsage'>,
  backend: Pick<Backend, 'can'>,
  reported: Usage | null,
  sessionUse: Usage | null,
): Usage | null {
  return usageOfAttempt(largerUse(reported, sessionUse), previousIn(order, backend));
}

/** What an agent that reports the sum of its session has reported before; null: nothing to subtract. */
function previousIn(
  { sessionId, previousUsage }: Pick<AttemptOrder, 'sessionId' | 'previousUsage'>,
  { can }: Pick<Backend, 'can'>,
): Usage | null {
  return sessionId === null || can.usage !== 'of_session' ? null : previousUsage;
}

/** A sum below the earlier one is of another count. */
function usageOfAttempt(reported: Usage | null, previous: Usage | null): Usage | null {
  if (reported === null || previous === null) return reported;
  return reported.input_tokens < previous.input_tokens ? reported : usageSince(reported, previous);
}
