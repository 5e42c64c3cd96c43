/** What a person is asked where a list is longer than what runs unasked (`ask_above`): section 17 of the contract. */
import type { Json } from '../../model/json.ts';
import type { Instance } from '../../model/run.ts';
import { askPerson } from '../state/questions.ts';
import type { Recorder } from '../state/recorder.ts';
import { taskOf } from '../state/run-state.ts';

/** Asks, unless that has been asked. */
export function askAboutItems(recorder: Recorder, head: Instance, items: readonly Json[]): void {
  const { state } = recorder;
  const { instance_id: id, task_id: task } = head;
  const { for_each: forEach } = taskOf(state, head);
  const limit = forEach?.max_parallel ?? null;
  const { max_concurrency: slots } = state.plan.project;
  const atATime = limit === null ? slots : Math.min(limit, slots);
  askPerson(recorder, {
    subject: 'items',
    key: id,
    instanceId: null,
    question:
      `${task} is to be done for ${items.length} items, ${atATime} at a time. ` +
      'Shall it? "all", "first" with how many (as in "first 10"), or "none".',
    metadata: { region_id: id, task_id: task, items: items.length, at_a_time: atATime },
  });
}
