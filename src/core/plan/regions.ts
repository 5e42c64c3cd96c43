/** How a list becomes items, and what is given to whoever gathers them: section 17 of the contract. */
import { derivedId } from '../../model/ids.ts';
import type { Json } from '../../model/json.ts';
import { scopeName, type ForEach } from '../../model/program.ts';
import { parseReference } from '../../model/references.ts';
import type { Instance } from '../../model/run.ts';
import { keysOfItems } from '../../text/item-keys.ts';
import { kindOfValue, shown } from '../../text/shown.ts';
import { openChooser } from '../state/choosers.ts';
import { chosenAbout } from '../state/questions.ts';
import { isSameGathered, itemsGathered } from '../state/region-counts.ts';
import {
  forEachOf,
  hasRoom,
  isFirstOfItem,
  isHead,
  itemsAround,
  stoppedRegion,
} from '../state/regions.ts';
import type { Recorder } from '../state/recorder.ts';
import {
  linksOf,
  taskOf,
  type Item,
  type Node,
  type Region,
  type RunState,
} from '../state/run-state.ts';
import { askAboutItems } from './ask-items.ts';
import { failUnstarted } from './fail-unstarted.ts';
import { referredValue, type Facts } from './facts.ts';

/** Opens the region for which the instance stands; or fails it, or asks a person first. */
export function openHead(recorder: Recorder, facts: Facts, head: Instance): void {
  const { state } = recorder;
  const { for_each: forEach } = taskOf(state, head);
  if (forEach === undefined) return;
  const list = listOf(state, facts, head, forEach);
  if (!list.ok) return failUnstarted(recorder, head, `for_each.items: ${list.why}`, 'items');
  const { items } = list;
  const taken = takenOf(state, head, items.length, forEach);
  if (taken === null) return askAboutItems(recorder, facts, head, items);
  recorder.emit('region_opened', head.instance_id, {
    task_id: head.task_id,
    count: items.length,
    taken,
    given_by_instance_id: giverOf(head, forEach, taskOf(state, head).depends_on.map(scopeName)),
  });
}

/** How many of the items there are to be; null: a person has to say so first. */
function takenOf(
  state: RunState,
  head: Instance,
  count: number,
  { ask_above: limit }: ForEach,
): number | null {
  if (limit === null || count <= Math.max(limit, state.plan.yes_items ?? 0)) return count;
  const chosen = chosenAbout(state, 'items', head.instance_id);
  if (chosen === null) return null;
  if (chosen.choice === 'all') return count;
  return chosen.choice === 'none' ? 0 : Math.min(count, chosen.amounts['n'] ?? 0);
}

type List =
  { ok: true; items: readonly Json[]; keys: readonly string[] } | { ok: false; why: string };

function listOf(
  state: RunState,
  facts: Facts,
  node: Node & Pick<Instance, 'gathered'>,
  { items: source, key, max_items: most }: ForEach,
): List {
  const where = typeof source === 'string' ? source : 'the list';
  const found =
    typeof source === 'string'
      ? referredValue(state, facts, node, source)
      : ({ ok: true, value: source } as const);
  if (!found.ok) return { ok: false, why: `${where} is missing: ${found.reason}` };
  const { value: list } = found;
  if (!Array.isArray(list)) {
    return { ok: false, why: `${where} is ${kindOfValue(list)}, not a list: ${shown(list)}` };
  }
  if (list.length > most) {
    const why = `${where} has ${list.length} items, and max_items is ${most}: ${shown(list)}`;
    return { ok: false, why };
  }
  const { keys, problems } = keysOfItems(list, key);
  const [first] = problems;
  if (first === undefined) return { ok: true, items: list, keys };
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  const why = `item ${first.index} of ${where} ${first.reason}${more}: ${shown(list[first.index])}`;
  return { ok: false, why };
}

/** The instance whose result the list is; null: no single one's. */
function giverOf(
  { dependency_instances: bound }: Instance,
  { items }: ForEach,
  scopes: readonly string[],
): string | null {
  if (typeof items !== 'string') return null;
  const parsed = parseReference(items, scopes);
  if (!parsed.ok || parsed.reference.kind !== 'dep_result') return null;
  return bound[parsed.reference.scope] ?? null;
}

/** Makes the items of regions that lack some: all of them come before anything else is looked at. */
export function makeItems(recorder: Recorder, facts: Facts): void {
  const { state } = recorder;
  const { opening } = state.agenda;
  for (let id = opening.take(); id !== undefined; id = opening.take()) {
    const region = state.regions.get(id);
    if (region !== undefined && !state.aborted) makeItemsOf(recorder, facts, region);
  }
}

