/**
 * Regions whose list is known: section 17 of the contract. An item is a scope; what is counted of the instances within
 * it (region-counts.ts) is kept by `evolve`, so that planning looks at no item twice.
 */
import { scopeName, type ForEach } from '../../model/program.ts';
import type { GatheredItem, Instance } from '../../model/run.ts';
import { instanceOf, type Item, type ItemGather, type Region, type RunState } from './run-state.ts';
import { scopeOf } from './scope-index.ts';
import { standingOf } from './task-graph.ts';

/** Whether an instance of the task in the scope stands for the region that it opens. */
export function isHeadIn(state: RunState, task: string, scopeId: string): boolean {
  if (state.graph.regions.bodies.size === 0) return false;
  if (state.plan.tasks[task]?.for_each === undefined) return false;
  return standingOf(state.graph, task).length === scopeOf(state, scopeId).depth + 1;
}

export function isHead(state: RunState, instance: Pick<Instance, 'task_id' | 'input_scope_id'>) {
  return isHeadIn(state, instance.task_id, instance.input_scope_id);
}

/** Whether instances of the task are made in the scope by what is there: the first one of an item comes with it. */
export function standsIn(state: RunState, task: string, scopeId: string): boolean {
  if (state.graph.regions.bodies.size === 0) return true;
  const { item, depth } = scopeOf(state, scopeId);
  if (item?.scopeId === scopeId && item.region.task_id === task) return false;
  const own = standingOf(state.graph, task).length;
  return own === depth || isHeadIn(state, task, scopeId);
}

/** The items in which a scope lies, the innermost first. */
export function itemsAround(state: RunState, scopeId: string): readonly Item[] {
  if (state.regions.size === 0) return none;
  return scopeOf(state, scopeId).item?.chain ?? none;
}

const none: readonly Item[] = [];

export function forEachOf(state: RunState, region: Region): ForEach {
  const { for_each: forEach } = state.plan.tasks[region.task_id] ?? {};
  if (forEach === undefined) throw new Error(`${region.task_id} opens no region`);
  return forEach;
}

/** Whether it is the instance that comes with its item. */
export function isFirstOfItem(
  state: RunState,
  { task_id: task, input_scope_id: scopeId }: Pick<Instance, 'task_id' | 'input_scope_id'>,
): boolean {
  if (state.regions.size === 0) return false;
  const { item } = scopeOf(state, scopeId);
  return item?.scopeId === scopeId && item.region.task_id === task;
}

/** The instances that are done, and were given something of which this one is a part: a retry of it does not change them. */
export function gatheredAlready(state: RunState, instanceId: string): Instance[] {
  const { task_id: task, input_scope_id: scopeId } = instanceOf(state, instanceId);
  const around = new Map<string, ReadonlySet<string>>();
  for (const { region } of itemsAround(state, scopeId)) {
    const leading = (state.graph.gathered.get(region.task_id) ?? [])
      .filter((each) => each.leading.has(task))
      .map((each) => each.task);
    around.set(region.region_id, new Set(leading));
  }
  if (around.size === 0) return [];
  return [...state.instances.values()].filter((each) => {
    if (each.status !== 'done' || each.gathers === undefined) return false;
    const dependencies = state.plan.tasks[each.task_id]?.depends_on ?? [];
    return dependencies.some((dependency) =>
      around.get(each.gathers?.[scopeName(dependency)] ?? '')?.has(dependency.task),
    );
  });
}

/** Whether it has been told what its items are, where it gathers any. */
export function hasGathered(state: RunState, instance: Instance): boolean {
  const given = gatheredBy(state, instance);
  return Object.keys(instance.gathers ?? {}).every((scope) => given[scope] !== undefined);
}

/** Whether it is the first of an item that a person does not want. */
export function isPastFirstN(state: RunState, instance: Instance): boolean {
  if (!isFirstOfItem(state, instance)) return false;
  const { item } = scopeOf(state, instance.input_scope_id);
  return item !== null && item.index >= item.region.taken;
}

/** What an instance was given of what it gathers, by dependency scope name. */
export function gatheredBy(
  state: RunState,
  instance: Pick<Instance, 'task_id' | 'input_scope_id' | 'gathered'>,
): Readonly<Record<string, GatheredItem[]>> {
  const { item } = scopeOf(state, instance.input_scope_id);
  const shared = isFirstOfItem(state, instance) ? item?.region.gathered : undefined;
  return instance.gathered ?? shared ?? {};
}

/** The region in which too many items have failed for the instance's item to begin; null: it may. */
export function stoppedRegion(state: RunState, instance: Instance): Region | null {
  for (const item of itemsAround(state, instance.input_scope_id)) {
    if (!item.hasBegun && isStopped(state, item.region)) return item.region;
  }
  return null;
}

function isStopped(state: RunState, region: Region): boolean {
  const { stop_after: limit } = forEachOf(state, region);
  return limit !== null && region.failedItems >= limit;
}

/** Whether what the item has of the gathered task keeps those from starting that need all of them. */
export function isBarring({ open, missed, entry, isEntryMissed }: ItemGather): boolean {
  return entry === null ? open === 0 && missed > 0 : isEntryMissed;
}

/** The outermost item around the instance that has no place and needs one; null: it may begin. */
export function itemWithoutPlace(state: RunState, instance: Instance): Item | null {
  let found: Item | null = null;
  for (const item of itemsAround(state, instance.input_scope_id)) {
    if (!isAtWork(item) && forEachOf(state, item.region).max_parallel !== null) found = item;
  }
  return found;
}

export function hasRoom(state: RunState, region: Region): boolean {
  return region.atWork < (forEachOf(state, region).max_parallel ?? Infinity);
}

export function isAtWork({ hasPlace, unfinished }: Item): boolean {
  return hasPlace && unfinished > 0;
}
