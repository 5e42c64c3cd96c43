/** What is counted of the instances within the items of regions. `evolve` alone calls it. */
import { scopeName, type Dependency } from '../../model/program.ts';
import type { GatheredItem, Instance, InstanceStatus } from '../../model/run.ts';
import {
  instanceOf,
  linksOf,
  taskOf,
  type Item,
  type ItemGather,
  type Region,
  type RunState,
} from './run-state.ts';
import { failedLeading } from './blocked.ts';
import { scopeOf, scopesBelow } from './scope-index.ts';
import type { GatheredTask } from './task-graph.ts';
import { forEachOf, isAtWork, isBarring, itemsAround } from './regions.ts';

/** The region takes the place of the instance that stood for it. */
export function openRegion(
  state: RunState,
  head: Instance,
  opened: Pick<Region, 'count' | 'taken' | 'givenBy'>,
): void {
  const { instance_id: id, gathers, gathered } = head;
  const region: Region = {
    region_id: id,
    task_id: head.task_id,
    input_scope_id: head.input_scope_id,
    dependency_instances: head.dependency_instances,
    activation_bindings: head.activation_bindings,
    ...(gathers === undefined ? {} : { gathers }),
    ...(gathered === undefined ? {} : { gathered }),
    ...opened,
    items: [],
    failed: new Set(),
    failedItems: 0,
    atWork: 0,
    gathering: gatheredOf(state, head.task_id).map(({ task }) => ({
      task,
      open: opened.count,
      barring: new Set(),
    })),
  };
  countMove(state, head, 'pending', null);
  state.counts.pending -= 1;
  state.instances.delete(id);
  state.regions.set(id, region);
  for (const below of linksOf(state, id).downstream) {
    linksOf(state, below).unfinished -= 1;
    bindToRegion(state, instanceOf(state, below), region);
    state.agenda.unsettled.push(below);
  }
  if (opened.count > 0) state.agenda.opening.push(id);
}

/** Adds what the region is to whoever gathers it, as far as that is not met yet. */
export function bindToRegion(state: RunState, instance: Instance, region: Region): void {
  const links = linksOf(state, instance.instance_id);
  for (const { open, barring, gather } of edgesTo(state, instance, region)) {
    if (open > 0) links.unfinished += 1;
    if (gather === 'all' && barring.size > 0) links.blocked += 1;
  }
}

export function addItem(state: RunState, region: Region, scopeId: string): Item {
  const outer = scopeOf(state, region.input_scope_id).item;
  const item: Item = {
    region,
    index: region.items.length,
    scopeId,
    chain: [],
    depth: (outer?.depth ?? 0) + 1,
    unfinished: 0,
    failed: 0,
    hasBegun: false,
    hasPlace: false,
    gathering: [],
  };
  item.chain = [item, ...(outer?.chain ?? [])];
  region.items.push(item);
  return item;
}

/** An attempt of the instance has begun. */
export function beginItems(state: RunState, { input_scope_id: scopeId }: Instance): void {
  for (const item of itemsAround(state, scopeId)) item.hasBegun = true;
}

/** The instance may begin: from now on its items count as being at work. */
export function takePlaces(state: RunState, { input_scope_id: scopeId }: Instance): void {
  for (const item of itemsAround(state, scopeId)) {
    if (!item.hasPlace && item.unfinished > 0) item.region.atWork += 1;
    item.hasPlace = true;
  }
}

/** The instance is about to go back: where all in its item is over, it has to wait for a place again. */
export function losePlaces(state: RunState, { input_scope_id: scopeId }: Instance): void {
  for (const item of itemsAround(state, scopeId)) if (!isAtWork(item)) item.hasPlace = false;
}

/** An instance comes to be (`before` null), changes its status, or gives way to its region (`after` null). */
export function countMove(
  state: RunState,
  instance: Instance,
  before: InstanceStatus | null,
  after: InstanceStatus | null,
): void {
  for (const item of itemsAround(state, instance.input_scope_id)) {
    countWork(state, item, Number(isOpen(after)) - Number(isOpen(before)));
    countFailure(state, item, instance.instance_id, before, after);
    const isFirst = item.gathering.length === 0;
    for (const [at, gathered] of gatheredOf(state, item.region.task_id).entries()) {
      if (isFirst) item.gathering.push(newGather());
      if (!gathered.leading.has(instance.task_id)) continue;
      const gather = item.gathering[at]!;
      const [wasOpen, wasBarring] = [isFirst || gather.open > 0, isBarring(gather)];
      countLeading(gather, gathered, instance, before, after);
      if (wasOpen !== gather.open > 0) countOpen(state, item.region, at, !wasOpen);
      if (wasBarring !== isBarring(gather)) countBarring(state, item, at, !wasBarring);
    }
  }
}

function newGather(): ItemGather {
  return { open: 0, missed: 0, entry: null, isEntryMissed: false };
}

function countLeading(
  gather: ItemGather,
  { task }: GatheredTask,
  instance: Instance,
  before: InstanceStatus | null,
  after: InstanceStatus | null,
): void {
  gather.open += Number(isOpen(after)) - Number(isOpen(before));
  const isNowMissed = isMissed(instance, after);
  gather.missed += Number(isNowMissed) - Number(isMissed(instance, before));
  if (instance.task_id !== task) return;
  if (before === null) gather.entry = instance.instance_id;
  if (gather.entry === instance.instance_id) gather.isEntryMissed = isNowMissed;
}

