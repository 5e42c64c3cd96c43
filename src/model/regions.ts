/**
 * Regions, as far as a program tells before it runs: the tasks that stand in each, and what is written so that it stands
 * nowhere. A region is what `for_each` opens: a task, and all that descends from it up to where a dependency gathers.
 * It is named by that task. Pure.
 */
import type { Dependency, TaskSpec } from './program.ts';

/** The regions around something, outermost first. */
export type Stack = readonly string[];

/** What of a task counts here. */
export type RegionTask = Pick<TaskSpec, 'id' | 'depends_on' | 'control' | 'for_each'>;

export interface Regions {
  /** Task → the regions in which it stands, where there is any. The one that it opens itself comes last. */
  stacks: ReadonlyMap<string, Stack>;
  /** Region → the tasks that each of its items has, in the order of the program; those of regions within it, too. */
  bodies: ReadonlyMap<string, ReadonlySet<string>>;
  problems: readonly RegionProblem[];
}

/** `dependency`, `other`: places in `depends_on` of `task`. `target`: a place in the target lists of the controller. */
export type RegionProblem =
  /** What it gathers stands in no region. */
  | { kind: 'gathers_nothing'; task: string; dependency: number }
  /** Two dependencies lead into regions of which neither lies in the other. */
  | { kind: 'apart'; task: string; dependency: number; other: number }
  /** It gathers the items of a region in which `other` has it stand. */
  | { kind: 'gathers_inside'; task: string; dependency: number; other: number; region: string }
  /** It gathers a region that does not lie directly in the place where `other` has it stand. */
  | { kind: 'gathers_from_afar'; task: string; dependency: number; other: number; region: string }
  /** What it gathers is repeated by a loop within the item. */
  | { kind: 'gathers_repeated'; task: string; dependency: number; controller: string }
  /** A controller leads to a task of another place. */
  | { kind: 'target_elsewhere'; task: string; target: string };

/** Where the tasks of a program stand. Of what lies in or behind a circle of dependencies, nothing is said. */
export function regionsOf(tasks: readonly RegionTask[]): Regions {
  // Most programs have none.
  if (!tasks.some((task) => task.for_each !== undefined || task.depends_on.some(isGathering))) {
    return { stacks: new Map(), bodies: new Map(), problems: [] };
  }
  const survey = new Survey(tasks);
  survey.placeTasks();
  survey.checkControllers();
  return survey;
}

/** Where an instance of the task stands before its own items: the stack without the region that it opens. */
export function stackAround(regions: Regions, task: RegionTask): Stack {
  const stack = regions.stacks.get(task.id) ?? none;
  return task.for_each === undefined ? stack : stack.slice(0, -1);
}

/** The region whose items a dependency takes together; null: it gathers none. */
export function gatheredRegion(regions: Regions, dependency: Dependency): string | null {
  if (!isGathering(dependency)) return null;
  return regions.stacks.get(dependency.task)?.at(-1) ?? null;
}

/** Whether `stack` lies in `place`, or is the same. */
export function beginsWith(stack: Stack, place: Stack): boolean {
  return place.length <= stack.length && place.every((region, depth) => stack[depth] === region);
}

/**
 * What an iteration of a loop has: its seeds and what descends from them, within the items in which its controller
 * stands. A dependency that gathers a region within the loop does not end it.
 */
export function loopBodyOf(
  regions: Pick<Regions, 'stacks'>,
  controller: string,
  seeds: readonly string[],
  dependentsOf: (task: string) => readonly string[],
): Set<string> {
  const place = regions.stacks.get(controller) ?? none;
  const body = new Set(seeds);
  for (const id of body) {
    for (const next of dependentsOf(id)) {
      if (beginsWith(regions.stacks.get(next) ?? none, place)) body.add(next);
    }
  }
  return body;
}

const none: Stack = [];

function isGathering({ gather }: Dependency): boolean {
  return gather !== undefined;
}

/** A dependency, and the place to which it leads whoever has it. */
interface Lead {
  index: number;
  dependency: Dependency;
  place: Stack;
  /** The stack of what it depends on. */
  from: Stack;
}

class Survey implements Regions {
  readonly stacks = new Map<string, Stack>();
  readonly bodies = new Map<string, Set<string>>();
  readonly problems: RegionProblem[] = [];
  private readonly tasks: readonly RegionTask[];
  private readonly dependents = new Map<string, string[]>();
  /** Tasks of which it is not known where they stand: what they depend on is missing, or wrong. */
  private readonly uncertain = new Set<string>();

  constructor(tasks: readonly RegionTask[]) {
    this.tasks = tasks;
    for (const { id } of tasks) this.dependents.set(id, []);
    for (const { id, depends_on } of tasks) {
      for (const up of new Set(depends_on.map(({ task }) => task))) {
        this.dependents.get(up)?.push(id);
      }
    }
  }

