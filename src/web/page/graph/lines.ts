/**
 * A graph that is wider than its place goes on below, as text does: whole ranks move to the next line, and what a frame
 * holds stays together. Its nodes keep their size, so that they can be read. Pure.
 */
import type { GraphEdge } from '../../api/program.ts';
import type { GraphLayout, Placed, Point } from './layout.ts';

/** Between two lines, with room for the edges that lead from one to the other. */
const lineGap = 64;
/** Left of a line: edges come in there. */
const indent = 30;
const stub = 16;

/** How an edge gets from a line to another: out to the right of its rank, along below the line, in at the left. */
export interface LineCrossing {
  /** Where it goes down behind the rank of its source. */
  outX: number;
  /** Where it goes in before the rank of its target. */
  inX: number;
  /** Below the line that it leaves; above the line that it reaches. */
  fromY: number;
  toY: number;
  /** Where it passes the lines between them; null where there is none. */
  asideX: number | null;
}

interface Segment {
  left: number;
  right: number;
  line: number;
}

interface Line {
  left: number;
  right: number;
  dx: number;
  dy: number;
  top: number;
  bottom: number;
}

export function foldIntoLines(
  flat: GraphLayout,
  edges: GraphEdge[],
  maxWidth: number,
): GraphLayout {
  if (flat.width <= maxWidth) return flat;
  const boxes = [...flat.tasks.values(), ...flat.frames];
  const segments = segmentsOf(boxes);
  const lines = linesOf(segments, boxes, maxWidth - indent - stub);
  if (lines.length < 2) return flat;
  const lineAt = (x: number): Line | undefined =>
    lines.find(({ left, right }) => x >= left && x <= right);
  const moved = <T extends Point>(place: T): T => {
    const { dx, dy } = lineAt(place.x) ?? { dx: 0, dy: 0 };
    return { ...place, x: place.x + dx, y: place.y + dy };
  };
  const placeOf = new Map<string, Placed>([
    ...flat.tasks,
    ...flat.frames.map((f): [string, Placed] => [f.id, f]),
  ]);
  const crossings = new Map<string, LineCrossing>();
  for (const { source, target } of edges) {
    const [from, to] = [flat.blockOf.get(source) ?? source, flat.blockOf.get(target) ?? target];
    const [a, b] = [placeOf.get(from), placeOf.get(to)];
    if (!a || !b) continue;
    const crossing = crossingOf(lines, segments, a, b);
    if (crossing) crossings.set(`${from} ${to}`, crossing);
  }
  return {
    ...flat,
    tasks: new Map([...flat.tasks].map(([id, place]) => [id, moved(place)])),
    frames: flat.frames.map(moved),
    bends: new Map(
      [...flat.bends]
        .filter(([key]) => !crossings.has(key))
        .map(([key, bends]) => [key, bends.map(moved)]),
    ),
    crossings,
    width: Math.max(...lines.map(({ right, dx }) => right + dx)) + stub,
    height: Math.max(...lines.map(({ bottom, dy }) => bottom + dy)) + stub,
  };
}

/** What stands above each other, or in one frame: it is not torn apart. */
function segmentsOf(boxes: Placed[]): Segment[] {
  const segments: Segment[] = [];
  for (const { x, width } of [...boxes].sort((a, b) => a.x - b.x)) {
    const last = segments.at(-1);
    if (last && x < last.right) last.right = Math.max(last.right, x + width);
    else segments.push({ left: x, right: x + width, line: 0 });
  }
  return segments;
}

/** Fills line after line, and says in each segment which one it is in. */
function linesOf(segments: Segment[], boxes: Placed[], maxWidth: number): Line[] {
  const lines: Line[] = [];
  let begin = 0;
  for (const segment of segments) {
    const current = lines.at(-1);
    if (!current || segment.right - begin > maxWidth) {
      begin = segment.left;
      lines.push({ ...segment, dx: indent - begin, dy: 0, top: 0, bottom: 0 });
    } else current.right = segment.right;
    segment.line = lines.length - 1;
  }
  let y = 0;
  for (const line of lines) {
    const inside = boxes.filter(({ x }) => x >= line.left && x <= line.right);
    line.top = Math.min(...inside.map((box) => box.y));
    line.bottom = Math.max(...inside.map((box) => box.y + box.height));
    line.dy = y + stub - line.top;
    y += line.bottom - line.top + lineGap;
  }
  return lines;
}

function crossingOf(lines: Line[], segments: Segment[], a: Placed, b: Placed): LineCrossing | null {
  const segmentAt = ({ x }: Placed): Segment | undefined =>
    segments.find(({ left, right }) => x >= left && x <= right);
  const [from, to] = [segmentAt(a), segmentAt(b)];
  const [above, below] = [lines[from?.line ?? 0], lines[to?.line ?? 0]];
  if (!from || !to || !above || !below || from.line === to.line) return null;
  const fromY = above.bottom + above.dy + lineGap / 2;
  const toY = below.top + below.dy - lineGap / 2;
  return {
    outX: from.right + above.dx + stub,
    inX: to.left + below.dx - stub,
    fromY,
    toY,
    asideX: Math.abs(to.line - from.line) > 1 ? indent / 2 - stub / 2 : null,
  };
}
