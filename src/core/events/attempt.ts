/** Events of attempts: how one began and ended, and what it left. */
import type { Json } from '../../model/json.ts';
import type { ProcessEnd } from '../../model/attempt.ts';
import type { AttemptPlace, AttemptRecord, FileRecord } from '../../model/run.ts';
import { beginItems } from '../state/region-counts.ts';
import { countSpent } from '../state/budgets.ts';
import { instanceOf, linksOf, type RunState } from '../state/run-state.ts';
import { count } from '../../text/amounts.ts';
import { applyReply, hasReply } from './interrupt.ts';
import { instanceRecord, type Family, type LoggedEvent, type RecordRef } from './spec.ts';
import { clearOutcome, setStatus, unless, unlessConcluding } from './status.ts';

interface AttemptStarted {
  attempt: number;
  /** The session to continue, or null for a fresh one. */
  session_id: string | null;
  /** Interrupts whose replies this attempt receives. */
  replies: string[];
  /** The account that is limited, and that it tries out. */
  probes?: string;
}

interface AttemptFinished extends ProcessEnd {
  attempt: number;
}

interface AttemptPlaced extends AttemptPlace {
  attempt: number;
}

export interface AttemptEvents {
  attempt_started: AttemptStarted;
  attempt_placed: AttemptPlaced;
  attempt_finished: AttemptFinished;
  session_lost: { session_id: string; reason: string };
  result_materialized: { attempt: number; sha256: string; result: Json };
  artifacts_published: { attempt: number; artifacts: FileRecord[] };
}

