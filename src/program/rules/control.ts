/** The control rules of section 3: where controllers may lead. Pure. */
import { ancestorsOf } from './graph.ts';
import type { TaskSpec } from '../../model/program.ts';
import type { Add, ProgramModel, RuleFinding } from './finding.ts';
import { controlTargets } from '../../core/plan/selection.ts';
import { didYouMean } from '../../text/suggest.ts';

export function checkControl(
  task: TaskSpec,
  byId: ReadonlyMap<string, TaskSpec>,
  model: ProgramModel,
  add: Add,
): void {
  const { control } = task;
  if (control === null) {
    if (task.kind === 'controller') {
      add(
        'error',
        'control.missing',
        ['control'],
        'a controller needs "control"',
        'Add it, or set "kind: work".',
      );
    }
    return;
  }
  if (task.kind === 'work') {
    add(
      'error',
      'control.unexpected',
      ['control'],
      '"control" is for controllers only',
      'Set "kind: controller".',
    );
    return;
  }
  const exists = (target: string, path: RuleFinding['path']): boolean => {
    if (byId.has(target)) return true;
    if (model.unreadableTasks.has(target)) return false;
    add(
      'error',
      'control.unknown_target',
      path,
      `there is no task "${target}" to go to`,
      didYouMean(target, byId.keys()),
    );
    return false;
  };
  const dependsOnThis = (target: string, path: RuleFinding['path']): void => {
    if (!exists(target, path)) return;
    if (byId.get(target)?.depends_on.some((dependency) => dependency.task === task.id)) return;
    add(
      'error',
      'control.target_not_dependent',
      path,
      `the target "${target}" does not depend on its controller "${task.id}"`,
      `Add {task: ${task.id}, kind: order} to "depends_on" of "${target}".`,
    );
  };
  if (control.mode === 'route') {
    const labels = new Set<string>();
    for (const [index, route] of control.routes.entries()) {
      if (labels.has(route.label)) {
        add(
          'error',
          'control.duplicate_label',
          ['control', 'routes', index, 'label'],
          `the route label "${route.label}" occurs twice`,
        );
      }
      labels.add(route.label);
      for (const [position, target] of route.targets.entries()) {
        dependsOnThis(target, ['control', 'routes', index, 'targets', position]);
      }
    }
    return;
  }
  const ancestors = ancestorsOf(task.id, byId);
  for (const [index, target] of control.continue_targets.entries()) {
    const path = ['control', 'continue_targets', index];
    if (!exists(target, path)) continue;
    if (!ancestors.has(target)) {
      add(
        'error',
        'control.continue_not_ancestor',
        path,
        `the continue target "${target}" is no ancestor of the loop controller "${task.id}"`,
        `"${task.id}" must depend on it, directly or through other tasks.`,
      );
    }
  }
  for (const [index, target] of control.stop_targets.entries()) {
    const path = ['control', 'stop_targets', index];
    if (control.continue_targets.includes(target)) {
      add(
        'error',
        'control.overlap',
        path,
        `"${target}" is both a continue target and a stop target`,
      );
    } else dependsOnThis(target, path);
  }
}

/** A target belongs to one control edge only. */
export function checkTargetOwners(
  tasks: readonly TaskSpec[],
  addTo: (subject: string) => Add,
): void {
  const owners = new Map<string, string>();
  for (const task of tasks) {
    if (task.kind !== 'controller' || task.control === null) continue;
    const overlap = new Set<string>();
    if (task.control.mode === 'loop') {
      const { continue_targets: again, stop_targets: stop } = task.control;
      for (const target of stop) if (again.includes(target)) overlap.add(target);
    }
    const places = targetPlaces(task);
    for (const [index, target] of controlTargets(task).entries()) {
      const { edge, path } = places[index] ?? { edge: task.id, path: ['control'] };
      const owner = owners.get(target);
      if (owner === undefined) {
        owners.set(target, edge);
      } else if (!overlap.has(target)) {
        addTo(`tasks.${task.id}`)(
          'error',
          'control.shared_target',
          path,
          `"${target}" is already a target of ${owner}; a target belongs to one control edge only`,
        );
      }
    }
  }
}

/** For each of `controlTargets`, in its order: the edge in words, and where it is written. */
function targetPlaces(task: TaskSpec): { edge: string; path: RuleFinding['path'] }[] {
  const { control } = task;
  if (control === null) return [];
  if (control.mode === 'route') {
    return control.routes.flatMap((route, index) =>
      route.targets.map((_target, position) => ({
        edge: `the route "${route.label}" of "${task.id}"`,
        path: ['control', 'routes', index, 'targets', position],
      })),
    );
  }
  return [
    ...control.continue_targets.map((_target, index) => ({
      edge: `the continue edge of "${task.id}"`,
      path: ['control', 'continue_targets', index],
    })),
    ...control.stop_targets.map((_target, index) => ({
      edge: `the stop edge of "${task.id}"`,
      path: ['control', 'stop_targets', index],
    })),
  ];
}
