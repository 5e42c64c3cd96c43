/**
 * Where the tasks of a graph stand. Dependencies give the order; what a loop repeats, or a list has done for each of
 * its items, stays together in a frame; many tasks with the same neighbours become one block, so that a wide fan-out
 * is readable. Pure.
 */
import { Graph, layout } from '@dagrejs/dagre';
import type { GraphEdge } from '../../api/program.ts';
import type { TaskSpec } from '../../../model/program.ts';
import { findBlocks, type Block } from './blocks.ts';
import { groupsOf, innermost, isHiddenBy, outermostFirst, type Group } from './groups.ts';
import { foldIntoLines, type LineCrossing } from './lines.ts';
import type { Loop } from './loops.ts';
import {
  blockGap,
  foldedHeight,
  frameHead,
  framePad,
  loopFoot,
  nodeHeight,
  nodeWidth,
} from './sizes.ts';

export type Direction = 'across' | 'down';

export interface Placed {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Frame extends Placed {
  id: string;
  kind: Group['kind'] | 'block';
  members: string[];
  /** One node stands for its members; nothing of them is drawn. */
  folded: boolean;
}

export interface GraphLayout {
  /** Those that are drawn. */
  tasks: Map<string, Placed>;
  frames: Frame[];
  /** Task → the block, or the folded group, that stands for it in edges. */
  blockOf: Map<string, string>;
  width: number;
  height: number;
  /** `source target` → where an edge that passes other ranks bends. */
  bends: Map<string, Point[]>;
  /** `source target` → the way of an edge that leads from one line of the graph to another. */
  crossings: Map<string, LineCrossing>;
}

export interface Point {
  x: number;
  y: number;
}

export interface LayoutOptions {
  direction: Direction;
  /** How wide it may be, in px: a wider one goes on below. */
  maxWidth: number;
  /** Regions are folded by themselves. */
  foldsRegions: boolean;
  /** Frames that a person has folded or opened, against what they are by themselves. */
  toggled: ReadonlySet<string>;
}

export function layoutGraph(
  tasks: TaskSpec[],
  edges: GraphEdge[],
  loops: Loop[],
  { direction, maxWidth, foldsRegions, toggled }: LayoutOptions,
): GraphLayout {
  const groups = groupsOf(tasks, loops);
  const folded = outermost(
    groups.filter(({ id, kind }) => (foldsRegions && kind === 'region') !== toggled.has(id)),
  );
  const within = new Set(folded.flatMap(({ body }) => [...body]));
  const open = groups.filter(
    (group) => !folded.some((each) => each === group || isHiddenBy(group, each)),
  );
  const free = tasks.filter(({ id }) => !within.has(id));
  const blocks = findBlocks(free, edges, open, direction, toggled);
  const blockOf = new Map([
    ...blocks.flatMap(({ id, members }) => members.map((each): [string, string] => [each, id])),
    ...folded.flatMap(({ id, body }) => [...body].map((each): [string, string] => [each, id])),
  ]);
  const graph = emptyGraph(direction);
  const known = new Set(tasks.map(({ id }) => id));
  for (const { id } of free) {
    if (!blockOf.has(id)) graph.setNode(id, { width: nodeWidth, height: nodeHeight });
  }
  for (const block of blocks) graph.setNode(block.id, { width: block.width, height: block.height });
  for (const { id } of folded) {
    graph.setNode(id, { width: nodeWidth + 2 * framePad, height: foldedHeight });
  }
  for (const { source, target, kind } of edges) {
    // A continue leads back; a layout in ranks knows no back.
    if (kind === 'continue' || !known.has(source) || !known.has(target)) continue;
    const [from, to] = [blockOf.get(source) ?? source, blockOf.get(target) ?? target];
    if (from !== to) graph.setEdge(from, to);
  }
  for (const { id } of open) graph.setNode(id, { width: 0, height: 0 });
  for (const { id, outer } of [...open, ...folded]) if (outer) graph.setParent(id, outer);
  for (const { id } of free) {
    const group = innermost(open, id);
    if (group) graph.setParent(blockOf.get(id) ?? id, group.id);
  }
  layout(graph);
  const flat = collect(graph, free, { open, folded }, blocks, blockOf);
  return direction === 'across' ? foldIntoLines(flat, edges, maxWidth) : flat;
}

/** Those that lie in no other of them. */
function outermost(groups: Group[]): Group[] {
  const kept: Group[] = [];
  for (const group of outermostFirst(groups)) {
    if (!kept.some((each) => isHiddenBy(group, each))) kept.push(group);
  }
  return kept;
}

function emptyGraph(direction: Direction): Graph<object, Sized, Routed> {
  const graph = new Graph<object, Sized, Routed>({ compound: true, multigraph: false });
  graph.setGraph({
    rankdir: direction === 'across' ? 'LR' : 'TB',
    nodesep: direction === 'across' ? 18 : 22,
    ranksep: direction === 'across' ? 48 : 54,
    marginx: 12,
    marginy: 12,
  });
  graph.setDefaultEdgeLabel(() => ({}));
  return graph;
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

function collect(
  graph: Graph<object, Sized, Routed>,
  tasks: TaskSpec[],
  groups: { open: Group[]; folded: Group[] },
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
      members: block.members,
      folded: block.folded,
    });
    if (block.folded) continue;
    block.members.forEach((id, index) => {
      placed.set(id, {
        x: place.x + framePad + (index % block.columns) * (nodeWidth + blockGap),
        y: place.y + frameHead + Math.floor(index / block.columns) * (nodeHeight + blockGap),
        width: nodeWidth,
        height: nodeHeight,
      });
    });
  }
  frames.unshift(...groupFrames(placed, groups, frames, at));
  const all = [...placed.values(), ...frames];
  const left = Math.min(0, ...all.map(({ x }) => x));
  const top = Math.min(0, ...all.map(({ y }) => y));
  return {
    tasks: placed,
    frames,
    blockOf,
    bends: bendsOf(graph),
    crossings: new Map(),
    width: Math.max(0, ...all.map(({ x, width }) => x + width)) - left,
    height: Math.max(0, ...all.map(({ y, height }) => y + height)) - top,
  };
}

