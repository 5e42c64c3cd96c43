/** `run abort`, section 11 of the contract. */
import type { ProcessEnd } from '../../model/attempt.ts';
import { attemptFinished } from '../events/attempt.ts';
import type { RunEvent } from '../events/events.ts';
import { closeQuestions } from '../plan/close-questions.ts';
import { createPossibleInstances } from '../plan/instances.ts';
import { blockedUpstream } from '../state/blocked.ts';
import { Recorder } from '../state/recorder.ts';
import { instanceOf, type RunState } from '../state/run-state.ts';

const ABORTED = 'run aborted by user';

/**
 * `run abort`, after every process was stopped: the unstarted are skipped, the rest has failed. `ends`:
 * how the attempts ended that were still running. A run that is done stays done.
 */
export function abortRun(
  state: RunState,
  ends: ReadonlyMap<string, ProcessEnd>,
  now: string,
): RunEvent[] {
  const recorder = new Recorder(state, now);
  // So that nothing comes to be after the abort that it did not skip.
  createPossibleInstances(recorder);
  for (const [id, end] of ends) {
    const { attempt, attempts } = instanceOf(state, id);
    if (attempts.at(-1)?.finished_at !== null) continue;
    recorder.emit('attempt_finished', id, attemptFinished(attempt, end));
  }
  const open = [...state.instances.values()].filter(
    ({ status }) => status !== 'done' && status !== 'failed' && status !== 'skipped',
  );
  if ([...state.instances.values()].every(({ status }) => status === 'done')) {
    return recorder.events;
  }
  for (const { instance_id: id, attempt } of open) {
    if (attempt === 0) continue;
    recorder.emit('instance_failed', id, {
      error: ABORTED,
      failure_kind: null,
      failure_summary: ABORTED,
      termination_reason: 'terminated',
      resume_recommended: false,
    });
  }
  // In creation order, so that what was to come after a skipped instance names it, and follows its retry.
  for (const { instance_id: id, attempt } of open) {
    if (attempt > 0) continue;
    recorder.emit('instance_skipped', id, {
      reason: ABORTED,
      caused_by_instance_id: blockedUpstream(state, id),
    });
  }
  // Last: with a question closed, and its instance not failed yet, a crash would leave one that goes on.
  closeQuestions(recorder, 'run_aborted');
  recorder.emit('run_aborted', null, {});
  return recorder.events;
}
