/** What a person, or a start after a crash, may do to a run as a whole: section 11 of the contract. */
import { createPossibleInstances } from '../plan/instances.ts';
import { instanceOf, linksOf } from '../events/evolve.ts';
import type { RunEvent } from '../events/events.ts';
import type { ProcessEnd } from '../../model/attempt.ts';
import { Recorder } from '../state/recorder.ts';
import type { Instance } from '../../model/run.ts';
import type { RunState } from '../state/run-state.ts';

export interface Revival {
  events: RunEvent[];
  /** What a plain resume leaves alone: failed instances, and those that an abort skipped. */
  leftAlone: Instance[];
}

/** `run resume`: failed instances that are worth another try go back; those skipped below them follow. */
export function reviveFailed(state: RunState, now: string): Revival {
  const recorder = new Recorder(state, now);
  const leftAlone: Instance[] = [];
  for (const instance of state.instances.values()) {
    if (isSkippedByAbort(state, instance)) leftAlone.push(instance);
    if (instance.status !== 'failed') continue;
    if (instance.resume_recommended) {
      recorder.emit('instance_requeued', instance.instance_id, {
        reason: 'resume',
        granted_iterations: 0,
      });
    } else leftAlone.push(instance);
  }
  return { events: recorder.events, leftAlone };
}

export type Retry = { ok: true; events: RunEvent[] } | { ok: false; reason: string };

/** `run retry-instance`: forces one failed instance, or one that an abort skipped. */
export function retryInstance(
  state: RunState,
  instanceId: string,
  grantIterations: number,
  now: string,
): Retry {
  const instance = instanceOf(state, instanceId);
  if (instance.status !== 'failed' && !isSkippedByAbort(state, instance)) {
    const above = blockedUpstream(state, instanceId);
    const why =
      instance.status === 'skipped' && above !== null
        ? `; retry ${rootCause(state, above)} above it`
        : '';
    return { ok: false, reason: `instance ${instanceId} is ${instance.status}, not failed${why}` };
  }
  const control = state.plan.tasks[instance.task_id]?.control;
  if (grantIterations > 0 && control?.mode !== 'loop') {
    return {
      ok: false,
      reason: `task ${instance.task_id} is no loop controller: it takes no iterations`,
    };
  }
  const recorder = new Recorder(state, now);
  recorder.emit('instance_requeued', instanceId, {
    reason: 'retry',
    granted_iterations: grantIterations,
  });
  return { ok: true, events: recorder.events };
}

/** Skipped though nothing above it failed: only a retry brings it back. */
export function isSkippedByAbort(state: RunState, instance: Instance): boolean {
  return instance.status === 'skipped' && linksOf(state, instance.instance_id).blocked === 0;
}

/** The instance whose retry brings back what is skipped below it. */
function rootCause(state: RunState, instanceId: string): string {
  const above = blockedUpstream(state, instanceId);
  return above === null ? instanceId : rootCause(state, above);
}

const ABORTED = 'run aborted by user';

/**
 * `run abort`, after every process was stopped: the unstarted are skipped, the rest has failed. `ends`:
 * how the attempts ended that were still running. A run that is done stays done.
 */
export function abortRun(
  state: RunState,
  now: string,
  ends: ReadonlyMap<string, ProcessEnd> = new Map(),
): RunEvent[] {
  const recorder = new Recorder(state, now);
  // So that nothing comes to be after the abort that it did not skip.
  createPossibleInstances(recorder);
  for (const [id, facts] of ends) {
    const { attempt, attempts } = instanceOf(state, id);
    if (attempts.at(-1)?.finished_at !== null) continue;
    recorder.emit('attempt_finished', id, { attempt, ...facts });
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
  recorder.emit('run_aborted', null, {});
  return recorder.events;
}

/** An upstream instance that is failed or skipped, or null. */
export function blockedUpstream(state: RunState, instanceId: string): string | null {
  const blocked = linksOf(state, instanceId).upstream.find((id) => {
    const { status } = instanceOf(state, id);
    return status === 'failed' || status === 'skipped';
  });
  return blocked ?? null;
}
