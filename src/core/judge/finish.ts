/**
 * What a finished attempt means: section 8.4 of the contract, in its order. The edge brings the facts;
 * this decides. Every step looks whether it is recorded already, so that a crash between two lines of
 * the log (they are written at once, but a power cut can keep half) is settled by deciding again.
 */
import { parseControl, type Control } from './control.ts';
import { instanceOf, linksOf } from '../events/evolve.ts';
import type { RunEvent } from '../events/events.ts';
import { derivedId } from '../../model/ids.ts';
import type { ProcessEnd } from '../../model/attempt.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { TaskSpec } from '../../model/program.ts';
import { Recorder } from '../state/recorder.ts';
import { unappliedReplies } from '../state/replies.ts';
import type { FailureKind, FileRecord, Instance } from '../../model/run.ts';
import type { RunState } from '../state/run-state.ts';
import { scopeOf } from '../state/scope-index.ts';

export type ResultFacts =
  | { kind: 'none' }
  | { kind: 'value'; value: Json; sha256: string }
  /** No JSON, or against the task's `result_schema`; the message names the field. */
  | { kind: 'invalid'; message: string };

export type ArtifactFacts =
  { kind: 'published'; artifacts: FileRecord[] } | { kind: 'missing'; message: string };

export interface AttemptFacts {
  process: ProcessEnd;
  result: ResultFacts;
  artifacts: ArtifactFacts;
}

/** Settles the running attempt of `instanceId`. `now`: ISO 8601, UTC. */
export function finishAttempt(
  state: RunState,
  instanceId: string,
  facts: AttemptFacts,
  now: string,
): RunEvent[] {
  const recorder = new Recorder(state, now);
  const instance = instanceOf(state, instanceId);
  if (instance.status !== 'running') return [];
  const record = instance.attempts.at(-1);
  if (record && record.finished_at === null) {
    recorder.emit('attempt_finished', instanceId, { attempt: instance.attempt, ...facts.process });
  }
  conclude(recorder, instance, facts);
  return recorder.events;
}

function conclude(recorder: Recorder, instance: Instance, facts: AttemptFacts): void {
  const { state } = recorder;
  const id = instance.instance_id;
  // A lost session is no one's failure: the instance starts over in a fresh one, with all replies. An
  // attempt that had none to lose has failed, or it would start over for ever.
  const session = instance.attempts.at(-1)?.session_id ?? null;
  if (facts.process.failure_kind === 'session_lost' && session !== null) {
    recorder.emit('session_lost', id, {
      session_id: session,
      reason: facts.process.failure_summary ?? 'the agent does not know the session any more',
    });
    if (instance.blocking_interrupts.length > 0) return wait(recorder, instance);
    recorder.emit('instance_requeued', id, { reason: 'session_lost', granted_iterations: 0 });
    return;
  }
  // A question whose answer came while the attempt still ran has not reached the worker either: the
  // instance waits for a moment, and `advance` resumes it at once with the answer.
  const unheard = unappliedReplies(state, id).filter((record) => record.interrupt.blocking);
  if (instance.blocking_interrupts.length > 0 || unheard.length > 0) {
    return wait(recorder, instance);
  }
  if (facts.process.termination_reason !== 'completed') {
    const summary =
      facts.process.failure_summary ?? `the attempt ended: ${facts.process.termination_reason}`;
    fail(
      recorder,
      id,
      summary,
      facts.process.failure_kind ?? 'unknown',
      facts.process.resume_recommended,
    );
    return;
  }
  const task = taskOf(state, instance);
  const accepted = acceptResult(recorder, instance, task, facts.result);
  if (accepted === 'failed') return;
  if (facts.artifacts.kind === 'missing') {
    return fail(recorder, id, facts.artifacts.message, 'task_runtime');
  }
  const undecided = missingDecision(state, id, task);
  if (undecided !== null) return fail(recorder, id, undecided, 'decision_obligation');
  if (instance.published.length === 0 && facts.artifacts.artifacts.length > 0) {
    recorder.emit('artifacts_published', id, {
      attempt: instance.attempt,
      artifacts: facts.artifacts.artifacts,
    });
  }
  if (accepted !== null) emitControl(recorder, instance, task, accepted);
  recorder.emit('instance_done', id, {});
}

/** Puts the instance to wait for its open questions. */
export function wait(recorder: Recorder, instance: Instance): void {
  recorder.emit('instance_waiting', instance.instance_id, {
    waiting_reason: 'interrupts_pending',
    blocking_interrupts: [...instance.blocking_interrupts],
  });
}

