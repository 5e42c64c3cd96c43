/**
 * `evolve` is the only place where a run's state changes. Live execution and replay use it alike.
 * It changes the state in place, because a copy would cost what the run holds rather than what changed.
 * It trusts the log: whoever writes events has checked them, whoever reads a log has verified its chain.
 */
import { emptyAgenda } from '../state/agenda.ts';
import type { RunEvent, RunEventOf } from './events.ts';
import type { Instance, RunPlan } from '../../model/run.ts';
import type { InstanceLinks, LoopCount, RunState } from '../state/run-state.ts';
import { isAligned, newScopeIndex, scopeOf, scopesBelow } from '../state/scope-index.ts';
import { bodyOf, buildTaskGraph } from '../state/task-graph.ts';

/** Applies one event; `state` is null for `run_created` alone. Returns the same, changed state. */
export function evolve(state: RunState | null, event: RunEvent): RunState {
  if (event.event_type === 'run_created') return createState(event);
  if (!state) throw new Error(`the first event must be run_created, not ${event.event_type}`);
  state.seq = event.seq;
  state.updatedAt = event.created_at;
  apply(state, event);
  return state;
}

/** The state after all of these events. */
export function replay(events: Iterable<RunEvent>): RunState | null {
  let state: RunState | null = null;
  for (const event of events) state = evolve(state, event);
  return state;
}

export function instanceOf(state: RunState, instanceId: string | null): Instance {
  const instance = instanceId === null ? undefined : state.instances.get(instanceId);
  if (!instance) throw new Error(`no instance ${instanceId}`);
  return instance;
}

export function linksOf(state: RunState, instanceId: string): InstanceLinks {
  const links = state.links.get(instanceId);
  if (!links) throw new Error(`no instance ${instanceId}`);
  return links;
}

function createState(event: RunEventOf<'run_created'>): RunState {
  const plan: RunPlan = event.payload;
  return {
    runId: event.run_id,
    plan,
    graph: buildTaskGraph(plan.tasks),
    seq: event.seq,
    createdAt: event.created_at,
    updatedAt: event.created_at,
    aborted: false,
    announced: null,
    baseScopeId: '',
    scopes: new Map(),
    instances: new Map(),
    interrupts: new Map(),
    proposals: new Map(),
    droppedProposals: new Map(),
    scopeIndex: new Map(),
    links: new Map(),
    counts: { pending: 0, runnable: 0, running: 0, waiting: 0, done: 0, failed: 0, skipped: 0 },
    agenda: emptyAgenda(),
  };
}

function apply(state: RunState, event: RunEvent): void {
  switch (event.event_type) {
    case 'run_created':
      throw new Error('run_created stands only at the beginning');
    case 'input_scope_created':
      return addScope(state, event);
    case 'instance_created':
      return addInstance(state, event);
    case 'instance_runnable':
    case 'instance_resumed':
      return makeRunnable(state, instanceOf(state, event.instance_id));
    case 'attempt_started':
      return startAttempt(state, event);
    case 'attempt_finished':
      return finishAttempt(state, event);
    case 'instance_waiting': {
      const instance = instanceOf(state, event.instance_id);
      setStatus(state, instance, 'waiting');
      instance.waiting_reason = 'interrupts_pending';
      return state.agenda.unsettled.push(instance.instance_id);
    }
    case 'instance_requeued':
      return requeue(state, event);
    case 'instance_skipped': {
      const instance = instanceOf(state, event.instance_id);
      instance.error = event.payload.reason;
      instance.finished_at = event.created_at;
      linksOf(state, instance.instance_id).skippedBecauseOf = event.payload.caused_by_instance_id;
      return endBadly(state, instance, 'skipped');
    }
    case 'instance_failed': {
      const instance = instanceOf(state, event.instance_id);
      const { error, ...failure } = event.payload;
      Object.assign(instance, failure, { error });
      const latest = instance.attempts.at(-1);
      if (latest) Object.assign(latest, { error, failure_kind: failure.failure_kind });
      instance.finished_at = event.created_at;
      return endBadly(state, instance, 'failed');
    }
    case 'instance_done': {
      const instance = instanceOf(state, event.instance_id);
      setStatus(state, instance, 'done');
      instance.finished_at = event.created_at;
      for (const id of linksOf(state, instance.instance_id).downstream) {
        linksOf(state, id).unfinished -= 1;
        state.agenda.unsettled.push(id);
      }
      return;
    }
    case 'result_materialized':
      linksOf(state, event.instance_id ?? '').resultSha256 = event.payload.sha256;
      return;
    case 'artifacts_published':
      instanceOf(state, event.instance_id).published = event.payload.artifacts;
      return;
    case 'control_emitted':
    case 'route_unselected':
    case 'loop_continued':
      linksOf(state, event.instance_id ?? '').controlEvents += 1;
      return;
    case 'route_selected':
    case 'loop_stopped':
      linksOf(state, event.instance_id ?? '').controlEvents += 1;
      return activate(state, instanceOf(state, event.instance_id), event.payload.targets);
    case 'interrupt_requested':
      return addInterrupt(state, event);
    case 'interrupt_resolved':
      return resolveInterrupt(state, event);
    case 'interrupt_applied':
      return applyReply(state, event.payload.interrupt_id, event.payload.attempt, event.created_at);
    case 'proposal_recorded':
      state.proposals.set(event.payload.proposal.proposal_id, { ...event.payload.proposal });
      return;
    case 'proposal_dropped': {
      const id = event.payload.interrupt_id;
      state.droppedProposals.set(id, (state.droppedProposals.get(id) ?? 0) + 1);
      return;
    }
    case 'proposal_status_updated': {
      const proposal = state.proposals.get(event.payload.proposal_id);
      if (!proposal) throw new Error(`no proposal ${event.payload.proposal_id}`);
      proposal.status = event.payload.status;
      proposal.status_note = event.payload.note;
      proposal.status_updated_at = event.created_at;
      return;
    }
    case 'session_lost':
      instanceOf(state, event.instance_id).session_id = null;
      return;
    case 'run_aborted':
      state.aborted = true;
      return;
    case 'run_completed':
      state.announced = event.payload.status;
      return;
  }
}

