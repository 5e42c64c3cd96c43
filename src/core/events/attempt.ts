/** Events of attempts: how one began and ended, and what it left. */
import type { Json } from '../../model/json.ts';
import type { ProcessEnd } from '../../model/attempt.ts';
import type { FileRecord } from '../../model/run.ts';
import { instanceOf, linksOf, type RunState } from '../state/run-state.ts';
import { count } from '../../text/amounts.ts';
import { applyReply } from './interrupt.ts';
import { instanceRecord, type Family, type LoggedEvent, type RecordRef } from './spec.ts';
import { clearOutcome, setStatus } from './status.ts';

interface AttemptStarted {
  attempt: number;
  /** The session to continue, or null for a fresh one. */
  session_id: string | null;
  /** Interrupts whose replies this attempt receives. */
  replies: string[];
}

interface AttemptFinished extends ProcessEnd {
  attempt: number;
}

export interface AttemptEvents {
  attempt_started: AttemptStarted;
  attempt_finished: AttemptFinished;
  session_lost: { session_id: string; reason: string };
  result_materialized: { attempt: number; sha256: string; result: Json };
  artifacts_published: { attempt: number; artifacts: FileRecord[] };
}

export const attemptEvents: Family<AttemptEvents> = {
  attempt_started: {
    since: 1,
    apply: startAttempt,
    // The result of an earlier attempt does not stand any more.
    records: (event) => (event.payload.attempt === 1 ? instanceRecord(event) : withResult(event)),
    says: ({ attempt, session_id: session }) =>
      `attempt ${attempt}${session === null ? '' : `, continues session ${session}`}`,
    news: 'started',
  },
  attempt_finished: {
    since: 1,
    apply: finishAttempt,
    says({ attempt, termination_reason: reason, return_code: code, usage }) {
      const exit = code === null ? '' : `, exit ${code}`;
      const tokens = usage ? `, ${count(usage.input_tokens + usage.output_tokens)} tokens` : '';
      return `attempt ${attempt}: ${reason}${exit}${tokens}`;
    },
  },
  session_lost: {
    since: 1,
    apply(state, { instance_id: id }) {
      instanceOf(state, id).session_id = null;
    },
    says: ({ reason }) => reason,
    news: 'session lost',
  },
  result_materialized: {
    since: 1,
    apply(state, { instance_id: id, payload }) {
      linksOf(state, id ?? '').resultSha256 = payload.sha256;
    },
    records: withResult,
    says: ({ attempt, sha256 }) => `attempt ${attempt}, sha256 ${sha256.slice(0, 12)}`,
  },
  artifacts_published: {
    since: 1,
    apply(state, { instance_id: id, payload }) {
      instanceOf(state, id).published = payload.artifacts;
    },
    says: ({ artifacts }) => artifacts.map((file) => file.relative_path).join(', '),
  },
};

/**
 * The payload of `attempt_finished`. Field by field, because the order of the fields is the log's, and
 * because who knows how an attempt ended may know more than the log keeps.
 */
export function attemptFinished(attempt: number, end: ProcessEnd): AttemptFinished {
  return {
    attempt,
    termination_reason: end.termination_reason,
    return_code: end.return_code,
    failure_kind: end.failure_kind,
    failure_summary: end.failure_summary,
    resume_recommended: end.resume_recommended,
    session_id: end.session_id,
    usage: end.usage,
  };
}

function startAttempt(state: RunState, event: LoggedEvent<string, AttemptStarted>): void {
  const instance = instanceOf(state, event.instance_id);
  setStatus(state, instance, 'running');
  clearOutcome(instance);
  instance.attempt = event.payload.attempt;
  instance.started_at = event.created_at;
  // What an attempt left that failed all the same is nobody's: the next one answers for all of it.
  if (instance.published.length > 0) instance.published = [];
  linksOf(state, instance.instance_id).resultSha256 = null;
  const attempt = {
    attempt: event.payload.attempt,
    started_at: event.created_at,
    finished_at: null,
    termination_reason: null,
    return_code: null,
    failure_kind: null,
    error: null,
    session_id: event.payload.session_id,
    usage: null,
  };
  instance.attempts = [...instance.attempts, attempt];
  // Here too, because a crash can keep this event and lose the `interrupt_applied` that follow it.
  for (const id of event.payload.replies) {
    applyReply(state, id, event.payload.attempt, event.created_at);
  }
  // `plan` starts attempts only when it has looked at everything else: older entries are dealt with.
  state.agenda.choices.clear();
  state.agenda.created.clear();
  state.agenda.unsettled.clear();
}

function finishAttempt(state: RunState, event: LoggedEvent<string, AttemptFinished>): void {
  const instance = instanceOf(state, event.instance_id);
  const { attempt, failure_summary, resume_recommended, ...outcome } = event.payload;
  const record = instance.attempts.find((each) => each.attempt === attempt);
  const session = outcome.session_id ?? instance.session_id;
  if (record)
    Object.assign(record, outcome, { finished_at: event.created_at, session_id: session });
  instance.session_id = session;
  instance.termination_reason = outcome.termination_reason;
  instance.failure_kind = outcome.failure_kind;
  instance.failure_summary = failure_summary;
  instance.resume_recommended = resume_recommended;
}

function withResult(event: LoggedEvent<string, unknown>): RecordRef[] {
  return instanceRecord(event).flatMap((instance) => [
    instance,
    { kind: 'result', id: instance.id },
  ]);
}