function countOpen(state: RunState, region: Region, at: number, isOpened: boolean): void {
  const gather = region.gathering[at]!;
  const wasOpen = gather.open > 0;
  gather.open += isOpened ? 1 : -1;
  if (wasOpen === gather.open > 0) return;
  for (const { below, edges } of gatherersOf(state, region, gather.task)) {
    linksOf(state, below).unfinished += isOpened ? edges.length : -edges.length;
  }
}

function countBarring(state: RunState, item: Item, at: number, isBarred: boolean): void {
  const { task, barring } = item.region.gathering[at]!;
  const wasBarring = barring.size > 0;
  if (isBarred) barring.add(item);
  else barring.delete(item);
  if (wasBarring === barring.size > 0) return;
  for (const { below, edges } of gatherersOf(state, item.region, task)) {
    const needing = edges.filter(({ gather }) => gather === 'all').length;
    linksOf(state, below).blocked += isBarred ? needing : -needing;
  }
}

/** Who gathers the task of the region, by which dependencies; planning looks at them again. */
function* gatherersOf(
  state: RunState,
  region: Region,
  task: string,
): Generator<{ below: string; edges: Dependency[] }> {
  for (const below of linksOf(state, region.region_id).downstream) {
    const instance = state.instances.get(below);
    // A region of its own by now.
    if (instance === undefined) continue;
    const all = taskOf(state, instance).depends_on;
    state.agenda.unsettled.push(below);
    yield { below, edges: all.filter((each) => each.gather !== undefined && each.task === task) };
  }
}

function edgesTo(state: RunState, instance: Instance, region: Region) {
  return taskOf(state, instance).depends_on.flatMap(({ task, gather }) => {
    const found = region.gathering.find((each) => each.task === task);
    return gather === undefined || found === undefined ? [] : [{ ...found, gather }];
  });
}

function countWork(state: RunState, item: Item, more: number): void {
  const wasAtWork = isAtWork(item);
  item.unfinished += more;
  if (wasAtWork === isAtWork(item)) return;
  item.region.atWork += wasAtWork ? -1 : 1;
  if (wasAtWork) state.agenda.rooms.push(item.region.region_id);
}

function countFailure(
  state: RunState,
  item: Item,
  instanceId: string,
  before: InstanceStatus | null,
  after: InstanceStatus | null,
): void {
  const more = Number(after === 'failed') - Number(before === 'failed');
  if (more === 0) return;
  const { region } = item;
  if (more > 0) region.failed.add(instanceId);
  else region.failed.delete(instanceId);
  const hadFailed = item.failed > 0;
  item.failed += more;
  if (hadFailed === item.failed > 0) return;
  region.failedItems += more;
  const { stop_after: limit } = forEachOf(state, region);
  if (limit === null || Math.max(region.failedItems, region.failedItems - more) !== limit) return;
  for (const each of region.items) if (!each.hasBegun) lookAgainAt(state, each);
}

/** All in an item that has not begun: it may not begin any more, or may again. */
function lookAgainAt(state: RunState, item: Item): void {
  for (const scopeId of [item.scopeId, ...scopesBelow(state, item.scopeId)]) {
    for (const ids of scopeOf(state, scopeId).instancesOf.values()) {
      for (const id of ids) if (state.instances.has(id)) state.agenda.unsettled.push(id);
    }
  }
}

/**
 * What a gathering instance is given, by dependency scope name: how each item stands now. `namesFailed`: of an item in
 * which nothing of the gathered task came to be, what failed on the way to it.
 */
export function itemsGathered(
  state: RunState,
  instance: Instance,
  { namesFailed = true } = {},
): Record<string, GatheredItem[]> | null {
  const { gathers } = instance;
  if (gathers === undefined) return null;
  const named = taskOf(state, instance).depends_on.flatMap((dependency) => {
    const region = state.regions.get(gathers[scopeName(dependency)] ?? '');
    if (dependency.gather === undefined || region === undefined) return [];
    const at = region.gathering.findIndex(({ task }) => task === dependency.task);
    const items = region.items.map((item) => {
      const entry = item.gathering[at]?.entry ?? null;
      return gatheredItem(state, entry ?? (namesFailed ? failedLeading(state, item, at) : null));
    });
    return [[scopeName(dependency), items] as const];
  });
  return Object.fromEntries(named);
}

function gatheredItem(state: RunState, entry: string | null): GatheredItem {
  const status = entry === null ? 'skipped' : instanceOf(state, entry).status;
  const isOver = status === 'done' || status === 'failed';
  return { instance_id: entry, status: isOver ? status : 'skipped' };
}

/** Whether the same was gathered. */
export function isSameGathered(
  a: Readonly<Record<string, GatheredItem[]>>,
  b: Readonly<Record<string, GatheredItem[]>>,
): boolean {
  const scopes = Object.keys(a);
  return (
    scopes.length === Object.keys(b).length &&
    scopes.every((scope) => {
      const [items, others] = [a[scope] ?? [], b[scope]];
      return (
        items.length === others?.length &&
        items.every(
          ({ instance_id, status }, index) =>
            others[index]?.instance_id === instance_id && others[index].status === status,
        )
      );
    })
  );
}

function gatheredOf({ graph }: RunState, region: string): readonly GatheredTask[] {
  return graph.gathered.get(region) ?? [];
}

function isOpen(status: InstanceStatus | null): boolean {
  return status !== null && status !== 'done' && status !== 'failed' && status !== 'skipped';
}

function isMissed({ skip_reason: why }: Instance, status: InstanceStatus | null): boolean {
  if (status === 'failed') return true;
  return status === 'skipped' && why !== 'condition' && why !== 'first_n';
}
