/** What a reference may name in what a dependency gathers: a list of the items, in their order. Pure. */
import type { JsonObject } from '../../model/json.ts';
import { ruledOut, type RuledOut } from './ruled-out.ts';

/** Of one item. What its `result` is, its task's `result_schema` says. */
const entry: JsonObject = {
  type: 'object',
  properties: {
    index: { type: 'integer' },
    key: { type: 'string' },
    item: true,
    status: { type: 'string' },
    result: true,
    error: true,
  },
  additionalProperties: false,
};

const list: JsonObject = { type: 'array', items: entry };

export type GatheredPath =
  /** `inResult`: the path behind the result of an item; null: it leads to none. */
  { ok: true; inResult: string[] | null } | { ok: false; out: RuledOut };

/** Where `path` leads in the gathered list. `types`: see `ruledOut`. */
export function gatheredPath(path: readonly string[], types: readonly string[]): GatheredPath {
  const out = ruledOut(list, path, types);
  if (out !== null) return { ok: false, out };
  return { ok: true, inResult: path[1] === 'result' ? path.slice(2) : null };
}
