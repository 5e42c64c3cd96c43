/**
 * Where the tasks of a graph stand. Dependencies give the order; a loop's body stays together in a
 * frame; many tasks with the same neighbours become one block, so that a wide fan-out is readable. Pure.
 */
import { Graph, layout } from '@dagrejs/dagre';
import type { GraphEdge } from '../../api/program.ts';
import type { TaskSpec } from '../../../model/program.ts';
import type { Loop } from './loops.ts';

export type Direction = 'across' | 'down';

interface Placed {
  x: number;
  y: number;
  width: number;
  height: number;
}

interface Frame extends Placed {
  id: string;
  kind: 'loop' | 'block';
  /** Loops: the controller. */
  controller: string | null;
  members: string[];
}

export interface GraphLayout {
  tasks: Map<string, Placed>;
  frames: Frame[];
  /** Task → the block that stands for it in edges. */
  blockOf: Map<string, string>;
  width: number;
  height: number;
  /** `source target` → where an edge that passes other ranks bends. */
  bends: Map<string, Point[]>;
}

export interface Point {
  x: number;
  y: number;
}

const nodeWidth = 212;
const nodeHeight = 64;
const gap = 14;
const frameHead = 40;
const framePad = 16;
const blockFrom = 9;

export function layoutGraph(
  tasks: TaskSpec[],
  edges: GraphEdge[],
  loops: Loop[],
  direction: Direction,
): GraphLayout {
  const blocks = findBlocks(tasks, edges, loops, direction);
  const blockOf = new Map(blocks.flatMap(({ id, members }) => members.map((each) => [each, id])));
  const graph = new Graph<object, Sized, Routed>({
    compound: true,
    multigraph: false,
  });
  graph.setGraph({
    rankdir: direction === 'across' ? 'LR' : 'TB',
    nodesep: direction === 'across' ? 26 : 22,
    ranksep: direction === 'across' ? 56 : 54,
    marginx: 12,
    marginy: 12,
  });
  graph.setDefaultEdgeLabel(() => ({}));
  const ends = new Set(tasks.map(({ id }) => id));
  for (const { id } of tasks) {
    if (!blockOf.has(id)) graph.setNode(id, { width: nodeWidth, height: nodeHeight });
  }
  for (const block of blocks) graph.setNode(block.id, { width: block.width, height: block.height });
  for (const { source, target, kind } of edges) {
    // A continue leads back; a layout in ranks knows no back.
    if (kind === 'continue' || !ends.has(source) || !ends.has(target)) continue;
    const [from, to] = [blockOf.get(source) ?? source, blockOf.get(target) ?? target];
    if (from !== to) graph.setEdge(from, to);
  }
  for (const loop of loops) graph.setNode(frameId(loop.controller), { width: 0, height: 0 });
  for (const loop of loops) {
    if (loop.outer) graph.setParent(frameId(loop.controller), frameId(loop.outer));
  }
  for (const { id } of tasks) {
    const loop = innermost(loops, id);
    if (loop) graph.setParent(blockOf.get(id) ?? id, frameId(loop.controller));
  }
  layout(graph);
  return collect(graph, tasks, loops, blocks, blockOf);
}

const straightPx = 30;

/** Of a point from the line between two nodes. */
function distance({ x, y }: Point, from: Sized, to: Sized): number {
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = [from.x, from.y, to.x, to.y];
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  return Math.abs((x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)) / length;
}

interface Sized {
  width: number;
  height: number;
  x?: number;
  y?: number;
}

interface Routed {
  points?: Point[];
}

/** The ends of a line are the nodes' own; one that is nearly straight needs no bends. */
function bendsOf(graph: Graph<object, Sized, Routed>): Map<string, Point[]> {
  const bends = new Map<string, Point[]>();
  for (const edge of graph.edges()) {
    const inner = graph.edge(edge).points?.slice(1, -1) ?? [];
    const [from, to] = [graph.node(edge.v), graph.node(edge.w)];
    if (inner.length > 1 && inner.some((point) => distance(point, from, to) > straightPx)) {
      bends.set(`${edge.v} ${edge.w}`, inner);
    }
  }
  return bends;
}

