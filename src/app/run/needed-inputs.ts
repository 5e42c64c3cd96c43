/** Which inputs a run to come needs, and whether anybody gives them. Pure. */
import { controlTargets } from '../../core/plan/selection.ts';
import { itemInputsOf } from '../../model/item-inputs.ts';
import type { ProjectSpec, TaskSpec } from '../../model/program.ts';
import { regionsOf } from '../../model/regions.ts';
import { inputsOf } from '../../text/path-template.ts';
import { inputAt } from '../../text/value-at.ts';
import { suggest } from '../../text/suggest.ts';
import { pathTemplatesOf } from '../../program/rules/paths.ts';
import { inputsNamedBy } from '../../program/rules/inputs.ts';

export interface InputTrouble {
  /** Needed, and given by nobody: key → the tasks that need it. */
  missing: Map<string, string[]>;
  /** Given, and read by no selected task: key → the one that was probably meant, of those that are not given. */
  unread: Map<string, string | null>;
}

/** `given`: all that the run begins with; `named`: those of them that the start itself names. */
export function inputTrouble(
  project: ProjectSpec,
  tasks: readonly TaskSpec[],
  given: ReadonlySet<string>,
  named: ReadonlySet<string>,
): InputTrouble {
  const regions = regionsOf(tasks);
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const ofProject = pathTemplatesOf(project).flatMap(({ template }) => inputsOf(template));
  const needed = new Map<string, string[]>();
  const isKey = (key: string): boolean => given.has(key) || Object.hasOwn(project.user_inputs, key);
  for (const task of tasks) {
    const ofItems = itemInputsOf(regions.stacks.get(task.id) ?? [], byId);
    const names = [...ofProject, ...inputsNamedBy(task)].filter(
      (name) => inputAt(name, (key) => ofItems.has(key)) === null,
    );
    for (const key of new Set(names.map((name) => inputAt(name, isKey)?.key ?? name))) {
      needed.set(key, [...(needed.get(key) ?? []), task.id]);
    }
  }
  const absent = [...needed].filter(([key]) => !given.has(key));
  const fed = tasksThatLoopsFeed(tasks);
  const missing = new Map(
    absent
      .map(([key, ids]) => [key, ids.filter((id) => !fed.has(id))] as const)
      .filter(([, ids]) => ids.length > 0),
  );
  const unread = new Map<string, string | null>();
  for (const key of named) {
    if (needed.has(key) || Object.hasOwn(project.user_inputs, key)) continue;
    unread.set(
      key,
      suggest(
        key,
        absent.map(([one]) => one),
      ),
    );
  }
  return { missing, unread };
}

/** What a loop leads to, and what follows: it may see inputs that the loop made. */
function tasksThatLoopsFeed(tasks: readonly TaskSpec[]): Set<string> {
  const dependents = new Map<string, string[]>();
  for (const { id, depends_on: above } of tasks) {
    for (const { task } of above) dependents.set(task, [...(dependents.get(task) ?? []), id]);
  }
  const loops = tasks.filter(({ control }) => control?.mode === 'loop');
  const fed = new Set<string>();
  const queue = loops.flatMap((loop) => controlTargets(loop));
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    if (fed.has(id)) continue;
    fed.add(id);
    queue.push(...(dependents.get(id) ?? []));
  }
  return fed;
}
