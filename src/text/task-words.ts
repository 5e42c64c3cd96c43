/** How a task is more than one step of a program, in words: for each item, only when, decided by rules. Pure. */
import {
  decidesByRules,
  testsOf,
  type Condition,
  type ConditionTest,
  type Dependency,
  type ForEach,
  type TaskSpec,
} from '../model/program.ts';
import { isJsonObject } from '../model/json.ts';
import { shown } from './shown.ts';

/** One phrase for each; none for an ordinary task. `region`: the innermost one around it that is not its own, or null. */
export function notesOn(
  task: Pick<TaskSpec, 'for_each' | 'when' | 'control' | 'depends_on'>,
  region: string | null,
): string[] {
  return [
    ...(region === null ? [] : [`for each item of ${region}`]),
    ...(task.for_each === undefined ? [] : [forEachWords(task.for_each)]),
    ...(task.when === undefined ? [] : [`when ${conditionWords(task.when)}`]),
    ...(decidesByRules(task) ? ['decides by rules'] : []),
    ...task.depends_on.flatMap(dependencyWords),
  ];
}

/** `for each failure of deps.find.result.failures, named by file, 4 at a time` */
export function forEachWords(forEach: ForEach): string {
  const { items, as, key, max_parallel: most, ask_above: above, stop_after: stop } = forEach;
  const list = typeof items === 'string' ? items : `a list of ${items.length}`;
  return [
    `for each ${as} of ${list}`,
    ...(key === null ? [] : [`named by ${key}`]),
    ...(most === null ? [] : [`${most} at a time`]),
    ...(above === null ? [] : [`asks above ${above}`]),
    ...(stop === null
      ? []
      : [`no further one after ${stop} ${stop === 1 ? 'failure' : 'failures'}`]),
  ].join(', ');
}

/** `deps.review.result.verdict is "ok"`, more of them with `and` or `or`. */
export function conditionWords(condition: Condition): string {
  const joint = !Array.isArray(condition) && 'any' in condition ? ' or ' : ' and ';
  return testsOf(condition).map(testWords).join(joint);
}

function testWords({ ref, matches, missing }: ConditionTest): string {
  const otherwise =
    missing === undefined ? '' : ` (where it is missing: ${missing ? 'yes' : 'no'})`;
  return `${ref} ${matchWords(matches)}${otherwise}`;
}

function matchWords(matches: ConditionTest['matches']): string {
  const keywords = isJsonObject(matches) ? Object.keys(matches) : [];
  if (isJsonObject(matches) && keywords.length === 1) {
    if (matches['const'] !== undefined) return `is ${shown(matches['const'], 60)}`;
    const { enum: some } = matches;
    if (Array.isArray(some)) return `is ${some.map((one) => shown(one, 60)).join(' or ')}`;
  }
  return `fits ${shown(matches, 120)}`;
}

function dependencyWords({ task, gather, optional }: Dependency): string[] {
  return [
    ...(gather === undefined
      ? []
      : [`once all items of ${task} are ${gather === 'all' ? 'done' : 'settled'}`]),
    ...(optional === true ? [`without ${task} where its condition skips it`] : []),
  ];
}
