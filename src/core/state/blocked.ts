/** What stands in an instance's way above it. */
import type { Instance } from '../../model/run.ts';
import { instanceOf, linksOf, type RunState } from './run-state.ts';

/** An upstream instance that is failed or skipped, or null. */
export function blockedUpstream(state: RunState, instanceId: string): string | null {
  const blocked = linksOf(state, instanceId).upstream.find((id) => {
    const { status } = instanceOf(state, id);
    return status === 'failed' || status === 'skipped';
  });
  return blocked ?? null;
}

/** Skipped though nothing above it failed: only a retry brings it back. */
export function isSkippedByAbort(state: RunState, instance: Instance): boolean {
  return instance.status === 'skipped' && linksOf(state, instance.instance_id).blocked === 0;
}
