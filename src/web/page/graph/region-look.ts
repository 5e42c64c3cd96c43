/** What is done for every item of a list, as one node of the graph: how far its items are. Pure. */
import type { Instance, InstanceStatus } from '../../../model/run.ts';
import type { ScopeView } from '../../api/scope.ts';

export interface ItemsLook {
  /** `StatusCount[]` as JSON. */
  counts: string;
  /** Small print below. */
  sub: string;
  /** To the instances of all items; null: there are none. */
  href: string | null;
}

/** `instances`: of the tasks of the region, in the passes that are shown. */
export function regionLook(
  runId: string,
  task: string,
  instances: readonly Instance[],
  itemOf: (region: string, scopeId: string) => string | null,
): ItemsLook {
  const byItem = new Map<string, InstanceStatus[]>();
  let head: Instance | undefined;
  for (const instance of instances) {
    const item = itemOf(task, instance.input_scope_id);
    if (item === null) head = instance;
    else byItem.set(item, [...(byItem.get(item) ?? []), instance.status]);
  }
  if (byItem.size === 0) return withoutItems(runId, head);
  const items = [...byItem.values()].map(itemStatus);
  const done = items.filter((status) => status === 'done').length;
  return {
    counts: counted(items),
    sub: `${done} of ${items.length} done`,
    href: `/runs/${runId}/instances?region=${encodeURIComponent(task)}`,
  };
}

/** Its list is not known yet, cannot be used, or has nothing in it. */
function withoutItems(runId: string, head: Instance | undefined): ItemsLook {
  if (head === undefined) return { counts: '[]', sub: 'no items', href: null };
  const sub = head.error ?? (head.status === 'pending' ? 'waits for its list' : 'no items');
  return { counts: counted([head.status]), sub, href: `/runs/${runId}?at=${head.instance_id}` };
}

/** In the order of the bar: what is done first, what a person wants to hear of last. */
const order: InstanceStatus[] = [
  'done',
  'skipped',
  'pending',
  'runnable',
  'running',
  'waiting',
  'failed',
];

function counted(all: readonly InstanceStatus[]): string {
  const counts = order.map((status) => {
    return { status, count: all.filter((each) => each === status).length };
  });
  return JSON.stringify(counts.filter(({ count }) => count > 0));
}

/** How far an item is: at work between two of its tasks, too; done where nothing is left and something is done. */
function itemStatus(all: readonly InstanceStatus[]): InstanceStatus {
  const has = (status: InstanceStatus): boolean => all.includes(status);
  for (const status of ['failed', 'waiting', 'running'] as const) if (has(status)) return status;
  const isLeft = has('pending') || has('runnable');
  if (isLeft) return has('done') ? 'running' : has('runnable') ? 'runnable' : 'pending';
  return has('done') ? 'done' : 'skipped';
}

/** Region, scope → the scope of the item of the region in which it lies; null: in none. */
export function itemFinder(
  scopes: readonly ScopeView[],
): (region: string, scopeId: string) => string | null {
  const byId = new Map(scopes.map((scope) => [scope.input_scope_id, scope]));
  const known = new Map<string, string | null>();
  return (region, scopeId) => {
    const key = `${region} ${scopeId}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    let at = byId.get(scopeId);
    while (at !== undefined && at.item?.task !== region) {
      at = byId.get(at.parent_input_scope_id ?? '');
    }
    const found = at?.input_scope_id ?? null;
    known.set(key, found);
    return found;
  };
}
