/**
 * Random programs that keep the control rules of section 3: a route or stop target depends on its
 * controller, a continue target is an ancestor of its controller, a target belongs to one control edge.
 */
import type { TaskSpec } from '../../src/model/program.ts';
import type { Random } from './random.ts';
import { loop, route, task } from '../support/make.ts';
import { keepList, mend } from './random-regions.ts';

/** `size`: about how many tasks. Tasks are listed in random order. */
export function randomProgram(random: Random, size: number): TaskSpec[] {
  if (random.chance(0.12)) return random.shuffled(random.pick(knots)());
  const shape = random.weighted({ dense: 2, sparse: 3, chain: 3, loops: 4 });
  const tasks: TaskSpec[] = [];
  for (let i = 0; i < size; i += 1) tasks.push(randomTask(random, i, tasks, shape));
  const targeted = new Set<string>();
  const controllers = shape === 'loops' ? 0.55 : random.pick([0.15, 0.35, 0.5]);
  for (const [index, each] of tasks.entries()) {
    if (!random.chance(controllers)) continue;
    if (random.chance(shape === 'loops' ? 0.7 : 0.5)) makeLoop(random, tasks, index, targeted);
    else makeRoute(random, tasks, index, targeted);
    if (each.control && random.chance(0.05)) each.result_schema = 'schemas/any.json';
  }
  return random.shuffled(tasks);
}

/**
 * Shapes that chance rarely hits. In both, `e` joins a task of the inner loop with `x`, which is chosen
 * anew in each iteration of the outer one: until then the nearest `x` is that of an iteration before.
 */
const knots = [
  /** The two histories share nothing, so that `e` is made with the old `x`, and again with the new. */
  () => [
    task({ id: 'a' }),
    task({ id: 'd0' }),
    task({ id: 'c', depends_on: ['a'], control: route({ left: ['x'], right: [] }) }),
    task({ id: 'x', depends_on: ['c'] }),
    task({ id: 'd', depends_on: ['d0'] }),
    task({ id: 'inner', depends_on: ['d'], control: loop(['d'], [], 2) }),
    task({ id: 'e', depends_on: ['d', 'x'] }),
    task({ id: 'outer', depends_on: ['a', 'd0'], control: loop(['a', 'd0'], ['end'], 3) }),
    task({ id: 'end', depends_on: ['outer', 'e'] }),
  ],
  /** Both descend from `a`, so that `e` must wait for the new `x`. */
  () => [
    task({ id: 'a' }),
    task({ id: 'c', depends_on: ['a'], control: route({ left: ['x'], right: [] }) }),
    task({ id: 'x', depends_on: ['c'] }),
    task({ id: 'd', depends_on: ['a'] }),
    task({ id: 'inner', depends_on: ['d'], control: loop(['d'], ['f'], 2) }),
    task({ id: 'f', depends_on: ['inner', 'x'] }),
    task({ id: 'e', depends_on: ['d', 'x'] }),
    task({ id: 'outer', depends_on: ['a'], control: loop(['a'], [], 3) }),
  ],
];

function randomTask(random: Random, i: number, before: TaskSpec[], shape: string): TaskSpec {
  const upstream = new Set<string>();
  const linked = { dense: 0.95, sparse: 0.75, chain: 0.95, loops: 0.92 }[shape] ?? 0.8;
  if (i > 0 && random.chance(linked)) {
    // A near task most often, so that long paths arise for loops to go round.
    const near = shape === 'chain' || shape === 'loops';
    upstream.add(idOf(near ? i - 1 - random.below(Math.min(2, i)) : random.below(i)));
    const more = shape === 'dense' ? 0.7 : 0.35;
    while (random.chance(more)) upstream.add(random.pick(before).id);
  }
  const dependencies = [...upstream].map((id) => (random.chance(0.2) ? `in_${id}=${id}` : id));
  const first = [...upstream][0];
  if (first !== undefined && random.chance(0.05)) dependencies.push(`again=${first}`);
  return task({
    id: idOf(i),
    depends_on: random.shuffled(dependencies),
    result_schema: random.chance(0.05) ? 'schemas/any.json' : null,
    required_decisions: random.chance(0.04)
      ? [
          {
            decision_kind: 'review',
            audience: random.pick(['human', 'assistant', 'any']),
            description: '',
          },
        ]
      : [],
  });
}

