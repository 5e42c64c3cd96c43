/** The order in which a program's tasks can start, before any of them has: for a look ahead. */
import type { TaskSpec } from '../../model/program.ts';

/** Task id → how many tasks stand in a row up to it. A program without errors has no cycle. */
export function wavesOf(tasks: readonly TaskSpec[]): Map<string, number> {
  const upstream = new Map(
    tasks.map((task) => [task.id, new Set(task.depends_on.map(({ task: up }) => up))]),
  );
  const dependents = new Map<string, string[]>(tasks.map(({ id }) => [id, []]));
  for (const [id, ups] of upstream) for (const up of ups) dependents.get(up)?.push(id);
  const waves = new Map<string, number>();
  const missing = new Map(tasks.map(({ id }) => [id, upstream.get(id)?.size ?? 0]));
  const ready = tasks.map(({ id }) => id).filter((id) => missing.get(id) === 0);
  for (const id of ready) {
    const ups = [...(upstream.get(id) ?? [])];
    waves.set(id, 1 + Math.max(0, ...ups.map((up) => waves.get(up) ?? 0)));
    for (const next of dependents.get(id) ?? []) {
      const left = (missing.get(next) ?? 0) - 1;
      missing.set(next, left);
      if (left === 0) ready.push(next);
    }
  }
  return waves;
}
