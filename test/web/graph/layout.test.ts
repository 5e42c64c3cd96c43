/** Where the page puts the tasks of a graph: at full size, in lines that fit, with nothing torn or on top of another. */
import { describe, expect, it } from 'vitest';
import type { GraphEdge } from '../../../src/web/api/program.ts';
import { layoutGraph, type GraphLayout, type Placed } from '../../../src/web/page/graph/layout.ts';
import type { Loop } from '../../../src/web/page/graph/loops.ts';
import { task } from '../../support/make.ts';

const chain = (ids: string[]): GraphEdge[] =>
  ids.slice(1).map((id, index) => edge(ids[index] ?? '', id));

function edge(source: string, target: string, kind: GraphEdge['kind'] = 'order'): GraphEdge {
  return { source, target, kind, label: null } as GraphEdge;
}

function lay(
  ids: string[],
  edges: GraphEdge[],
  more: {
    loops?: Loop[];
    maxWidth?: number;
    toggled?: string[];
    direction?: 'across' | 'down';
  } = {},
): GraphLayout {
  const { loops = [], maxWidth = 990, toggled = [], direction = 'across' } = more;
  const options = { direction, maxWidth, toggled: new Set(toggled) };
  return layoutGraph(
    ids.map((id) => task({ id })),
    edges,
    loops,
    options,
  );
}

function overlapping(boxes: Placed[]): boolean {
  return boxes.some((a, index) =>
    boxes
      .slice(index + 1)
      .some(
        (b) =>
          a.x < b.x + b.width &&
          b.x < a.x + a.width &&
          a.y < b.y + b.height &&
          b.y < a.y + a.height,
      ),
  );
}

describe('the layout of a graph', () => {
  const columns = Array.from({ length: 8 }, (_, index) => `c${index}`);
  const wide = ['x1', 'x2', 'x3', 'x4', 'x5', 'x6'];
  const edges = [...chain(columns), ...wide.flatMap((id) => [edge('c0', id), edge(id, 'c2')])];

  it('folds eight columns into lines that fit, without making them smaller', () => {
    const { tasks, width, crossings } = lay([...columns, ...wide], edges);
    expect(width).toBeLessThanOrEqual(990);
    expect(new Set([...tasks.values()].map((each) => each.width))).toEqual(new Set([202]));
    expect(overlapping([...tasks.values()])).toBe(false);
    // What leads from one line to the next goes around.
    expect(crossings.size).toBeGreaterThan(0);
    for (const { fromY, toY } of crossings.values()) expect(fromY).toBeLessThanOrEqual(toY);
  });

  it('leaves what fits as it is', () => {
    expect(lay(columns.slice(0, 3), chain(columns.slice(0, 3))).crossings.size).toBe(0);
  });

  it('keeps a loop in one line, and folds it to one node where a person says so', () => {
    const body = new Set(['c3', 'c4']);
    const loop: Loop = { controller: 'c4', body, seeds: ['c3'], maxIterations: 3, outer: null };
    const open = lay(columns, chain(columns), { loops: [loop] });
    const [a, b] = [open.tasks.get('c3'), open.tasks.get('c4')];
    expect(a?.y).toBe(b?.y);
    const [frame] = open.frames;
    expect(frame && a && frame.x < a.x && frame.x + frame.width > (b?.x ?? 0)).toBe(true);

    const folded = lay(columns, chain(columns), { loops: [loop], toggled: ['loop c4'] });
    expect([...folded.tasks.keys()]).not.toContain('c3');
    expect(folded.frames).toMatchObject([{ id: 'loop c4', folded: true, members: ['c3', 'c4'] }]);
    expect(folded.blockOf.get('c3')).toBe('loop c4');
  });

  it('folds many alike to one until somebody opens it', () => {
    const many = Array.from({ length: 300 }, (_, index) => `m${index}`);
    const all = ['first', ...many, 'last'];
    const around = many.flatMap((id) => [edge('first', id), edge(id, 'last')]);
    const folded = lay(all, around);
    expect([...folded.tasks.keys()]).toEqual(['first', 'last']);
    expect(folded.height).toBeLessThan(200);
    expect(lay(all, around, { toggled: ['block m0'] }).tasks.size).toBe(302);
  });

  it('stands alike tasks above each other where there is no room beside', () => {
    const { width } = lay(['c0', ...wide, 'c2'], edges.slice(7), {
      direction: 'down',
      maxWidth: 366,
    });
    expect(width).toBeLessThan(366);
  });
});
