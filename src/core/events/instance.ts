/** Events of instances: how one moves from status to status, to its end. */
import type { FailureKind, Instance, SkipReason, TerminationReason } from '../../model/run.ts';
import { decidesByRules, type TaskSpec } from '../../model/program.ts';
import { lookAtGatherers } from '../state/choosers.ts';
import { dueCheck, failedChecks } from '../state/checks.ts';
import { isBlocking, isDoneWithout, isSkippedByAbort } from '../state/blocked.ts';
import { losePlaces } from '../state/region-counts.ts';
import { hasGathered, isHead, isPastFirstN, itemsAround, stoppedRegion } from '../state/regions.ts';
import { instanceOf, linksOf, taskOf, type RunState } from '../state/run-state.ts';
import { isDelayed, isOrphaned } from '../state/standing.ts';
import { reopenUnsaid } from './interrupt.ts';
import { grantIterations, leastControlEvents } from './scope.ts';
import type { Family, LoggedEvent } from './spec.ts';
import {
  clearOutcome,
  endWait,
  hasUnheardAnswer,
  makeRunnable,
  noContinuations,
  setStatus,
  unless,
  unlessAnswered,
  unlessConcluding,
} from './status.ts';

/** Why an instance goes back to `pending`. */
type RequeueReason = 'resume' | 'retry' | 'upstream_retried' | 'session_lost';

interface InstanceRequeued {
  reason: RequeueReason;
  granted_iterations: number;
}

interface InstanceSkipped {
  reason: string;
  caused_by_instance_id: string | null;
  /** Left out: what follows from the cause. */
  skip_reason?: SkipReason;
}

interface InstanceFailed {
  error: string;
  failure_kind: FailureKind | null;
  failure_summary: string | null;
  termination_reason: TerminationReason | null;
  resume_recommended: boolean;
}

export interface InstanceEvents {
  instance_runnable: Record<string, never>;
  instance_resumed: Record<string, never>;
  instance_requeued: InstanceRequeued;
  instance_skipped: InstanceSkipped;
  instance_done: Record<string, never>;
  instance_failed: InstanceFailed;
}

export const instanceEvents: Family<InstanceEvents> = {
  instance_runnable: {
    since: 1,
    misfit(state, event) {
      const { unfinished } = linksOf(state, event.instance_id ?? '');
      if (unfinished > 0) return `${unfinished} of what it depends on is not done`;
      const instance = instanceOf(state, event.instance_id);
      if (!hasGathered(state, instance)) return `${event.instance_id} has been given no items`;
      return unless(state, event, 'pending') ?? unlessAnswered(state, event);
    },
    apply: makeRunnable,
  },
  instance_resumed: {
    since: 1,
    misfit: (state, event) => unless(state, event, 'waiting') ?? unlessAnswered(state, event),
    apply: makeRunnable,
  },
  instance_requeued: {
    since: 1,
    misfit: misfitOfRequeue,
    apply: requeue,
    says: ({ reason, granted_iterations: granted }) =>
      granted > 0 ? `${reason}, ${granted} more iterations granted` : reason,
  },
  instance_skipped: {
    since: 1,
    misfit(state, event) {
      const instance = instanceOf(state, event.instance_id);
      const { unfinished } = linksOf(state, instance.instance_id);
      const { caused_by_instance_id: cause, skip_reason: why } = event.payload;
      if (why === 'condition') {
        const { when } = taskOf(state, instance);
        if (when === undefined || unfinished > 0) return 'its condition is not to be judged';
        return unless(state, event, 'pending');
      }
      if (instance.attempt > 0) {
        return `${event.instance_id} has had ${instance.attempt} attempts`;
      }
      const isRight =
        why === 'first_n'
          ? isPastFirstN(state, instance)
          : why === 'stop_after'
            ? stoppedRegion(state, instance)?.failed.has(cause ?? '') === true
            : isBarredBy(state, instance, cause);
      if (!isRight) return `${cause ?? 'nothing above it'} bars ${event.instance_id}`;
      return unless(state, event, 'pending', 'runnable', 'waiting');
    },
    apply(state, event) {
      const instance = instanceOf(state, event.instance_id);
      instance.error = event.payload.reason;
      instance.finished_at = event.created_at;
      if (state.plan.format_version > 1) instance.skip_reason = skipReasonOf(event.payload);
      linksOf(state, instance.instance_id).skippedBecauseOf = event.payload.caused_by_instance_id;
      endBadly(state, instance, 'skipped');
    },
    says: ({ reason }) => reason,
    news: 'skipped',
  },
  instance_done: {
    since: 1,
    misfit: misfitOfDone,
    apply(state, event) {
      const instance = instanceOf(state, event.instance_id);
      setStatus(state, instance, 'done');
      instance.finished_at = event.created_at;
      for (const id of linksOf(state, instance.instance_id).downstream) {
        linksOf(state, id).unfinished -= 1;
        state.agenda.unsettled.push(id);
      }
      lookAtGatherers(state, instance);
    },
    news: 'done',
  },
  instance_failed: {
    since: 1,
    misfit: misfitOfFailure,
    apply: failInstance,
    says: ({ error }) => error,
    news: 'failed',
  },
};

