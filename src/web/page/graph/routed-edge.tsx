/** A line between tasks that keeps clear of those in between: it bends where the layout says. */
import { BaseEdge, getBezierPath, type Edge, type EdgeProps } from '@xyflow/react';
import type { Direction, Point } from './layout.ts';

export type RoutedEdgeType = Edge<{ bends: Point[]; direction: Direction }, 'routed'>;

export function RoutedEdge(props: EdgeProps<RoutedEdgeType>) {
  const { sourceX, sourceY, targetX, targetY, data, label, markerEnd } = props;
  const bends = data?.bends ?? [];
  const ends = { source: { x: sourceX, y: sourceY }, target: { x: targetX, y: targetY } };
  const [path, labelX, labelY] =
    bends.length === 0
      ? getBezierPath(props)
      : curve([ends.source, ...bends, ends.target], data?.direction ?? 'across');
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

/** Through the points, leaving and reaching each in the direction of the graph. */
function curve(points: Point[], direction: Direction): [path: string, x: number, y: number] {
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
