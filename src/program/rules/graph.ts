/** Ancestors and cycles of the dependency graph, as authored: it may be broken. Pure. */
import type { TaskSpec } from '../../model/program.ts';

/** The tasks above `id` by `depends_on`, without itself unless it is in a cycle. */
export function ancestorsOf(id: string, byId: ReadonlyMap<string, TaskSpec>): Set<string> {
  const found = new Set<string>();
  const queue = [id];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const { task } of byId.get(next)?.depends_on ?? []) {
      if (!found.has(task)) {
        found.add(task);
        queue.push(task);
      }
    }
  }
  return found;
}

/** One cycle for each knot of tasks that depend on each other; each begins at its first id. */
export function findCycles(tasks: readonly TaskSpec[]): string[][] {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const state = new Map<string, 'open' | 'closed'>();
  const cycles: string[][] = [];
  for (const { id: start } of tasks) {
    if (state.has(start)) continue;
    // By hand instead of by recursion: chains may be thousands of tasks long.
    const stack: { id: string; next: number }[] = [{ id: start, next: 0 }];
    state.set(start, 'open');
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const dependency = byId.get(top.id)?.depends_on[top.next];
      top.next += 1;
      if (!dependency) {
        state.set(top.id, 'closed');
        stack.pop();
        continue;
      }
      const seen = state.get(dependency.task);
      if (seen === undefined && byId.has(dependency.task)) {
        state.set(dependency.task, 'open');
        stack.push({ id: dependency.task, next: 0 });
      } else if (seen === 'open') {
        const from = stack.findIndex((frame) => frame.id === dependency.task);
        cycles.push(fromSmallest(stack.slice(from).map((frame) => frame.id)));
      }
    }
  }
  return cycles;
}

function fromSmallest(cycle: string[]): string[] {
  const smallest = cycle.reduce(
    (least, id, index) => (id < (cycle[least] ?? '') ? index : least),
    0,
  );
  return [...cycle.slice(smallest), ...cycle.slice(0, smallest)];
}
