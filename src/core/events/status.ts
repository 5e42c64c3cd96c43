/** Changes of an instance that several events bring. */
import type { Instance, InstanceStatus } from '../../model/run.ts';
import { releaseLocks, takeLocks } from '../state/locks.ts';
import { countMove, takePlaces } from '../state/region-counts.ts';
import { unappliedReplies } from '../state/replies.ts';
import { instanceOf, linksOf, type InstanceLinks, type RunState } from '../state/run-state.ts';

/** Of nearly all instances. */
export const noContinuations: InstanceLinks['continuations'] = {};

/** Moves an instance, and keeps the counts. */
export function setStatus(state: RunState, instance: Instance, status: InstanceStatus): void {
  const before = state.counts.running;
  if (instance.status === 'running') releaseLocks(state, instance);
  if (status === 'running') takeLocks(state, instance);
  if (state.regions.size > 0) countMove(state, instance, instance.status, status);
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
  // To delete what is not there costs as much as to delete.
  if (instance.skip_reason !== undefined) delete instance.skip_reason;
}

/** For `misfit`: null where the instance has one of these statuses. */
export function unless(
  state: RunState,
  { instance_id: id }: { instance_id: string | null },
  ...statuses: InstanceStatus[]
): string | null {
  const { status } = instanceOf(state, id);
  return statuses.includes(status) ? null : `${id} is ${status}, not ${statuses.join(' or ')}`;
}

/** For `misfit`: null where an attempt of the instance has ended, and what it came to is being recorded. */
export function unlessConcluding(
  state: RunState,
  event: { instance_id: string | null; payload: object },
): string | null {
  const running = unless(state, event, 'running');
  if (running !== null) return running;
  const { attempt, attempts } = instanceOf(state, event.instance_id);
  if (attempts.at(-1)?.finished_at === null) return `attempt ${attempt} has not ended`;
  const { attempt: named = attempt } = event.payload as { attempt?: unknown };
  return named === attempt ? null : `it is of attempt ${String(named)}, not of ${attempt}`;
}

/** For `misfit`: null where no question bars the instance. */
export function unlessAnswered(
  state: RunState,
  event: { instance_id: string | null },
): string | null {
  const [open] = instanceOf(state, event.instance_id).blocking_interrupts;
  return open === undefined ? null : `${open} is not answered`;
}

/** Whether an answer that the instance had to wait for has reached no attempt. */
export function hasUnheardAnswer(state: RunState, instanceId: string): boolean {
  return unappliedReplies(state, instanceId).some(({ interrupt }) => interrupt.blocking);
}

/** Nothing that it waited for counts any more. */
export function endWait(instance: Instance): void {
  instance.waiting_reason = null;
  if (instance.waiting_until !== undefined) delete instance.waiting_until;
}

export function makeRunnable(state: RunState, event: { instance_id: string | null }): void {
  const instance = instanceOf(state, event.instance_id);
  setStatus(state, instance, 'runnable');
  takePlaces(state, instance);
  endWait(instance);
  state.agenda.runnable.push(linksOf(state, instance.instance_id).ordinal, instance.instance_id);
}
