/**
 * What follows from a run's frozen tasks alone, computed once per run: who depends on whom, which
 * controller activates whom, and which tasks a loop can repeat. Section 5 of the contract.
 */
import { scopeName, type ControlSpec, type TaskSpec } from '../../model/program.ts';
import { none } from './empty.ts';
import { beginsWith, gatheredRegion, regionsOf, type Regions } from '../../model/regions.ts';

export interface Upstream {
  /** Of what is gathered: the task that opens the region. */
  task: string;
  /** The dependency scope names under which the task knows this upstream task; usually one. */
  names: string[];
  /** The region is bound, not an instance. */
  isRegion: boolean;
}

/** A task whose instances in the items of a region are gathered. */
export interface GatheredTask {
  task: string;
  /** The tasks in the items that it follows from, and itself. */
  leading: ReadonlySet<string>;
}

export interface TaskGraph {
  /** Task id → its distinct upstream tasks, in the order of `depends_on`. */
  upstream: Map<string, readonly Upstream[]>;
  /** Task id → the distinct tasks that depend on it. */
  dependents: Map<string, readonly string[]>;
  /** Target of a route or of a stop → the controller that must choose it. */
  gate: Map<string, string>;
  /** Tasks that some loop iteration can contain: only these can have several instances. */
  repeatable: Set<string>;
  /** Tasks with a dependent in a loop body that does not contain them: bound from outside. */
  crossing: Set<string>;
  /** Bodies by their seeds, so that all iterations of a loop share one set. */
  bodies: Map<string, ReadonlySet<string>>;
  regions: Regions;
  /** Region → the tasks that gather it. */
  gatherers: Map<string, Set<string>>;
  /** Task → the tasks that gather it. */
  gatheredBy: Map<string, string[]>;
  /** Region → what of it is gathered. */
  gathered: Map<string, GatheredTask[]>;
  /** Task that gathers → the controllers outside of the items of which these may yet wait for a target. */
  choosers: Map<string, ReadonlySet<string>>;
  /** The same the other way round. */
  chooses: Map<string, string[]>;
  allTasks: ReadonlySet<string>;
}

/** `all`: the tasks of the record, in its order. */
export function buildTaskGraph(
  tasks: Record<string, TaskSpec>,
  all: readonly TaskSpec[],
): TaskGraph {
  const upstream = new Map<string, readonly Upstream[]>();
  const dependents = new Map<string, readonly string[]>();
  const gate = new Map<string, string>();
  const regions = regionsOf(all);
  for (const task of all) dependents.set(task.id, none);
  for (const task of all) {
    const distinct = upstreamOf(task, regions);
    upstream.set(task.id, distinct);
    for (const { task: id } of distinct) {
      addTo(dependents, id, task.id);
    }
    if (task.control === null) continue;
    for (const target of gatedTargets(task.control)) gate.set(target, task.id);
  }
  const graph: TaskGraph = {
    upstream,
    dependents,
    gate,
    repeatable: new Set(),
    crossing: new Set(),
    bodies: new Map(),
    regions,
    gatherers: new Map(),
    gatheredBy: new Map(),
    gathered: new Map(),
    choosers: new Map(),
    chooses: new Map(),
    allTasks: new Set(upstream.keys()),
  };
  for (const task of all) {
    if (task.control?.mode !== 'loop') continue;
    const body = bodyOf(graph, task.control.continue_targets, standingOf(graph, task.id).length);
    noteBody(graph, body);
  }
  if (regions.bodies.size > 0) noteRegions(graph, tasks);
  return graph;
}

/** Of what is no task, nothing is noted. */
function addTo(dependents: Map<string, readonly string[]>, id: string, dependent: string): void {
  const known = dependents.get(id);
  // The first push makes room for 17; and it must not be into the one for all.
  if (known?.length === 0) dependents.set(id, [dependent]);
  else (known as string[] | undefined)?.push(dependent);
}

function noteRegions(graph: TaskGraph, tasks: Record<string, TaskSpec>): void {
  const { upstream, dependents, regions } = graph;
  for (const { id, depends_on: dependencies } of Object.values(tasks)) {
    for (const { task, gather } of dependencies) {
      if (gather === undefined) continue;
      graph.gatheredBy.set(task, [...(graph.gatheredBy.get(task) ?? []), id]);
    }
  }
  for (const [region, body] of regions.bodies) {
    noteBody(graph, body);
    graph.gathered.set(region, gatheredIn(graph, tasks, region));
    const gathering = (dependent: string): boolean =>
      upstream.get(dependent)?.some((up) => up.isRegion && up.task === region) === true;
    graph.gatherers.set(region, new Set((dependents.get(region) ?? []).filter(gathering)));
  }
  if (graph.gate.size > 0)
    for (const task of Object.values(tasks)) noteChoosers(graph, tasks, task);
}

