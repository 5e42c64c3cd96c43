/**
 * A graph of tasks: dependencies and control edges drawn apart, loops in frames. It scrolls with the page;
 * zoom is by pinch, with Ctrl and the wheel, or by the buttons.
 */
import {
  MarkerType,
  Panel,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  type Edge,
  type Viewport,
} from '@xyflow/react';
import '@xyflow/react/dist/base.css';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { GraphEdge } from '../../api/program.ts';
import type { TaskSpec } from '../../../model/program.ts';
import { layoutGraph, type Direction, type GraphLayout } from './layout.ts';
import type { Loop } from './loops.ts';
import { Looks, LooksContext, type FrameLook, type NodeLook } from './looks.ts';
import { RoutedEdge } from './routed-edge.tsx';
import {
  FrameHead,
  FrameNode,
  TaskNode,
  type FrameFlowNode,
  type HeadFlowNode,
  type TaskFlowNode,
} from './nodes.tsx';
import './graph.css';

const nodeTypes = { task: TaskNode, frame: FrameNode, head: FrameHead };
const edgeTypes = { routed: RoutedEdge };
const readableZoom = 0.5;
const edgePx = 12;
/** Room for the buttons above the graph. */
const topPx = 48;
const narrowPx = 640;
const manyNodes = 80;

export interface TaskGraphProps {
  tasks: TaskSpec[];
  edges: GraphEdge[];
  loops: Loop[];
  nodes: Map<string, NodeLook>;
  frames: Map<string, FrameLook>;
  label: string;
  /** The task to show where not all fits. */
  focus?: string | null;
}

export function TaskGraph(props: TaskGraphProps) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    setWidth(element.clientWidth);
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return (
    <div ref={box} className="graph-box">
      {width > 0 && (
        <ReactFlowProvider>
          <Drawn {...props} width={width} />
        </ReactFlowProvider>
      )}
    </div>
  );
}

function Drawn(props: TaskGraphProps & { width: number }) {
  const { tasks, edges, loops, nodes, frames, label, focus = null, width } = props;
  const direction: Direction = width < narrowPx ? 'down' : 'across';
  const layout = useMemo(
    () => layoutGraph(tasks, edges, loops, direction),
    [tasks, edges, loops, direction],
  );
  const [looks] = useState(() => {
    const first = new Looks();
    first.set(nodes, frames);
    return first;
  });
  useEffect(() => looks.set(nodes, frames), [looks, nodes, frames]);
  const flowNodes = useMemo(() => toNodes(layout, direction), [layout, direction]);
  const flowEdges = useMemo(() => toEdges(edges, layout, direction), [edges, layout, direction]);
  const zoom = Math.min(1, Math.max(readableZoom, (width - 2 * edgePx) / layout.width));
  const tallest = direction === 'down' ? 520 : 620;
  const height = Math.round(
    Math.max(180, Math.min(layout.height * zoom + topPx + edgePx, tallest)),
  );
  // Where to look first is decided once; what runs later moves nothing.
  const [start] = useState(focus);
  const viewport = useMemo(
    () => viewportOf(layout, width, height, start),
    [layout, width, height, start],
  );
  return (
    <LooksContext.Provider value={looks}>
      <div className="graph" style={{ height }} role="group" aria-label={label}>
        <ReactFlow
          nodes={flowNodes}
          edges={flowEdges}
          nodeTypes={nodeTypes}
          edgeTypes={edgeTypes}
          nodesDraggable={false}
          nodesConnectable={false}
          nodesFocusable={false}
          edgesFocusable={false}
          elementsSelectable={false}
          zoomOnScroll={false}
          zoomOnDoubleClick={false}
          preventScrolling={false}
          onlyRenderVisibleElements={flowNodes.length > manyNodes}
          defaultViewport={viewport}
          minZoom={0.08}
          maxZoom={1.6}
        >
          <Tools viewport={viewport} />
        </ReactFlow>
      </div>
      <Legend edges={edges} />
    </LooksContext.Provider>
  );
}

