/** What stands in an instance's way above it. */
import { scopeName } from '../../model/program.ts';
import type { Instance, InstanceStatus } from '../../model/run.ts';
import { instanceOf, linksOf, taskOf, type Item, type Region, type RunState } from './run-state.ts';
import { scopeOf, scopesBelow } from './scope-index.ts';

/** An upstream instance that is failed or skipped, or one of the items that it needs all of; or null. */
export function blockedUpstream(state: RunState, instanceId: string): string | null {
  for (const id of linksOf(state, instanceId).upstream) {
    const region = state.regions.get(id);
    if (region !== undefined) {
      const barring = barringInstance(state, instanceOf(state, instanceId), region);
      if (barring !== null) return barring;
      continue;
    }
    if (isBlocking(instanceOf(state, id).status) && !isDoneWithout(state, instanceId, id)) {
      return id;
    }
  }
  return null;
}

export function isBlocking(status: InstanceStatus): boolean {
  return status === 'failed' || status === 'skipped';
}

/** Of the items that an instance needs all of. */
function barringInstance(state: RunState, instance: Instance, region: Region): string | null {
  for (const { task, gather } of taskOf(state, instance).depends_on) {
    const at = region.gathering.findIndex((each) => each.task === task);
    const [item] = region.gathering[at]?.barring ?? [];
    if (gather !== 'all' || item === undefined) continue;
    return item.gathering[at]?.entry ?? leadingInstance(state, item, at, isBlocking);
  }
  return null;
}

/** What failed in an item, so that nothing of what is gathered came to be there; null: nothing of what leads to it did. */
export function failedLeading(state: RunState, item: Item, at: number): string | null {
  const isMissed = (item.gathering[at]?.missed ?? 0) > 0;
  if (item.failed === 0 || !isMissed) return null;
  return leadingInstance(state, item, at, (status) => status === 'failed');
}

/** The first instance in an item that leads to what is gathered, and stands so. */
function leadingInstance(
  state: RunState,
  item: Item,
  at: number,
  stands: (status: InstanceStatus) => boolean,
): string | null {
  const leading = state.graph.gathered.get(item.region.task_id)?.[at]?.leading;
  for (const scopeId of [item.scopeId, ...scopesBelow(state, item.scopeId)]) {
    for (const [task, ids] of scopeOf(state, scopeId).instancesOf) {
      if (leading?.has(task) !== true) continue;
      const found = ids.find((id) => stands(state.instances.get(id)?.status ?? 'done'));
      if (found !== undefined) return found;
    }
  }
  return null;
}

/** Skipped though nothing above it failed: only a retry brings it back. */
export function isSkippedByAbort(state: RunState, instance: Instance): boolean {
  const { status, skip_reason: why } = instance;
  if (status !== 'skipped' || why === 'condition' || why === 'first_n' || why === 'stop_after') {
    return false;
  }
  return linksOf(state, instance.instance_id).blocked === 0;
}

/** Whether what depends on it goes on without it: it was skipped by its condition, and is named as optional only. */
export function isDoneWithout(state: RunState, downstreamId: string, upstreamId: string): boolean {
  if (instanceOf(state, upstreamId).skip_reason !== 'condition') return false;
  const downstream = instanceOf(state, downstreamId);
  return taskOf(state, downstream).depends_on.every(
    (dependency) =>
      downstream.dependency_instances[scopeName(dependency)] !== upstreamId ||
      dependency.optional === true,
  );
}
