/** How an attempt ended of which no worker says how it did. Pure. */
import type { AttemptEnd, AttemptOrder, StopReason } from '../../../model/attempt.ts';
import type { FailureKind } from '../../../model/run.ts';

type Order = Pick<AttemptOrder, 'sessionId' | 'startedAt'>;

/** It was stopped before anything of it ran. `at`: ISO 8601, UTC. */
export function stoppedEnd(order: Order, reason: StopReason, at: string): AttemptEnd {
  return {
    ...bare(order, at),
    termination_reason: reason,
    failure_kind:
      reason === 'terminated' ? 'interrupted' : reason === 'budget' ? 'budget' : 'task_runtime',
    failure_summary: 'it was stopped before a worker had begun it',
    resume_recommended: reason === 'terminated',
  };
}

export function failedEnd(
  order: Order,
  { kind, why, passes, at }: { kind: FailureKind; why: string; passes: boolean; at: string },
): AttemptEnd {
  return {
    ...bare(order, at),
    termination_reason: 'nonzero_exit',
    failure_kind: kind,
    failure_summary: why.replaceAll(/\s+/g, ' '),
    resume_recommended: passes,
  };
}

/** `session`: as far as its output had come. */
export function lostEnd(
  order: Order,
  { why, session, at }: { why: string; session: string | null; at: string },
): AttemptEnd {
  return {
    ...bare(order, at),
    termination_reason: 'orphaned',
    failure_kind: 'worker_lost',
    failure_summary: why,
    resume_recommended: true,
    session_id: session,
  };
}

function bare(
  { sessionId, startedAt }: Order,
  at: string,
): Omit<
  AttemptEnd,
  'termination_reason' | 'failure_kind' | 'failure_summary' | 'resume_recommended'
> {
  return {
    return_code: null,
    session_id: sessionId,
    usage: null,
    final_message: null,
    started_at: startedAt,
    finished_at: at,
    session_lost: false,
  };
}