function frameId(controller: string): string {
  return `loop ${controller}`;
}

function innermost(loops: Loop[], id: string): Loop | undefined {
  return loops.filter(({ body }) => body.has(id)).sort((a, b) => a.body.size - b.body.size)[0];
}

interface Block {
  id: string;
  members: string[];
  columns: number;
  width: number;
  height: number;
}

function findBlocks(
  tasks: TaskSpec[],
  edges: GraphEdge[],
  loops: Loop[],
  direction: Direction,
): Block[] {
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
    const key = `${innermost(loops, id)?.controller ?? ''} ${around}`;
    const list = alike.get(key);
    if (list) list.push(id);
    else alike.set(key, [id]);
  }
  return [...alike.values()]
    .filter((members) => members.length >= blockFrom)
    .map((members) => {
      const columns = direction === 'down' ? 1 : Math.ceil(Math.sqrt(members.length / 3));
      const across = direction === 'down' && members.length > 40 ? 2 : columns;
      const rows = Math.ceil(members.length / across);
      return {
        id: `block ${members[0] ?? ''}`,
        members,
        columns: across,
        width: across * (nodeWidth + gap) - gap + 2 * framePad,
        height: rows * (nodeHeight + gap) - gap + frameHead + framePad,
      };
    });
}

function collect(
  graph: Graph<object, Sized, Routed>,
  tasks: TaskSpec[],
  loops: Loop[],
  blocks: Block[],
  blockOf: Map<string, string>,
): GraphLayout {
  const placed = new Map<string, Placed>();
  const at = (id: string): Placed => {
    const { x = 0, y = 0, width, height } = graph.node(id);
    return { x: x - width / 2, y: y - height / 2, width, height };
  };
  for (const { id } of tasks) if (!blockOf.has(id)) placed.set(id, at(id));
  const frames: Frame[] = [];
  for (const block of blocks) {
    const place = at(block.id);
    frames.push({
      ...place,
      id: block.id,
      kind: 'block',
      controller: null,
      members: block.members,
    });
    block.members.forEach((id, index) => {
      placed.set(id, {
        x: place.x + framePad + (index % block.columns) * (nodeWidth + gap),
        y: place.y + frameHead + Math.floor(index / block.columns) * (nodeHeight + gap),
        width: nodeWidth,
        height: nodeHeight,
      });
    });
  }
  // Inner frames first, so that outer ones close around them.
  const done = new Map<string, Frame>();
  for (const loop of [...loops].sort((a, b) => a.body.size - b.body.size)) {
    const inner = loops.flatMap(({ controller, outer }) => {
      const frame = outer === loop.controller ? done.get(controller) : undefined;
      return frame ? [frame] : [];
    });
    const boxes = [...loop.body].flatMap((id) => placed.get(id) ?? []).concat(inner);
    const left = Math.min(...boxes.map(({ x }) => x)) - framePad;
    const top = Math.min(...boxes.map(({ y }) => y)) - frameHead;
    const right = Math.max(...boxes.map(({ x, width }) => x + width)) + framePad;
    const bottom = Math.max(...boxes.map(({ y, height }) => y + height)) + framePad + 18;
    done.set(loop.controller, {
      id: frameId(loop.controller),
      kind: 'loop',
      controller: loop.controller,
      members: [...loop.body],
      x: left,
      y: top,
      width: right - left,
      height: bottom - top,
    });
  }
  frames.unshift(...[...done.values()].reverse());
  const all = [...placed.values(), ...frames];
  const left = Math.min(0, ...all.map(({ x }) => x));
  const top = Math.min(0, ...all.map(({ y }) => y));
  return {
    tasks: placed,
    frames,
    blockOf,
    bends: bendsOf(graph),
    width: Math.max(0, ...all.map(({ x, width }) => x + width)) - left,
    height: Math.max(0, ...all.map(({ y, height }) => y + height)) - top,
  };
}
