/**
 * Section 5 of the contract: which instances a new fact makes possible. Each fact (a scope, an instance,
 * a controller's choice) is looked at once, and only the choices that contain it are tried, so that the
 * cost of an instance does not depend on how many there are.
 */
import type { Choice } from '../state/agenda.ts';
import { derivedId } from '../../model/ids.ts';
import type { Recorder } from '../state/recorder.ts';
import { instanceOf, linksOf, type RunState } from '../state/run-state.ts';
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
      next && next.controllerInstanceId === choice.controllerInstanceId;
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
  const { task_id: task, input_scope_id: scopeId } = instanceOf(state, instanceId);
  const pin = { task, instanceId, newest: linksOf(state, instanceId).ordinal };
  // A gated task is tried when its controller has chosen it, not when the controller exists.
  const dependents = (state.graph.dependents.get(task) ?? []).filter(
    (dependent) => state.graph.gate.get(dependent) !== task,
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
  const { state } = recorder;
  const bindings: Record<string, string> = {};
  upstream.forEach((up, index) => {
    for (const name of up.names) bindings[name] = choice[index]!;
  });
  const name = `${state.runId}/${scopeId}/${task}/${choice.join(',')}`;
  for (let salt = 0; ; salt += 1) {
    const id = derivedId(task, name, salt);
    const existing = state.instances.get(id);
    if (existing) {
      const same =
        existing.input_scope_id === scopeId &&
        existing.task_id === task &&
        Object.entries(bindings).every(
          ([key, value]) => existing.dependency_instances[key] === value,
        );
      if (same) return;
      continue;
    }
    recorder.emit('instance_created', id, {
      task_id: task,
      input_scope_id: scopeId,
      dependency_instances: bindings,
      activation_bindings: activationOf(state, task, scopeId, upstream, choice),
    });
    return;
  }
}

/** The controller's instance that chose this task, or that opened the scope of which it is a seed. */
function activationOf(
  state: RunState,
  task: string,
  scopeId: string,
  upstream: readonly Upstream[],
  choice: readonly string[],
): Record<string, string> {
  const controller = state.graph.gate.get(task);
  if (controller !== undefined) {
    const at = upstream.findIndex((up) => up.task === controller);
    return { [controller]: choice[at]! };
  }
  const scope = state.scopes.get(scopeId);
  if (!scope?.created_by_instance_id || !scope.seed_task_ids.includes(task)) return {};
  const opener = instanceOf(state, scope.created_by_instance_id);
  return { [opener.task_id]: opener.instance_id };
}

function upstreamOf(state: RunState, task: string): readonly Upstream[] {
  return state.graph.upstream.get(task) ?? [];
}
