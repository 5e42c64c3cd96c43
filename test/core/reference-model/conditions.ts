/** Section 17: whether conditions hold, and what rules of controllers choose. As plainly as possible. */
import type { Json, JsonObject } from '../../../src/model/json.ts';
import type { Condition, ConditionTest, TaskSpec } from '../../../src/model/program.ts';
import type { Places } from './places.ts';
import type { Choice, ModelInstance } from './records.ts';

export class Conditions {
  readonly #places: Places;

  constructor(places: Places) {
    this.#places = places;
  }

  /** null: what it would hand on is missing. */
  choiceOf(
    instance: ModelInstance,
    rule: NonNullable<NonNullable<TaskSpec['control']>['decide']>[number],
  ): Choice | null {
    if ('labels' in rule) return { kind: 'labels', labels: rule.labels };
    if (rule.action === 'stop') return { kind: 'stop' };
    const inputs: JsonObject = {};
    for (const [key, source] of Object.entries(rule.next_inputs ?? {})) {
      const value = 'value' in source ? source.value : this.valueOf(instance, source.ref);
      if (value === undefined) return null;
      inputs[key] = value;
    }
    return { kind: 'continue', inputs };
  }

  /** All tests must hold, or one of `any`. A value that is missing matters only where the others decide nothing. */
  holds(instance: ModelInstance, condition: Condition): boolean | 'unknown' {
    if (!Array.isArray(condition) && 'any' in condition) {
      const outcomes = condition.any.map((test) => this.#passes(instance, test));
      return outcomes.includes(true) || (outcomes.includes('unknown') ? 'unknown' : false);
    }
    const outcomes = [condition].flat().map((test) => this.#passes(instance, test));
    if (outcomes.includes(false)) return false;
    return outcomes.includes('unknown') ? 'unknown' : true;
  }

  #passes(instance: ModelInstance, { ref, matches, missing }: ConditionTest): boolean | 'unknown' {
    const value = this.valueOf(instance, ref);
    if (value === undefined) return missing ?? 'unknown';
    if (typeof matches === 'boolean') return matches;
    return value === matches['const'];
  }

  /** References here are `inputs.<key>` and `deps.<scope>.result.<key>` alone. */
  valueOf(instance: ModelInstance, ref: string): Json | undefined {
    if (ref.startsWith('inputs.')) return instance.scope.values[ref.slice('inputs.'.length)];
    const [scope, key = ''] = ref.slice('deps.'.length).split('.result.');
    const edge = this.#places
      .task(instance.task)
      .depends_on.find((each) => (each.as ?? each.task) === scope);
    const up = instance.upstream.get(edge?.task ?? '');
    const result = up?.status === 'done' ? up.result : undefined;
    return (result as JsonObject | null | undefined)?.[key];
  }
}
