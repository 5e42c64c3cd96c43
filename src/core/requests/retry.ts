/** `run retry-instance`, section 11 of the contract. */
import { blockedUpstream, isSkippedByAbort } from '../state/blocked.ts';
import type { Instance } from '../../model/run.ts';
import { Recorder } from '../state/recorder.ts';
import { isWaitingForLimit } from '../state/usage-limits.ts';
import type { RunState } from '../state/run-state.ts';
import { isDelayed, isOverForGood } from '../state/standing.ts';
import { refuse, type Decision } from './decision.ts';

/** null where a retry may be asked for. */
export function refuseAborted(state: RunState): Decision | null {
  if (!isOverForGood(state)) return null;
  return refuse('run-aborted', `run ${state.runId} was aborted: nothing in it can go on`);
}

export interface RetryWish {
  grantIterations: number;
  newSession: boolean;
  /** Make its tree anew. */
  freshTree: boolean;
}

/** Forces one failed instance, one that waits to be tried again, or one that an abort skipped. */
export function retryInstance(
  state: RunState,
  instanceId: string,
  { grantIterations, newSession, freshTree }: RetryWish,
  now: string,
): Decision {
  const instance = state.instances.get(instanceId);
  if (!instance) return refuse('no-instance', `the run has no instance ${instanceId}`);
  const isUp = instance.status === 'failed' || isDelayed(instance);
  if (isWaitingForLimit(instance)) {
    return notRetryable(
      `instance ${instanceId} waits for a usage limit to end: codex-orch limits clear does not wait`,
    );
  }
  if (!isUp && !isSkippedByAbort(state, instance)) {
    const above = blockedUpstream(state, instanceId);
    const why =
      instance.skip_reason === 'condition'
        ? `: its condition did not hold (${instance.error ?? ''})`
        : instance.status === 'skipped' && above !== null
          ? `; retry ${rootCause(state, above)} above it`
          : ofItems(instance);
    return notRetryable(`instance ${instanceId} is ${instance.status}, not failed${why}`);
  }
  const control = state.plan.tasks[instance.task_id]?.control;
  if (grantIterations > 0 && control?.mode !== 'loop') {
    return notRetryable(`task ${instance.task_id} is no loop controller: it takes no iterations`);
  }
  const recorder = new Recorder(state, now);
  if (newSession && instance.session_id !== null) {
    const reason = 'a new one was asked for';
    recorder.emit('session_lost', instanceId, { session_id: instance.session_id, reason });
  }
  if (freshTree && (instance.workspace?.directory ?? null) !== null) {
    recorder.emit('workspace_reset', instanceId, {});
  }
  recorder.emit('instance_requeued', instanceId, {
    reason: 'retry',
    granted_iterations: grantIterations,
  });
  return { ok: true, events: recorder.events };
}

/** Why an item was not begun, as a clause; empty where it was, or is none. */
function ofItems({ skip_reason: reason, error }: Instance): string {
  return reason === 'first_n' || reason === 'stop_after' ? `: ${error ?? ''}` : '';
}

/** The instance whose retry brings back what is skipped below it. */
function rootCause(state: RunState, instanceId: string): string {
  const above = blockedUpstream(state, instanceId);
  return above === null ? instanceId : rootCause(state, above);
}

function notRetryable(reason: string): Decision {
  return refuse('not-retryable', reason);
}