/** Who chooses what lies above the gathered, outside of its items. */
function noteChoosers(graph: TaskGraph, tasks: Record<string, TaskSpec>, task: TaskSpec): void {
  const choosers = new Set<string>();
  for (const dependency of task.depends_on) {
    const body = graph.regions.bodies.get(gatheredRegion(graph.regions, dependency) ?? '');
    if (body === undefined) continue;
    const above = new Set([dependency.task]);
    for (const id of above) {
      for (const { task: up } of tasks[id]?.depends_on ?? []) above.add(up);
      const chooser = body.has(id) ? undefined : graph.gate.get(id);
      if (chooser !== undefined) choosers.add(chooser);
    }
  }
  if (choosers.size === 0) return;
  graph.choosers.set(task.id, choosers);
  for (const chooser of choosers) {
    graph.chooses.set(chooser, [...(graph.chooses.get(chooser) ?? []), task.id]);
  }
}

/** What can repeat, and what is bound from outside of what repeats. */
function noteBody({ upstream, repeatable, crossing }: TaskGraph, body: ReadonlySet<string>): void {
  for (const id of body) {
    repeatable.add(id);
    for (const up of upstream.get(id) ?? []) if (!body.has(up.task)) crossing.add(up.task);
  }
}

/** The regions in which the ordinary instances of a task stand, outermost first. */
export function standingOf({ regions }: TaskGraph, task: string): readonly string[] {
  return regions.stacks.get(task) ?? [];
}

function gatheredIn(
  graph: TaskGraph,
  tasks: Record<string, TaskSpec>,
  region: string,
): GatheredTask[] {
  const body = graph.regions.bodies.get(region) ?? new Set();
  const gathered = new Set<string>();
  for (const { depends_on: dependencies } of Object.values(tasks)) {
    for (const each of dependencies) {
      if (gatheredRegion(graph.regions, each) === region) gathered.add(each.task);
    }
  }
  return [...gathered].map((task) => {
    const leading = new Set([task]);
    for (const id of leading) {
      for (const { task: up } of tasks[id]?.depends_on ?? []) if (body.has(up)) leading.add(up);
    }
    return { task, leading };
  });
}

function upstreamOf(task: TaskSpec, regions: Regions): readonly Upstream[] {
  if (task.depends_on.length === 0) return none;
  const byTask = new Map<string, Upstream>();
  for (const dependency of task.depends_on) {
    const region = gatheredRegion(regions, dependency);
    const bound = region ?? dependency.task;
    const known = byTask.get(bound);
    if (known) known.names.push(scopeName(dependency));
    else {
      const names = [scopeName(dependency)];
      byTask.set(bound, { task: bound, names, isRegion: region !== null });
    }
  }
  return [...byTask.values()];
}

/**
 * All tasks, those with the longest chain of dependents first; equal ones keep their order, and every task
 * comes after its upstream tasks. What starts in this order ends early: the long chains are begun while
 * the short ones can still fill the slots.
 */
export function longestFirst({ upstream, dependents }: TaskGraph): string[] {
  const ids = [...dependents.keys()];
  const indexOf = new Map<string, number>();
  /** Dependents that are still to be passed, and the longest chain of dependents, by index. */
  const left = new Int32Array(ids.length);
  for (const [index, id] of ids.entries()) {
    left[index] = dependents.get(id)?.length ?? 0;
    // Of the others nobody asks.
    if (left[index] > 0) indexOf.set(id, index);
  }
  const lengths = new Int32Array(ids.length);
  // From the ends of the chains upwards, so that lengths never fall.
  const passed = [...ids.keys()].filter((index) => left[index] === 0);
  const counts: number[] = [];
  for (const index of passed) {
    const length = lengths[index]!;
    counts[length] = (counts[length] ?? 0) + 1;
    for (const { task } of upstream.get(ids[index]!) ?? []) {
      const up = indexOf.get(task);
      if (up === undefined) continue;
      left[up]! -= 1;
      // Its last dependent is the one with the longest chain.
      if (left[up] !== 0) continue;
      lengths[up] = length + 1;
      passed.push(up);
    }
  }
  /** By length: where the next task goes. */
  const places: number[] = [];
  counts.reduceRight((place, count, length) => {
    places[length] = place;
    return place + count;
  }, 0);
  const ordered = new Array<string>(ids.length);
  ids.forEach((id, index) => (ordered[places[lengths[index]!]!++] = id));
  return ordered;
}

/**
 * What an iteration has: the seeds and all tasks that descend from one by `depends_on`, within the items in which the
 * seeds stand. `depth`: in how many regions their controller stands. Of a region the iteration has all or nothing.
 */
export function bodyOf(
  graph: TaskGraph,
  seeds: readonly string[],
  depth: number,
): ReadonlySet<string> {
  const key = JSON.stringify([seeds, depth]);
  const known = graph.bodies.get(key);
  if (known) return known;
  const place = standingOf(graph, seeds[0] ?? '').slice(0, depth);
  const body = new Set<string>(seeds);
  for (const id of body) {
    for (const next of graph.dependents.get(id) ?? []) {
      const stack = standingOf(graph, next);
      const around = stack.slice(depth).filter((region) => region !== next);
      if (beginsWith(stack, place) && around.every((region) => body.has(region))) body.add(next);
    }
  }
  graph.bodies.set(key, body);
  return body;
}

/** The tasks that exist in a scope only where this controller chose them. */
function gatedTargets(control: ControlSpec): string[] {
  if (control.mode === 'loop') return control.stop_targets;
  return control.routes.flatMap((route) => route.targets);
}
