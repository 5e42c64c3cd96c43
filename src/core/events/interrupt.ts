/** Events of questions and their answers. */
import type { ClosingReason, Interrupt, InterruptRecord, Reply } from '../../model/run.ts';
import { instanceOf, linksOf, type RunState } from '../state/run-state.ts';
import { instanceRecord, type Family, type LoggedEvent, type RecordRef } from './spec.ts';

export interface InterruptEvents {
  interrupt_requested: { interrupt: Interrupt };
  interrupt_resolved: { interrupt_id: string; reply: Reply };
  interrupt_applied: { interrupt_id: string; attempt: number };
  interrupt_closed: { interrupt_id: string; reason: ClosingReason };
}

export const interruptEvents: Family<InterruptEvents> = {
  interrupt_requested: {
    since: 1,
    misfit(state, { instance_id: id, payload: { interrupt } }) {
      if (state.interrupts.has(interrupt.interrupt_id)) {
        return `${interrupt.interrupt_id} has been asked already`;
      }
      const task = id === null ? null : instanceOf(state, id).task_id;
      const isOwn = interrupt.instance_id === id && interrupt.task_id === task;
      if (id === null && interrupt.subject === undefined) return 'no instance asks it';
      return isOwn && interrupt.status === 'open' ? null : `it is no open question of ${id}`;
    },
    apply: addInterrupt,
    records: (event) => [
      ...instanceRecord(event),
      { kind: 'interrupt', id: event.payload.interrupt.interrupt_id },
    ],
    says: ({ interrupt }) =>
      `${interrupt.interrupt_id} asks ${whom(interrupt)}: ${interrupt.question}`,
    news: 'asks',
  },
  interrupt_resolved: {
    since: 1,
    misfit(state, event) {
      const { interrupt, reply } = interruptOf(state, event.payload.interrupt_id);
      const { interrupt_id: id, audience } = interrupt;
      const given = event.payload.reply;
      if (reply !== null) return `${id} has been answered already`;
      if (interrupt.status === 'closed' && saysWhatIsClosed(state)) return `${id} is closed`;
      if (given.interrupt_id !== id || given.audience !== audience)
        return `it is no reply to ${id}`;
      return unlessOf(event, interrupt);
    },
    apply: resolveInterrupt,
    records: ownAndInstance,
    says: ({ interrupt_id: id, reply }) =>
      `${id} ${reply.reply_kind === 'answer' ? 'answered' : 'handed to a human'}: ${reply.text}`,
    news: 'reply',
  },
  interrupt_applied: {
    since: 1,
    misfit(state, event) {
      const { interrupt, appliedInAttempt } = interruptOf(state, event.payload.interrupt_id);
      const { interrupt_id: id } = interrupt;
      const { status, attempt } = instanceOf(state, interrupt.instance_id);
      const isNow = status === 'running' && attempt === event.payload.attempt;
      if (!isNow || appliedInAttempt !== attempt)
        return `attempt ${attempt} did not begin with ${id}`;
      return unlessOf(event, interrupt);
    },
    apply: (state, { payload, created_at: at }) =>
      applyReply(state, payload.interrupt_id, payload.attempt, at),
    records: ownAndInstance,
    says: ({ interrupt_id: id, attempt }) => `${id} in attempt ${attempt}`,
  },
  interrupt_closed: {
    since: 2,
    misfit(state, event) {
      const { interrupt } = interruptOf(state, event.payload.interrupt_id);
      if (interrupt.status !== 'open') return `${interrupt.interrupt_id} is ${interrupt.status}`;
      return unlessOf(event, interrupt);
    },
    apply: closeInterrupt,
    records: ownAndInstance,
    says: ({ interrupt_id: id, reason }) => `${id}: ${closingWords[reason]}`,
  },
};

/** Why a question is closed, to follow a colon. */
export const closingWords: Readonly<Record<ClosingReason, string>> = {
  run_aborted: 'the run was aborted',
  run_completed: 'the run is over',
};

