/**
 * What of a graph stands together in a frame, and can be folded to one node: loops, and what is done for every item of
 * a list where that takes several tasks. Pure.
 */
import type { TaskSpec } from '../../../model/program.ts';
import { regionsOf } from '../../../model/regions.ts';
import type { Loop } from './loops.ts';

export interface Group {
  /** Of its frame. */
  id: string;
  kind: 'loop' | 'region';
  /** The controller of a loop; the task that opens a region. */
  task: string;
  body: ReadonlySet<string>;
  /** The group around this one. */
  outer: string | null;
}

export function loopGroupId(controller: string): string {
  return `loop ${controller}`;
}

export function regionGroupId(task: string): string {
  return `region ${task}`;
}

/** A region of one task is that task's own node. */
export function groupsOf(tasks: readonly TaskSpec[], loops: readonly Loop[]): Group[] {
  const regions = [...regionsOf(tasks).bodies].filter(([, body]) => body.size > 1);
  const groups = [
    ...loops.map(({ controller, body }): Group => {
      return { id: loopGroupId(controller), kind: 'loop', task: controller, body, outer: null };
    }),
    ...regions.map(([task, body]): Group => {
      return { id: regionGroupId(task), kind: 'region', task, body, outer: null };
    }),
  ];
  for (const group of groups) {
    const around = groups.filter((each) => each !== group && liesIn(group, each));
    group.outer = around.sort(smallestFirst)[0]?.id ?? null;
  }
  return groups;
}

/** The smallest group that a task is in. */
export function innermost(groups: readonly Group[], task: string): Group | undefined {
  return groups.filter(({ body }) => body.has(task)).sort(smallestFirst)[0];
}

/** Whether nothing of a group is drawn where another is folded: it lies within that, or is as large. */
export function isHiddenBy(group: Group, folded: Group): boolean {
  return group !== folded && folded.body.has(group.task) && smallestFirst(group, folded) <= 0;
}

/** The outermost first. */
export function outermostFirst(groups: readonly Group[]): Group[] {
  return [...groups].sort((a, b) => -smallestFirst(a, b));
}

/** A loop of all tasks of an item lies within it. */
function smallestFirst(a: Group, b: Group): number {
  return a.body.size - b.body.size || Number(a.kind === 'region') - Number(b.kind === 'region');
}

function liesIn(inner: Group, outer: Group): boolean {
  if (smallestFirst(inner, outer) >= 0) return false;
  for (const id of inner.body) if (!outer.body.has(id)) return false;
  return true;
}
