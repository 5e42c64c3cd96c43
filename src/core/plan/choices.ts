/** The ways to bind a task to instances of its upstream tasks, by section 5's rules. */
import { none } from '../state/empty.ts';
import { isHeadIn } from '../state/regions.ts';
import { linksOf, nodeOf, type RunState } from '../state/run-state.ts';
import { isAligned, nearestScopeAbove, scopeOf } from '../state/scope-index.ts';
import type { Upstream } from '../state/task-graph.ts';

/** One binding that a choice must contain: the fact that has just come. */
export interface Pin {
  task: string;
  instanceId: string;
  /** Its place in creation order, where it is a new instance: those after it have their own turn. */
  newest: number;
}

/** The one way to bind what has no upstream tasks. */
const unbound: readonly (readonly string[])[] = [none];

/** One instance of each upstream task, in all ways that contain `pin` (null: in all ways). */
export function choicesOf(
  state: RunState,
  task: string,
  scopeId: string,
  upstream: readonly Upstream[],
  pin: Pin | null,
): Iterable<readonly string[]> {
  if (upstream.length === 0) return unbound;
  const newest = pin?.newest ?? Infinity;
  if (!allHaveCandidates(state, task, scopeId, upstream, newest)) return [];
  const lists = upstream.map((up) =>
    up.task === pin?.task ? [pin.instanceId] : candidatesFor(state, task, scopeId, up.task, newest),
  );
  const only = onlyChoice(state, scopeId, lists);
  return only === null ? consistentChoices(state, lists) : [only];
}

/** Where there is one instance of each, and nobody need compare their histories; otherwise null. */
function onlyChoice(
  state: RunState,
  scopeId: string,
  lists: readonly (readonly string[])[],
): readonly string[] | null {
  if (lists.some((list) => list.length !== 1)) return null;
  const only = lists.map((list) => list[0]!);
  const isSure = only.length < 2 || only.every((id) => isAligned(state, scopeId, id));
  return isSure ? only : null;
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
  lists: readonly (readonly string[])[],
): Generator<string[]> {
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
 * Adds an instance and all it descends from to `history` (task, or region → instance). Returns what was
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
    const instance = nodeOf(state, id);
    if (!state.graph.repeatable.has(instance.task_id)) continue;
    // A region is another thing than an instance of its task within one of its items.
    const isRegion = isHeadIn(state, instance.task_id, instance.input_scope_id);
    const name = isRegion ? `region ${instance.task_id}` : instance.task_id;
    const known = history.get(name);
    if (known === id) continue;
    if (known !== undefined) {
      for (const task of added) history.delete(task);
      return null;
    }
    history.set(name, id);
    added.push(name);
    pending.push(...Object.values(instance.dependency_instances));
    pending.push(...Object.values(instance.gathers ?? {}));
  }
  return added;
}
