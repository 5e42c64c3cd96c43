/** An attempt that stood still was stopped: it goes on where it was, or a person is asked. Section 18 of the contract. */
import type { FailureKind, Instance } from '../../model/run.ts';
import { policyOf } from '../state/policies.ts';
import { askPerson } from '../state/questions.ts';
import type { Recorder } from '../state/recorder.ts';
import { taskOf, type RunState } from '../state/run-state.ts';
import { goOn, timesContinued } from './go-on.ts';

/** So often in a row without progress. */
const IN_A_ROW = 2;
/** So often in all, whatever it did in between: something in the task makes it stand still. */
const IN_ALL = 6;

/** Whether the end of its attempt is for `goOnAfterStall`. */
export function isToGoOn(state: RunState, instance: Instance): boolean {
  if (instance.termination_reason !== 'idle_timeout') return false;
  return policyOf(state.plan.project, taskOf(state, instance), 'on_stall') === 'resume';
}

/** Goes on in the same session, told what was seen; or asks, where that has not helped. Returns whether it asks. */
export function goOnAfterStall(
  recorder: Recorder,
  instance: Instance,
  kind: FailureKind,
  summary: string,
): 'goes on' | 'asks' {
  const { instance_id: id, task_id: task, attempt } = instance;
  const before = timesContinued(recorder.state, id, 'stall');
  if (stillInARow(instance) < IN_A_ROW && before < IN_ALL) {
    goOn(recorder, instance, { reason: 'stall', message: summary, failure_kind: kind });
    return 'goes on';
  }
  askPerson(recorder, {
    subject: 'stall',
    key: `${id}/${attempt}`,
    instanceId: id,
    question:
      `Attempt ${attempt} of task ${task} was stopped: ${summary}. To go on where it was has not helped. ` +
      '"continue" once more in the same session, in a "fresh session", or "give up".',
    metadata: { attempt },
  });
  return 'asks';
}

/** How many of its latest attempts stood still and did nothing before. */
function stillInARow({ attempts }: Instance): number {
  const moved = attempts.findLastIndex(
    ({ termination_reason: end, progressed }) => end !== 'idle_timeout' || progressed === true,
  );
  return attempts.length - 1 - moved;
}
