/** What holds an instance up, and how it goes on: answers, locks, times, usage limits, another agent, one more turn. */
import type { Continuation, FailureKind, Instance, WaitingReason } from '../../model/run.ts';
import { locksOf, queueForLocks } from '../state/locks.ts';
import { queueForLimit } from '../state/usage-limits.ts';
import {
  instanceOf,
  linksOf,
  taskOf,
  type RunState,
  type WaitingForLimit,
} from '../state/run-state.ts';
import type { Family, LoggedEvent } from './spec.ts';
import {
  clearOutcome,
  endWait,
  hasUnheardAnswer,
  makeRunnable,
  setStatus,
  unless,
  unlessAnswered,
  unlessConcluding,
} from './status.ts';

interface InstanceWaiting {
  waiting_reason: WaitingReason;
  blocking_interrupts: string[];
}

interface InstanceDelayed {
  /** ISO 8601, UTC. */
  until: string;
  reason: 'retry' | 'usage_limit';
  /** Why the attempt has failed that is made again; or what keeps it from starting. */
  error: string;
  /** Of the attempt that has just ended; null: it is kept from beginning. */
  failure_kind: FailureKind | null;
  /** Of a usage limit. */
  limit?: WaitingForLimit;
}

interface AgentReplaced {
  /** Who takes over. */
  agent: string;
  /** Why who was at it has given up. */
  error: string;
  failure_kind: FailureKind;
}

interface InstanceContinued extends Continuation {
  /** The attempt that has ended; the next one is told. */
  attempt: number;
}

export interface InstanceHeldEvents {
  instance_waiting: InstanceWaiting;
  instance_delayed: InstanceDelayed;
  instance_continued: InstanceContinued;
  agent_replaced: AgentReplaced;
}

export const instanceHeldEvents: Family<InstanceHeldEvents> = {
  instance_waiting: {
    since: 1,
    misfit(state, event) {
      const instance = instanceOf(state, event.instance_id);
      if (event.payload.waiting_reason === 'lock') return misfitOfLock(state, event);
      const { status, blocking_interrupts: open } = instance;
      const named = event.payload.blocking_interrupts;
      if (String(named) !== String(open)) {
        return `it names ${named.join(', ') || 'no question'}, and ${open.join(', ') || 'none'} is open`;
      }
      if (open.length === 0 && !hasUnheardAnswer(state, event.instance_id ?? '')) {
        return 'it waits for nothing';
      }
      if (asksAboutLimit(state, instance)) return unless(state, event, 'running', ...notBegun);
      if (status === 'pending') return null;
      // What is ready may find that its budget is used up.
      const isBarred = event.payload.waiting_reason === 'budget' && status === 'runnable';
      return isBarred ? null : unlessConcluding(state, event);
    },
    apply(state, event) {
      const instance = instanceOf(state, event.instance_id);
      setStatus(state, instance, 'waiting');
      endWait(instance);
      linksOf(state, instance.instance_id).limit = null;
      instance.waiting_reason = event.payload.waiting_reason;
      if (event.payload.waiting_reason === 'lock') queueForLocks(state, instance);
      else state.agenda.unsettled.push(instance.instance_id);
    },
    says: ({ waiting_reason: reason, blocking_interrupts: ids }) =>
      reason === 'lock' ? 'for a lock' : `for ${ids.join(', ')}`,
  },
  instance_delayed: {
    since: 2,
    misfit(state, event) {
      const { reason, limit } = event.payload;
      if ((reason === 'usage_limit') !== (limit !== undefined)) return 'it names no usage limit';
      return unlessHeldUp(state, event, reason) ?? unlessAnswered(state, event);
    },
    apply: delay,
    says: ({ until, error, reason }) =>
      `until ${until}${reason === 'retry' ? ', since it failed' : ''}: ${error}`,
    news: 'tried again later',
  },
  instance_continued: {
    since: 2,
    misfit: (state, event) => unlessConcluding(state, event) ?? unlessAnswered(state, event),
    apply: goOn,
    says: ({ attempt, reason, message }) => `after attempt ${attempt}, ${reason}: ${message}`,
    news: 'goes on',
  },
  agent_replaced: {
    since: 2,
    misfit(state, event) {
      const { agent } = taskOf(state, instanceOf(state, event.instance_id));
      if (agent === event.payload.agent) return `${agent} is at it already`;
      return unlessHeldUp(state, event, 'usage_limit') ?? unlessAnswered(state, event);
    },
    apply: replaceAgent,
    says: ({ agent, error }) => `${agent} takes over, because of: ${error}`,
    news: 'another agent takes over',
  },
};

