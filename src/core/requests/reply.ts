/** An answer to a question, and who may give it: section 9 of the contract. */
import { derivedInterruptId } from '../../model/ids.ts';
import type { Interrupt, Reply } from '../../model/run.ts';
import { closingWords } from '../events/interrupt.ts';
import { isHandOffOf } from '../state/hand-off.ts';
import { choicesInWords, readChoice } from '../state/questions.ts';
import { Recorder } from '../state/recorder.ts';
import type { RunState } from '../state/run-state.ts';
import { refuse, type Decision } from './decision.ts';

const mismatches = {
  'wrong-audience': 'the reply is of another audience than the question',
  'human-answers': "a human's reply is always an answer",
};

/**
 * Who may answer what: the audience that was asked, and a human has nobody to hand over to. null where the
 * reply fits the question; a reply that names no audience is its question's.
 */
export function answerMismatch(
  question: Pick<Interrupt, 'audience'>,
  reply: Pick<Reply, 'reply_kind'> & { audience: Reply['audience'] | null },
): keyof typeof mismatches | null {
  if (reply.audience !== null && reply.audience !== question.audience) return 'wrong-audience';
  if (question.audience === 'human' && reply.reply_kind !== 'answer') return 'human-answers';
  return null;
}

/** Why a question takes no answer any more; null while it may. */
export function refuseClosed(state: RunState, id: string): Decision | null {
  const because = state.interrupts.get(id)?.closedBecause ?? null;
  return because && refuse('interrupt-closed', `the question is closed: ${closingWords[because]}`);
}

/**
 * Takes an answer in; the first one stands. A hand-off opens the human's question before it closes the
 * assistant's, so that no prefix of the log lets the instance go on without an answer.
 */
export function answerQuestion(state: RunState, reply: Reply, now: string): Decision {
  const record = state.interrupts.get(reply.interrupt_id);
  if (!record) return refuse('no-interrupt', `the run has no interrupt ${reply.interrupt_id}`);
  const { interrupt } = record;
  if (record.reply) {
    return refuse('already-answered', `interrupt ${reply.interrupt_id} is answered already`);
  }
  const mismatch = answerMismatch(interrupt, reply);
  if (mismatch !== null) return refuse(mismatch, mismatches[mismatch]);
  const { subject } = interrupt;
  if (subject !== undefined && readChoice(interrupt, reply) === null) {
    return refuse(
      'not-a-choice',
      `the answer must be ${choicesInWords(subject, interrupt.options)}`,
    );
  }
  const recorder = new Recorder(state, now);
  if (reply.reply_kind === 'handoff_to_human') {
    const policy = state.plan.tasks[interrupt.task_id ?? '']?.interaction_policy;
    if (policy?.allow_human === false) {
      return refuse('human-not-allowed', `task ${interrupt.task_id} may not ask a human`);
    }
    const handed = handedOver(state, interrupt, reply, now);
    if (handed !== null) {
      recorder.emit('interrupt_requested', interrupt.instance_id, { interrupt: handed });
    }
  }
  recorder.emit('interrupt_resolved', interrupt.instance_id, {
    interrupt_id: reply.interrupt_id,
    reply,
  });
  return { ok: true, events: recorder.events };
}

/** The human's question that an assistant's hand-off opens; null where a crash has kept that much of it. */
function handedOver(
  state: RunState,
  interrupt: Interrupt,
  reply: Reply,
  now: string,
): Interrupt | null {
  const name = `${interrupt.interrupt_id}/human`;
  let id = derivedInterruptId(name);
  // A worker can know the id beforehand, and have taken it: then the next one that is free.
  for (let salt = 1; ; salt += 1) {
    const taken = state.interrupts.get(id)?.interrupt;
    if (taken === undefined) break;
    if (isHandOffOf(taken, interrupt)) return null;
    id = derivedInterruptId(`${name}/${salt}`);
  }
  return {
    ...interrupt,
    interrupt_id: id,
    audience: 'human',
    requested_target_role_id: null,
    recommended_target_role_id: null,
    resolved_target_role_id: null,
    target_resolution_reason: null,
    metadata: {
      ...interrupt.metadata,
      assistant_interrupt_id: interrupt.interrupt_id,
      assistant_role_id: interrupt.resolved_target_role_id,
      assistant_summary: reply.text,
      assistant_rationale: reply.rationale,
      assistant_citations: reply.citations,
    },
    status: 'open',
    created_at: now,
    resolved_at: null,
    applied_at: null,
  };
}
