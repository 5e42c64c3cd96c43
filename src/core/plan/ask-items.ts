/** What a person is asked where a list is longer than what runs unasked (`ask_above`): section 17 of the contract. */
import type { Json, JsonObject } from '../../model/json.ts';
import { modelOf } from '../../model/policies.ts';
import { decidesByRules, type ForEach } from '../../model/program.ts';
import type { Instance } from '../../model/run.ts';
import { count } from '../../text/amounts.ts';
import { boundTask, isBoundToInputs } from '../state/bound-agent.ts';
import { askPerson } from '../state/questions.ts';
import type { Recorder } from '../state/recorder.ts';
import { effectiveValues, taskOf, type RunState } from '../state/run-state.ts';
import type { EarlierUse, Facts } from './facts.ts';

/** Who works on an item. */
interface Worker {
  agent: string;
  /** null: nobody names one. */
  model: string | null;
}

/** Of more than that, the rest is counted. */
const NAMED = 8;

/** Asks, unless that has been asked. */
export function askAboutItems(
  recorder: Recorder,
  facts: Facts,
  head: Instance,
  items: readonly Json[],
): void {
  const { state } = recorder;
  const { instance_id: id, task_id: task } = head;
  const { for_each: forEach } = taskOf(state, head);
  if (forEach === undefined) return;
  const limit = forEach.max_parallel;
  const { max_concurrency: slots } = state.plan.project;
  const atATime = limit === null ? slots : Math.min(limit, slots);
  const workers = workersOf(state, head, forEach, items);
  const earlier = facts.earlierUse?.(bodyOf(state, task)) ?? null;
  askPerson(recorder, {
    subject: 'items',
    key: id,
    instanceId: null,
    question:
      `${task} is to be done for ${items.length} items, ${atATime} at a time, by ${inWords(workers)}. ` +
      `${earlierInWords(earlier, items.length)} ` +
      'Shall it? "all", "first" with how many (as in "first 10"), or "none".',
    metadata: {
      ...{ region_id: id, task_id: task, items: items.length, at_a_time: atATime },
      agents: workers.map(({ agent, model }) => ({ agent, model })),
      earlier_per_item: earlier === null ? null : { ...earlier },
    },
  });
}

/** The tasks that are done for each item. */
function bodyOf({ graph, plan }: RunState, region: string): string[] {
  const body = graph.regions.bodies.get(region) ?? new Set([region]);
  return Object.keys(plan.tasks).filter((id) => {
    const task = plan.tasks[id];
    return body.has(id) && task !== undefined && !decidesByRules(task);
  });
}

/** In the order of tasks and items; each once. */
function workersOf(
  state: RunState,
  head: Instance,
  { as }: ForEach,
  items: readonly Json[],
): Worker[] {
  const { plan } = state;
  const around = effectiveValues(state, head.input_scope_id);
  const found = new Map<string, Worker>();
  for (const id of bodyOf(state, head.task_id)) {
    const task = plan.tasks[id];
    if (task === undefined) continue;
    const valuesOf = (item: Json, index: number): JsonObject => ({
      ...around,
      [as]: item,
      [`${as}_index`]: index,
    });
    const bound = isBoundToInputs(task)
      ? items.map((item, index) => boundTask(task, valuesOf(item, index)))
      : [task];
    for (const each of bound) {
      const worker = { agent: each.agent, model: modelOf(plan.project, each) };
      found.set(JSON.stringify(worker), worker);
    }
  }
  return [...found.values()];
}

function inWords(workers: readonly Worker[]): string {
  const named = workers
    .slice(0, NAMED)
    .map(({ agent, model }) => (model === null ? agent : `${agent} (${model})`));
  const rest = workers.length - named.length;
  return [...named, ...(rest > 0 ? [`${rest} more`] : [])].join(', ');
}

function earlierInWords(earlier: EarlierUse | null, items: number): string {
  if (earlier === null) return 'What an item costs is not known.';
  const { instances, tokens, cost_usd: cost } = earlier;
  const used = (times: number): string => {
    const price = cost === null ? 'at an unknown price' : `$${(cost * times).toFixed(2)}`;
    return `${count(Math.round(tokens * times))} tokens, ${price}`;
  };
  return `In earlier runs an item has used ${used(1)} (the mean of ${instances}); ${items} would use ${used(items)}.`;
}
