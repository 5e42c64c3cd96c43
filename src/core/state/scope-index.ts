/** What planning must find quickly in a scope. Derived; kept by `evolve` and by memo. */
import { nodeOf, type Item, type LoopCount, type RunState, type ScopeIndex } from './run-state.ts';
import { SparseMap } from './sparse-map.ts';

export function newScopeIndex(
  parent: string | null,
  body: ReadonlySet<string>,
  loops: SparseMap<LoopCount>,
  item: Item | null,
): ScopeIndex {
  return {
    parent,
    item,
    depth: item === null ? 0 : item.depth,
    children: [],
    body,
    instancesOf: new Map(),
    activations: new SparseMap(),
    nearestAbove: new SparseMap(),
    nearestBody: new SparseMap(),
    satisfied: new SparseMap(),
    loops,
  };
}

/**
 * The nearest scope above `scopeId` that has an instance of `task`, or null. In a loop every scope is
 * its predecessor's child, so the way up may be ten thousand scopes long: each step leaves a memo.
 */
export function nearestScopeAbove(state: RunState, scopeId: string, task: string): string | null {
  const passed: ScopeIndex[] = [];
  let found: string | null = null;
  for (let index = scopeOf(state, scopeId); ;) {
    const memo = index.nearestAbove.get(task);
    if (memo !== undefined) {
      found = memo;
      break;
    }
    passed.push(index);
    if (index.parent === null) break;
    const above = scopeOf(state, index.parent);
    if (above.instancesOf.has(task)) {
      found = index.parent;
      break;
    }
    index = above;
  }
  for (const index of passed) index.nearestAbove.set(task, found);
  return found;
}

/**
 * Whether an instance, seen from a scope, has a history without surprises: of each task that can repeat
 * it holds an instance of the nearest scope whose body has the task. There is one such at most (its own
 * upstream instances are bound alike), so two such histories agree, and nobody need compare them. It
 * follows from the same of its upstream instances, because a body has with a task all that descend from
 * it: what lies between the two scopes repeats nothing of the history.
 */
export function isAligned(state: RunState, scopeId: string, instanceId: string): boolean {
  const { task_id: task, input_scope_id: own } = nodeOf(state, instanceId);
  if (!state.graph.repeatable.has(task)) return true;
  if (!state.links.get(instanceId)?.aligned) return false;
  return nearestBody(state, scopeId, task) === own;
}

/** The nearest scope, from this one up, whose body has the task: the base scope's has every one. */
function nearestBody(state: RunState, scopeId: string, task: string): string {
  const passed: ScopeIndex[] = [];
  let id = scopeId;
  for (let index = scopeOf(state, id); !index.body.has(task) && index.parent !== null;) {
    const memo = index.nearestBody.get(task);
    passed.push(index);
    id = memo ?? index.parent;
    index = scopeOf(state, id);
  }
  for (const index of passed) index.nearestBody.set(task, id);
  return id;
}

/** All scopes below `scopeId`. */
export function* scopesBelow(state: RunState, scopeId: string): Generator<string> {
  const pending = [...scopeOf(state, scopeId).children];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    yield next;
    pending.push(...scopeOf(state, next).children);
  }
}

export function scopeOf(state: RunState, scopeId: string): ScopeIndex {
  const index = state.scopeIndex.get(scopeId);
  if (!index) throw new Error(`no scope ${scopeId}`);
  return index;
}