/** An instance that is ready may find a lock taken. */
function misfitOfLock(state: RunState, event: LoggedEvent<string, InstanceWaiting>): string | null {
  const instance = instanceOf(state, event.instance_id);
  if (locksOf(state, instance).length === 0) return `${instance.instance_id} takes no lock`;
  return unless(state, event, 'runnable');
}

const notBegun = ['pending', 'runnable', 'waiting'] as const;

/** For `misfit`: null where its attempt has ended, or, for what keeps one from starting, none has begun. */
function unlessHeldUp(
  state: RunState,
  event: { instance_id: string | null },
  reason: InstanceDelayed['reason'],
): string | null {
  const { status } = instanceOf(state, event.instance_id);
  if (reason === 'retry' || status === 'running') {
    return unlessConcluding(state, { ...event, payload: {} });
  }
  return unless(state, event, ...notBegun);
}

function asksAboutLimit(state: RunState, { blocking_interrupts: open }: Instance): boolean {
  return open.some((id) => state.interrupts.get(id)?.interrupt.subject === 'usage_limit');
}

function delay(state: RunState, event: LoggedEvent<string, InstanceDelayed>): void {
  const instance = instanceOf(state, event.instance_id);
  const { instance_id: id } = instance;
  const { until, error, failure_kind, limit } = event.payload;
  noteFailure(instance, error, failure_kind);
  setStatus(state, instance, 'waiting');
  instance.waiting_reason = limit === undefined ? 'delay' : 'usage_limit';
  instance.waiting_until = until;
  const links = linksOf(state, id);
  if (limit === undefined) {
    links.retries += 1;
    state.agenda.delayed.push(Date.parse(until), id);
    return;
  }
  links.limit = limit;
  queueForLimit(state, instance, limit);
  if (limit.askAt !== null) state.agenda.patience.push(Date.parse(limit.askAt), id);
}

/** What an attempt failed with that has just ended; or what keeps the next from starting. */
function noteFailure(instance: Instance, error: string, kind: FailureKind | null): void {
  instance.error = error;
  const latest = instance.status === 'running' ? instance.attempts.at(-1) : undefined;
  if (latest) Object.assign(latest, { error, failure_kind: kind });
}

function replaceAgent(state: RunState, event: LoggedEvent<string, AgentReplaced>): void {
  const instance = instanceOf(state, event.instance_id);
  const { agent, error, failure_kind } = event.payload;
  const { agent: before } = taskOf(state, instance);
  noteFailure(instance, error, failure_kind);
  setStatus(state, instance, 'pending');
  endWait(instance);
  const given = { agent: before, attempt: instance.attempt, failure_kind, error };
  instance.given_up = [...(instance.given_up ?? []), given];
  instance.agent = agent;
  instance.session_id = null;
  clearOutcome(instance);
  Object.assign(linksOf(state, instance.instance_id), { retries: 0, limit: null });
  state.agenda.unsettled.push(instance.instance_id);
}

function goOn(state: RunState, event: LoggedEvent<string, InstanceContinued>): void {
  const instance = instanceOf(state, event.instance_id);
  const { reason, message, failure_kind, left } = event.payload;
  const continued = { reason, message, failure_kind, ...(left === undefined ? {} : { left }) };
  const latest = instance.attempts.at(-1);
  if (latest) Object.assign(latest, { continued });
  const links = linksOf(state, instance.instance_id);
  links.continuations = {
    ...links.continuations,
    [reason]: (links.continuations[reason] ?? 0) + 1,
  };
  makeRunnable(state, event);
}
