/** Events of grants: what a person allowed beyond a limit. */
import { instanceOf, linksOf, type RunState } from '../state/run-state.ts';
import type { Family, LoggedEvent } from './spec.ts';

interface Granted {
  /** Seconds that the attempt may take beyond what it might; of an instance. */
  wall_sec: number;
  /** The question that was answered with it; null: nobody had asked. */
  interrupt_id: string | null;
}

export interface GrantEvents {
  granted: Granted;
}

export const grantEvents: Family<GrantEvents> = {
  granted: {
    since: 2,
    misfit(state, { instance_id: id, payload: { interrupt_id: question } }) {
      const { task_id: task } = instanceOf(state, id);
      if (question === null) return null;
      const record = state.interrupts.get(question);
      if (record?.interrupt.instance_id !== id) return `${question} is no question of ${task}`;
      if (record.reply === null) return `${question} is not answered`;
      return record.isObeyed === true ? `${question} has been obeyed already` : null;
    },
    apply: addGrant,
    says: ({ wall_sec: seconds }) => `${seconds} s more`,
    news: 'granted',
  },
};

function addGrant(state: RunState, { instance_id: id, payload }: LoggedEvent<string, Granted>) {
  const links = linksOf(state, id ?? '');
  links.wallSec = (links.wallSec ?? beforeGrants(state, id)) + payload.wall_sec;
  const record = state.interrupts.get(payload.interrupt_id ?? '');
  if (record) record.isObeyed = true;
}

/** What was stopped at its limit has used it up. */
function beforeGrants(state: RunState, instanceId: string | null): number {
  const { termination_reason: end } = instanceOf(state, instanceId);
  return end === 'wall_timeout' ? 0 : (state.plan.project.node_wall_timeout_sec ?? 0);
}
