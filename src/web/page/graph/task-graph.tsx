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
} from '@xyflow/react';
import '@xyflow/react/dist/base.css';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { GraphEdge } from '../../api-types.ts';
import type { TaskSpec } from '../../../core/program.ts';
import { layoutGraph, type Direction, type GraphLayout } from './layout.ts';
import type { Loop } from './loops.ts';
import { Looks, LooksContext, type FrameLook, type NodeLook } from './looks.ts';
import { FrameNode, TaskNode, type FrameFlowNode, type TaskFlowNode } from './nodes.tsx';
import './graph.css';

const nodeTypes = { task: TaskNode, frame: FrameNode };
const narrowPx = 640;
const manyNodes = 80;

export interface TaskGraphProps {
  tasks: TaskSpec[];
  edges: GraphEdge[];
  loops: Loop[];
  nodes: Map<string, NodeLook>;
  frames: Map<string, FrameLook>;
  label: string;
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

function Drawn({
  tasks,
  edges,
  loops,
  nodes,
  frames,
  label,
  width,
}: TaskGraphProps & { width: number }) {
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
  const flowEdges = useMemo(() => toEdges(edges, layout), [edges, layout]);
  const zoom = Math.min(1, Math.max(0.45, (width - 24) / layout.width));
  const height = Math.round(Math.min(layout.height * zoom + 64, direction === 'down' ? 560 : 640));
  return (
    <LooksContext.Provider value={looks}>
      <div
        className="graph"
        style={{ height: Math.max(height, 200) }}
        role="group"
        aria-label={label}
      >
        <ReactFlow
          nodes={flowNodes}
          edges={flowEdges}
          nodeTypes={nodeTypes}
          nodesDraggable={false}
          nodesConnectable={false}
          nodesFocusable={false}
          edgesFocusable={false}
          elementsSelectable={false}
          zoomOnScroll={false}
          zoomOnDoubleClick={false}
          preventScrolling={false}
          onlyRenderVisibleElements={flowNodes.length > manyNodes}
          minZoom={0.08}
          maxZoom={1.6}
        >
          <Tools layout={layout} width={width} />
        </ReactFlow>
      </div>
      <Legend edges={edges} />
    </LooksContext.Provider>
  );
}

/** Fits what fits readably; of the rest, the beginning. Only when the layout or the width changes. */
function Tools({ layout, width }: { layout: GraphLayout; width: number }) {
  const flow = useReactFlow();
  useEffect(() => {
    const box = { x: 0, y: 0, width: layout.width, height: layout.height };
    const zoom = Math.min(1, (width - 24) / layout.width);
    if (zoom >= 0.45 && layout.height * zoom <= 640) {
      void flow.fitBounds(box, { padding: 0.02, duration: 0 }).then(() => {
        if (flow.getZoom() > 1)
          void flow.setCenter(layout.width / 2, layout.height / 2, { zoom: 1 });
      });
    } else {
      const readable = Math.max(zoom, 0.6);
      const x = layout.width * readable < width ? (width - layout.width * readable) / 2 : 8;
      void flow.setViewport({ x, y: 8, zoom: readable });
    }
  }, [flow, layout, width]);
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

function toNodes(layout: GraphLayout, direction: Direction): (TaskFlowNode | FrameFlowNode)[] {
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
  return [...frames, ...tasks];
}

const control = new Set<GraphEdge['kind']>(['route', 'continue', 'stop']);

function toEdges(edges: GraphEdge[], layout: GraphLayout): Edge[] {
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
      type: back ? 'smoothstep' : 'default',
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
