/** How far the items of a list are, on their one node. */
import { describe, expect, it } from 'vitest';
import type { Instance, InstanceStatus } from '../../../src/model/run.ts';
import type { ScopeView } from '../../../src/web/api/scope.ts';
import { itemFinder, regionLook } from '../../../src/web/page/graph/region-look.ts';

/** Scope ids: `o0` is item 0 of `outer`, `o0i1` item 1 of `inner` within it, `o0p` a pass of a loop within it. */
const scopes = [
  scope('base', null, null),
  ...[0, 1, 2].flatMap((at) => [
    scope(`o${at}`, 'base', { task: 'outer', index: at, key: `k${at}` }),
    scope(`o${at}p`, `o${at}`, null),
    scope(`o${at}i0`, `o${at}p`, { task: 'inner', index: 0, key: 'a' }),
  ]),
];

function scope(id: string, parent: string | null, item: ScopeView['item']): ScopeView {
  return { input_scope_id: id, parent_input_scope_id: parent, item } as ScopeView;
}

function instance(input_scope_id: string, status: InstanceStatus): Instance {
  return { instance_id: `x.${input_scope_id}`, input_scope_id, status, error: null } as Instance;
}

const itemOf = itemFinder(scopes);

function looked(region: string, ...all: [string, InstanceStatus][]) {
  const list = all.map(([id, status]) => instance(id, status));
  const { counts, ...look } = regionLook('r', region, list, itemOf);
  return { ...look, counts: JSON.parse(counts) as { status: string; count: number }[] };
}

describe('the look of a region', () => {
  it('counts items, not instances, whatever lies in an item', () => {
    const look = looked(
      'outer',
      ...([
        ['o0', 'done'],
        ['o0p', 'done'],
        ['o0i0', 'skipped'],
        ['o1', 'done'],
        ['o1p', 'pending'],
        ['o2', 'done'],
        ['o2i0', 'failed'],
      ] as [string, InstanceStatus][]),
    );
    expect(look).toEqual({
      counts: [
        { status: 'done', count: 1 },
        { status: 'running', count: 1 },
        { status: 'failed', count: 1 },
      ],
      sub: '1 of 3 done',
      href: '/runs/r/instances?region=outer',
    });
    expect(looked('inner', ['o0i0', 'waiting'], ['o1i0', 'skipped']).counts).toEqual([
      { status: 'skipped', count: 1 },
      { status: 'waiting', count: 1 },
    ]);
  });

  it('says how the list stands while there are no items', () => {
    expect(looked('outer')).toEqual({ counts: [], sub: 'no items', href: null });
    expect(looked('outer', ['base', 'failed'])).toEqual({
      counts: [{ status: 'failed', count: 1 }],
      sub: 'no items',
      href: '/runs/r?at=x.base',
    });
  });
});