/** Fits what fits readably; of the rest, what `focus` names, or else the beginning. */
function viewportOf(
  layout: GraphLayout,
  width: number,
  height: number,
  focus: string | null,
): Viewport {
  const fitting = Math.min(
    1,
    (width - 2 * edgePx) / layout.width,
    (height - topPx) / layout.height,
  );
  const zoom = fitting >= readableZoom ? fitting : Math.max(readableZoom, Math.min(fitting, 1));
  const at = focus === null ? undefined : layout.tasks.get(focus);
  const along = (size: number, room: number, first: number, centre: number | undefined): number => {
    if (size * zoom <= room - 2 * edgePx) return (room - size * zoom) / 2;
    if (centre === undefined) return first;
    return Math.min(first, Math.max(room - edgePx - size * zoom, room / 2 - centre * zoom));
  };
  return {
    x: along(layout.width, width, edgePx, at && at.x + at.width / 2),
    y: along(layout.height, height, topPx - edgePx, at && at.y + at.height / 2),
    zoom,
  };
}

function Tools({ viewport }: { viewport: Viewport }) {
  const flow = useReactFlow();
  const applied = useRef(viewport);
  useEffect(() => {
    // The first one is the graph's own beginning.
    if (applied.current === viewport) return;
    applied.current = viewport;
    void flow.setViewport(viewport);
  }, [flow, viewport]);
  return (
    <Panel position="top-right" className="graph-tools">
      <button type="button" onClick={() => void flow.zoomIn()} aria-label="Zoom in">
        +
      </button>
      <button type="button" onClick={() => void flow.zoomOut()} aria-label="Zoom out">
        −
      </button>
      <button type="button" onClick={() => void flow.fitView({ padding: 0.04, maxZoom: 1 })}>
        Fit
      </button>
    </Panel>
  );
}

function toNodes(
  layout: GraphLayout,
  direction: Direction,
): (TaskFlowNode | FrameFlowNode | HeadFlowNode)[] {
  const frames = layout.frames.map(({ id, kind, x, y, width, height }): FrameFlowNode => ({
    id,
    type: 'frame',
    position: { x, y },
    width,
    height,
    zIndex: -1,
    data: { direction, kind },
  }));
  const tasks = [...layout.tasks].map(([id, { x, y, width, height }]): TaskFlowNode => ({
    id,
    type: 'task',
    position: { x, y },
    width,
    height,
    data: { direction, linked: !layout.blockOf.has(id) },
  }));
  const heads = layout.frames.map(({ id, kind, x, y, width }): HeadFlowNode => ({
    id: `head of ${id}`,
    type: 'head',
    position: { x, y },
    width,
    height: 36,
    zIndex: 2,
    data: { frame: id, kind },
  }));
  return [...frames, ...tasks, ...heads];
}

const control = new Set<GraphEdge['kind']>(['route', 'continue', 'stop']);

function toEdges(edges: GraphEdge[], layout: GraphLayout, direction: Direction): Edge[] {
  const drawn = new Map<string, Edge>();
  for (const { source, target, kind, label } of edges) {
    if (!layout.tasks.has(source) || !layout.tasks.has(target)) continue;
    const from = layout.blockOf.get(source) ?? source;
    const to = layout.blockOf.get(target) ?? target;
    const id = `${kind} ${from} ${to} ${label ?? ''}`;
    if (drawn.has(id)) continue;
    const isControl = control.has(kind);
    const back = kind === 'continue';
    const side = back ? 'back' : isControl ? 'control' : '';
    drawn.set(id, {
      id,
      source: from,
      target: to,
      sourceHandle: side ? `${side}-out` : 'out',
      targetHandle: side ? `${side}-in` : 'in',
      type: back ? 'smoothstep' : 'routed',
      data: { bends: layout.bends.get(`${from} ${to}`) ?? [], direction },
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

function Legend({ edges }: { edges: GraphEdge[] }) {
  const kinds = new Set(edges.map(({ kind }) => kind));
  const entries: [string, string, boolean][] = [
    ['context', 'needs its files', kinds.has('context')],
    ['order', 'runs after', kinds.has('order')],
    [
      'control-line',
      'a controller decides',
      kinds.has('route') || kinds.has('continue') || kinds.has('stop'),
    ],
  ];
  const shown = entries.filter(([, , there]) => there);
  if (shown.length === 0) return null;
  return (
    <p className="graph-legend">
      {shown.map(([kind, text]) => (
        <span key={kind}>
          <i className={kind} aria-hidden="true" />
          {text}
        </span>
      ))}
    </p>
  );
}
