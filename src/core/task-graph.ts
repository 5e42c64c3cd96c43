/**
 * What follows from a run's frozen tasks alone, computed once per run: who depends on whom, which
 * controller activates whom, and which tasks a loop can repeat. Section 5 of the contract.
 */
import { scopeName, type TaskSpec } from './program.ts';

export interface Upstream {
  task: string;
  /** The dependency scope names under which the task knows this upstream task; usually one. */
  names: string[];
}

export interface TaskGraph {
  /** Task id → its distinct upstream tasks, in the order of `depends_on`. */
  upstream: Map<string, Upstream[]>;
  /** Task id → the distinct tasks that depend on it. */
  dependents: Map<string, string[]>;
  /** Target of a route or of a stop → the controller that must choose it. */
  gate: Map<string, string>;
  /** Tasks that some loop iteration can contain: only these can have several instances. */
  repeatable: Set<string>;
  /** Tasks with a dependent in a loop body that does not contain them: bound from outside. */
  crossing: Set<string>;
  /** Bodies by their seeds, so that all iterations of a loop share one set. */
  bodies: Map<string, ReadonlySet<string>>;
  allTasks: ReadonlySet<string>;
}

export function buildTaskGraph(tasks: Record<string, TaskSpec>): TaskGraph {
  const upstream = new Map<string, Upstream[]>();
  const dependents = new Map<string, string[]>();
  const gate = new Map<string, string>();
  for (const id of Object.keys(tasks)) dependents.set(id, []);
  for (const task of Object.values(tasks)) {
    const distinct = upstreamOf(task);
    upstream.set(task.id, distinct);
    for (const { task: id } of distinct) dependents.get(id)?.push(task.id);
    for (const target of gatedTargets(task)) gate.set(target, task.id);
  }
  const graph: TaskGraph = {
    upstream,
    dependents,
    gate,
    repeatable: new Set(),
    crossing: new Set(),
    bodies: new Map(),
    allTasks: new Set(Object.keys(tasks)),
  };
  for (const task of Object.values(tasks)) {
    if (task.control?.mode !== 'loop') continue;
    const body = bodyOf(graph, task.control.continue_targets);
    for (const id of body) {
      graph.repeatable.add(id);
      for (const up of upstream.get(id) ?? []) if (!body.has(up.task)) graph.crossing.add(up.task);
    }
  }
  return graph;
}

function upstreamOf(task: TaskSpec): Upstream[] {
  if (task.depends_on.length === 0) return [];
  const byTask = new Map<string, Upstream>();
  for (const dependency of task.depends_on) {
    const known = byTask.get(dependency.task);
    if (known) known.names.push(scopeName(dependency));
    else byTask.set(dependency.task, { task: dependency.task, names: [scopeName(dependency)] });
  }
  return [...byTask.values()];
}

/**
 * All tasks, those with the longest chain of dependents first; equal ones keep their order, and every task
 * comes after its upstream tasks. What starts in this order ends early: the long chains are begun while
 * the short ones can still fill the slots.
 */
export function longestFirst({ upstream, dependents }: TaskGraph): string[] {
  const lengths = new Map<string, number>();
  /** Of tasks with dependents: how many of those are still to be reached. */
  const left = new Map<string, number>();
  let ends: string[] = [];
  for (const [task, { length }] of dependents) {
    if (length === 0) ends.push(task);
    else left.set(task, length);
  }
  let length = 0;
  for (; ends.length > 0; length += 1) {
    const next: string[] = [];
    for (const task of ends) {
      lengths.set(task, length);
      for (const { task: up } of upstream.get(task) ?? []) {
        const others = (left.get(up) ?? 0) - 1;
        left.set(up, others);
        // Its last dependent is the one with the longest chain.
        if (others === 0) next.push(up);
      }
    }
    ends = next;
  }
  const byLength: string[][] = Array.from({ length }, () => []);
  for (const task of dependents.keys()) byLength[lengths.get(task) ?? 0]?.push(task);
  return byLength.reverse().flat();
}

/** The seeds and all tasks that descend from one by `depends_on`. */
export function bodyOf(graph: TaskGraph, seeds: readonly string[]): ReadonlySet<string> {
  const key = JSON.stringify([...seeds].sort());
  const known = graph.bodies.get(key);
  if (known) return known;
  const body = new Set<string>(seeds);
  for (const id of body) for (const next of graph.dependents.get(id) ?? []) body.add(next);
  graph.bodies.set(key, body);
  return body;
}

/** The tasks that exist in a scope only where this controller chose them. */
function gatedTargets(task: TaskSpec): string[] {
  if (!task.control) return [];
  if (task.control.mode === 'loop') return task.control.stop_targets;
  return task.control.routes.flatMap((route) => route.targets);
}
