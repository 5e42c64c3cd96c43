/** Events of grants: what a person allowed beyond a limit. */
import { budgetKeys, type Budget } from '../../model/budget.ts';
import { instanceOf, linksOf, type RunState } from '../state/run-state.ts';
import { inWords } from '../../text/budget-amounts.ts';
import { grantIterations } from './scope.ts';
import type { Family, LoggedEvent } from './spec.ts';

/** Each beyond what was allowed. Of an instance, `wall_sec` counts for the time limit of its attempt, too. */
interface Granted extends Budget {
  /** Of a loop, of its controller's instance. */
  iterations?: number;
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
      const asker = id === null ? 'the run' : instanceOf(state, id).task_id;
      if (question === null) return null;
      const record = state.interrupts.get(question);
      if (record?.interrupt.instance_id !== id) return `${question} is no question of ${asker}`;
      if (record.reply === null) return `${question} is not answered`;
      return record.isObeyed === true ? `${question} has been obeyed already` : null;
    },
    apply: addGrant,
    says(payload) {
      const words = budgetKeys.flatMap((key) => {
        const amount = payload[key];
        return amount === undefined ? [] : [`${inWords(key, amount)} more`];
      });
      const { iterations } = payload;
      return [
        ...words,
        ...(iterations === undefined ? [] : [`${iterations} iterations more`]),
      ].join(', ');
    },
    news: 'granted',
  },
};

function addGrant(state: RunState, { instance_id: id, payload }: LoggedEvent<string, Granted>) {
  const record = state.interrupts.get(payload.interrupt_id ?? '');
  if (record) record.isObeyed = true;
  if (id === null) {
    state.granted = withMore(state.granted, payload);
    return;
  }
  const links = linksOf(state, id);
  links.granted = withMore(links.granted, payload);
  const { node_wall_timeout_sec: limit } = state.plan.project;
  if (payload.wall_sec !== undefined && limit !== null) {
    links.wallSec = (links.wallSec ?? beforeGrants(state, id, limit)) + payload.wall_sec;
  }
  if (payload.iterations !== undefined) {
    grantIterations(state, instanceOf(state, id), payload.iterations);
  }
}

function withMore(before: Budget, more: Budget): Budget {
  const sum = { ...before };
  for (const key of budgetKeys) {
    const amount = more[key];
    if (amount !== undefined) sum[key] = (sum[key] ?? 0) + amount;
  }
  return sum;
}

/** What was stopped at its limit has used it up. */
function beforeGrants(state: RunState, instanceId: string, limit: number): number {
  const { termination_reason: end } = instanceOf(state, instanceId);
  return end === 'wall_timeout' ? 0 : limit;
}
