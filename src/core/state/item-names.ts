/** How the items around an instance are called. */
import type { RunState } from './run-state.ts';
import { itemsAround } from './regions.ts';

/** The keys of the items in which a scope lies, outermost first; none where it lies in none. */
export function keysAround(state: RunState, scopeId: string): string[] {
  const keys = itemsAround(state, scopeId).map(
    (item) => state.scopes.get(item.scopeId)?.item?.key ?? String(item.index),
  );
  return keys.reverse();
}

/** The same in one line; empty where it lies in none. */
export function itemName(state: RunState, scopeId: string): string {
  return keysAround(state, scopeId).join(' / ');
}

/** An instance as a person is told of it: with its item, where it has one. */
export function calledOf(
  state: RunState,
  { instance_id: id, input_scope_id: scopeId }: { instance_id: string; input_scope_id: string },
): string {
  const item = itemName(state, scopeId);
  return item === '' ? id : `${id} (${item})`;
}
