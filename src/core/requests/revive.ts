/** `run resume`, section 11 of the contract: what is worth another try, and what is left alone. */
import type { Instance } from '../../model/run.ts';
import type { RunEvent } from '../events/events.ts';
import { isSkippedByAbort } from '../state/blocked.ts';
import { Recorder } from '../state/recorder.ts';
import type { RunState } from '../state/run-state.ts';
import { isOverForGood } from '../state/standing.ts';

/** Failed instances that are worth another try go back; those skipped below them follow. */
export function reviveFailed(state: RunState, now: string): RunEvent[] {
  const recorder = new Recorder(state, now);
  for (const { status, resume_recommended, instance_id: id } of state.instances.values()) {
    if (status !== 'failed' || !resume_recommended) continue;
    recorder.emit('instance_requeued', id, { reason: 'resume', granted_iterations: 0 });
  }
  return recorder.events;
}

/**
 * What a resume would leave alone, in creation order: failed instances that are not worth another try as
 * they are, and those that an abort skipped which was taken back. Only a retry brings them back. In an aborted
 * run nothing does.
 */
export function leftAlone(state: RunState): Instance[] {
  if (isOverForGood(state)) return [];
  return [...state.instances.values()].filter(
    (instance) =>
      (instance.status === 'failed' && !instance.resume_recommended) ||
      isSkippedByAbort(state, instance),
  );
}