function addScope(state: RunState, event: RunEventOf<'input_scope_created'>): void {
  const { values, ...scope } = event.payload;
  const id = scope.input_scope_id;
  const parent = scope.parent_input_scope_id;
  state.scopes.set(id, { ...scope, own_values: values, created_at: event.created_at });
  if (parent === null) {
    state.baseScopeId = id;
    state.scopeIndex.set(id, newScopeIndex(null, state.graph.allTasks, new Map()));
  } else {
    const creator = scope.created_by_instance_id;
    linksOf(state, creator ?? '').controlEvents += 1;
    const controller = instanceOf(state, creator).task_id;
    const body = bodyOf(state.graph, scope.seed_task_ids);
    const loops = countIteration(state, scopeOf(state, parent).loops, controller, body);
    state.scopeIndex.set(id, newScopeIndex(parent, body, loops));
    scopeOf(state, parent).children.push(id);
  }
  state.agenda.choices.push({
    kind: 'scope',
    scopeId: id,
    controllerInstanceId: scope.created_by_instance_id,
  });
}

/**
 * The loop counts of a new scope: one more for its controller; a loop that begins anew inside the new
 * iteration (one of its continue targets is in the body) starts from zero; others keep their count.
 */
function countIteration(
  state: RunState,
  outer: ReadonlyMap<string, LoopCount>,
  controller: string,
  body: ReadonlySet<string>,
): Map<string, LoopCount> {
  const loops = new Map<string, LoopCount>();
  for (const [task, count] of outer) {
    if (task !== controller && !restarts(state, task, body)) loops.set(task, count);
  }
  const before = outer.get(controller);
  loops.set(controller, {
    iteration: (before?.iteration ?? 0) + 1,
    granted: before?.granted ?? 0,
  });
  return loops;
}

/** Whether a scope with this body, opened by another controller, begins the loop of `task` anew. */
function restarts(state: RunState, task: string, body: ReadonlySet<string>): boolean {
  const control = state.plan.tasks[task]?.control;
  return control?.mode === 'loop' && control.continue_targets.some((target) => body.has(target));
}

