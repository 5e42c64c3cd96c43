/** Events of instances: how one comes to be, and moves from status to status. */
import type { FailureKind, Instance, InstanceStatus, TerminationReason } from '../../model/run.ts';
import { instanceOf, linksOf, type InstanceLinks, type RunState } from '../state/run-state.ts';
import { isAligned, scopeOf, scopesBelow } from '../state/scope-index.ts';
import { reopenUnsaid } from './interrupt.ts';
import { grantIterations } from './scope.ts';
import type { Family, LoggedEvent } from './spec.ts';
import { clearOutcome, setStatus } from './status.ts';

/** Why an instance goes back to `pending`. */
type RequeueReason = 'resume' | 'retry' | 'upstream_retried' | 'session_lost';

interface InstanceCreated {
  task_id: string;
  input_scope_id: string;
  dependency_instances: Record<string, string>;
  activation_bindings: Record<string, string>;
}

interface InstanceRequeued {
  reason: RequeueReason;
  granted_iterations: number;
}

interface InstanceFailed {
  error: string;
  failure_kind: FailureKind | null;
  failure_summary: string | null;
  termination_reason: TerminationReason | null;
  resume_recommended: boolean;
}

export interface InstanceEvents {
  instance_created: InstanceCreated;
  instance_runnable: Record<string, never>;
  instance_waiting: { waiting_reason: 'interrupts_pending'; blocking_interrupts: string[] };
  instance_resumed: Record<string, never>;
  instance_requeued: InstanceRequeued;
  instance_skipped: { reason: string; caused_by_instance_id: string | null };
  instance_done: Record<string, never>;
  instance_failed: InstanceFailed;
}

export const instanceEvents: Family<InstanceEvents> = {
  instance_created: {
    since: 1,
    apply: addInstance,
    says: ({ dependency_instances: bound }) =>
      Object.entries(bound)
        .map(([name, id]) => `${name}=${id}`)
        .join(' '),
  },
  instance_runnable: { since: 1, apply: makeRunnable },
  instance_waiting: {
    since: 1,
    apply(state, event) {
      const instance = instanceOf(state, event.instance_id);
      setStatus(state, instance, 'waiting');
      instance.waiting_reason = 'interrupts_pending';
      state.agenda.unsettled.push(instance.instance_id);
    },
    says: ({ blocking_interrupts: ids }) => `for ${ids.join(', ')}`,
  },
  instance_resumed: { since: 1, apply: makeRunnable },
  instance_requeued: {
    since: 1,
    apply: requeue,
    says: ({ reason, granted_iterations: granted }) =>
      granted > 0 ? `${reason}, ${granted} more iterations granted` : reason,
  },
  instance_skipped: {
    since: 1,
    apply(state, event) {
      const instance = instanceOf(state, event.instance_id);
      instance.error = event.payload.reason;
      instance.finished_at = event.created_at;
      linksOf(state, instance.instance_id).skippedBecauseOf = event.payload.caused_by_instance_id;
      endBadly(state, instance, 'skipped');
    },
    says: ({ reason }) => reason,
    news: 'skipped',
  },
  instance_done: {
    since: 1,
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
    apply: failInstance,
    says: ({ error }) => error,
    news: 'failed',
  },
};

function addInstance(state: RunState, event: LoggedEvent<string, InstanceCreated>): void {
  const id = event.instance_id ?? '';
  const { task_id, input_scope_id, dependency_instances, activation_bindings } = event.payload;
  const instance: Instance = {
    instance_id: id,
    task_id,
    input_scope_id,
    dependency_instances,
    activation_bindings,
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
  const named = Object.values(dependency_instances);
  const upstream = named.length < 2 ? named : [...new Set(named)];
  const links: InstanceLinks = {
    ordinal: state.instances.size,
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
  };
  for (const upstreamId of upstream) {
    const { status } = instanceOf(state, upstreamId);
    if (status !== 'done') links.unfinished += 1;
    if (isBlocking(status)) links.blocked += 1;
    const above = linksOf(state, upstreamId);
    // The first push makes room for 17, in each of perhaps 100,000 instances.
    if (above.downstream.length === 0) above.downstream = [id];
    else above.downstream.push(id);
  }
  state.instances.set(id, instance);
  state.links.set(id, links);
  state.counts.pending += 1;
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

function makeRunnable(state: RunState, event: LoggedEvent<string, unknown>): void {
  const instance = instanceOf(state, event.instance_id);
  setStatus(state, instance, 'runnable');
  instance.waiting_reason = null;
  state.agenda.runnable.push(linksOf(state, instance.instance_id).ordinal, instance.instance_id);
}

function requeue(state: RunState, event: LoggedEvent<string, InstanceRequeued>): void {
  const instance = instanceOf(state, event.instance_id);
  const wasBlocking = isBlocking(instance.status);
  setStatus(state, instance, 'pending');
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
  instance.waiting_reason = null;
  for (const id of linksOf(state, instance.instance_id).downstream) {
    linksOf(state, id).blocked += 1;
    state.agenda.unsettled.push(id);
  }
}

function isBlocking(status: InstanceStatus): boolean {
  return status === 'failed' || status === 'skipped';
}
