/** Events of controllers: what one decided, the scopes that it opened, the tasks that it chose. */
import { stringifyJson, type JsonObject } from '../../model/json.ts';
import type { ControlSpec } from '../../model/program.ts';
import type { InputScope, Instance, ItemOfScope } from '../../model/run.ts';
import { addItem } from '../state/region-counts.ts';
import {
  instanceOf,
  linksOf,
  taskOf,
  type LoopCount,
  type Region,
  type RunState,
} from '../state/run-state.ts';
import { newScopeIndex, scopeOf } from '../state/scope-index.ts';
import { SparseMap } from '../state/sparse-map.ts';
import { bodyOf } from '../state/task-graph.ts';
import type { Family, LoggedEvent } from './spec.ts';
import { unless, unlessConcluding } from './status.ts';

interface NewScope {
  input_scope_id: string;
  parent_input_scope_id: string | null;
  seed_task_ids: string[];
  /** What the scope itself sets; the rest is its parent's. */
  values: JsonObject;
  created_by_instance_id: string | null;
  /** Of the scope of an item, with the region that it belongs to. */
  item?: ItemOfScope;
  region_id?: string;
}

export interface ScopeEvents {
  input_scope_created: NewScope;
  /** `rule`, from 0, and `values`, by reference: of a controller that decides by rules. */
  control_emitted: { control: JsonObject; rule?: number; values?: JsonObject };
  route_selected: { label: string; targets: string[] };
  route_unselected: { label: string; targets: string[] };
  loop_continued: { input_scope_id: string; iteration: number; targets: string[] };
  loop_stopped: { targets: string[] };
}

export const scopeEvents: Family<ScopeEvents> = {
  input_scope_created: {
    since: 1,
    misfit(state, event) {
      const { input_scope_id: id, parent_input_scope_id: parent } = event.payload;
      const { created_by_instance_id: creator } = event.payload;
      if (state.scopes.has(id)) return `there is a scope ${id} already`;
      if (parent === null) return state.baseScopeId === '' ? null : 'the run has its base scope';
      if (event.payload.region_id !== undefined) return misfitOfItem(state, event.payload);
      const { input_scope_id: own } = instanceOf(state, creator);
      if (own !== parent) return `${creator} is of ${own}, not of ${parent}`;
      return unlessChoosing(state, { instance_id: creator }, ['loop'], 1);
    },
    apply: addScope,
    records: ({ payload }) => [{ kind: 'inputs', id: payload.input_scope_id }],
    says: ({ input_scope_id: id, item }) =>
      item === undefined ? id : `${id}: item ${item.key} of ${item.task}`,
  },
  control_emitted: {
    since: 1,
    misfit: (state, event) => unlessChoosing(state, event, ['route', 'loop'], 0),
    apply: countControl,
    says: ({ control, rule }) =>
      `${stringifyJson(control)}${rule === undefined ? '' : `, by rule ${rule + 1}`}`,
  },
  route_selected: {
    since: 1,
    misfit: misfitOfRoute,
    apply: activate,
    says: ({ label, targets }) => `${label} → ${targets.join(', ')}`,
    news: 'route',
  },
  route_unselected: {
    since: 1,
    misfit: misfitOfRoute,
    apply: countControl,
    says: ({ label, targets }) => `${label} → ${targets.join(', ')}`,
  },
  loop_continued: {
    since: 1,
    misfit(state, event) {
      const { input_scope_id: id } = event.payload;
      const creator = state.scopes.get(id)?.created_by_instance_id ?? null;
      if (creator !== event.instance_id) return `${event.instance_id} did not open ${id}`;
      return unlessChoosing(state, event, ['loop'], 2);
    },
    apply: countControl,
    says: ({ iteration, targets }) => `iteration ${iteration} → ${targets.join(', ')}`,
    news: 'loop goes on',
  },
  loop_stopped: {
    since: 1,
    misfit: (state, event) => unlessChoosing(state, event, ['loop'], 1),
    apply: activate,
    says: ({ targets }) => (targets.length === 0 ? '' : `→ ${targets.join(', ')}`),
    news: 'loop stops',
  },
};

/** The items of a region come one after the other. */
function misfitOfItem(state: RunState, { item, region_id: id, ...scope }: NewScope): string | null {
  const region = state.regions.get(id ?? '');
  if (region === undefined) return `there is no region ${id}`;
  const { items, count, task_id: task, givenBy, input_scope_id: around } = region;
  if (item?.index !== items.length || items.length >= count || item.task !== task) {
    return `it is not item ${items.length} of ${count} of ${task}`;
  }
  const isRight =
    scope.parent_input_scope_id === around && scope.created_by_instance_id === givenBy;
  return isRight ? null : `it does not lie where ${id} does`;
}

/** A controller says of each of its routes in turn whether it chose it. */
function misfitOfRoute(
  state: RunState,
  event: LoggedEvent<string, { label: string; targets: string[] }>,
): string | null {
  const instance = instanceOf(state, event.instance_id);
  const { control } = taskOf(state, instance);
  const { controlEvents } = linksOf(state, instance.instance_id);
  const next = control?.mode === 'route' ? control.routes[controlEvents - 1] : undefined;
  const { label, targets } = event.payload;
  if (label !== next?.label || String(targets) !== String(next.targets)) {
    return `${label} is not the next route of ${instance.task_id}`;
  }
  return unlessChoosing(state, event, ['route'], controlEvents);
}

/**
 * For `misfit`: null where the instance is a controller of one of these modes whose attempt has ended, and of whose
 * choice so many events are recorded.
 */
