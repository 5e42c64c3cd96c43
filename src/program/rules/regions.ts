/** Where tasks stand among the regions that `for_each` opens: section 17 of the contract. Pure. */
import type { RegionProblem, Regions } from '../../model/regions.ts';
import type { TaskSpec } from '../../model/program.ts';
import type { Add, RuleFinding } from './finding.ts';

/** `addTo`: for findings about `tasks.<id>`. */
export function checkRegions(
  tasks: readonly TaskSpec[],
  regions: Regions,
  addTo: (subject: string) => Add,
): void {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  for (const problem of regions.problems) {
    const task = byId.get(problem.task);
    if (task === undefined) continue;
    const { code, path, message, hint } = said(problem, task, regions);
    addTo(`tasks.${task.id}`)('error', code, path, message, hint);
  }
}

interface Said {
  code: string;
  path: RuleFinding['path'];
  message: string;
  hint: string;
}

function said(problem: RegionProblem, task: TaskSpec, { stacks }: Regions): Said {
  if (problem.kind === 'target_elsewhere') {
    const { target } = problem;
    return {
      code: 'control.target_in_region',
      path: placeOfTarget(task, target),
      message: `the target "${target}" stands ${where(stacks.get(target))}, and its controller "${task.id}" ${where(stacks.get(task.id))}`,
      hint: 'A controller leads to tasks of its own region, or to one that opens a region there.',
    };
  }
  const { dependency } = problem;
  const up = task.depends_on[dependency]!.task;
  const gather = ['depends_on', dependency, 'gather'];
  switch (problem.kind) {
    case 'gathers_nothing':
      return {
        code: 'task.gather_without_region',
        path: gather,
        message: `there is nothing to gather: "${up}" stands in no region, and has one instance`,
        hint: 'Remove "gather", or give the task that is to run for every item "for_each".',
      };
    case 'apart': {
      const other = task.depends_on[problem.other]!.task;
      return {
        code: 'task.regions_apart',
        path: ['depends_on', dependency, 'task'],
        message: `"${up}" stands ${where(stacks.get(up))}, and "${other}" ${where(stacks.get(other))}: a task cannot stand in both`,
        hint: 'Take one of them together, with "gather: settled".',
      };
    }
    case 'gathers_inside': {
      const other = task.depends_on[problem.other]!.task;
      return {
        code: 'task.gather_inside_region',
        path: gather,
        message: `the task depends on "${other}", so that it stands in the region of "${problem.region}" itself, and cannot take its items together`,
        hint: `Gather "${other}", too; or gather in a task that does not depend on it.`,
      };
    }
    case 'gathers_from_afar': {
      const other = task.depends_on[problem.other]!.task;
      return {
        code: 'task.gather_skips_level',
        path: gather,
        message: `the task depends on "${other}", so that it stands ${where(stacks.get(other))}, and the region of "${problem.region}" does not lie there`,
        hint: 'Gather in a task beside that region, and depend on this one: regions are gathered level by level.',
      };
    }
    case 'gathers_repeated': {
      const { controller } = problem;
      return {
        code: 'task.gather_of_loop',
        path: gather,
        message: `the loop of "${controller}" repeats "${up}" within an item, so that there are several of it`,
        hint: `Gather a stop target of "${controller}", or what depends on one.`,
      };
    }
  }
}

function where(stack: readonly string[] = []): string {
  const region = stack.at(-1);
  return region === undefined ? 'in no region' : `in the region of "${region}"`;
}

/** Where a controller names the target first. */
function placeOfTarget({ control }: TaskSpec, target: string): RuleFinding['path'] {
  if (control?.mode === 'route') {
    for (const [index, { targets }] of control.routes.entries()) {
      const position = targets.indexOf(target);
      if (position !== -1) return ['control', 'routes', index, 'targets', position];
    }
  }
  if (control?.mode === 'loop') {
    for (const field of ['continue_targets', 'stop_targets'] as const) {
      const position = control[field].indexOf(target);
      if (position !== -1) return ['control', field, position];
    }
  }
  return ['control'];
}
