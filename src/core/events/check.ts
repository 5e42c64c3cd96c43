/** Events of checks: section 18 of the contract. */
import { checkName, hasPassed, type CheckReceipt } from '../../model/checks.ts';
import { instanceOf, taskOf } from '../state/run-state.ts';
import type { Family } from './spec.ts';
import { unless, unlessConcluding } from './status.ts';

interface CheckFinished extends CheckReceipt {
  /** What it left was checked; of a baseline: before it began. */
  attempt: number;
}

export interface CheckEvents {
  check_finished: CheckFinished;
}

export const checkEvents: Family<CheckEvents> = {
  check_finished: {
    since: 2,
    misfit(state, event) {
      const instance = instanceOf(state, event.instance_id);
      const { index, attempt, baseline } = event.payload;
      const { checks = [] } = taskOf(state, instance);
      if (checks[index] === undefined) return `${instance.task_id} has no check ${index}`;
      const latest = instance.attempts.at(-1);
      const isTwice = latest?.checks?.some(
        (each) => each.index === index && each.baseline === baseline,
      );
      if (isTwice === true) return `check ${index} of attempt ${attempt} has a receipt already`;
      if (baseline !== true) {
        const { publish } = taskOf(state, instance);
        const isEarly = publish.length > 0 && instance.published.length === 0;
        return unlessConcluding(state, event) ?? (isEarly ? 'it published nothing' : null);
      }
      if (latest?.finished_at !== null) return `attempt ${attempt} has ended`;
      return unless(state, event, 'running');
    },
    apply(state, { instance_id: id, payload: { attempt, ...receipt } }) {
      const record = instanceOf(state, id).attempts.find((each) => each.attempt === attempt);
      if (record) record.checks = [...(record.checks ?? []), receipt];
    },
    says(receipt) {
      const { argv, exit, baseline } = receipt;
      const how = hasPassed(receipt) ? 'passed' : `failed${exit === null ? '' : `, exit ${exit}`}`;
      return `${checkName(argv)}: ${how}${baseline === true ? ' (before the first attempt)' : ''}`;
    },
    news: 'checked',
  },
};
