/** The references that `compose` may name: section 2.3 of the contract. Pure. */

export type Reference =
  | { kind: 'dep_result'; scope: string }
  | { kind: 'dep_artifact'; scope: string; path: string }
  | { kind: 'input'; key: string }
  | { kind: 'replies' }
  | { kind: 'latest_reply' };

export type ParsedReference =
  | { ok: true; reference: Reference }
  | { ok: false; reason: 'form' | 'scope'; /** As written, for `scope`. */ scope: string | null };

/**
 * Takes `ref` apart. `scopes` are the task's dependency scope names: they may contain dots, so that only
 * they tell where a name ends.
 */
export function parseReference(ref: string, scopes: Iterable<string>): ParsedReference {
  if (ref === 'runtime.replies') return { ok: true, reference: { kind: 'replies' } };
  if (ref === 'runtime.latest_reply') return { ok: true, reference: { kind: 'latest_reply' } };
  if (ref.startsWith('inputs.') && ref.length > 'inputs.'.length) {
    return { ok: true, reference: { kind: 'input', key: ref.slice('inputs.'.length) } };
  }
  if (!ref.startsWith('deps.')) return { ok: false, reason: 'form', scope: null };
  const rest = ref.slice('deps.'.length);
  const artifacts = '.artifacts.';
  for (const scope of [...scopes].sort((a, b) => b.length - a.length)) {
    if (rest === `${scope}.result`) return { ok: true, reference: { kind: 'dep_result', scope } };
    if (rest.startsWith(scope + artifacts) && rest.length > scope.length + artifacts.length) {
      const path = rest.slice(scope.length + artifacts.length);
      return { ok: true, reference: { kind: 'dep_artifact', scope, path } };
    }
  }
  const shape = /^(.+?)(?:\.result$|\.artifacts\..)/.exec(rest);
  if (shape?.[1] === undefined) return { ok: false, reason: 'form', scope: null };
  return { ok: false, reason: 'scope', scope: shape[1] };
}
