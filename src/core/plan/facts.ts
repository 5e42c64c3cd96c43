/**
 * What the core cannot know by itself: what lies in results, which stay in the log, and whether a value fits a JSON
 * Schema. Whoever plans hands it in. The same question has the same answer for good, or a crash could change a decision.
 */
import type { Json, JsonObject } from '../../model/json.ts';
import { scopeName } from '../../model/program.ts';
import { parseReference } from '../../model/references.ts';
import type { Instance } from '../../model/run.ts';
import { inputValue, valueAt, type ValueAt } from '../../text/value-at.ts';
import { gatheredList, gatheredParts } from '../state/gathered-value.ts';
import { effectiveValues, instanceOf, type Node, type RunState } from '../state/run-state.ts';

export interface Facts {
  /** The result with which a done instance ended; null where it left none. */
  result(instanceId: string): { value: Json } | null;
  fits(schema: JsonObject | boolean, value: Json): Fit;
  /**
   * What earlier runs of the program have used for these tasks, an instance of each; null: nothing is known. For people's
   * eyes: nothing is decided by it. Left out: nobody looks.
   */
  earlierUse?(taskIds: readonly string[]): EarlierUse | null;
}

export interface EarlierUse {
  /** How many instances it is the mean of, of the task that has fewest. */
  instances: number;
  /** Input and output. */
  tokens: number;
  /** US dollars; null: of some, nobody knows what they cost. */
  cost_usd: number | null;
}

/** `why`: it cannot be said, as a clause. */
export type Fit = { ok: true; fits: boolean } | { ok: false; why: string };

/** For whoever plans nothing that needs any. */
export const noFacts: Facts = {
  result: () => {
    throw new Error('nobody says what results hold');
  },
  fits: () => ({ ok: false, why: 'nobody says what fits' }),
};

/** What a reference of an instance's task stands for there. */
export function referredValue(
  state: RunState,
  facts: Facts,
  instance: Node & Pick<Instance, 'gathered'>,
  ref: string,
): ValueAt {
  const missing = (reason: string): ValueAt => ({ ok: false, reason, hint: null });
  const dependencies = state.plan.tasks[instance.task_id]?.depends_on ?? [];
  const parsed = parseReference(ref, dependencies.map(scopeName));
  if (!parsed.ok) return missing(`"${ref}" is no reference`);
  const { reference } = parsed;
  if (reference.kind === 'input') {
    const values = effectiveValues(state, instance.input_scope_id);
    return (
      inputValue(values, reference.name) ?? missing(`nobody gave the input "${reference.name}"`)
    );
  }
  if (reference.kind !== 'dep_result') return missing(`"${ref}" is no value`);
  const parts = gatheredParts(state, instance, reference.scope);
  if (parts !== null) {
    const list = gatheredList(state, parts, (each) => facts.result(each));
    return valueAt(list, reference.path, `what "${reference.scope}" gathers`);
  }
  const id = instance.dependency_instances[reference.scope];
  const upstream = id === undefined ? null : instanceOf(state, id);
  if (upstream === null) return missing(`nothing is bound to "${reference.scope}"`);
  const { task_id: task, instance_id } = upstream;
  if (upstream.status === 'skipped') {
    return missing(`${task} (${instance_id}) was skipped by its condition`);
  }
  const result = facts.result(instance_id);
  if (result === null) return missing(`${task} (${instance_id}) left no result`);
  return valueAt(result.value, reference.path, `the result of ${task} (${instance_id})`);
}
