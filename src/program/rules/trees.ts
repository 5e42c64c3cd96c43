/** Trees of their own for instances: what a program may not ask of them. Pure. */
import type { ItemInput } from '../../model/item-inputs.ts';
import type { ProjectSpec, TaskSpec } from '../../model/program.ts';
import { treeOf } from '../../model/trees.ts';
import { inputsOf } from '../../text/path-template.ts';
import { inputAt } from '../../text/value-at.ts';
import { pathTemplatesOf } from './paths.ts';
import type { Add } from './finding.ts';

/** `inLoop`: ids of tasks that a loop may start again, with inputs that it sets; `ofItems`: what items bring. */
export function checkTrees(
  task: TaskSpec,
  project: ProjectSpec,
  inLoop: ReadonlySet<string>,
  ofItems: ReadonlyMap<string, ItemInput>,
  add: Add,
): void {
  if (treeOf(project, task) === null) {
    if (task.tree !== undefined) {
      const message = '"tree" has no effect without "isolation: tree"';
      add('warning', 'tree.unused', ['tree'], message, 'Set "isolation: tree", or remove it.');
    }
    return;
  }
  const ofTask = pathTemplatesOf(task);
  for (const { path, template } of [...pathTemplatesOf(project), ...ofTask]) {
    const isOwn = ofTask.some((one) => one.path === path);
    const at = isOwn ? path : ['isolation'];
    const item = inputsOf(template)
      .map((name) => inputAt(name, (key) => ofItems.has(key)))
      .find((named) => named !== null);
    if (item !== undefined) {
      const { region } = ofItems.get(item.key)!;
      const message = `the directory "${template}" comes from the items of "${region}", and with "isolation: tree" it must be known when the run starts`;
      const hint = 'Write the directory here, or set "isolation: none".';
      add('error', 'tree.bound_workspace', at, message, hint);
      continue;
    }
    const bound = inputsOf(template).filter(
      (key) => inLoop.has(task.id) && !Object.hasOwn(project.user_inputs, key),
    );
    if (bound.length === 0) continue;
    const message = `the directory "${template}" may come from a loop's next_inputs (${bound.join(', ')}), and with "isolation: tree" it must be known when the run starts`;
    const hint = `Give the input a default in "user_inputs" of project.yaml, write the directory here, or set "isolation: none".`;
    add('error', 'tree.bound_workspace', at, message, hint);
  }
}

/** Tasks between what a loop continues with and its controller. */
export function tasksInLoops(tasks: readonly TaskSpec[]): Set<string> {
  const found = new Set<string>();
  for (const { control } of tasks) {
    if (control?.mode !== 'loop') continue;
    const pending = [...control.continue_targets];
    for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
      if (found.has(id)) continue;
      found.add(id);
      for (const { id: below, depends_on } of tasks)
        if (depends_on.some((each) => each.task === id)) pending.push(below);
    }
  }
  return found;
}