/** The controller's choice, null for a task that has none, or `failed` where it has been failed. */
function acceptResult(
  recorder: Recorder,
  instance: Instance,
  task: TaskSpec,
  result: ResultFacts,
): Control | null | 'failed' {
  const id = instance.instance_id;
  if (result.kind === 'invalid') {
    fail(recorder, id, result.message, 'output_schema');
    return 'failed';
  }
  if (result.kind === 'none' && task.result_schema !== null) {
    fail(
      recorder,
      id,
      `result.json is missing: the task has a result_schema (${task.result_schema}), and the final message is not JSON either`,
      'output_schema',
    );
    return 'failed';
  }
  let control: Control | null = null;
  if (task.control) {
    const parsed = parseControl(task.control, result.kind === 'value' ? result.value : undefined);
    if (!parsed.ok) {
      fail(recorder, id, parsed.message, 'task_runtime');
      return 'failed';
    }
    control = parsed.control;
    const overLimit = loopLimitReached(recorder.state, instance, task, control);
    if (overLimit !== null) {
      fail(recorder, id, overLimit, 'loop_limit');
      return 'failed';
    }
  }
  if (result.kind === 'value') {
    if (linksOf(recorder.state, id).resultSha256 === null) {
      recorder.emit('result_materialized', id, {
        attempt: instance.attempt,
        sha256: result.sha256,
        result: result.value,
      });
    }
  }
  return control;
}

function loopLimitReached(
  state: RunState,
  instance: Instance,
  task: TaskSpec,
  control: Control,
): string | null {
  if (control.kind !== 'loop' || control.action !== 'continue') return null;
  if (task.control?.mode !== 'loop' || task.control.max_iterations === null) return null;
  const count = scopeOf(state, instance.input_scope_id).loops.get(task.id);
  const limit = task.control.max_iterations + (count?.granted ?? 0);
  const reached = count?.iteration ?? 0;
  if (reached < limit) return null;
  return `loop ${task.id} has reached its limit of ${limit} iteration${limit === 1 ? '' : 's'} (control.max_iterations) and asks to continue; grant more with run retry-instance --grant-iterations N`;
}

/** Passes over what is recorded already. */
function emitControl(
  recorder: Recorder,
  instance: Instance,
  task: TaskSpec,
  control: Control,
): void {
  const { state } = recorder;
  const id = instance.instance_id;
  let recorded = linksOf(state, id).controlEvents;
  const emit: Recorder['emit'] = (type, instanceId, payload) => {
    if (recorded === 0) recorder.emit(type, instanceId, payload);
    else recorded -= 1;
  };
  emit('control_emitted', id, { control: control as unknown as JsonObject });
  if (control.kind === 'route' && task.control?.mode === 'route') {
    for (const { label, targets } of task.control.routes) {
      const chosen = control.labels.includes(label);
      emit(chosen ? 'route_selected' : 'route_unselected', id, { label, targets });
    }
  }
  if (control.kind !== 'loop' || task.control?.mode !== 'loop') return;
  if (control.action === 'stop') {
    emit('loop_stopped', id, { targets: task.control.stop_targets });
    return;
  }
  const opened = recorded > 0 ? scopeOpenedBy(state, id) : null;
  const scopeId = opened ?? freshScopeId(state, id);
  emit('input_scope_created', id, {
    input_scope_id: scopeId,
    parent_input_scope_id: instance.input_scope_id,
    seed_task_ids: task.control.continue_targets,
    values: control.next_inputs,
    created_by_instance_id: id,
  });
  emit('loop_continued', id, {
    input_scope_id: scopeId,
    iteration: scopeOf(state, scopeId).loops.get(task.id)?.iteration ?? 1,
    targets: task.control.continue_targets,
  });
}

function scopeOpenedBy(state: RunState, controllerInstanceId: string): string | null {
  for (const scope of state.scopes.values()) {
    if (scope.created_by_instance_id === controllerInstanceId) return scope.input_scope_id;
  }
  return null;
}

function freshScopeId(state: RunState, controllerInstanceId: string): string {
  for (let salt = 0; ; salt += 1) {
    const id = derivedId('scope', `${state.runId}/${controllerInstanceId}`, salt);
    if (!state.scopes.has(id)) return id;
  }
}

/** A required decision that no blocking interrupt of any attempt has asked for, as a message. */
function missingDecision(state: RunState, instanceId: string, task: TaskSpec): string | null {
  const asked = linksOf(state, instanceId)
    .interrupts.map((id) => state.interrupts.get(id)?.interrupt)
    .filter((interrupt) => interrupt?.blocking === true);
  const missing = task.required_decisions.filter(
    (decision) =>
      !asked.some(
        (interrupt) =>
          interrupt?.decision_kind === decision.decision_kind &&
          (decision.audience === 'any' || interrupt.audience === decision.audience),
      ),
  );
  if (missing.length === 0) return null;
  const names = missing.map(
    (d) =>
      `${d.decision_kind} (audience ${d.audience}${d.description === '' ? '' : `: ${d.description}`})`,
  );
  return `required_decisions: the worker ended without asking, by a blocking interrupt, for ${names.join('; ')}`;
}

function fail(
  recorder: Recorder,
  instanceId: string,
  error: string,
  kind: FailureKind,
  resumeRecommended = false,
): void {
  const instance = instanceOf(recorder.state, instanceId);
  recorder.emit('instance_failed', instanceId, {
    error,
    failure_kind: kind,
    failure_summary: instance.failure_summary ?? error,
    termination_reason: instance.termination_reason,
    resume_recommended: resumeRecommended,
  });
}

export function taskOf(state: RunState, instance: Instance): TaskSpec {
  const task = state.plan.tasks[instance.task_id];
  if (!task) throw new Error(`no task ${instance.task_id}`);
  return task;
}
