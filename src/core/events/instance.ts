/** Events of instances: how one comes to be, and moves from status to status. */
import type {
  Continuation,
  FailureKind,
  Instance,
  SkipReason,
  TerminationReason,
  WaitingReason,
} from '../../model/run.ts';
import type { Budget } from '../../model/budget.ts';
import { decidesByRules, scopeName, type TaskSpec } from '../../model/program.ts';
import { dueCheck, failedChecks } from '../state/checks.ts';
import { isBlocking, isDoneWithout, isSkippedByAbort } from '../state/blocked.ts';
import { locksOf, queueForLocks } from '../state/locks.ts';
import { bindToRegion, countMove, losePlaces, takePlaces } from '../state/region-counts.ts';
import { hasGathered, isHead, isPastFirstN, itemsAround, stoppedRegion } from '../state/regions.ts';
import { queueForLimit } from '../state/usage-limits.ts';
import { unappliedReplies } from '../state/replies.ts';
import {
  instanceOf,
  linksOf,
  taskOf,
  type InstanceLinks,
  type RunState,
  type WaitingForLimit,
} from '../state/run-state.ts';
import { isAligned, scopeOf, scopesBelow } from '../state/scope-index.ts';
import { isDelayed, isOrphaned } from '../state/standing.ts';
import { reopenUnsaid } from './interrupt.ts';
import { grantIterations, leastControlEvents } from './scope.ts';
import type { Family, LoggedEvent } from './spec.ts';
import { clearOutcome, setStatus, unless, unlessConcluding } from './status.ts';

/** Why an instance goes back to `pending`. */
type RequeueReason = 'resume' | 'retry' | 'upstream_retried' | 'session_lost';

interface InstanceCreated {
  task_id: string;
  input_scope_id: string;
  dependency_instances: Record<string, string>;
  activation_bindings: Record<string, string>;
  /** Dependency scope name → the region whose items it gathers. */
  gathers?: Record<string, string>;
}

interface InstanceRequeued {
  reason: RequeueReason;
  granted_iterations: number;
}

