/** A line between tasks that keeps clear of those in between: it goes where the layout says. */
import { BaseEdge, getBezierPath, type Edge, type EdgeProps } from '@xyflow/react';
import type { Direction, Point } from './layout.ts';
import type { LineCrossing } from './lines.ts';

export type RoutedEdgeType = Edge<
  { bends: Point[]; direction: Direction; crossing: LineCrossing | null; isControl: boolean },
  'routed'
>;

export function RoutedEdge(props: EdgeProps<RoutedEdgeType>) {
  const { data, label, markerEnd } = props;
  const [path, labelX, labelY] = pathOf(props, data);
  return (
    <BaseEdge
      path={path}
      markerEnd={markerEnd}
      label={label}
      labelX={labelX}
      labelY={labelY}
      labelBgPadding={[5, 2]}
      labelBgBorderRadius={4}
    />
  );
}

type DrawnPath = [path: string, labelX: number, labelY: number, ...rest: number[]];

function pathOf(props: EdgeProps<RoutedEdgeType>, data: RoutedEdgeType['data']): DrawnPath {
  const { sourceX, sourceY, targetX, targetY } = props;
  const ends = { source: { x: sourceX, y: sourceY }, target: { x: targetX, y: targetY } };
  if (data?.crossing) return crossingPath(ends, data.crossing, data.isControl ? controlPx : 0);
  if (!data || data.bends.length === 0) return getBezierPath(props);
  return curve([ends.source, ...data.bends, ends.target], data.direction);
}

interface Ends {
  source: Point;
  target: Point;
}

/** Lines of controllers run beside those of dependencies. */
const controlPx = 7;
const cornerPx = 8;

function crossingPath({ source, target }: Ends, crossing: LineCrossing, aside: number): DrawnPath {
  const { outX, inX, fromY, toY, asideX } = crossing;
  const corners =
    asideX === null
      ? [
          { x: outX + aside, y: fromY + aside },
          { x: inX - aside, y: fromY + aside },
        ]
      : [
          { x: outX + aside, y: fromY + aside },
          { x: asideX, y: fromY + aside },
          { x: asideX, y: toY + aside },
          { x: inX - aside, y: toY + aside },
        ];
  const points = [
    source,
    { x: outX + aside, y: source.y },
    ...corners,
    { x: inX - aside, y: target.y },
    target,
  ];
  return [rounded(points), (outX + inX) / 2, fromY + aside];
}

/** Straight from point to point, with round corners. */
function rounded(points: Point[]): string {
  const [first = { x: 0, y: 0 }] = points;
  const parts = points.slice(1).map((corner, index) => {
    const [before = first, after] = [points[index], points[index + 2]];
    if (!after) return `L${corner.x},${corner.y}`;
    const near = towards(corner, before);
    const far = towards(corner, after);
    return `L${near.x},${near.y}Q${corner.x},${corner.y} ${far.x},${far.y}`;
  });
  return `M${first.x},${first.y}${parts.join('')}`;
}

/** A corner's radius away from it, or half of what there is. */
function towards(corner: Point, to: Point): Point {
  const length = Math.hypot(to.x - corner.x, to.y - corner.y) || 1;
  const part = Math.min(cornerPx, length / 2) / length;
  return { x: corner.x + (to.x - corner.x) * part, y: corner.y + (to.y - corner.y) * part };
}

/** Through the points, leaving and reaching each in the direction of the graph. */
function curve(points: Point[], direction: Direction): DrawnPath {
  const [first = { x: 0, y: 0 }, ...rest] = points;
  let at = first;
  const parts = rest.map((to) => {
    const [midX, midY] = [(at.x + to.x) / 2, (at.y + to.y) / 2];
    const handles =
      direction === 'across'
        ? `${midX},${at.y} ${midX},${to.y}`
        : `${at.x},${midY} ${to.x},${midY}`;
    at = to;
    return `C${handles} ${to.x},${to.y}`;
  });
  const middle = points[Math.floor(points.length / 2)] ?? first;
  return [`M${first.x},${first.y}${parts.join('')}`, middle.x, middle.y];
}
