/** Which item of a list an instance is for, by its scope. Pure. */
import type { ScopeView } from '../../../api/scope.ts';

/** Scope → the keys of the items in which it lies, outermost first; of those that lie in some. */
export function itemNames(scopes: readonly ScopeView[]): ReadonlyMap<string, string> {
  const byId = new Map(scopes.map((scope) => [scope.input_scope_id, scope]));
  const names = new Map<string, string>();
  for (const { input_scope_id: id } of scopes) {
    const keys: string[] = [];
    let left = scopes.length;
    for (let at = byId.get(id); at && left > 0; at = byId.get(at.parent_input_scope_id ?? '')) {
      if (at.item) keys.unshift(at.item.key);
      left -= 1;
    }
    if (keys.length > 0) names.set(id, keys.join(' / '));
  }
  return names;
}
