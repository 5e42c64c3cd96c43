/** A worker's question: section 9 of the contract. */
import { handOffKeys, type Interrupt } from '../../model/run.ts';
import { saysWhatIsClosed } from '../events/interrupt.ts';
import { Recorder } from '../state/recorder.ts';
import { isHead } from '../state/regions.ts';
import type { RunState } from '../state/run-state.ts';
import { isOver } from '../state/standing.ts';
import { refuse, type Decision } from './decision.ts';

/** Nobody would answer it any more. null while the run goes on, and for a question that it has already. */
export function refuseWhenOver(
  state: RunState,
  { interrupt_id: id }: Pick<Interrupt, 'interrupt_id'>,
): Decision | null {
  if (!saysWhatIsClosed(state) || !isOver(state) || state.interrupts.has(id)) return null;
  const how = state.aborted ? 'was aborted' : 'is over';
  return refuse('run-over', `run ${state.runId} ${how}: nobody would answer`);
}

/** Takes a question in. Asking twice with the same id is one question. */
export function askQuestion(state: RunState, interrupt: Interrupt, now: string): Decision {
  const taken = state.interrupts.get(interrupt.interrupt_id);
  if (taken) {
    if (taken.interrupt.instance_id === interrupt.instance_id) return { ok: true, events: [] };
    return refuse('id-taken', `${interrupt.interrupt_id} is the id of another question`);
  }
  const reserved = handOffKeys.find((key) => Object.hasOwn(interrupt.metadata, key));
  if (reserved !== undefined) {
    return refuse('metadata-reserved', `"${reserved}" in its metadata is what an assistant says`);
  }
  if (interrupt.run_id !== state.runId) {
    return refuse('wrong-run', `the interrupt belongs to run ${interrupt.run_id}`);
  }
  const instance = state.instances.get(interrupt.instance_id ?? '');
  if (!instance) return refuse('no-instance', `the run has no instance ${interrupt.instance_id}`);
  if (instance.task_id !== interrupt.task_id) {
    return refuse(
      'wrong-task',
      `instance ${interrupt.instance_id} is of task ${instance.task_id}, not ${interrupt.task_id}`,
    );
  }
  if (isHead(state, instance)) {
    const why = `${instance.instance_id} stands for the items of ${instance.task_id}: nobody is at work on it`;
    return refuse('no-worker', why);
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
