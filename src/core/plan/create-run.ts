/** The first events of a run: what was frozen, and the base scope. */
import { evolve } from '../events/evolve.ts';
import type { RunEvent } from '../events/events.ts';
import { derivedId } from '../../model/ids.ts';
import { newEvent, Recorder } from '../state/recorder.ts';
import type { RunPlan } from '../../model/run.ts';
import type { RunState } from '../state/run-state.ts';

/** `now`: ISO 8601, UTC. Instances follow from the first `plan`. */
export function createRun(
  plan: RunPlan,
  runId: string,
  now: string,
): { state: RunState; events: RunEvent[] } {
  const created = newEvent(runId, 1, 'run_created', null, now, plan);
  const state = evolve(null, created);
  const recorder = new Recorder(state, now);
  recorder.emit('input_scope_created', null, {
    input_scope_id: derivedId('scope', `${runId}/base`),
    parent_input_scope_id: null,
    seed_task_ids: [],
    values: plan.user_inputs,
    created_by_instance_id: null,
  });
  return { state, events: [created, ...recorder.events] };
}
