/** Comparison of states and values that says what differs, and events that nobody can change. */
import { isDeepStrictEqual } from 'node:util';
import type { Json } from '../../src/model/json.ts';
import type { RunState } from '../../src/core/state/run-state.ts';

/** The stored records of two states, and what is derived from them alone. */
export function expectSameRecords(actual: RunState, expected: RunState): void {
  const records = (state: RunState) => ({
    seq: state.seq,
    createdAt: state.createdAt,
    updatedAt: state.updatedAt,
    aborted: state.aborted,
    announced: state.announced,
    baseScopeId: state.baseScopeId,
    counts: state.counts,
    scopes: [...state.scopes],
    instances: [...state.instances],
    interrupts: [...state.interrupts],
    proposals: [...state.proposals],
    links: [...state.links],
    regions: [...state.regions.values()].map(({ items, failed, gathering, ...region }) => ({
      ...region,
      failed: [...failed],
      gathering: gathering.map(({ barring, ...each }) => ({
        ...each,
        barring: [...barring].map(({ index }) => index),
      })),
      items: items.map(({ region: _region, chain, ...item }) => ({
        ...item,
        chain: chain.map(({ scopeId }) => scopeId),
      })),
    })),
    loops: [...state.scopeIndex].map(([id, index]) => [id, [...index.loops.entries()]]),
  });
  const [a, b] = [records(actual), records(expected)];
  for (const key of Object.keys(a) as (keyof typeof a)[]) {
    expectSame(`${key} of the replayed log and of the live run`, a[key], b[key]);
  }
}

export function expectSame(what: string, actual: unknown, expected: unknown): void {
  if (actual === expected || isDeepStrictEqual(actual, expected)) return;
  throw new Error(`${what}: ${show(actual)}, expected ${show(expected)}`);
}

function show(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    each instanceof Map || each instanceof Set ? [...(each as Iterable<unknown>)] : each,
  );
}

/** So that nothing can change an event after it was decided. */
export function freeze(value: Json | object): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const each of Object.values(value)) freeze(each as Json);
}
