/** Questions and answers: section 9 of the contract, as decisions about the run's state. */
import type { RunEvent } from '../events/events.ts';
import { derivedInterruptId } from '../../model/ids.ts';
import { Recorder } from '../state/recorder.ts';
import type { Interrupt, Reply } from '../../model/run.ts';
import type { RunState } from '../state/run-state.ts';

export type Intake = { ok: true; events: RunEvent[] } | { ok: false; code: string; reason: string };

/** Takes a question in. Asking twice with the same id is one question. */
export function requestInterrupt(state: RunState, interrupt: Interrupt, now: string): Intake {
  if (state.interrupts.has(interrupt.interrupt_id)) return { ok: true, events: [] };
  if (interrupt.run_id !== state.runId) {
    return refuse('wrong-run', `the interrupt belongs to run ${interrupt.run_id}`);
  }
  const instance = state.instances.get(interrupt.instance_id);
  if (!instance) return refuse('no-instance', `the run has no instance ${interrupt.instance_id}`);
  if (instance.task_id !== interrupt.task_id) {
    return refuse(
      'wrong-task',
      `instance ${interrupt.instance_id} is of task ${instance.task_id}, not ${interrupt.task_id}`,
    );
  }
  const policy = state.plan.tasks[instance.task_id]?.interaction_policy;
  if (interrupt.audience === 'human' && policy?.allow_human === false) {
    return refuse('human-not-allowed', `task ${instance.task_id} may not ask a human`);
  }
  const role = interrupt.resolved_target_role_id;
  if (interrupt.audience === 'assistant') {
    const allowed = policy?.allowed_assistant_roles ?? null;
    if (role === null) return refuse('no-role', 'an assistant interrupt names no role');
    if (allowed !== null && !allowed.includes(role)) {
      return refuse('role-not-allowed', `task ${instance.task_id} may not ask role ${role}`);
    }
  }
  const recorder = new Recorder(state, now);
  recorder.emit('interrupt_requested', interrupt.instance_id, {
    interrupt: { ...interrupt, status: 'open', resolved_at: null, applied_at: null },
  });
  return { ok: true, events: recorder.events };
}

/**
 * Takes an answer in; the first one stands. A hand-off opens the human's question before it closes the
 * assistant's, so that no prefix of the log lets the instance go on without an answer.
 */
export function resolveInterrupt(state: RunState, reply: Reply, now: string): Intake {
  const record = state.interrupts.get(reply.interrupt_id);
  if (!record) return refuse('no-interrupt', `the run has no interrupt ${reply.interrupt_id}`);
  const { interrupt } = record;
  if (record.reply) {
    return refuse('already-answered', `interrupt ${reply.interrupt_id} is answered already`);
  }
  if (interrupt.audience === 'human' && reply.reply_kind !== 'answer') {
    return refuse('human-answers', "a human's reply is always an answer");
  }
  const recorder = new Recorder(state, now);
  if (reply.reply_kind === 'handoff_to_human') {
    const policy = state.plan.tasks[interrupt.task_id]?.interaction_policy;
    if (policy?.allow_human === false) {
      return refuse('human-not-allowed', `task ${interrupt.task_id} may not ask a human`);
    }
    const handed = handedOver(interrupt, reply, now);
    // A crash can have kept this much of the same hand-off.
    if (!state.interrupts.has(handed.interrupt_id)) {
      recorder.emit('interrupt_requested', interrupt.instance_id, { interrupt: handed });
    }
  }
  recorder.emit('interrupt_resolved', interrupt.instance_id, {
    interrupt_id: reply.interrupt_id,
    reply,
  });
  return { ok: true, events: recorder.events };
}

/** The human's question that an assistant's hand-off opens. */
function handedOver(interrupt: Interrupt, reply: Reply, now: string): Interrupt {
  return {
    ...interrupt,
    interrupt_id: derivedInterruptId(`${interrupt.interrupt_id}/human`),
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

function refuse(code: string, reason: string): Intake {
  return { ok: false, code, reason };
}
