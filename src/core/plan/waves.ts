/** The order in which a program's tasks can start, before any of them has: for a look ahead. */
import type { TaskSpec } from '../../model/program.ts';
import { buildTaskGraph } from '../state/task-graph.ts';

/** Task id → how many tasks stand in a row up to it. A program without errors has no cycle. */
export function wavesOf(tasks: readonly TaskSpec[]): Map<string, number> {
  const graph = buildTaskGraph(Object.fromEntries(tasks.map((task) => [task.id, task])));
  const waves = new Map<string, number>();
  const missing = new Map(tasks.map(({ id }) => [id, graph.upstream.get(id)?.length ?? 0]));
  const ready = tasks.map(({ id }) => id).filter((id) => missing.get(id) === 0);
  for (const id of ready) {
    const upstream = graph.upstream.get(id) ?? [];
    waves.set(id, 1 + Math.max(0, ...upstream.map((up) => waves.get(up.task) ?? 0)));
    for (const next of graph.dependents.get(id) ?? []) {
      const left = (missing.get(next) ?? 0) - 1;
      missing.set(next, left);
      if (left === 0) ready.push(next);
    }
  }
  return waves;
}
