/** `run grant`: more than a limit allows, said before anybody asks, or in answer to the question. */
import type { Subject } from '../../model/questions.ts';
import type { Instance, Reply } from '../../model/run.ts';
import { Recorder } from '../state/recorder.ts';
import type { RunState } from '../state/run-state.ts';
import { refuse, type Decision } from './decision.ts';
import { answerQuestion } from './reply.ts';

/** `wall_sec`: above 0. */
export function grantMore(
  state: RunState,
  { instance_id: id, wall_sec }: { instance_id: string; wall_sec: number },
  now: string,
): Decision {
  const instance = state.instances.get(id);
  if (!instance) return refuse('no-instance', `the run has no instance ${id}`);
  const { status } = instance;
  if (status === 'done' || status === 'failed' || status === 'skipped') {
    const hint = status === 'done' ? '' : '; retry it first';
    return refuse('not-grantable', `instance ${id} is ${status}: it needs no time${hint}`);
  }
  if (state.plan.project.node_wall_timeout_sec === null) {
    return refuse('no-limit', 'attempts of this run have no time limit (node_wall_timeout_sec)');
  }
  const asked = openQuestion(state, instance, 'wall_limit');
  if (asked !== null) {
    const amounts = { wall_sec };
    return answerQuestion(state, grantedBy(asked, amounts, now), now);
  }
  const recorder = new Recorder(state, now);
  recorder.emit('granted', id, { wall_sec, interrupt_id: null });
  return { ok: true, events: recorder.events };
}

/** The id of what is asked about the instance, open. */
function openQuestion(state: RunState, instance: Instance, subject: Subject): string | null {
  const open = instance.blocking_interrupts.find(
    (id) => state.interrupts.get(id)?.interrupt.subject === subject,
  );
  return open ?? null;
}

function grantedBy(interruptId: string, amounts: Record<string, number>, now: string): Reply {
  const words = Object.entries(amounts).map(([name, value]) => ` ${name}=${value}`);
  return {
    interrupt_id: interruptId,
    audience: 'human',
    reply_kind: 'answer',
    text: `grant${words.join('')}`,
    payload: { choice: 'grant', ...amounts },
    rationale: null,
    confidence: null,
    citations: [],
    created_at: now,
  };
}