/** Outer ones first, so that inner ones are drawn above them. */
function groupFrames(
  placed: Map<string, Placed>,
  groups: { open: Group[]; folded: Group[] },
  blocks: Frame[],
  at: (id: string) => Placed,
): Frame[] {
  const done = new Map<Group, Frame>();
  const frameOf = ({ id, kind, body }: Group, folded: boolean, place: Placed): Frame => ({
    ...{ ...place, id, kind, members: [...body], folded },
  });
  for (const group of groups.folded) done.set(group, frameOf(group, true, at(group.id)));
  // Inner frames first, so that outer ones close around them.
  for (const group of outermostFirst(groups.open).reverse()) {
    const inner = [...done].flatMap(([each, frame]) => (group.body.has(each.task) ? frame : []));
    const alike = blocks.filter(({ members }) => group.body.has(members[0] ?? ''));
    const boxes = [...group.body].flatMap((id) => placed.get(id) ?? []).concat(inner, alike);
    const left = Math.min(...boxes.map(({ x }) => x)) - framePad;
    const top = Math.min(...boxes.map(({ y }) => y)) - frameHead;
    const right = Math.max(...boxes.map(({ x, width }) => x + width)) + framePad;
    const foot = group.kind === 'loop' ? loopFoot : 0;
    const bottom = Math.max(...boxes.map(({ y, height }) => y + height)) + framePad + foot;
    const place = { x: left, y: top, width: right - left, height: bottom - top };
    done.set(group, frameOf(group, false, place));
  }
  return [...done.values()].reverse();
}