interface InstanceWaiting {
  waiting_reason: WaitingReason;
  blocking_interrupts: string[];
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

interface InstanceDelayed {
  /** ISO 8601, UTC. */
  until: string;
  reason: 'retry' | 'usage_limit';
  /** Why the attempt has failed that is made again; or what keeps it from starting. */
  error: string;
  failure_kind: FailureKind | null;
  /** Of a usage limit. */
  limit?: WaitingForLimit;
}

interface AgentReplaced {
  /** Who takes over. */
  agent: string;
  /** Why who was at it has given up. */
  error: string;
  failure_kind: FailureKind;
}

interface InstanceContinued extends Continuation {
  /** The attempt that has ended; the next one is told. */
  attempt: number;
}

export interface InstanceEvents {
  instance_created: InstanceCreated;
  instance_runnable: Record<string, never>;
  instance_waiting: InstanceWaiting;
  instance_delayed: InstanceDelayed;
  instance_continued: InstanceContinued;
  agent_replaced: AgentReplaced;
  instance_resumed: Record<string, never>;
  instance_requeued: InstanceRequeued;
  instance_skipped: InstanceSkipped;
  instance_done: Record<string, never>;
  instance_failed: InstanceFailed;
}

export const instanceEvents: Family<InstanceEvents> = {
  instance_created: {
    since: 1,
    misfit: misfitOfInstance,
    apply: addInstance,
    says: ({ dependency_instances: bound }) =>
      Object.entries(bound)
        .map(([name, id]) => `${name}=${id}`)
        .join(' '),
  },
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
  instance_waiting: {
    since: 1,
    misfit(state, event) {
      const instance = instanceOf(state, event.instance_id);
      if (event.payload.waiting_reason === 'lock') return misfitOfLock(state, event);
      const { status, blocking_interrupts: open } = instance;
      const named = event.payload.blocking_interrupts;
      if (String(named) !== String(open)) {
        return `it names ${named.join(', ') || 'no question'}, and ${open.join(', ') || 'none'} is open`;
      }
      if (open.length === 0 && !unheard(state, event.instance_id ?? '')) {
        return 'it waits for nothing';
      }
      if (asksAboutLimit(state, instance)) return unless(state, event, 'running', ...notBegun);
      if (status === 'pending') return null;
      // What is ready may find that its budget is used up.
      const isBarred = event.payload.waiting_reason === 'budget' && status === 'runnable';
      return isBarred ? null : unlessConcluding(state, event);
    },
    apply(state, event) {
      const instance = instanceOf(state, event.instance_id);
      setStatus(state, instance, 'waiting');
      endWait(instance);
      linksOf(state, instance.instance_id).limit = null;
      instance.waiting_reason = event.payload.waiting_reason;
      if (event.payload.waiting_reason === 'lock') queueForLocks(state, instance);
      else state.agenda.unsettled.push(instance.instance_id);
    },
    says: ({ waiting_reason: reason, blocking_interrupts: ids }) =>
      reason === 'lock' ? 'for a lock' : `for ${ids.join(', ')}`,
  },
  instance_delayed: {
    since: 2,
    misfit(state, event) {
      const { reason, limit } = event.payload;
      if ((reason === 'usage_limit') !== (limit !== undefined)) return 'it names no usage limit';
      return unlessHeldUp(state, event, reason) ?? unlessAnswered(state, event);
    },
    apply: delay,
    says: ({ until, error, reason }) =>
      `until ${until}${reason === 'retry' ? ', since it failed' : ''}: ${error}`,
    news: 'tried again later',
  },
  instance_continued: {
    since: 2,
    misfit: (state, event) => unlessConcluding(state, event) ?? unlessAnswered(state, event),
    apply: goOn,
    says: ({ attempt, reason, message }) => `after attempt ${attempt}, ${reason}: ${message}`,
    news: 'goes on',
  },
  agent_replaced: {
    since: 2,
    misfit(state, event) {
      const { agent } = taskOf(state, instanceOf(state, event.instance_id));
      if (agent === event.payload.agent) return `${agent} is at it already`;
      return unlessHeldUp(state, event, 'usage_limit') ?? unlessAnswered(state, event);
    },
    apply: replaceAgent,
    says: ({ agent, error }) => `${agent} takes over, because of: ${error}`,
    news: 'another agent takes over',
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

/** One for all that were granted nothing. */
const noGrant: Budget = {};

function misfitOfInstance(
  state: RunState,
  { instance_id: id, payload }: LoggedEvent<string, InstanceCreated>,
): string | null {
  const { task_id, input_scope_id: scope, dependency_instances: bound } = payload;
  const task = state.plan.tasks[task_id];
  if (id === null || state.instances.has(id)) return `there is an instance ${id} already`;
  if (task === undefined) return `there is no task ${task_id}`;
  if (!state.scopes.has(scope)) return `there is no scope ${scope}`;
  if (state.announced !== null) return `the run was ${state.announced}`;
  const names = new Set(task.depends_on.map(scopeName));
  const other = Object.keys(bound).find((name) => !names.has(name));
  if (other !== undefined) return `${task_id} depends on no ${other}`;
  for (const dependency of task.depends_on) {
    if (dependency.gather !== undefined) {
      const id = payload.gathers?.[scopeName(dependency)] ?? '';
      if (!state.regions.has(id) && !state.instances.has(id)) return `it gathers no ${id}`;
      continue;
    }
    const upstream = state.instances.get(bound[scopeName(dependency)] ?? '');
    if (upstream?.task_id !== dependency.task) return `it has no instance of ${dependency.task}`;
  }
  return null;
}

/** An instance that is ready may find a lock taken. */
function misfitOfLock(state: RunState, event: LoggedEvent<string, InstanceWaiting>): string | null {
  const instance = instanceOf(state, event.instance_id);
  if (locksOf(state, instance).length === 0) return `${instance.instance_id} takes no lock`;
  return unless(state, event, 'runnable');
}

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
  return unheard(state, instance.instance_id) ? 'it has not received an answer' : null;
}

const notBegun = ['pending', 'runnable', 'waiting'] as const;

/** For `misfit`: null where its attempt has ended, or, for what keeps one from starting, none has begun. */
function unlessHeldUp(
  state: RunState,
  event: { instance_id: string | null },
  reason: InstanceDelayed['reason'],
): string | null {
  const { status } = instanceOf(state, event.instance_id);
  if (reason === 'retry' || status === 'running') {
    return unlessConcluding(state, { ...event, payload: {} });
  }
  return unless(state, event, ...notBegun);
}

function asksAboutLimit(state: RunState, { blocking_interrupts: open }: Instance): boolean {
  return open.some((id) => state.interrupts.get(id)?.interrupt.subject === 'usage_limit');
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
  return unless(state, event, 'running', 'pending', 'runnable', 'waiting');
}

/** For `misfit`: null where no question bars the instance. */
function unlessAnswered(state: RunState, event: { instance_id: string | null }): string | null {
  const [open] = instanceOf(state, event.instance_id).blocking_interrupts;
  return open === undefined ? null : `${open} is not answered`;
}

/** Whether an answer that the instance had to wait for has reached no attempt. */
function unheard(state: RunState, instanceId: string): boolean {
  return unappliedReplies(state, instanceId).some(({ interrupt }) => interrupt.blocking);
}

/** Of nearly all instances. */
const notYet: InstanceLinks['continuations'] = {};

function addInstance(state: RunState, event: LoggedEvent<string, InstanceCreated>): void {
  const id = event.instance_id ?? '';
  const { task_id, input_scope_id, dependency_instances, activation_bindings, gathers } =
    event.payload;
  const instance: Instance = {
    instance_id: id,
    task_id,
    input_scope_id,
    dependency_instances,
    activation_bindings,
    ...(gathers === undefined ? {} : { gathers }),
    status: 'pending',
    waiting_reason: null,
    published: [],
    error: null,
    attempt: 0,
    session_id: null,
    blocking_interrupts: [],
    termination_reason: null,
    failure_kind: null,
    failure_summary: null,
    resume_recommended: false,
    started_at: null,
    finished_at: null,
    attempts: [],
  };
  const named = [...Object.values(dependency_instances), ...Object.values(gathers ?? {})];
  const upstream = named.length < 2 ? named : [...new Set(named)];
  const links: InstanceLinks = {
    ordinal: state.links.size,
    upstream,
    downstream: [],
    unfinished: 0,
    blocked: 0,
    interrupts: [],
    skippedBecauseOf: null,
    resultSha256: null,
    controlEvents: 0,
    aligned: upstream.every((up) => isAligned(state, input_scope_id, up)),
    newlyGranted: 0,
    wallSec: null,
    granted: noGrant,
    retries: 0,
    continuations: notYet,
    limit: null,
  };
  for (const upstreamId of upstream) {
    const above = linksOf(state, upstreamId);
    // The first push makes room for 17, in each of perhaps 100,000 instances.
    if (above.downstream.length === 0) above.downstream = [id];
    else above.downstream.push(id);
  }
  state.instances.set(id, instance);
  state.links.set(id, links);
  for (const upstreamId of upstream) {
    const region = state.regions.get(upstreamId);
    if (region !== undefined) {
      bindToRegion(state, instance, region);
      continue;
    }
    const { status } = instanceOf(state, upstreamId);
    if (status === 'done' || isDoneWithout(state, id, upstreamId)) continue;
    links.unfinished += 1;
    if (isBlocking(status)) links.blocked += 1;
  }
  state.counts.pending += 1;
  if (state.regions.size > 0) countMove(state, instance, null, 'pending');
  indexInstance(state, instance);
  state.agenda.created.push(id);
  state.agenda.unsettled.push(id);
}

function indexInstance(state: RunState, instance: Instance): void {
  const { task_id: task, input_scope_id: scopeId } = instance;
  const scope = scopeOf(state, scopeId);
  const known = scope.instancesOf.get(task);
  if (known) {
    known.push(instance.instance_id);
    return;
  }
  scope.instancesOf.set(task, [instance.instance_id]);
  // This scope is now nearer than what scopes below may remember.
  if (state.graph.crossing.has(task)) {
    for (const below of scopesBelow(state, scopeId))
      scopeOf(state, below).nearestAbove.delete(task);
  }
}

function delay(state: RunState, event: LoggedEvent<string, InstanceDelayed>): void {
  const instance = instanceOf(state, event.instance_id);
  const { instance_id: id } = instance;
  const { until, error, failure_kind, limit } = event.payload;
  noteFailure(instance, error, failure_kind);
  setStatus(state, instance, 'waiting');
  instance.waiting_reason = limit === undefined ? 'delay' : 'usage_limit';
  instance.waiting_until = until;
  const links = linksOf(state, id);
  if (limit === undefined) {
    links.retries += 1;
    state.agenda.delayed.push(Date.parse(until), id);
    return;
  }
  links.limit = limit;
  queueForLimit(state, instance, limit);
  if (limit.askAt !== null) state.agenda.patience.push(Date.parse(limit.askAt), id);
}

/** What an attempt failed with that has just ended; or what keeps the next from starting. */
function noteFailure(instance: Instance, error: string, kind: FailureKind | null): void {
  instance.error = error;
  const latest = instance.status === 'running' ? instance.attempts.at(-1) : undefined;
  if (latest) Object.assign(latest, { error, failure_kind: kind });
}

function replaceAgent(state: RunState, event: LoggedEvent<string, AgentReplaced>): void {
  const instance = instanceOf(state, event.instance_id);
  const { agent, error, failure_kind } = event.payload;
  const { agent: before } = taskOf(state, instance);
  noteFailure(instance, error, failure_kind);
  setStatus(state, instance, 'pending');
  endWait(instance);
  const given = { agent: before, attempt: instance.attempt, failure_kind, error };
  instance.given_up = [...(instance.given_up ?? []), given];
  instance.agent = agent;
  instance.session_id = null;
  clearOutcome(instance);
  Object.assign(linksOf(state, instance.instance_id), { retries: 0, limit: null });
  state.agenda.unsettled.push(instance.instance_id);
}

function goOn(state: RunState, event: LoggedEvent<string, InstanceContinued>): void {
  const instance = instanceOf(state, event.instance_id);
  const { reason, message, failure_kind, left } = event.payload;
  const continued = { reason, message, failure_kind, ...(left === undefined ? {} : { left }) };
  const latest = instance.attempts.at(-1);
  if (latest) Object.assign(latest, { continued });
  const links = linksOf(state, instance.instance_id);
  links.continuations = {
    ...links.continuations,
    [reason]: (links.continuations[reason] ?? 0) + 1,
  };
  makeRunnable(state, event);
}

/** Nothing that it waited for counts any more. */
function endWait(instance: Instance): void {
  instance.waiting_reason = null;
  delete instance.waiting_until;
}

function makeRunnable(state: RunState, event: LoggedEvent<string, unknown>): void {
  const instance = instanceOf(state, event.instance_id);
  setStatus(state, instance, 'runnable');
  takePlaces(state, instance);
  endWait(instance);
  state.agenda.runnable.push(linksOf(state, instance.instance_id).ordinal, instance.instance_id);
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
    Object.assign(linksOf(state, instance.instance_id), { retries: 0, continuations: notYet });
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
  return [...itemsAround(state, above.input_scope_id)].some(({ region }) =>
    upstream.includes(region.region_id),
  );
}
