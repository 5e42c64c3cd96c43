/** Conditions, optional dependencies and deciding controllers for random programs. */
import {
  scopeName,
  type Condition,
  type ConditionTest,
  type TaskSpec,
} from '../../src/model/program.ts';
import type { Random } from './random.ts';

/** Gives some of the tasks conditions, and some of the controllers rules. */
export function addConditions(random: Random, tasks: readonly TaskSpec[]): void {
  const often = random.pick([0.15, 0.4]);
  for (const task of tasks) {
    if (random.chance(often)) task.when = randomCondition(random, task);
    for (const dependency of task.depends_on) if (random.chance(0.35)) dependency.optional = true;
    if (task.control === null || !random.chance(0.4)) continue;
    if (task.control.mode === 'route') {
      const labels = task.control.routes.map(({ label }) => label);
      const rule = (when: boolean) => ({
        ...(when ? { when: randomCondition(random, task) } : {}),
        labels: random.some(labels, 0.6),
      });
      task.control.decide = [rule(true), rule(random.chance(0.4))];
    } else {
      // Nothing else ends a loop in which nothing is run.
      task.control.max_iterations = random.between(1, 3);
      const source = random.chance(0.3)
        ? { ref: randomRef(random, task) }
        : { value: random.below(3) };
      task.control.decide = [
        { when: randomCondition(random, task), action: 'continue', next_inputs: { n: source } },
        { ...(random.chance(0.3) ? { when: randomCondition(random, task) } : {}), action: 'stop' },
      ];
    }
  }
}

function randomCondition(random: Random, task: TaskSpec): Condition {
  const some = () => Array.from({ length: random.between(1, 3) }, () => randomTest(random, task));
  const one = () => randomTest(random, task);
  return random.pick<() => Condition>([one, some, () => ({ any: some() })])();
}

function randomTest(random: Random, task: TaskSpec): ConditionTest {
  const missing = random.pick([undefined, true, false, false]);
  return {
    ref: randomRef(random, task),
    matches: random.chance(0.2) ? random.chance(0.8) : { const: random.below(3) },
    ...(missing === undefined ? {} : { missing }),
  };
}

function randomRef(random: Random, task: TaskSpec): string {
  const [dependency] = random.shuffled(task.depends_on);
  if (dependency === undefined || random.chance(0.2)) {
    return `inputs.${random.pick(['n', 'n', 'goal', 'never'])}`;
  }
  return `deps.${scopeName(dependency)}.result.v`;
}