function misfitOfRequeue(
  state: RunState,
  event: LoggedEvent<string, InstanceRequeued>,
): string | null {
  const instance = instanceOf(state, event.instance_id);
  const { blocked, skippedBecauseOf } = linksOf(state, instance.instance_id);
  switch (event.payload.reason) {
    case 'session_lost':
      if (instance.session_id !== null) return `its session is ${instance.session_id}`;
      return unlessConcluding(state, event);
    case 'upstream_retried':
      if (blocked > 0 || skippedBecauseOf === null) return 'nothing above it was retried';
      return unless(state, event, 'skipped');
    case 'resume':
      if (!instance.resume_recommended && !isOrphaned(instance)) return 'a resume leaves it alone';
      return unless(state, event, 'failed');
    case 'retry':
      if (isSkippedByAbort(state, instance) || isDelayed(instance)) return null;
      return unless(state, event, 'failed');
  }
}

function misfitOfDone(state: RunState, event: LoggedEvent<string, unknown>): string | null {
  const instance = instanceOf(state, event.instance_id);
  const { resultSha256, controlEvents } = linksOf(state, instance.instance_id);
  const task = taskOf(state, instance);
  if (decidesByRules(task)) {
    return unless(state, event, 'pending') ?? unlessChosen(task, controlEvents);
  }
  const ended = unlessConcluding(state, { ...event, payload: {} }) ?? unlessAnswered(state, event);
  if (ended !== null) return ended;
  if (instance.attempts.at(-1)?.termination_reason !== 'completed') {
    return `attempt ${instance.attempt} did not end well`;
  }
  const mustLeave = task.result_schema !== null || task.control !== null;
  if (mustLeave && resultSha256 === null) return 'it left no result';
  if (task.publish.length > 0 && instance.published.length === 0) return 'it published nothing';
  const unchosen = unlessChosen(task, controlEvents);
  if (unchosen !== null) return unchosen;
  if (dueCheck(state, instance.instance_id) !== null) return 'a check of it has no receipt';
  if (failedChecks(instance).length > 0) return 'a check of it has failed';
  return hasUnheardAnswer(state, instance.instance_id) ? 'it has not received an answer' : null;
}

/** For `misfit`: null where all of a controller's choice is recorded. */
function unlessChosen({ control }: TaskSpec, controlEvents: number): string | null {
  if (control === null || controlEvents >= leastControlEvents(control)) return null;
  return `only ${controlEvents} events of its choice stand before it`;
}