  placeTasks(): void {
    const byId = new Map(this.tasks.map((task) => [task.id, task]));
    for (const task of inOrder(byId, this.dependents)) this.place(task);
    for (const { id, for_each } of this.tasks) {
      if (!this.stacks.has(id)) this.uncertain.add(id);
      if (for_each !== undefined) this.bodies.set(id, new Set());
    }
    for (const { id } of this.tasks) {
      for (const region of this.stacks.get(id) ?? none) this.bodies.get(region)?.add(id);
    }
  }

  checkControllers(): void {
    for (const { id, control } of this.tasks) {
      if (control === null || this.uncertain.has(id)) continue;
      const targets =
        control.mode === 'route'
          ? control.routes.flatMap((route) => route.targets)
          : [...control.continue_targets, ...control.stop_targets];
      for (const target of new Set(targets)) this.checkTarget(id, target);
      if (control.mode === 'loop') this.checkRepeated(id, control);
    }
  }

  private place(task: RegionTask): void {
    const leads = task.depends_on.flatMap((dependency, index): Lead[] => {
      const from = this.stacks.get(dependency.task);
      if (from === undefined || this.uncertain.has(dependency.task)) {
        this.uncertain.add(task.id);
        return [];
      }
      if (!isGathering(dependency)) return [{ index, dependency, from, place: from }];
      if (from.length > 0) return [{ index, dependency, from, place: from.slice(0, -1) }];
      this.problems.push({ kind: 'gathers_nothing', task: task.id, dependency: index });
      return [];
    });
    const [first, ...others] = leads;
    const deepest = others.reduce<Lead | undefined>(
      (most, lead) => (lead.place.length > (most?.place.length ?? 0) ? lead : most),
      first,
    );
    const around = deepest?.place ?? none;
    for (const lead of leads) {
      if (deepest !== undefined) this.checkLead(task.id, lead, deepest);
    }
    this.stacks.set(task.id, task.for_each === undefined ? around : [...around, task.id]);
  }

  private checkLead(task: string, lead: Lead, deepest: Lead): void {
    const { index: dependency, place, from } = lead;
    const at = { task, dependency, other: deepest.index };
    if (!beginsWith(deepest.place, place)) {
      this.uncertain.add(task);
      this.problems.push({ kind: 'apart', ...at });
      return;
    }
    if (!isGathering(lead.dependency) || place.length === deepest.place.length) return;
    this.uncertain.add(task);
    const region = from.at(-1)!;
    const kind = beginsWith(deepest.place, from) ? 'gathers_inside' : 'gathers_from_afar';
    this.problems.push({ kind, ...at, region });
  }

  /** A target stands where its controller does, or opens a region there. */
  private checkTarget(controller: string, target: string): void {
    const here = this.stacks.get(controller) ?? none;
    const there = this.stacks.get(target);
    if (there === undefined || this.uncertain.has(target)) return;
    const opens = there.length === here.length + 1 && there.at(-1) === target;
    if (beginsWith(there, here) && (opens || there.length === here.length)) return;
    this.problems.push({ kind: 'target_elsewhere', task: controller, target });
  }

  /** What a loop within an item repeats has many instances there, until it has stopped. */
  private checkRepeated(
    controller: string,
    control: { continue_targets: string[]; stop_targets: string[] },
  ): void {
    const here = this.stacks.get(controller) ?? none;
    if (here.length === 0) return;
    const of = (id: string): readonly string[] => this.dependents.get(id) ?? [];
    const repeated = loopBodyOf(this, controller, control.continue_targets, of);
    for (const after of loopBodyOf(this, controller, control.stop_targets, of)) {
      repeated.delete(after);
    }
    for (const { id, depends_on } of this.tasks) {
      for (const [dependency, each] of depends_on.entries()) {
        if (!isGathering(each) || !repeated.has(each.task)) continue;
        if (!beginsWith(here, this.stacks.get(each.task) ?? none)) continue;
        this.problems.push({ kind: 'gathers_repeated', task: id, dependency, controller });
      }
    }
  }
}

/** Each task after all that it depends on; without those that lie in or behind a circle. */
function inOrder(
  byId: ReadonlyMap<string, RegionTask>,
  dependents: ReadonlyMap<string, readonly string[]>,
): RegionTask[] {
  const missing = new Map<string, number>();
  for (const { id, depends_on } of byId.values()) {
    missing.set(id, new Set(depends_on.map(({ task }) => task).filter((up) => byId.has(up))).size);
  }
  const ready = [...byId.values()].filter(({ id }) => missing.get(id) === 0);
  for (const { id } of ready) {
    for (const next of dependents.get(id) ?? []) {
      const left = (missing.get(next) ?? 0) - 1;
      missing.set(next, left);
      if (left === 0) ready.push(byId.get(next)!);
    }
  }
  return ready;
}
