/** What stands in an instance's way above it. */
import { scopeName } from '../../model/program.ts';
import type { Instance } from '../../model/run.ts';
import { instanceOf, linksOf, taskOf, type RunState } from './run-state.ts';

/** An upstream instance that is failed or skipped, or null. */
export function blockedUpstream(state: RunState, instanceId: string): string | null {
  const blocked = linksOf(state, instanceId).upstream.find((id) => {
    const { status } = instanceOf(state, id);
    if (status !== 'failed' && status !== 'skipped') return false;
    return !isDoneWithout(state, instanceId, id);
  });
  return blocked ?? null;
}

/** Skipped though nothing above it failed: only a retry brings it back. */
export function isSkippedByAbort(state: RunState, instance: Instance): boolean {
  if (instance.status !== 'skipped' || instance.skip_reason === 'condition') return false;
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