/** What had begun fails by how its attempt ended, or because the run is aborted. */
function misfitOfFailure(
  state: RunState,
  event: LoggedEvent<string, InstanceFailed>,
): string | null {
  const { status, attempt, attempts } = instanceOf(state, event.instance_id);
  if (attempt === 0) {
    // What is looked at before anything is started.
    const isStopped = state.isStopped && event.payload.failure_kind === 'budget';
    const { unfinished } = linksOf(state, event.instance_id ?? '');
    const instance = instanceOf(state, event.instance_id);
    const { when, control } = taskOf(state, instance);
    const isLookedAt = (when ?? control?.decide) !== undefined || isHead(state, instance);
    const isLimited = event.payload.failure_kind === 'external_usage_limit';
    if (!isStopped && !isLimited && (!isLookedAt || unfinished > 0)) {
      return `${event.instance_id} has had no attempt`;
    }
  }
  if (status === 'running' && attempts.at(-1)?.finished_at === null) {
    return event.payload.termination_reason === 'terminated'
      ? null
      : `attempt ${attempt} has not ended`;
  }
  const { failure_kind: kind } = event.payload;
  if (status === 'running' && kind === 'check_failed') {
    const hasFailed = failedChecks(instanceOf(state, event.instance_id)).length > 0;
    if (!hasFailed) return 'no check of it has failed';
  }
  return unless(state, event, 'running', 'pending', 'runnable', 'waiting');
}

function requeue(state: RunState, event: LoggedEvent<string, InstanceRequeued>): void {
  const instance = instanceOf(state, event.instance_id);
  const wasBlocking = isBlocking(instance.status);
  losePlaces(state, instance);
  setStatus(state, instance, 'pending');
  endWait(instance);
  linksOf(state, instance.instance_id).limit = null;
  const { reason } = event.payload;
  if (reason === 'retry' || reason === 'resume') {
    Object.assign(linksOf(state, instance.instance_id), {
      retries: 0,
      continuations: noContinuations,
    });
    state.isStopped = false;
  }
  clearOutcome(instance);
  if (state.aborted) reopenUnsaid(state);
  state.aborted = false;
  state.announced = null;
  linksOf(state, instance.instance_id).newlyGranted = event.payload.granted_iterations;
  if (event.payload.granted_iterations > 0) {
    grantIterations(state, instance, event.payload.granted_iterations);
  }
  state.agenda.unsettled.push(instance.instance_id);
  if (!wasBlocking) return;
  for (const id of linksOf(state, instance.instance_id).downstream) {
    linksOf(state, id).blocked -= 1;
    state.agenda.unsettled.push(id);
  }
}

function failInstance(state: RunState, event: LoggedEvent<string, InstanceFailed>): void {
  const instance = instanceOf(state, event.instance_id);
  const { error, ...failure } = event.payload;
  Object.assign(instance, failure, { error });
  const latest = instance.attempts.at(-1);
  if (latest) Object.assign(latest, { error, failure_kind: failure.failure_kind });
  instance.finished_at = event.created_at;
  endBadly(state, instance, 'failed');
}

function endBadly(state: RunState, instance: Instance, status: 'failed' | 'skipped'): void {
  setStatus(state, instance, status);
  endWait(instance);
  for (const id of linksOf(state, instance.instance_id).downstream) {
    if (isDoneWithout(state, id, instance.instance_id)) linksOf(state, id).unfinished -= 1;
    else linksOf(state, id).blocked += 1;
    state.agenda.unsettled.push(id);
  }
  lookAtGatherers(state, instance);
}

function skipReasonOf({
  skip_reason: why,
  caused_by_instance_id: cause,
}: InstanceSkipped): SkipReason {
  return why ?? (cause === null ? 'aborted' : 'upstream');
}

/** For `misfit`: whether what is above it keeps an instance from starting. `cause` null: the run was aborted. */
function isBarredBy(state: RunState, instance: Instance, cause: string | null): boolean {
  const { upstream, blocked } = linksOf(state, instance.instance_id);
  if (cause === null) return blocked === 0;
  const above = instanceOf(state, cause);
  if (!isBlocking(above.status)) return false;
  if (upstream.includes(cause)) return true;
  return itemsAround(state, above.input_scope_id).some(({ region }) =>
    upstream.includes(region.region_id),
  );
}
