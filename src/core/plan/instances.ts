/**
 * Section 5 of the contract: which instances a new fact makes possible. Each fact (a scope, an instance,
 * a controller's choice) is looked at once, and only the choices that contain it are tried, so that the
 * cost of an instance does not depend on how many there are.
 */
import type { Choice } from '../state/agenda.ts';
import { derivedId } from '../../model/ids.ts';
import type { Recorder } from '../state/recorder.ts';
import { unbound } from '../state/empty.ts';
import { isHeadIn, standsIn } from '../state/regions.ts';
import {
  instanceOf,
  linksOf,
  nodeOf,
  type Item,
  type Node,
  type RunState,
} from '../state/run-state.ts';
import { nearestScopeAbove, scopeOf, scopesBelow } from '../state/scope-index.ts';
import { longestFirst, type Upstream } from '../state/task-graph.ts';
import { choicesOf, type Pin } from './choices.ts';

/** Creates every instance that is possible by now: for one controller's choice after the other. */
export function createPossibleInstances(recorder: Recorder): void {
  const { choices, created } = recorder.state.agenda;
  for (;;) {
    for (let id = created.take(); id !== undefined; id = created.take()) {
      expandInstance(recorder, id);
    }
    const choice = choices.take();
    if (!choice) return;
    expandChoice(recorder, choice);
    for (
      let next = choices.peek();
      next &&
      choice.controllerInstanceId &&
      next.controllerInstanceId === choice.controllerInstanceId;
      next = choices.peek()
    ) {
      choices.take();
      expandChoice(recorder, next);
    }
  }
}

function expandChoice(recorder: Recorder, choice: Choice): void {
  if (choice.kind === 'scope') return expandScope(recorder, choice.scopeId);
  const controller = instanceOf(recorder.state, choice.controllerInstanceId);
  const pin = {
    task: controller.task_id,
    instanceId: controller.instance_id,
    newest: Infinity,
  };
  tryTask(recorder, choice.target, choice.scopeId, pin);
}

function expandScope(recorder: Recorder, scopeId: string): void {
  const { state } = recorder;
  if (scopeId === state.baseScopeId) return expandBaseScope(recorder, scopeId);
  const { item } = scopeOf(state, scopeId);
  if (item?.scopeId === scopeId) return beginItem(recorder, item);
  for (const task of state.scopes.get(scopeId)?.seed_task_ids ?? []) {
    tryTask(recorder, task, scopeId, null);
  }
}

/** Each task after its upstream tasks, so that what has been created leads to nothing that was not tried. */
function expandBaseScope(recorder: Recorder, scopeId: string): void {
  const { state } = recorder;
  for (const task of longestFirst(state.graph)) tryTask(recorder, task, scopeId, null);
  state.agenda.created.clear();
}

function expandInstance(recorder: Recorder, instanceId: string): void {
  const { state } = recorder;
  const { task_id: task, input_scope_id: scopeId } = nodeOf(state, instanceId);
  const pin = { task, instanceId, newest: linksOf(state, instanceId).ordinal };
  // A gated task is tried when its controller has chosen it, not when the controller exists.
  const isRegion = isHeadIn(state, task, scopeId);
  const gatherers = state.graph.gatherers.get(task);
  const dependents = (state.graph.dependents.get(task) ?? []).filter(
    (dependent) =>
      state.graph.gate.get(dependent) !== task && (gatherers?.has(dependent) ?? false) === isRegion,
  );
  for (const dependent of dependents) tryTask(recorder, dependent, scopeId, pin);
  if (!state.graph.crossing.has(task)) return;
  for (const below of scopesBelow(state, scopeId)) {
    const { body } = scopeOf(state, below);
    if (body.has(task) || nearestScopeAbove(state, below, task) !== scopeId) continue;
    for (const dependent of dependents) {
      if (body.has(dependent)) tryTask(recorder, dependent, below, pin);
    }
  }
}

/** Creates every instance of `task` in the scope that contains `pin` (null: every one). */
function tryTask(recorder: Recorder, task: string, scopeId: string, pin: Pin | null): void {
  if (!standsIn(recorder.state, task, scopeId)) return;
  const upstream = upstreamOf(recorder.state, task);
  for (const choice of choicesOf(recorder.state, task, scopeId, upstream, pin)) {
    createInstance(recorder, task, scopeId, upstream, choice);
  }
}

function createInstance(
  recorder: Recorder,
  task: string,
  scopeId: string,
  upstream: readonly Upstream[],
  choice: readonly string[],
): void {
  let bound: Record<string, string> | undefined;
  let gathers: Record<string, string> | undefined;
  for (const [index, { isRegion, names }] of upstream.entries()) {
    const into = isRegion ? (gathers ??= {}) : (bound ??= {});
    for (const name of names) into[name] = choice[index]!;
  }
  const node: Node = {
    task_id: task,
    input_scope_id: scopeId,
    dependency_instances: bound ?? unbound,
    activation_bindings: activationOf(recorder.state, task, scopeId, upstream, choice),
  };
  if (gathers !== undefined) node.gathers = gathers;
  emitInstance(recorder, choice, node);
}

/** The first instance of an item is bound as the region is. */
function beginItem(recorder: Recorder, { region, scopeId }: Item): void {
  const { task_id, dependency_instances, activation_bindings, gathers } = region;
  const bound = { ...dependency_instances, ...gathers };
  emitInstance(recorder, Object.values(bound), {
    task_id,
    input_scope_id: scopeId,
    dependency_instances,
    activation_bindings,
    ...(gathers === undefined ? {} : { gathers }),
  });
}

/** Passes over one that is there already. */
function emitInstance(recorder: Recorder, choice: readonly string[], node: Node): void {
  const { state } = recorder;
  const { task_id: task, input_scope_id: scopeId } = node;
  const name = `${state.runId}/${scopeId}/${task}/${choice.join(',')}`;
  for (let salt = 0; ; salt += 1) {
    const id = derivedId(task, name, salt);
    if (!state.links.has(id)) {
      recorder.emit('instance_created', id, node);
      return;
    }
    const existing = nodeOf(state, id);
    const bound = Object.entries({ ...node.dependency_instances, ...node.gathers });
    const known = { ...existing.dependency_instances, ...existing.gathers };
    const isSame =
      existing.input_scope_id === scopeId &&
      existing.task_id === task &&
      bound.every(([key, value]) => known[key] === value);
    if (isSame) return;
  }
}

/** The controller's instance that chose this task, or that opened the scope of which it is a seed. */
function activationOf(
  state: RunState,
  task: string,
  scopeId: string,
  upstream: readonly Upstream[],
  choice: readonly string[],
): Node['activation_bindings'] {
  const controller = state.graph.gate.get(task);
  if (controller !== undefined) {
    const at = upstream.findIndex((up) => up.task === controller);
    return { [controller]: choice[at]! };
  }
  const scope = state.scopes.get(scopeId);
  if (!scope?.created_by_instance_id || !scope.seed_task_ids.includes(task)) return unbound;
  const opener = instanceOf(state, scope.created_by_instance_id);
  return { [opener.task_id]: opener.instance_id };
}

function upstreamOf(state: RunState, task: string): readonly Upstream[] {
  return state.graph.upstream.get(task) ?? [];
}
