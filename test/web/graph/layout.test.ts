/** Where the page puts the tasks of a graph: at full size, in lines that fit, with nothing torn or on top of another. */
import { describe, expect, it } from 'vitest';
import type { Dependency } from '../../../src/model/program.ts';
import type { GraphEdge } from '../../../src/web/api/program.ts';
import { layoutGraph, type GraphLayout, type Placed } from '../../../src/web/page/graph/layout.ts';
import type { Loop } from '../../../src/web/page/graph/loops.ts';
import { task, type TaskSketch } from '../../support/make.ts';

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
    foldsRegions?: boolean;
    each?: Record<string, Partial<TaskSketch>>;
  } = {},
): GraphLayout {
  const { loops = [], maxWidth = 990, toggled = [], direction = 'across' } = more;
  const { foldsRegions = true, each = {} } = more;
  const options = { direction, maxWidth, foldsRegions, toggled: new Set(toggled) };
  return layoutGraph(
    ids.map((id) => task({ id, ...each[id] })),
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

  describe('what is done for every item of a list', () => {
    const list = {
      ...{ items: ['a', 'b'], as: 'one', key: null, max_parallel: null },
      ...{ ask_above: null, max_items: 1000, stop_after: null },
    };
    const ids = ['find', 'fix', 'check', 'decide', 'end', 'after'];
    const gather: Dependency = {
      ...{ task: 'decide', kind: 'order', consume: [], as: null, gather: 'all' },
    };
    const each: Record<string, Partial<TaskSketch>> = {
      fix: { for_each: list, depends_on: ['find'] },
      check: { depends_on: ['fix'] },
      decide: { depends_on: ['check'] },
      end: { depends_on: [gather] },
      after: { depends_on: ['end'] },
    };
    const inLoop: Loop = {
      ...{ controller: 'decide', body: new Set(['fix', 'check', 'decide']) },
      ...{ seeds: ['fix'], maxIterations: 3, outer: null },
    };

    it('is one node until somebody opens it, with all that lies in it', () => {
      const folded = lay(ids, chain(ids), { each, loops: [inLoop] });
      expect([...folded.tasks.keys()]).toEqual(['find', 'end', 'after']);
      const members = ['fix', 'check', 'decide'];
      expect(folded.frames).toMatchObject([
        { id: 'region fix', kind: 'region', folded: true, members },
      ]);
      expect(members.map((id) => folded.blockOf.get(id))).toEqual(Array(3).fill('region fix'));
    });

    it('opened, holds its tasks, and the loop of all of them within', () => {
      const open = lay(ids, chain(ids), { each, loops: [inLoop], toggled: ['region fix'] });
      expect(open.tasks.size).toBe(6);
      expect(open.frames.map(({ id }) => id)).toEqual(['region fix', 'loop decide']);
      const [region, loop] = open.frames;
      expect(region && loop && region.x < loop.x && region.y < loop.y).toBe(true);
      const within = lay(ids, chain(ids), {
        ...{ each, loops: [inLoop], toggled: ['region fix', 'loop decide'] },
      });
      expect(within.frames.map(({ id, folded }) => [id, folded])).toEqual([
        ['region fix', false],
        ['loop decide', true],
      ]);
    });

    it('in a loop folds with that, and in another region to the outer one', () => {
      const body = new Set(['find', 'fix', 'check', 'decide', 'end']);
      const around: Loop = {
        ...{ controller: 'end', body, seeds: ['find'], maxIterations: 3, outer: null },
      };
      const open = lay(ids, chain(ids), { each, loops: [around] });
      expect(open.frames.map(({ id }) => id)).toEqual(['loop end', 'region fix']);
      const both = lay(ids, chain(ids), { each, loops: [around], toggled: ['loop end'] });
      expect(both.frames.map(({ id }) => id)).toEqual(['loop end']);
      const inner = { ...each, check: { for_each: list, depends_on: ['fix'] } };
      expect(lay(ids, chain(ids), { each: inner }).frames.map(({ id }) => id)).toEqual([
        'region fix',
      ]);
    });

    it('of one task is that node, and stands open where nothing is run', () => {
      const alone = { fix: { for_each: list } };
      expect(lay(ids, chain(ids), { each: alone }).frames).toEqual([]);
      const open = lay(ids, chain(ids), { each, foldsRegions: false });
      expect(open.frames).toMatchObject([{ id: 'region fix', folded: false }]);
    });
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
