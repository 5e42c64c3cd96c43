/** What an attempt left as its result, against what its task calls for. */
import type { Json } from '../../model/json.ts';
import type { TaskSpec } from '../../model/program.ts';
import type { FailureKind, Instance } from '../../model/run.ts';
import type { Recorder } from '../state/recorder.ts';
import { linksOf, type RunState } from '../state/run-state.ts';
import { scopeOf } from '../state/scope-index.ts';
import { parseControl, type Control } from './control.ts';

export type ResultFacts =
  | { kind: 'none' }
  | { kind: 'value'; value: Json; sha256: string }
  /** No JSON, or against the task's `result_schema`; the message names the field. */
  | { kind: 'invalid'; message: string };

export type Accepted =
  /** `control`: the controller's choice; null for a task that makes none. */
  { ok: true; control: Control | null } | { ok: false; kind: FailureKind; message: string };

/** Whether what an attempt left as its result is what its task calls for. */
export function acceptResult(
  state: RunState,
  instance: Instance,
  task: TaskSpec,
  result: ResultFacts,
): Accepted {
  if (result.kind === 'invalid') {
    return { ok: false, kind: 'output_schema', message: result.message };
  }
  if (result.kind === 'none' && task.result_schema !== null) {
    const message = `result.json is missing: the task has a result_schema (${task.result_schema}), and the final message is not JSON either`;
    return { ok: false, kind: 'output_schema', message };
  }
  if (!task.control) return { ok: true, control: null };
  const parsed = parseControl(task.control, result.kind === 'value' ? result.value : undefined);
  if (!parsed.ok) return { ok: false, kind: 'task_runtime', message: parsed.message };
  const overLimit = loopLimitReached(state, instance, task, parsed.control);
  if (overLimit !== null) return { ok: false, kind: 'loop_limit', message: overLimit };
  return { ok: true, control: parsed.control };
}

/** Passes over one that is recorded already. */
export function recordResult(
  recorder: Recorder,
  { instance_id: id, attempt }: Instance,
  { sha256, value }: ResultFacts & { kind: 'value' },
): void {
  if (linksOf(recorder.state, id).resultSha256 !== null) return;
  recorder.emit('result_materialized', id, { attempt, sha256, result: value });
}

/** What is wrong with going on, where the loop has no iterations left; null: nothing. */
export function loopLimitReached(
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