function makeItemsOf(recorder: Recorder, facts: Facts, region: Region): void {
  const { state } = recorder;
  const forEach = forEachOf(state, region);
  const list = listOf(state, facts, region, forEach);
  if (!list.ok) throw new Error(`the list of ${region.region_id} was another: ${list.why}`);
  const { task_id: task, region_id: id } = region;
  for (let index = region.items.length; index < region.count; index += 1) {
    recorder.emit('input_scope_created', null, {
      input_scope_id: freshScopeId(state, id, index),
      parent_input_scope_id: region.input_scope_id,
      seed_task_ids: [task],
      values: { [forEach.as]: list.items[index] ?? null, [`${forEach.as}_index`]: index },
      created_by_instance_id: region.givenBy,
      item: { task, index, key: list.keys[index] ?? String(index) },
      region_id: id,
    });
  }
}

function freshScopeId(state: RunState, regionId: string, index: number): string {
  for (let salt = 0; ; salt += 1) {
    const id = derivedId('scope', `${state.runId}/${regionId}/${index}`, salt);
    if (!state.scopes.has(id)) return id;
  }
}

/** Records what an instance that gathers is given, right before it goes on. */
export function gatherItems(recorder: Recorder, instance: Instance): void {
  const { state } = recorder;
  const { instance_id: id } = instance;
  if (instance.gathers === undefined) return;
  // All items of a region have what was gathered for its list.
  if (isFirstOfItem(state, instance)) return;
  const gathered = itemsGathered(state, instance);
  if (gathered === null || isSameGathered(gathered, instance.gathered ?? {})) return;
  recorder.emit('items_gathered', id, { gathered });
}

// ---- items at a time ------------------------------------------------------------------------------

/** Has an instance that is ready wait until its item has a place. */
export function hold({ agenda }: RunState, item: Item, { instance_id: id }: Instance): void {
  const { region_id: regionId } = item.region;
  agenda.held.add(regionId, item.index, item.scopeId, id);
  agenda.rooms.push(regionId);
}

/**
 * What a log left held it does not say: once, all that could be is looked at. Also where its item has its place by now: a
 * log may end between two instances of the item that was let in.
 */
export function lookAtHeld(state: RunState): void {
  const { agenda, instances, regions } = state;
  if (agenda.held.isKnown) return;
  agenda.held.isKnown = true;
  if (![...regions.values()].some((region) => forEachOf(state, region).max_parallel !== null))
    return;
  for (const instance of instances.values()) {
    if (instance.status === 'pending' && isInLimited(state, instance)) {
      agenda.unsettled.push(instance.instance_id);
    }
  }
}

/** Whether an item around it may have to wait for a place. */
function isInLimited(state: RunState, { input_scope_id: scopeId }: Instance): boolean {
  return itemsAround(state, scopeId).some(
    ({ region }) => forEachOf(state, region).max_parallel !== null,
  );
}

/** Lets in the first item for which its region has room. False where there is none. */
export function letIn(recorder: Recorder): boolean {
  const { state } = recorder;
  const { rooms, held, unsettled } = state.agenda;
  for (let id = rooms.peek(); id !== undefined; id = rooms.peek()) {
    const region = state.regions.get(id);
    const ids = region && hasRoom(state, region) ? held.take(id) : undefined;
    if (ids === undefined) {
      rooms.take();
      continue;
    }
    const ready = ids
      .filter((each) => isReady(state, each))
      // Of items within the item, the first, in whatever order they were looked at.
      .sort((a, b) => linksOf(state, a).ordinal - linksOf(state, b).ordinal);
    const [first] = ready;
    if (first === undefined) continue;
    recorder.emit('instance_runnable', first, {});
    for (const each of ready.slice(1)) unsettled.push(each);
    return true;
  }
  return false;
}

/** Whether it could go on, but for a place of its item. */
function isReady(state: RunState, instanceId: string): boolean {
  const instance = state.instances.get(instanceId);
  if (instance?.status !== 'pending' || isHead(state, instance)) return false;
  const { blocked, unfinished } = linksOf(state, instanceId);
  if (blocked > 0 || unfinished > 0 || instance.blocking_interrupts.length > 0) return false;
  return openChooser(state, instance) === null && stoppedRegion(state, instance) === null;
}
