/** How an instance comes to be. */
import type { Budget } from '../../model/budget.ts';
import { scopeName } from '../../model/program.ts';
import type { Instance } from '../../model/run.ts';
import { bindings, none, unbound } from '../state/empty.ts';
import { isBlocking, isDoneWithout } from '../state/blocked.ts';
import { bindToRegion, countMove } from '../state/region-counts.ts';
import { instanceOf, linksOf, type InstanceLinks, type RunState } from '../state/run-state.ts';
import { isAligned, scopeOf, scopesBelow } from '../state/scope-index.ts';
import type { Family, LoggedEvent } from './spec.ts';
import { noContinuations } from './status.ts';

interface InstanceCreated {
  task_id: string;
  input_scope_id: string;
  dependency_instances: Record<string, string>;
  activation_bindings: Record<string, string>;
  /** Dependency scope name → the region whose items it gathers. */
  gathers?: Record<string, string>;
}

export interface InstanceCreatedEvents {
  instance_created: InstanceCreated;
}

export const instanceCreatedEvents: Family<InstanceCreatedEvents> = {
  instance_created: {
    since: 1,
    misfit: misfitOfInstance,
    apply: addInstance,
    says: ({ dependency_instances: bound }) =>
      Object.entries(bound)
        .map(([name, id]) => `${name}=${id}`)
        .join(' '),
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
  const names = Object.keys(bound);
  if (names.length > 0) {
    const known = new Set(task.depends_on.map(scopeName));
    const other = names.find((name) => !known.has(name));
    if (other !== undefined) return `${task_id} depends on no ${other}`;
  }
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

function addInstance(state: RunState, event: LoggedEvent<string, InstanceCreated>): void {
  const id = event.instance_id ?? '';
  const { task_id, input_scope_id, dependency_instances, gathers } = event.payload;
  const bound = dependency_instances === unbound ? none : Object.values(dependency_instances);
  const instance: Instance = {
    instance_id: id,
    task_id,
    input_scope_id,
    dependency_instances: bound.length === 0 ? unbound : dependency_instances,
    activation_bindings: bindings(event.payload.activation_bindings),
    status: 'pending',
    waiting_reason: null,
    published: none,
    error: null,
    attempt: 0,
    session_id: null,
    blocking_interrupts: none,
    termination_reason: null,
    failure_kind: null,
    failure_summary: null,
    resume_recommended: false,
    started_at: null,
    finished_at: null,
    attempts: none,
  };
  // Not within the literal: each of perhaps 100,000 instances would be put together field by field.
  if (gathers !== undefined) instance.gathers = gathers;
  const upstream = upstreamOf(bound, gathers);
  const links: InstanceLinks = {
    ordinal: state.links.size,
    upstream,
    downstream: none,
    unfinished: 0,
    blocked: 0,
    interrupts: none,
    skippedBecauseOf: null,
    resultSha256: null,
    controlEvents: 0,
    aligned: upstream.every((up) => isAligned(state, input_scope_id, up)),
    newlyGranted: 0,
    wallSec: null,
    granted: noGrant,
    retries: 0,
    continuations: noContinuations,
    limit: null,
  };
  for (const upstreamId of upstream) {
    addDownstream(linksOf(state, upstreamId), id);
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

/** Of instances and regions, each once. */
function upstreamOf(bound: readonly string[], gathers: Instance['gathers']): readonly string[] {
  const named = gathers === undefined ? bound : [...bound, ...Object.values(gathers)];
  return named.length < 2 ? named : [...new Set(named)];
}

function addDownstream(links: InstanceLinks, id: string): void {
  // The first push makes room for 17, in each of perhaps 100,000 instances; and it must not be into the one for all.
  if (links.downstream.length === 0) links.downstream = [id];
  else (links.downstream as string[]).push(id);
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