function makeRoute(random: Random, tasks: TaskSpec[], index: number, targeted: Set<string>): void {
  const controller = tasks[index]!;
  const free = targetsBelow(random, tasks, index, targeted);
  const labels = ['left', 'right', 'both', 'none'].slice(0, random.between(1, 4));
  const routes = labels.map((label) => ({ label, targets: [] as string[] }));
  for (const target of free) {
    targeted.add(target);
    random.pick(routes).targets.push(target);
  }
  controller.kind = 'controller';
  controller.control = { mode: 'route', routes };
}

function makeLoop(random: Random, tasks: TaskSpec[], index: number, targeted: Set<string>): void {
  const controller = tasks[index]!;
  const ancestors = [...ancestorsOf(tasks, controller)].filter((id) => !targeted.has(id));
  if (ancestors.length === 0) return;
  const targets = [random.pick(ancestors)];
  if (random.chance(0.2)) targets.push(random.pick(ancestors));
  const continueTargets = [...new Set(targets)];
  for (const id of continueTargets) targeted.add(id);
  const stopTargets = targetsBelow(random, tasks, index, targeted);
  for (const id of stopTargets) targeted.add(id);
  controller.kind = 'controller';
  controller.control = {
    mode: 'loop',
    continue_targets: continueTargets,
    stop_targets: stopTargets,
    max_iterations: random.chance(0.4) ? random.between(1, 3) : null,
  };
}

/** Tasks after the controller that nobody targets; made to depend on it where they do not yet. */
function targetsBelow(
  random: Random,
  tasks: TaskSpec[],
  index: number,
  targeted: ReadonlySet<string>,
): string[] {
  const controller = tasks[index]!.id;
  const free = tasks.slice(index + 1).filter((each) => !targeted.has(each.id));
  const dependents = free.filter((each) => each.depends_on.some((d) => d.task === controller));
  const chosen = random.some(dependents, 0.6);
  if (chosen.length === 0 && free.length > 0 && random.chance(0.7)) {
    const one = random.pick(free);
    if (!one.depends_on.some((d) => d.task === controller)) {
      one.depends_on.push({ task: controller, kind: 'order', consume: [], as: null });
    }
    chosen.push(one);
  }
  return chosen.map((each) => each.id);
}

function ancestorsOf(tasks: readonly TaskSpec[], of: TaskSpec): Set<string> {
  const found = new Set<string>();
  const visit = (each: TaskSpec) => {
    for (const { task: id } of each.depends_on) {
      if (found.has(id)) continue;
      found.add(id);
      const up = tasks.find((one) => one.id === id);
      if (up) visit(up);
    }
  };
  visit(of);
  return found;
}

function idOf(i: number): string {
  return `t${i}`;
}

/** The same program without one task, still valid; null where nothing is left. */
export function withoutTask(tasks: readonly TaskSpec[], id: string): TaskSpec[] | null {
  const rest = tasks.filter((each) => each.id !== id).map((each) => structuredClone(each));
  if (rest.length === 0) return null;
  for (const each of rest) {
    each.depends_on = each.depends_on.filter((dependency) => dependency.task !== id);
    if (each.for_each !== undefined) keepList(each);
  }
  for (const each of rest) {
    const { control } = each;
    if (control?.mode === 'route') {
      for (const one of control.routes) one.targets = one.targets.filter((target) => target !== id);
    }
    if (control?.mode === 'loop') {
      const ancestors = ancestorsOf(rest, each);
      control.stop_targets = control.stop_targets.filter((target) => target !== id);
      control.continue_targets = control.continue_targets.filter((one) => ancestors.has(one));
      if (control.continue_targets.length === 0) {
        each.control = null;
        each.kind = 'work';
      }
    }
  }
  mend(rest);
  return rest;
}

/** One line per task, for a failure's message. */
export function describeProgram(tasks: readonly TaskSpec[]): string {
  return tasks
    .map((each) => {
      const up = each.depends_on.map(
        (d) =>
          `${d.as === null ? '' : `${d.as}=`}${d.task}${d.optional === true ? '?' : ''}${d.gather ? `*${d.gather}` : ''}`,
      );
      const items = each.for_each === undefined ? '' : ` for_each ${JSON.stringify(each.for_each)}`;
      const when = each.when === undefined ? '' : ` when ${JSON.stringify(each.when)}`;
      const control = `${items}${when}${each.control ? ` ${JSON.stringify(each.control)}` : ''}`;
      return `  ${each.id} <- [${up.join(', ')}]${control}`;
    })
    .join('\n');
}
