/** `run resume`, section 11 of the contract: what is worth another try, and what is left alone. */
import type { Instance } from '../../model/run.ts';
import type { RunEvent } from '../events/events.ts';
import { isSkippedByAbort } from '../state/blocked.ts';
import { Recorder } from '../state/recorder.ts';
import type { RunState } from '../state/run-state.ts';
import { isOrphaned, isOverForGood } from '../state/standing.ts';

/** Failed instances that are worth another try go back, with `orphaned` also those of whose end nobody knows; those skipped below them follow. */
export function reviveFailed(state: RunState, now: string, orphaned = false): RunEvent[] {
  const recorder = new Recorder(state, now);
  for (const instance of state.instances.values()) {
    if (instance.status !== 'failed') continue;
    if (!instance.resume_recommended && !(orphaned && isOrphaned(instance))) continue;
    const { instance_id: id } = instance;
    recorder.emit('instance_requeued', id, { reason: 'resume', granted_iterations: 0 });
  }
  return recorder.events;
}

/**
 * What a resume would leave alone, in creation order: failed instances that are not worth another try as
 * they are, and those that an abort skipped which was taken back. Only a retry brings them back. In an aborted
 * run nothing does.
 */
export function leftAlone(state: RunState, orphaned = false): Instance[] {
  if (isOverForGood(state)) return [];
  return [...state.instances.values()].filter(
    (instance) =>
      (instance.status === 'failed' &&
        !instance.resume_recommended &&
        !(orphaned && isOrphaned(instance))) ||
      isSkippedByAbort(state, instance),
  );
}
