/** The references of a program: section 2.3 of the contract, with paths into what they name (section 17). Pure. */

export type Reference =
  /** `path`: keys and indexes that lead into the result; empty: the whole of it. */
  | { kind: 'dep_result'; scope: string; path: string[] }
  | { kind: 'dep_artifact'; scope: string; path: string }
  /** The difference between what it started from and the commit that it left. */
  | { kind: 'dep_changes'; scope: string }
  /** `name`: a key, perhaps with a path behind it. Keys may have dots: see `inputAt`. */
  | { kind: 'input'; name: string }
  | { kind: 'replies' }
  | { kind: 'latest_reply' };

export type ParsedReference =
  /** `otherwise`: another dependency scope that the same words could mean; null: none. */
  | { ok: true; reference: Reference; otherwise: string | null }
  | { ok: false; reason: 'form' | 'scope'; /** As written, for `scope`. */ scope: string | null };

/**
 * Takes `ref` apart. `scopes` are the task's dependency scope names: they may contain dots, so that only
 * they tell where a name ends. Of several that could be meant, the longest is.
 */
export function parseReference(ref: string, scopes: Iterable<string>): ParsedReference {
  const only = (reference: Reference): ParsedReference => ({
    ok: true,
    reference,
    otherwise: null,
  });
  if (ref === 'runtime.replies') return only({ kind: 'replies' });
  if (ref === 'runtime.latest_reply') return only({ kind: 'latest_reply' });
  if (ref.startsWith('inputs.') && ref.length > 'inputs.'.length) {
    return only({ kind: 'input', name: ref.slice('inputs.'.length) });
  }
  if (!ref.startsWith('deps.')) return { ok: false, reason: 'form', scope: null };
  const rest = ref.slice('deps.'.length);
  const readings = [...scopes]
    .sort((a, b) => b.length - a.length)
    .flatMap((scope) => {
      const behind = rest.startsWith(`${scope}.`) ? rest.slice(scope.length + 1) : null;
      const reference = behind === null ? null : inScope(scope, behind);
      return reference === null ? [] : [{ scope, reference }];
    });
  const [meant, other] = readings;
  if (meant !== undefined) {
    const { reference } = meant;
    return { ok: true, reference, otherwise: other?.scope ?? null };
  }
  const shape = /^(.+?)\.(?:result(?:\.|$)|artifacts\..|changes$)/.exec(rest);
  const named = shape?.[1];
  if (named === undefined || [...scopes].includes(named)) {
    return { ok: false, reason: 'form', scope: null };
  }
  return { ok: false, reason: 'scope', scope: named };
}

function inScope(scope: string, behind: string): Reference | null {
  const [what, ...path] = behind.split('.');
  if (what === 'result') {
    return path.includes('') ? null : { kind: 'dep_result', scope, path };
  }
  if (behind === 'changes') return { kind: 'dep_changes', scope };
  if (what !== 'artifacts') return null;
  const file = behind.slice('artifacts.'.length);
  return file === '' ? null : { kind: 'dep_artifact', scope, path: file };
}
