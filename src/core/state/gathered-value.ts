/** What `deps.<scope>.result` is where a dependency gathers: a list in the order of the items. Section 17. */
import type { Json, JsonObject } from '../../model/json.ts';
import { scopeName } from '../../model/program.ts';
import type { GatheredItem, Instance } from '../../model/run.ts';
import { gatheredBy } from './regions.ts';
import { instanceOf, type Item, type RunState } from './run-state.ts';

/** An item that was gathered, and what it was of. */
export interface GatheredPart extends GatheredItem {
  /** The task that is gathered. */
  task: string;
  index: number;
  key: string;
  item: Json;
}

/** What an instance was given by a dependency that gathers, in the order of the items; null: that gathers nothing. */
export function gatheredParts(
  state: RunState,
  instance: Pick<Instance, 'task_id' | 'input_scope_id' | 'gathers' | 'gathered'>,
  scope: string,
): GatheredPart[] | null {
  const region = state.regions.get(instance.gathers?.[scope] ?? '');
  const gathered = gatheredBy(state, instance)[scope];
  if (region === undefined || gathered === undefined) return null;
  const { for_each: forEach } = state.plan.tasks[region.task_id] ?? {};
  const dependencies = state.plan.tasks[instance.task_id]?.depends_on ?? [];
  const task = dependencies.find((each) => scopeName(each) === scope)?.task ?? '';
  return gathered.map((part, index) => ({
    ...part,
    task,
    ...itemOf(state, region.items[index], forEach?.as ?? ''),
  }));
}

function itemOf(state: RunState, item: Item | undefined, as: string) {
  const scope = state.scopes.get(item?.scopeId ?? '');
  const { index = 0, key = '' } = scope?.item ?? {};
  return { index, key, item: scope?.own_values[as] ?? null };
}

/** As JSON. `result`: the one with which an instance was done; null where it left none. */
export function gatheredList(
  state: RunState,
  parts: readonly GatheredPart[],
  result: (instanceId: string) => { value: Json } | null,
): JsonObject[] {
  return parts.map(({ instance_id: id, task, index, key, item, status }) => ({
    index,
    key,
    item,
    status,
    result: status === 'done' && id !== null ? (result(id)?.value ?? null) : null,
    error: status === 'done' ? null : errorOf(state, id, task),
  }));
}

/** Of one that is tried again meanwhile: of the attempt that had failed. `task`: the one that is gathered. */
function errorOf(state: RunState, instanceId: string | null, task: string): string | null {
  if (instanceId === null) return 'nothing led to it in this item';
  const { task_id: failed, error, attempts } = instanceOf(state, instanceId);
  const reason = error ?? attempts.findLast((each) => each.error !== null)?.error ?? null;
  return failed === task ? reason : `${failed} (${instanceId}) failed: ${reason}`;
}
