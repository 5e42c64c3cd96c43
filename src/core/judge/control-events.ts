/** What a controller's choice brings into the log: a route's labels, or a loop's next scope or end. */
import { derivedId } from '../../model/ids.ts';
import type { JsonObject } from '../../model/json.ts';
import type { TaskSpec } from '../../model/program.ts';
import type { Instance } from '../../model/run.ts';
import type { Recorder } from '../state/recorder.ts';
import { linksOf, type RunState } from '../state/run-state.ts';
import { scopeOf } from '../state/scope-index.ts';
import type { Control } from './control.ts';

/** Passes over what is recorded already. */
export function emitControl(
  recorder: Recorder,
  instance: Instance,
  task: TaskSpec,
  control: Control,
  /** Of a controller that decides by rules: which, and what it saw. */
  decided: { rule: number; values: JsonObject } | null = null,
): void {
  const { state } = recorder;
  const id = instance.instance_id;
  let recorded = linksOf(state, id).controlEvents;
  const emit: Recorder['emit'] = (type, instanceId, payload) => {
    if (recorded === 0) recorder.emit(type, instanceId, payload);
    else recorded -= 1;
  };
  emit('control_emitted', id, { control: control as unknown as JsonObject, ...decided });
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

/** The one that it opened last: an attempt before may have opened one, and failed all the same. */
function scopeOpenedBy(state: RunState, controllerInstanceId: string): string | null {
  let opened: string | null = null;
  for (const scope of state.scopes.values()) {
    if (scope.created_by_instance_id === controllerInstanceId) opened = scope.input_scope_id;
  }
  return opened;
}

function freshScopeId(state: RunState, controllerInstanceId: string): string {
  for (let salt = 0; ; salt += 1) {
    const id = derivedId('scope', `${state.runId}/${controllerInstanceId}`, salt);
    if (!state.scopes.has(id)) return id;
  }
}
