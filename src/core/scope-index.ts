/** What planning must find quickly in a scope. Derived; kept by `evolve` and by memo. */
import type { LoopCount, RunState, ScopeIndex } from './run-state.ts';

export function newScopeIndex(
  parent: string | null,
  body: ReadonlySet<string>,
  loops: Map<string, LoopCount>,
): ScopeIndex {
  return {
    parent,
    children: [],
    body,
    instancesOf: new Map(),
    activations: new Map(),
    nearestAbove: new Map(),
    satisfied: new Map(),
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
  if (found !== null) for (const index of passed) index.nearestAbove.set(task, found);
  return found;
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