function addInstance(state: RunState, event: RunEventOf<'instance_created'>): void {
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
  state.announced = null;
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

function makeRunnable(state: RunState, instance: Instance): void {
  setStatus(state, instance, 'runnable');
  instance.waiting_reason = null;
  state.agenda.runnable.push(linksOf(state, instance.instance_id).ordinal, instance.instance_id);
}

function startAttempt(state: RunState, event: RunEventOf<'attempt_started'>): void {
  const instance = instanceOf(state, event.instance_id);
  setStatus(state, instance, 'running');
  clearOutcome(instance);
  instance.attempt = event.payload.attempt;
  instance.started_at = event.created_at;
  // What an attempt left that failed all the same is nobody's: the next one answers for all of it.
  if (instance.published.length > 0) instance.published = [];
  linksOf(state, instance.instance_id).resultSha256 = null;
  const attempt = {
    attempt: event.payload.attempt,
    started_at: event.created_at,
    finished_at: null,
    termination_reason: null,
    return_code: null,
    failure_kind: null,
    error: null,
    session_id: event.payload.session_id,
    usage: null,
  };
  instance.attempts = [...instance.attempts, attempt];
  state.announced = null;
  // Here too, because a crash can keep this event and lose the `interrupt_applied` that follow it.
  for (const id of event.payload.replies) {
    applyReply(state, id, event.payload.attempt, event.created_at);
  }
  // `advance` starts attempts only when it has looked at everything else: older entries are dealt with.
  state.agenda.choices.clear();
  state.agenda.created.clear();
  state.agenda.unsettled.clear();
}

function finishAttempt(state: RunState, event: RunEventOf<'attempt_finished'>): void {
  const instance = instanceOf(state, event.instance_id);
  const { attempt, failure_summary, resume_recommended, ...outcome } = event.payload;
  const record = instance.attempts.find((each) => each.attempt === attempt);
  const session = outcome.session_id ?? instance.session_id;
  if (record)
    Object.assign(record, outcome, { finished_at: event.created_at, session_id: session });
  instance.session_id = session;
  instance.termination_reason = outcome.termination_reason;
  instance.failure_kind = outcome.failure_kind;
  instance.failure_summary = failure_summary;
  instance.resume_recommended = resume_recommended;
}

function requeue(state: RunState, event: RunEventOf<'instance_requeued'>): void {
  const instance = instanceOf(state, event.instance_id);
  const wasBlocking = isBlocking(instance.status);
  setStatus(state, instance, 'pending');
  clearOutcome(instance);
  instance.waiting_reason = null;
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

/** A grant counts in the instance's scope and in all below it, up to where the loop begins anew. */
function grantIterations(state: RunState, { task_id: task, input_scope_id }: Instance, n: number) {
  const scopeIds = [input_scope_id];
  for (const id of scopeIds) {
    const { loops, children } = scopeOf(state, id);
    const count = loops.get(task) ?? { iteration: 0, granted: 0 };
    loops.set(task, { ...count, granted: count.granted + n });
    for (const child of children) {
      const creator = instanceOf(state, state.scopes.get(child)?.created_by_instance_id ?? null);
      const { body } = scopeOf(state, child);
      if (creator.task_id === task || !restarts(state, task, body)) scopeIds.push(child);
    }
  }
}

function endBadly(state: RunState, instance: Instance, status: 'failed' | 'skipped'): void {
  const wasBlocking = isBlocking(instance.status);
  setStatus(state, instance, status);
  instance.waiting_reason = null;
  if (wasBlocking) return;
  for (const id of linksOf(state, instance.instance_id).downstream) {
    linksOf(state, id).blocked += 1;
    state.agenda.unsettled.push(id);
  }
}

function activate(state: RunState, controller: Instance, targets: readonly string[]): void {
  const scopeId = controller.input_scope_id;
  const { activations } = scopeOf(state, scopeId);
  for (const target of targets) {
    const known = activations.get(target);
    if (known) known.push(controller.instance_id);
    else activations.set(target, [controller.instance_id]);
    state.agenda.choices.push({
      kind: 'target',
      scopeId,
      target,
      controllerInstanceId: controller.instance_id,
    });
  }
}

function addInterrupt(state: RunState, event: RunEventOf<'interrupt_requested'>): void {
  const interrupt = { ...event.payload.interrupt };
  state.interrupts.set(interrupt.interrupt_id, { interrupt, reply: null, appliedInAttempt: null });
  linksOf(state, interrupt.instance_id).interrupts.push(interrupt.interrupt_id);
  if (interrupt.blocking) {
    instanceOf(state, interrupt.instance_id).blocking_interrupts.push(interrupt.interrupt_id);
  }
}

function resolveInterrupt(state: RunState, event: RunEventOf<'interrupt_resolved'>): void {
  const record = interruptOf(state, event.payload.interrupt_id);
  record.reply = event.payload.reply;
  record.interrupt.status = 'resolved';
  record.interrupt.resolved_at = event.created_at;
  const instance = instanceOf(state, record.interrupt.instance_id);
  instance.blocking_interrupts = instance.blocking_interrupts.filter(
    (id) => id !== record.interrupt.interrupt_id,
  );
  state.agenda.unsettled.push(instance.instance_id);
}

/** The first attempt that receives a reply applies it; a later one may be told it again. */
function applyReply(state: RunState, interruptId: string, attempt: number, now: string): void {
  const record = interruptOf(state, interruptId);
  if (record.appliedInAttempt !== null) return;
  record.interrupt.status = 'applied';
  record.interrupt.applied_at = now;
  record.appliedInAttempt = attempt;
}

function interruptOf(state: RunState, interruptId: string) {
  const record = state.interrupts.get(interruptId);
  if (!record) throw new Error(`no interrupt ${interruptId}`);
  return record;
}

function clearOutcome(instance: Instance): void {
  instance.error = null;
  instance.termination_reason = null;
  instance.failure_kind = null;
  instance.failure_summary = null;
  instance.resume_recommended = false;
  instance.finished_at = null;
}

function setStatus(state: RunState, instance: Instance, status: Instance['status']): void {
  state.counts[instance.status] -= 1;
  state.counts[status] += 1;
  instance.status = status;
}

function isBlocking(status: Instance['status']): boolean {
  return status === 'failed' || status === 'skipped';
}
