/** Changes of an instance that several events bring. */
import type { Instance, InstanceStatus } from '../../model/run.ts';
import type { RunState } from '../state/run-state.ts';

/** Moves an instance, and keeps the counts. */
export function setStatus(state: RunState, instance: Instance, status: InstanceStatus): void {
  const before = state.counts.running;
  state.counts[instance.status] -= 1;
  state.counts[status] += 1;
  countWork(state, before);
  instance.status = status;
}

function countWork(state: RunState, runningBefore: number): void {
  const { running } = state.counts;
  if (runningBefore === 0 && running > 0) state.workingSince = state.updatedAt;
  if (runningBefore === 0 || running > 0 || state.workingSince === null) return;
  state.workedMs += Date.parse(state.updatedAt) - Date.parse(state.workingSince);
  state.workingSince = null;
}

/** Forgets how the last attempt ended, before the next. */
export function clearOutcome(instance: Instance): void {
  instance.error = null;
  instance.termination_reason = null;
  instance.failure_kind = null;
  instance.failure_summary = null;
  instance.resume_recommended = false;
  instance.finished_at = null;
}
