/** Checks: each asks for one thing, and who shares a workspace is told what that means. Pure. */
import type { CheckSpec } from '../../model/checks.ts';
import type { ProjectSpec, TaskSpec } from '../../model/program.ts';
import { treeOf } from '../../model/trees.ts';
import type { Add } from './finding.ts';

/** `addTo`: for findings about `project`, or about `tasks.<id>`. */
export function checkChecks(
  project: ProjectSpec,
  tasks: readonly TaskSpec[],
  addTo: (subject: string) => Add,
): void {
  checkForms(project.checks ?? [], addTo('project'));
  for (const task of tasks) {
    const add = addTo(`tasks.${task.id}`);
    checkForms(task.checks ?? [], add);
    if (treeOf(project, task) !== null) continue;
    for (const [index, { unchanged, changed }] of (task.checks ?? []).entries()) {
      const name = unchanged !== undefined ? 'unchanged' : changed === true ? 'changed' : null;
      if (name === null) continue;
      const message = `"${name}" counts what anybody does in this workspace while the task is at work, since others share it`;
      const hint = 'Set "isolation: tree", so that the task has a tree of its own.';
      add('warning', 'check.shared', ['checks', index, name], message, hint);
    }
  }
}

function checkForms(checks: readonly CheckSpec[], add: Add): void {
  for (const [index, check] of checks.entries()) {
    const { run, unchanged, changed, baseline } = check;
    const named = [run, unchanged, changed].filter((each) => each !== undefined).length;
    const at = ['checks', index];
    if (named !== 1) {
      const message = `a check has one of "run", "unchanged" and "changed"; ${named === 0 ? 'here is none' : `here are ${named}`}`;
      add(
        'error',
        'check.form',
        at,
        message,
        'Write {run: npm test}, or {unchanged: ["test/**"]}, or {changed: true}.',
      );
    } else if (changed === false) {
      const message = '"changed: false" asks for nothing';
      add(
        'error',
        'check.form',
        [...at, 'changed'],
        message,
        'Write {unchanged: ["**"]} where nothing may change.',
      );
    } else if (run === undefined && baseline) {
      const message = `"baseline" is for "run" alone: the other checks compare with what was there before anyway`;
      add('warning', 'check.baseline', [...at, 'baseline'], message, 'Remove it.');
    }
  }
}
