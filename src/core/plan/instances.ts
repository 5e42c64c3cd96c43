/**
 * Section 5 of the contract: which instances a new fact makes possible. Each fact (a scope, an instance,
 * a controller's choice) is looked at once, and only the choices that contain it are tried, so that the
 * cost of an instance does not depend on how many there are.
 */
import type { Choice } from '../state/agenda.ts';
import { instanceOf, linksOf } from '../events/evolve.ts';
import { derivedId } from '../../model/ids.ts';
import type { Recorder } from '../state/recorder.ts';
import type { RunState } from '../state/run-state.ts';
import { isAligned, nearestScopeAbove, scopeOf, scopesBelow } from '../state/scope-index.ts';
import { longestFirst, type Upstream } from '../state/task-graph.ts';

/** One binding that a choice must contain: the fact that has just come. */
interface Pin {
  task: string;
  instanceId: string;
  /** Its place in creation order, where it is a new instance: those after it have their own turn. */
  newest: number;
}

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
  const { state } = recorder;
  const upstream = upstreamOf(state, task);
  const newest = pin?.newest ?? Infinity;
  if (!allHaveCandidates(state, task, scopeId, upstream, newest)) return;
  const lists = upstream.map((up) =>
    up.task === pin?.task ? [pin.instanceId] : candidatesFor(state, task, scopeId, up.task, newest),
  );
  for (const choice of consistentChoices(state, scopeId, lists)) {
    createInstance(recorder, task, scopeId, upstream, choice);
  }
}

/**
 * Remembers how far it got: candidates never vanish, and new instances come in creation order, so each
 * upstream task is passed once per scope.
 */
function allHaveCandidates(
  state: RunState,
  task: string,
  scopeId: string,
  upstream: readonly Upstream[],
  newest: number,
): boolean {
  if (upstream.length < 2) return true;
  const { satisfied } = scopeOf(state, scopeId);
  let count = satisfied.get(task) ?? 0;
  const before = count;
  while (count < upstream.length) {
    if (candidatesFor(state, task, scopeId, upstream[count]!.task, newest).length === 0) break;
    count += 1;
  }
  if (count !== before && newest !== Infinity) satisfied.set(task, count);
  return count === upstream.length;
}

const none: readonly string[] = [];

/**
 * The instances of `upstreamTask`, up to the newest to be looked at, to which `task` may be bound in this
 * scope by section 5's rules.
 */
function candidatesFor(
  state: RunState,
  task: string,
  scopeId: string,
  upstreamTask: string,
  newest: number,
): readonly string[] {
  const scope = scopeOf(state, scopeId);
  if (state.graph.gate.get(task) === upstreamTask) return scope.activations.get(task) ?? none;
  const place = scope.body.has(upstreamTask)
    ? scopeId
    : nearestScopeAbove(state, scopeId, upstreamTask);
  if (place === null) return none;
  const all = scopeOf(state, place).instancesOf.get(upstreamTask) ?? none;
  const last = all.at(-1);
  if (last === undefined || linksOf(state, last).ordinal <= newest) return all;
  return all.filter((id) => linksOf(state, id).ordinal <= newest);
}

/** Every way to take one instance of each list so that the combined history names no task twice. */
function* consistentChoices(
  state: RunState,
  scopeId: string,
  lists: readonly (readonly string[])[],
): Generator<string[]> {
  const only = lists.every((list) => list.length === 1) ? lists.map((list) => list[0]!) : null;
  if (only && (only.length < 2 || only.every((id) => isAligned(state, scopeId, id)))) {
    yield only;
    return;
  }
  const history = new Map<string, string>();
  const choice: string[] = [];
  const next: number[] = [0];
  const added: string[][] = [];
  while (next.length > 0) {
    const depth = next.length - 1;
    if (added.length > depth) for (const task of added.pop()!) history.delete(task);
    choice.length = depth;
    if (depth === lists.length) {
      yield [...choice];
      next.pop();
      continue;
    }
    const instanceId = lists[depth]![next[depth]!];
    if (instanceId === undefined) {
      next.pop();
      continue;
    }
    next[depth]! += 1;
    const merged = mergeHistory(state, history, instanceId);
    if (merged === null) continue;
    added.push(merged);
    choice.push(instanceId);
    next.push(0);
  }
}

/**
 * Adds an instance and all it descends from to `history` (task → instance). Returns the tasks that were
 * new, or null, with `history` unchanged, where a task would stand there as two instances. Only tasks
 * that a loop can repeat can conflict, and such a task's ancestors outside loops have one instance each.
 */
function mergeHistory(
  state: RunState,
  history: Map<string, string>,
  instanceId: string,
): string[] | null {
  const added: string[] = [];
  const pending = [instanceId];
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    const instance = instanceOf(state, id);
    if (!state.graph.repeatable.has(instance.task_id)) continue;
    const known = history.get(instance.task_id);
    if (known === id) continue;
    if (known !== undefined) {
      for (const task of added) history.delete(task);
      return null;
    }
    history.set(instance.task_id, id);
    added.push(instance.task_id);
    pending.push(...Object.values(instance.dependency_instances));
  }
  return added;
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
