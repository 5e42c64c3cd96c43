/** Regions for random programs: lists that become items, what gathers them, and controllers that still fit. */
import { scopeName, type Dependency, type TaskSpec } from '../../src/model/program.ts';
import { regionsOf } from '../../src/model/regions.ts';
import type { Random } from './random.ts';

/** Has some tasks open regions, and some gather them; what does not fit then is taken out. Tasks in any order. */
export function addRegions(random: Random, tasks: TaskSpec[]): void {
  const openers = random.some(tasks, random.pick([0.15, 0.3, 0.5]));
  const gathering = random.pick([0.3, 0.6]);
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const stacks = new Map<string, string[]>();
  const place = (task: TaskSpec): string[] => {
    const known = stacks.get(task.id);
    if (known !== undefined) return known;
    for (const { task: up } of task.depends_on) place(byId.get(up)!);
    const around = settle(random, task, stacks, gathering);
    if (openers.includes(task)) task.for_each = randomForEach(random, task);
    const stack = task.for_each === undefined ? around : [...around, task.id];
    stacks.set(task.id, stack);
    return stack;
  };
  for (const task of tasks) place(task);
  mend(tasks);
}

/** Chooses for each dependency whether it gathers, and takes out those that lead elsewhere. Returns where that leads. */
function settle(
  random: Random,
  task: TaskSpec,
  stacks: ReadonlyMap<string, string[]>,
  gathering: number,
): string[] {
  let around: string[] = [];
  const kept: Dependency[] = [];
  const gathered = new Map<string, boolean>();
  for (const dependency of task.depends_on) {
    const from = stacks.get(dependency.task) ?? [];
    const region = from.at(-1) ?? '';
    // Of one region, all or nothing is gathered.
    const gathers = from.length > 0 && (gathered.get(region) ?? random.chance(gathering));
    const lead = gathers ? from.slice(0, -1) : from;
    const isWithin = lead.every((each, depth) => (around[depth] ?? each) === each);
    const isRight =
      isWithin &&
      (lead.length >= around.length || !gathers) &&
      // What gathers stands right around what it gathers.
      (lead.length <= around.length || ![...gathered.values()].includes(true));
    if (!isRight) continue;
    if (from.length > 0) gathered.set(region, gathers);
    if (lead.length > around.length) around = lead;
    if (gathers) dependency.gather = random.pick(['settled', 'all']);
    kept.push(dependency);
  }
  task.depends_on = kept;
  return around;
}

function randomForEach(random: Random, task: TaskSpec): NonNullable<TaskSpec['for_each']> {
  const given = task.depends_on.find(({ gather }) => gather === undefined);
  const lists = [
    [],
    ['one'],
    ['one', 'two'],
    ['one', 'two', 'three'],
    'inputs.list',
    ...(given === undefined ? [] : [listOf(given), listOf(given)]),
  ];
  return {
    items: random.pick(lists),
    as: random.pick(['item', 'n']),
    key: random.chance(0.2) ? 'k' : null,
    max_parallel: random.chance(0.35) ? random.between(1, 2) : null,
    ask_above: random.chance(0.3) ? random.between(0, 2) : null,
    max_items: random.chance(0.05) ? 2 : 1000,
    stop_after: random.chance(0.35) ? random.between(1, 2) : null,
  };
}

/** Where lists of the results of random outcomes lie. */
function listOf(dependency: Dependency): string {
  return `deps.${scopeName(dependency)}.result.list`;
}

/** Takes out targets, controllers and gatherings that have no meaning, until none is left. */
export function mend(tasks: readonly TaskSpec[]): void {
  for (let isRight = false; !isRight;) {
    for (const task of tasks) dropTargets(task, tasks);
    const [problem] = regionsOf(tasks).problems;
    isRight = problem === undefined;
    if (problem === undefined) continue;
    const task = tasks.find(({ id }) => id === problem.task);
    if (task === undefined) throw new Error(`no task ${problem.task}`);
    if (problem.kind === 'target_elsewhere') dropTarget(task, problem.target);
    else {
      const [dropped] = task.depends_on.splice(problem.dependency, 1);
      if (dropped) keepList(task);
    }
  }
}

/** A list that came from a dependency which is gone is another. */
export function keepList(task: TaskSpec): void {
  const { for_each: forEach } = task;
  const isThere = task.depends_on.some((each) => forEach?.items === listOf(each));
  if (typeof forEach?.items === 'string' && !isThere) forEach.items = 'inputs.list';
}

/** Targets must still depend on their controller, or lead to it. */
function dropTargets(task: TaskSpec, tasks: readonly TaskSpec[]): void {
  const { control } = task;
  if (control === null) return;
  const follows = (id: string): boolean =>
    tasks
      .find((each) => each.id === id)
      ?.depends_on.some((each) => each.task === task.id && each.gather === undefined) === true;
  if (control.mode === 'route') {
    for (const route of control.routes) route.targets = route.targets.filter(follows);
    return;
  }
  const ancestors = ancestorsOf(task.id, tasks);
  control.stop_targets = control.stop_targets.filter(follows);
  control.continue_targets = control.continue_targets.filter((id) => ancestors.has(id));
  if (control.continue_targets.length === 0) dropControl(task);
}

function dropTarget(task: TaskSpec, target: string): void {
  const { control } = task;
  const without = (targets: string[]): string[] => targets.filter((id) => id !== target);
  if (control?.mode === 'route') {
    for (const route of control.routes) route.targets = without(route.targets);
  }
  if (control?.mode === 'loop') {
    control.stop_targets = without(control.stop_targets);
    control.continue_targets = without(control.continue_targets);
    if (control.continue_targets.length === 0) dropControl(task);
  }
}

function dropControl(task: TaskSpec): void {
  task.control = null;
  task.kind = 'work';
}

function ancestorsOf(id: string, tasks: readonly TaskSpec[]): Set<string> {
  const found = new Set<string>();
  const pending = [id];
  for (const each of pending) {
    for (const { task: up } of tasks.find((one) => one.id === each)?.depends_on ?? []) {
      if (found.has(up)) continue;
      found.add(up);
      pending.push(up);
    }
  }
  return found;
}
