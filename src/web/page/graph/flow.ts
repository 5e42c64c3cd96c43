/** A layout as React Flow takes it: nodes, frames with their heads, and edges. Pure. */
import { MarkerType, type Edge } from '@xyflow/react';
import type { GraphEdge } from '../../api/program.ts';
import type { Direction, GraphLayout } from './layout.ts';
import type { FrameFlowNode, HeadFlowNode, TaskFlowNode } from './nodes.tsx';
import { frameHead } from './sizes.ts';

export type FlowNode = TaskFlowNode | FrameFlowNode | HeadFlowNode;

export function toNodes(layout: GraphLayout, direction: Direction): FlowNode[] {
  const frames = layout.frames.map(({ id, kind, folded, members, ...place }): FrameFlowNode => ({
    id,
    type: 'frame',
    position: { x: place.x, y: place.y },
    width: place.width,
    height: place.height,
    zIndex: -1,
    data: { direction, kind, members: folded ? members : null },
  }));
  const tasks = [...layout.tasks].map(([id, { x, y, width, height }]): TaskFlowNode => ({
    id,
    type: 'task',
    position: { x, y },
    width,
    height,
    data: { direction, linked: !layout.blockOf.has(id) },
  }));
  const heads = layout.frames.map(({ id, kind, folded, members, x, y, width }): HeadFlowNode => ({
    id: `head of ${id}`,
    type: 'head',
    position: { x, y },
    width,
    height: frameHead - 4,
    zIndex: 2,
    data: { frame: id, kind, folded, count: members.length },
  }));
  return [...frames, ...tasks, ...heads];
}

const control = new Set<GraphEdge['kind']>(['route', 'continue', 'stop']);

export function toEdges(edges: GraphEdge[], layout: GraphLayout, direction: Direction): Edge[] {
  const drawn = new Map<string, Edge>();
  for (const { source, target, kind, label } of edges) {
    const from = layout.blockOf.get(source) ?? source;
    const to = layout.blockOf.get(target) ?? target;
    const id = `${kind} ${from} ${to} ${label ?? ''}`;
    if (from === to || drawn.has(id)) continue;
    const isControl = control.has(kind);
    const back = kind === 'continue';
    const side = back ? 'back' : isControl ? 'control' : '';
    const pair = `${from} ${to}`;
    drawn.set(id, {
      id,
      source: from,
      target: to,
      sourceHandle: side ? `${side}-out` : 'out',
      targetHandle: side ? `${side}-in` : 'in',
      type: back ? 'smoothstep' : 'routed',
      data: {
        bends: layout.bends.get(pair) ?? [],
        crossing: layout.crossings.get(pair) ?? null,
        direction,
        isControl,
      },
      className: `edge ${kind}`,
      ...(isControl ? { label: label ?? kind } : {}),
      labelBgPadding: [5, 2],
      labelBgBorderRadius: 4,
      markerEnd: {
        type: MarkerType.ArrowClosed,
        width: 14,
        height: 14,
        color: isControl ? 'var(--accent)' : 'var(--edge)',
      },
      focusable: false,
    });
  }
  return [...drawn.values()];
}
