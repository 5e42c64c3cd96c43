/**
 * Many tasks with the same neighbours are one block, so that a wide fan-out is readable; a large one is
 * folded to a single node. Pure.
 */
import type { GraphEdge } from '../../api/program.ts';
import type { TaskSpec } from '../../../model/program.ts';
import { innermost, type Group } from './groups.ts';
import { blockGap, foldedHeight, frameHead, framePad, nodeHeight, nodeWidth } from './sizes.ts';

export interface Block {
  id: string;
  members: string[];
  folded: boolean;
  columns: number;
  width: number;
  height: number;
}

/** From how many alike tasks on they are a block: in a narrow place they cannot stand beside each other. */
const blockFrom = { across: 9, down: 2 };
/** From how many on a block is folded until somebody opens it. */
const foldFrom = 13;

/** `toggled`: the frames that a person has folded or opened, against what they are by themselves. */
export function findBlocks(
  tasks: TaskSpec[],
  edges: GraphEdge[],
  groups: Group[],
  direction: 'across' | 'down',
  toggled: ReadonlySet<string>,
): Block[] {
  return alikeTasks(tasks, edges, groups)
    .filter((members) => members.length >= blockFrom[direction])
    .map((members) => {
      const id = `block ${members[0] ?? ''}`;
      const folded = members.length >= foldFrom !== toggled.has(id);
      const columns = direction === 'down' ? 1 : Math.ceil(Math.sqrt(members.length / 3));
      const rows = Math.ceil(members.length / columns);
      return {
        ...{ id, members, folded, columns },
        width: (folded ? nodeWidth : columns * (nodeWidth + blockGap) - blockGap) + 2 * framePad,
        height: folded
          ? foldedHeight
          : rows * (nodeHeight + blockGap) - blockGap + frameHead + framePad,
      };
    });
}

/** Tasks of one group with the same neighbours, that no controller decides about. */
function alikeTasks(tasks: TaskSpec[], edges: GraphEdge[], groups: Group[]): string[][] {
  const neighbours = new Map<string, string[]>(tasks.map(({ id }) => [id, []]));
  const controlled = new Set<string>();
  for (const { source, target, kind } of edges) {
    neighbours.get(source)?.push(`> ${target}`);
    neighbours.get(target)?.push(`< ${source}`);
    if (kind === 'continue' || kind === 'stop' || kind === 'route') {
      controlled.add(source).add(target);
    }
  }
  const alike = new Map<string, string[]>();
  for (const { id, kind } of tasks) {
    if (kind === 'controller' || controlled.has(id)) continue;
    const around = [...(neighbours.get(id) ?? [])].sort().join(' ');
    const key = `${innermost(groups, id)?.id ?? ''} ${around}`;
    const list = alike.get(key);
    if (list) list.push(id);
    else alike.set(key, [id]);
  }
  return [...alike.values()];
}
