/** The checks that a question can be answered by: of who asks, and of what that stands on. */
import { taskOf, type RunState } from '../../core/state/run-state.ts';
import type { CheckReceipt } from '../../model/checks.ts';
import type { Instance } from '../../model/run.ts';

export interface CheckedInstance {
  instance_id: string;
  task_id: string;
  title: string;
  /** Of its latest attempt that was checked. */
  receipts: CheckReceipt[];
}

/** More of them are no grounds that anybody reads. */
const MOST = 20;

/** The nearest first. */
export function checksBehind(state: RunState, instance: Instance): CheckedInstance[] {
  const found: CheckedInstance[] = [];
  const behind = new Set([instance.instance_id]);
  for (const id of behind) {
    const each = state.instances.get(id);
    if (each === undefined) continue;
    const receipts = each.attempts.findLast(({ checks = [] }) => checks.length > 0)?.checks;
    const { title, id: task_id } = taskOf(state, each);
    if (receipts) found.push({ instance_id: id, task_id, title, receipts });
    if (found.length === MOST) break;
    for (const upstream of Object.values(each.dependency_instances)) behind.add(upstream);
  }
  return found;
}