export const attemptEvents: Family<AttemptEvents> = {
  attempt_started: {
    since: 1,
    misfit(state, event) {
      const { attempt, session_id: session, replies } = event.payload;
      const instance = instanceOf(state, event.instance_id);
      const expected = instance.attempt + 1;
      if (attempt !== expected) return `it is attempt ${attempt}, not ${expected}`;
      if (session !== null && session !== instance.session_id) {
        return `it continues session ${session}, not ${instance.session_id}`;
      }
      const { interrupts } = linksOf(state, instance.instance_id);
      const stray = replies.find((id) => !interrupts.includes(id) || !hasReply(state, id));
      if (stray !== undefined) return `${stray} has no reply for it`;
      return unless(state, event, 'runnable');
    },
    apply: startAttempt,
    // The result of an earlier attempt does not stand any more.
    records: (event) => (event.payload.attempt === 1 ? instanceRecord(event) : withResult(event)),
    says: ({ attempt, session_id: session }) =>
      `attempt ${attempt}${session === null ? '' : `, continues session ${session}`}`,
    news: 'started',
  },
  attempt_placed: {
    since: 2,
    misfit(state, event) {
      const { attempt, attempts } = instanceOf(state, event.instance_id);
      if (event.payload.attempt !== attempt) {
        return `attempt ${event.payload.attempt} does not run: the last one is ${attempt}`;
      }
      if (attempts.at(-1)?.finished_at !== null) return `attempt ${attempt} has ended already`;
      return unless(state, event, 'running');
    },
    apply(state, { instance_id: id, payload: { attempt, queue, host } }) {
      const record = instanceOf(state, id).attempts.find((each) => each.attempt === attempt);
      if (record) record.placed = { queue, host };
    },
    says: ({ attempt, queue, host }) => `attempt ${attempt} on ${host} (queue ${queue})`,
    news: 'placed',
  },
  attempt_finished: {
    since: 1,
    misfit(state, event) {
      const { attempt, attempts } = instanceOf(state, event.instance_id);
      if (event.payload.attempt !== attempt) {
        return `attempt ${event.payload.attempt} does not run: the last one is ${attempt}`;
      }
      if (attempts.at(-1)?.finished_at !== null) return `attempt ${attempt} has ended already`;
      return unless(state, event, 'running');
    },
    apply: finishAttempt,
    says({ attempt, termination_reason: reason, return_code: code, usage }) {
      const exit = code === null ? '' : `, exit ${code}`;
      const tokens = usage ? `, ${count(usage.input_tokens + usage.output_tokens)} tokens` : '';
      return `attempt ${attempt}: ${reason}${exit}${tokens}`;
    },
  },
  session_lost: {
    since: 1,
    misfit(state, event) {
      const instance = instanceOf(state, event.instance_id);
      const { session_id: lost } = event.payload;
      // Of the attempt that ended without it; or a person who retries it wants another.
      const isRunning = instance.status === 'running';
      const session = isRunning ? instance.attempts.at(-1)?.session_id : instance.session_id;
      if (session !== lost) return `${instance.instance_id} has session ${session ?? null}`;
      return isRunning
        ? unlessConcluding(state, event)
        : unless(state, event, 'failed', 'skipped', 'waiting');
    },
    apply(state, { instance_id: id }) {
      instanceOf(state, id).session_id = null;
    },
    says: ({ reason }) => reason,
    news: 'session lost',
  },
  result_materialized: {
    since: 1,
    misfit: (state, event) =>
      unlessConcluding(state, event) ??
      (linksOf(state, event.instance_id ?? '').resultSha256 === null
        ? null
        : `attempt ${event.payload.attempt} has a result already`),
    apply(state, { instance_id: id, payload }) {
      linksOf(state, id ?? '').resultSha256 = payload.sha256;
    },
    records: withResult,
    says: ({ attempt, sha256 }) => `attempt ${attempt}, sha256 ${sha256.slice(0, 12)}`,
  },
  artifacts_published: {
    since: 1,
    misfit: (state, event) =>
      unlessConcluding(state, event) ??
      (instanceOf(state, event.instance_id).published.length === 0
        ? null
        : `attempt ${event.payload.attempt} has published already`),
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
  const finished: AttemptFinished = {
    attempt,
    termination_reason: end.termination_reason,
    return_code: end.return_code,
    failure_kind: end.failure_kind,
    failure_summary: end.failure_summary,
    resume_recommended: end.resume_recommended,
    session_id: end.session_id,
    usage: end.usage,
  };
  if (end.progressed !== undefined) finished.progressed = end.progressed;
  if (end.retry_at !== undefined) finished.retry_at = end.retry_at;
  return finished;
}

function startAttempt(state: RunState, event: LoggedEvent<string, AttemptStarted>): void {
  const instance = instanceOf(state, event.instance_id);
  setStatus(state, instance, 'running');
  beginItems(state, instance);
  clearOutcome(instance);
  instance.attempt = event.payload.attempt;
  instance.started_at = event.created_at;
  // What an attempt left that failed all the same is nobody's: the next one answers for all of it.
  if (instance.published.length > 0) instance.published = [];
  if (instance.workspace) instance.workspace.commit = null;
  const links = linksOf(state, instance.instance_id);
  links.resultSha256 = null;
  // Engines of format 1 passed over as many events of the next choice: their logs go on without these.
  if (state.plan.format_version > 1) links.controlEvents = 0;
  const attempt: AttemptRecord = {
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
  if (event.payload.probes !== undefined) attempt.probes = event.payload.probes;
  // Spread, the first would get room for 17.
  instance.attempts = instance.attempts.concat(attempt);
  state.spent.attempts += 1;
  // Here too, because a crash can keep this event and lose the `interrupt_applied` that follow it.
  for (const id of event.payload.replies) {
    applyReply(state, id, event.payload.attempt, event.created_at);
  }
  // `plan` starts attempts only when it has looked at everything else: older entries are dealt with.
  state.agenda.choices.clear();
  state.agenda.created.clear();
  state.agenda.unsettled.clear();
  state.agenda.answered.clear();
}

function finishAttempt(state: RunState, event: LoggedEvent<string, AttemptFinished>): void {
  const instance = instanceOf(state, event.instance_id);
  const { payload: end } = event;
  const record = instance.attempts.find((each) => each.attempt === end.attempt);
  const session = end.session_id ?? instance.session_id;
  if (record) {
    record.finished_at = event.created_at;
    record.termination_reason = end.termination_reason;
    record.return_code = end.return_code;
    record.failure_kind = end.failure_kind;
    record.session_id = session;
    record.usage = end.usage;
    if (end.progressed !== undefined) record.progressed = end.progressed;
    if (end.retry_at !== undefined) record.retry_at = end.retry_at;
    countSpent(state, instance, record);
  }
  instance.session_id = session;
  instance.termination_reason = end.termination_reason;
  instance.failure_kind = end.failure_kind;
  instance.failure_summary = end.failure_summary;
  instance.resume_recommended = end.resume_recommended;
  const links = linksOf(state, instance.instance_id);
  links.wallSec = null;
  if (end.failure_kind !== 'external_usage_limit') links.limit = null;
}

function withResult(event: LoggedEvent<string, unknown>): RecordRef[] {
  return instanceRecord(event).flatMap((instance) => [
    instance,
    { kind: 'result', id: instance.id },
  ]);
}
