/** Which tasks a run takes in: section 4 of the contract. Pure. */
import type { TaskSpec } from '../../model/program.ts';
import { suggest } from '../../text/suggest.ts';

export interface Selectors {
  roots: readonly string[];
  labels: readonly string[];
}

export type Selection =
  | {
      ok: true;
      /** The tasks named or labelled, in program order. */
      roots: string[];
      /** All tasks selected, in program order. */
      taskIds: string[];
    }
  | { ok: false; code: SelectionRefusal; message: string; hint: string | null };

type SelectionRefusal = 'nothing-selected' | 'unknown-root' | 'unknown-label';

/**
 * The roots and the labelled tasks, all that they depend on, and the targets of every controller among
 * them, until nothing is added. References to tasks that do not exist are left to validation.
 */
export function selectTasks(tasks: readonly TaskSpec[], selectors: Selectors): Selection {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const seeds = new Set<string>();
  for (const root of selectors.roots) {
    if (!byId.has(root)) return unknown('root', root, byId.keys());
    seeds.add(root);
  }
  for (const label of selectors.labels) {
    const labelled = tasks.filter((task) => task.labels.includes(label));
    if (labelled.length === 0) {
      return unknown(
        'label',
        label,
        tasks.flatMap((task) => task.labels),
      );
    }
    for (const task of labelled) seeds.add(task.id);
  }
  if (seeds.size === 0) {
    return {
      ok: false,
      code: 'nothing-selected',
      message: 'no task was selected',
      hint: 'name tasks with --root TASK, or labels with --label LABEL',
    };
  }
  const selected = new Set(seeds);
  for (const id of selected) {
    const task = byId.get(id);
    if (!task) continue;
    const next = [...task.depends_on.map((dependency) => dependency.task), ...controlTargets(task)];
    for (const other of next) if (byId.has(other)) selected.add(other);
  }
  const inOrder = tasks.map((task) => task.id);
  return {
    ok: true,
    roots: inOrder.filter((id) => seeds.has(id)),
    taskIds: inOrder.filter((id) => selected.has(id)),
  };
}

/** Every task that the controller can activate or repeat; empty for other tasks. */
export function controlTargets(task: TaskSpec): string[] {
  if (task.control === null) return [];
  if (task.control.mode === 'route') return task.control.routes.flatMap((route) => route.targets);
  return [...task.control.continue_targets, ...task.control.stop_targets];
}

function unknown(what: 'root' | 'label', word: string, known: Iterable<string>): Selection {
  const near = suggest(word, new Set(known));
  return {
    ok: false,
    code: what === 'root' ? 'unknown-root' : 'unknown-label',
    message: what === 'root' ? `there is no task "${word}"` : `no task has the label "${word}"`,
    hint: near === null ? 'codex-orch task list shows what there is' : `did you mean "${near}"?`,
  };
}
