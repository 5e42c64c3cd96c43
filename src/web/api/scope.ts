/** Input scopes: what the instances of a pass see. */
import { effectiveValues, type RunState } from '../../core/state/run-state.ts';
import { stringifyJson, type JsonObject } from '../../model/json.ts';

export interface ScopeView {
  input_scope_id: string;
  parent_input_scope_id: string | null;
  seed_task_ids: string[];
  /** What its instances see. Values above 16 KiB are left out, and named in `omitted`. */
  values: JsonObject;
  /** What it sets itself, as keys. */
  own_keys: string[];
  omitted: string[];
  created_by_instance_id: string | null;
  /** The controller whose `continue` opened it; null for the base scope. */
  controller_task_id: string | null;
  /** 0 for the base scope, then from 1, per loop. */
  iteration: number;
  /** Of a list, for which it was opened; null: it was not opened for one. */
  item: ScopeItem | null;
  created_at: string;
}

export interface ScopeItem {
  /** The task that is done for every item. */
  task: string;
  index: number;
  key: string;
}

const MAX_VALUE_CHARS = 16 * 1024;

export function scopeView(state: RunState, scopeId: string): ScopeView | null {
  const scope = state.scopes.get(scopeId);
  if (!scope) return null;
  const omitted: string[] = [];
  const values: JsonObject = {};
  for (const [key, value] of Object.entries(effectiveValues(state, scopeId))) {
    if (stringifyJson(value).length > MAX_VALUE_CHARS) omitted.push(key);
    else values[key] = value;
  }
  const creator = scope.created_by_instance_id;
  const controller = creator === null ? undefined : state.instances.get(creator)?.task_id;
  const loops = state.scopeIndex.get(scopeId)?.loops;
  return {
    input_scope_id: scope.input_scope_id,
    parent_input_scope_id: scope.parent_input_scope_id,
    seed_task_ids: scope.seed_task_ids,
    values,
    own_keys: Object.keys(scope.own_values),
    omitted,
    created_by_instance_id: creator,
    controller_task_id: controller ?? null,
    iteration: controller === undefined ? 0 : (loops?.get(controller)?.iteration ?? 0),
    item: scope.item ?? null,
    created_at: scope.created_at,
  };
}

export function scopeViews(state: RunState, scopeIds: Iterable<string>): ScopeView[] {
  return [...scopeIds].flatMap((id) => scopeView(state, id) ?? []);
}