function addInterrupt(state: RunState, event: LoggedEvent<string, { interrupt: Interrupt }>): void {
  const interrupt = { ...event.payload.interrupt };
  const unanswered = { reply: null, appliedInAttempt: null, closedBecause: null };
  state.interrupts.set(interrupt.interrupt_id, { interrupt, ...unanswered });
  if (state.aborted) closeUnsaid(state);
  if (interrupt.instance_id === null) {
    state.runQuestions.add(interrupt.interrupt_id);
    return;
  }
  const links = linksOf(state, interrupt.instance_id);
  links.interrupts = [...links.interrupts, interrupt.interrupt_id];
  if (interrupt.blocking) {
    const asker = instanceOf(state, interrupt.instance_id);
    asker.blocking_interrupts = [...asker.blocking_interrupts, interrupt.interrupt_id];
    // It may be one that only waits for a place of its item.
    if (asker.status === 'pending') state.agenda.unsettled.push(interrupt.instance_id);
  }
}

function resolveInterrupt(
  state: RunState,
  event: LoggedEvent<string, { interrupt_id: string; reply: Reply }>,
): void {
  const record = interruptOf(state, event.payload.interrupt_id);
  record.reply = event.payload.reply;
  record.interrupt.status = 'resolved';
  record.closedBecause = null;
  record.interrupt.resolved_at = event.created_at;
  if (record.interrupt.subject !== undefined) {
    state.agenda.answered.push(record.interrupt.interrupt_id);
  }
  noLongerOpen(state, record.interrupt);
}

function noLongerOpen(state: RunState, { interrupt_id: id, instance_id: asker }: Interrupt): void {
  state.runQuestions.delete(id);
  if (asker === null) return;
  const instance = instanceOf(state, asker);
  instance.blocking_interrupts = instance.blocking_interrupts.filter((each) => each !== id);
  state.agenda.unsettled.push(asker);
}

/** The first attempt that receives a reply applies it; a later one may be told it again. */
export function applyReply(state: RunState, interruptId: string, attempt: number, now: string) {
  const record = interruptOf(state, interruptId);
  if (record.appliedInAttempt !== null) return;
  record.interrupt.status = 'applied';
  record.interrupt.applied_at = now;
  record.appliedInAttempt = attempt;
}

function closeInterrupt(
  state: RunState,
  { payload }: LoggedEvent<string, { interrupt_id: string; reason: ClosingReason }>,
): void {
  const record = interruptOf(state, payload.interrupt_id);
  record.interrupt.status = 'closed';
  record.closedBecause = payload.reason;
  noLongerOpen(state, record.interrupt);
}

/**
 * A log of format 1 does not say that a question is closed. There, none is asked while the run is aborted; what is
 * tried again asks its own anew, since it may not go on without the answer (`blocking_interrupts` stay).
 */
export function closeUnsaid(state: RunState): void {
  if (saysWhatIsClosed(state)) return;
  for (const record of state.interrupts.values()) {
    if (record.interrupt.status !== 'open') continue;
    record.interrupt.status = 'closed';
    record.closedBecause = 'run_aborted';
  }
}

/** What `closeUnsaid` closed is open again. */
export function reopenUnsaid(state: RunState): void {
  if (saysWhatIsClosed(state)) return;
  for (const record of state.interrupts.values()) {
    if (record.interrupt.status !== 'closed') continue;
    record.interrupt.status = 'open';
    record.closedBecause = null;
  }
}

/** Whether the run's log has an event for it. */
export function saysWhatIsClosed({ plan }: Pick<RunState, 'plan'>): boolean {
  return plan.format_version >= interruptEvents.interrupt_closed.since;
}

/** Whether the run has a reply to the question. */
export function hasReply(state: RunState, interruptId: string): boolean {
  return (state.interrupts.get(interruptId)?.reply ?? null) !== null;
}

/** For `misfit`: null where the event is of the instance that asked. */
function unlessOf(event: { instance_id: string | null }, interrupt: Interrupt): string | null {
  const { instance_id: asker, interrupt_id: id } = interrupt;
  return event.instance_id === asker ? null : `${id} is a question of ${asker ?? 'the run'}`;
}

function interruptOf(state: RunState, interruptId: string): InterruptRecord {
  const record = state.interrupts.get(interruptId);
  if (!record) throw new Error(`no interrupt ${interruptId}`);
  return record;
}

function ownAndInstance(event: LoggedEvent<string, { interrupt_id: string }>): RecordRef[] {
  return [...instanceRecord(event), { kind: 'interrupt', id: event.payload.interrupt_id }];
}

function whom(interrupt: Interrupt): string {
  return interrupt.audience === 'human'
    ? 'a human'
    : (interrupt.resolved_target_role_id ?? 'assistant');
}