function unlessChoosing(
  state: RunState,
  { instance_id: id }: { instance_id: string | null },
  modes: readonly ControlSpec['mode'][],
  recorded: number,
): string | null {
  const instance = instanceOf(state, id);
  const { controlEvents } = linksOf(state, instance.instance_id);
  const { control } = taskOf(state, instance);
  if (!control || !modes.includes(control.mode))
    return `${instance.task_id} controls no such thing`;
  if (controlEvents !== recorded) return `${controlEvents} events of its choice stand before it`;
  if (control.decide !== undefined) return unless(state, { instance_id: id }, 'pending');
  return unlessConcluding(state, { instance_id: id, payload: {} });
}

/** How many events the choice of a controller takes at least. */
export function leastControlEvents(control: ControlSpec): number {
  return control.mode === 'route' ? 1 + control.routes.length : 2;
}

function addScope(state: RunState, event: LoggedEvent<string, NewScope>): void {
  const { payload } = event;
  const { input_scope_id: id, parent_input_scope_id: parent, region_id: regionId } = payload;
  // Field by field: a copy of what is left of an object costs more than all the rest of this.
  const scope: InputScope = {
    input_scope_id: id,
    parent_input_scope_id: parent,
    seed_task_ids: payload.seed_task_ids,
    created_by_instance_id: payload.created_by_instance_id,
    own_values: payload.values,
    created_at: event.created_at,
  };
  if (payload.item !== undefined) scope.item = payload.item;
  state.scopes.set(id, scope);
  const region = state.regions.get(regionId ?? '');
  if (region !== undefined) indexItem(state, id, region);
  else if (parent === null) {
    state.baseScopeId = id;
    state.scopeIndex.set(id, newScopeIndex(null, state.graph.allTasks, new SparseMap(), null));
  } else {
    indexIteration(state, id, parent, scope);
  }
  state.agenda.choices.push({
    kind: 'scope',
    scopeId: id,
    controllerInstanceId: region === undefined ? scope.created_by_instance_id : null,
  });
}

function indexIteration(
  state: RunState,
  id: string,
  parent: string,
  { created_by_instance_id: creator, seed_task_ids: seeds }: InputScope,
): void {
  linksOf(state, creator ?? '').controlEvents += 1;
  const controller = instanceOf(state, creator).task_id;
  const around = scopeOf(state, parent);
  const body = bodyOf(state.graph, seeds, around.depth);
  const loops = countIteration(state, around.loops, controller, body);
  state.scopeIndex.set(id, newScopeIndex(parent, body, loops, around.item));
  around.children.push(id);
}

/** Loops within an item begin anew with it. */
function indexItem(state: RunState, id: string, region: Region): void {
  const body = state.graph.regions.bodies.get(region.task_id) ?? new Set();
  const item = addItem(state, region, id);
  state.scopeIndex.set(id, newScopeIndex(region.input_scope_id, body, new SparseMap(), item));
  scopeOf(state, region.input_scope_id).children.push(id);
}

/**
 * The loop counts of a new scope: one more for its controller; a loop that begins anew inside the new
 * iteration (one of its continue targets is in the body) starts from zero; others keep their count.
 */
function countIteration(
  state: RunState,
  outer: SparseMap<LoopCount>,
  controller: string,
  body: ReadonlySet<string>,
): SparseMap<LoopCount> {
  const loops = new SparseMap<LoopCount>();
  for (const [task, count] of outer.entries()) {
    if (task !== controller && !restarts(state, task, body)) loops.set(task, count);
  }
  const before = outer.get(controller);
  loops.set(controller, {
    iteration: (before?.iteration ?? 0) + 1,
    granted: before?.granted ?? 0,
  });
  return loops;
}

/** Whether a scope with this body, opened by another controller, begins the loop of `task` anew. */
function restarts(state: RunState, task: string, body: ReadonlySet<string>): boolean {
  const control = state.plan.tasks[task]?.control;
  return control?.mode === 'loop' && control.continue_targets.some((target) => body.has(target));
}

/** A grant counts in the instance's scope and in all below it, up to where the loop begins anew. */
export function grantIterations(
  state: RunState,
  { task_id: task, input_scope_id }: Instance,
  granted: number,
): void {
  const scopeIds = [input_scope_id];
  for (const id of scopeIds) {
    const { loops, children } = scopeOf(state, id);
    const count = loops.get(task) ?? { iteration: 0, granted: 0 };
    loops.set(task, { ...count, granted: count.granted + granted });
    for (const child of children) {
      const { body, item } = scopeOf(state, child);
      // No item goes on with a loop around it.
      if (item?.scopeId === child) continue;
      const creator = instanceOf(state, state.scopes.get(child)?.created_by_instance_id ?? null);
      if (creator.task_id === task || !restarts(state, task, body)) scopeIds.push(child);
    }
  }
}

function countControl(state: RunState, event: LoggedEvent<string, unknown>): void {
  linksOf(state, event.instance_id ?? '').controlEvents += 1;
}

function activate(state: RunState, event: LoggedEvent<string, { targets: string[] }>): void {
  countControl(state, event);
  const { instance_id: controllerInstanceId, input_scope_id: scopeId } = instanceOf(
    state,
    event.instance_id,
  );
  const { activations } = scopeOf(state, scopeId);
  for (const target of event.payload.targets) {
    const known = activations.get(target);
    if (known) known.push(controllerInstanceId);
    else activations.set(target, [controllerInstanceId]);
    state.agenda.choices.push({ kind: 'target', scopeId, target, controllerInstanceId });
  }
}
