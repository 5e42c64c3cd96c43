/**
 * A graph of tasks: dependencies and control edges drawn apart, loops in frames. Its nodes keep their size: what is
 * wider than its place goes on below, and what is still too large is panned, with a small map. It scrolls with the
 * page; zoom is by pinch, with Ctrl and the wheel, or by the buttons.
 */
import {
  MiniMap,
  Panel,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  type Viewport,
} from '@xyflow/react';
import '@xyflow/react/dist/base.css';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { GraphEdge } from '../../api/program.ts';
import type { TaskSpec } from '../../../model/program.ts';
import { statusTone } from '../parts/status.tsx';
import { useNow } from '../data/clock.ts';
import { toEdges, toNodes, type FlowNode } from './flow.ts';
import { FoldContext } from './fold-context.ts';
import { layoutGraph, type Direction, type GraphLayout } from './layout.ts';
import type { Loop } from './loops.ts';
import { Looks, LooksContext, type FrameLook, type NodeLook } from './looks.ts';
import { RoutedEdge } from './routed-edge.tsx';
import { FrameHead, FrameNode, TaskNode } from './nodes.tsx';
import './graph.css';

const nodeTypes = { task: TaskNode, frame: FrameNode, head: FrameHead };
const edgeTypes = { routed: RoutedEdge };
const edgePx = 12;
/** Room for the buttons above the graph. */
const topPx = 48;
const narrowPx = 640;
const manyNodes = 80;
/** Below the graph: its legend, and the end of the page. */
const belowPx = 84;
const leastPx = 240;

export interface TaskGraphProps {
  tasks: TaskSpec[];
  edges: GraphEdge[];
  loops: Loop[];
  nodes: Map<string, NodeLook>;
  frames: Map<string, FrameLook>;
  label: string;
  /** The task to show where not all fits. */
  focus?: string | null;
  /** It takes the height that the window has left. */
  fill?: boolean;
  /** What is done for every item of a list is one node, until somebody opens it. */
  foldsRegions?: boolean;
}

interface Room {
  width: number;
  /** From the graph's beginning to the end of the window, as long as nothing is scrolled. */
  height: number;
}

const noRoom: Room = { width: 0, height: 0 };

export function TaskGraph(props: TaskGraphProps) {
  const box = useRef<HTMLDivElement>(null);
  const [room, setRoom] = useState(noRoom);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = (): void => {
      const top = element.getBoundingClientRect().top + window.scrollY;
      const next = { width: element.clientWidth, height: window.innerHeight - top - belowPx };
      setRoom((old) => (old.width === next.width && old.height === next.height ? old : next));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    window.addEventListener('resize', measure);
    return () => {
      observer.disconnect();
      window.removeEventListener('resize', measure);
    };
  }, []);
  return (
    <div ref={box} className="graph-box">
      {room.width > 0 && (
        <ReactFlowProvider>
          <Drawn {...props} room={room} />
        </ReactFlowProvider>
      )}
    </div>
  );
}

function Drawn(props: TaskGraphProps & { room: Room }) {
  const { tasks, edges, loops, nodes, frames, label, focus = null, room } = props;
  const { fill = false, foldsRegions = false } = props;
  const { width } = room;
  const direction: Direction = width < narrowPx ? 'down' : 'across';
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set<string>());
  const toggle = useCallback(
    (id: string) =>
      setToggled((old) => {
        const next = new Set(old);
        if (!next.delete(id)) next.add(id);
        return next;
      }),
    [],
  );
  const layout = useMemo(() => {
    const maxWidth = width - 2 * edgePx;
    return layoutGraph(tasks, edges, loops, { direction, maxWidth, foldsRegions, toggled });
  }, [tasks, edges, loops, direction, width, foldsRegions, toggled]);
  const [looks] = useState(() => {
    const first = new Looks();
    first.set(nodes, frames);
    return first;
  });
  useEffect(() => looks.set(nodes, frames), [looks, nodes, frames]);
  const flowNodes = useMemo(() => toNodes(layout, direction), [layout, direction]);
  const flowEdges = useMemo(() => toEdges(edges, layout, direction), [edges, layout, direction]);
  const height = heightOf(layout, fill && direction === 'across' ? room.height : 0);
  // Where to look first is decided once; what runs later moves nothing.
  const [start] = useState(focus);
  const viewport = useMemo(
    () => viewportOf(layout, width, height, start),
    [layout, width, height, start],
  );
  const fits = layout.width <= width && layout.height + topPx <= height;
  return (
    <LooksContext.Provider value={looks}>
      <FoldContext.Provider value={toggle}>
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
            {!fits && direction === 'across' && <SmallMap looks={looks} />}
          </ReactFlow>
        </div>
      </FoldContext.Provider>
      <Legend edges={edges} />
    </LooksContext.Provider>
  );
}

/** As much as it needs, within bounds: what is far taller than a window is panned. `room`: what it takes at least. */
function heightOf(layout: GraphLayout, room: number): number {
  const tallest = Math.max(900, 1.5 * window.innerHeight);
  const needed = Math.min(layout.height + topPx + edgePx, tallest);
  return Math.round(Math.max(leastPx, needed, room));
}

/** Where one is in a graph that is larger than its place. */
function SmallMap({ looks }: { looks: Looks }) {
  // Its colours follow now and then: that a state has changed shows on the node itself at once.
  useNow(2_000);
  return (
    <MiniMap<FlowNode>
      pannable
      ariaLabel="Map of the graph"
      nodeColor={({ id, type }) => {
        if (type !== 'task') return 'transparent';
        const status = looks.node(id)?.status;
        return `var(--map-${status ? statusTone(status) : 'plain'})`;
      }}
      nodeStrokeWidth={0}
    />
  );
}

/** At full size, whatever the graph's: what fits stands in the middle; of the rest, what `focus` names comes into sight. */
function viewportOf(
  layout: GraphLayout,
  width: number,
  height: number,
  focus: string | null,
): Viewport {
  const at =
    focus === null
      ? undefined
      : (layout.tasks.get(focus) ??
        layout.frames.find(({ id }) => id === layout.blockOf.get(focus)));
  const along = (size: number, room: number, first: number, centre: number | undefined): number => {
    if (size <= room - 2 * edgePx) return (room - size) / 2;
    if (centre === undefined) return first;
    return Math.min(first, Math.max(room - edgePx - size, room / 2 - centre));
  };
  return {
    x: along(layout.width, width, edgePx, at && at.x + at.width / 2),
    y: along(layout.height, height, topPx - edgePx, at && at.y + at.height / 2),
    zoom: 1,
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
