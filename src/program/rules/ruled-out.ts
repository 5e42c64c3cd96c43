/**
 * Whether a JSON Schema leaves room for a value at a path: what a reference leads to can be judged before anything has
 * run. Only what is certain is said; keywords that it does not know allow anything. Pure.
 */
import { isJsonObject, type Json, type JsonObject } from '../../model/json.ts';
import { schemaTypeOf } from '../../text/shown.ts';
import { indexPattern } from '../../text/value-at.ts';
import { didYouMean } from '../../text/suggest.ts';

/** `at`: the steps up to the place where it ends; `why`: a clause. */
export interface RuledOut {
  at: string[];
  why: string;
  hint: string | null;
}

/** Ways through a schema are followed no deeper than this, and no more of them: it may refer to itself. */
const MAX_DEPTH = 60;
const MAX_LOOKS = 10_000;

/**
 * `schema`: with all its references local. `types`: what is to stand at the end of the path; left out: anything.
 * null: something may stand there.
 */
export function ruledOut(
  schema: JsonObject | boolean,
  path: readonly string[],
  types: readonly string[] = [],
): RuledOut | null {
  const root = schema;
  let looks = 0;
  const look = (from: Json, step: number, depth: number): RuledOut | null => {
    const here = path.slice(0, step);
    if (from === false) return { at: here, why: 'nothing may stand there', hint: null };
    looks += 1;
    if (looks > MAX_LOOKS || depth > MAX_DEPTH) return null;
    if (!isJsonObject(from)) return null;
    const again = (other: Json): RuledOut | null => look(other, step, depth + 1);
    const all = Array.isArray(from['allOf']) ? from['allOf'] : [];
    const target = typeof from['$ref'] === 'string' ? pointed(root, from['$ref']) : undefined;
    for (const other of target === undefined ? all : [...all, target]) {
      const out = again(other);
      if (out !== null) return out;
    }
    for (const keyword of ['anyOf', 'oneOf']) {
      const ways = from[keyword];
      if (!Array.isArray(ways) || ways.length === 0) continue;
      const outs = ways.map(again);
      if (outs.every((out) => out !== null)) return outs[0] ?? null;
    }
    if (step === path.length) {
      if (types.length === 0 || types.some((type) => takes(from, type))) return null;
      return { at: here, why: `${typesOf(from)} is no ${types.join(' or ')}`, hint: null };
    }
    const word = path[step]!;
    const [asObject, asList] = [objectChild(from, word), listChild(from, word)];
    const closed = [asObject, asList].every((child) => 'why' in child);
    if (closed) {
      const isList = takes(from, 'array') && !takes(from, 'object');
      return { at: here, ...((isList ? asList : asObject) as Closed) };
    }
    const ways = [asObject, asList].flatMap((child) => ('why' in child ? [] : [child.schema]));
    const outs = ways.map((way) => look(way, step + 1, depth + 1));
    return outs.every((out) => out !== null) ? (outs[0] ?? null) : null;
  };
  return look(schema, 0, 0);
}

interface Closed {
  why: string;
  hint: string | null;
}

/** What the schema asks of a property; where it allows none, why. */
function objectChild(schema: JsonObject, name: string): { schema: Json } | Closed {
  if (!takes(schema, 'object')) {
    return { why: `${typesOf(schema)} has no "${name}"`, hint: null };
  }
  const { properties, additionalProperties: more } = schema;
  const named = isJsonObject(properties) ? properties : {};
  if (Object.hasOwn(named, name)) return { schema: named[name]! };
  if (schema['patternProperties'] !== undefined || more === undefined) return { schema: true };
  if (more !== false) return { schema: more };
  const known = Object.keys(named);
  const few = known.slice(0, 8).map((key) => JSON.stringify(key));
  const has = known.length === 0 ? 'nothing' : few.join(', ') + (known.length > 8 ? ', …' : '');
  return { why: `there is no "${name}" (only ${has})`, hint: didYouMean(name, known) };
}

/** The same of an item of a list. */
function listChild(schema: JsonObject, word: string): { schema: Json } | Closed {
  if (!takes(schema, 'array')) return { why: `${typesOf(schema)} has no "${word}"`, hint: null };
  if (!indexPattern.test(word)) {
    return { why: `a list has items by index, from 0, and no "${word}"`, hint: null };
  }
  const index = Number(word);
  const most = schema['maxItems'];
  if (typeof most === 'number' && index >= most) {
    return { why: `the list has ${most} items at most, counted from 0`, hint: null };
  }
  const { prefixItems, items, additionalItems } = schema;
  const first = Array.isArray(prefixItems) ? prefixItems : Array.isArray(items) ? items : [];
  if (index < first.length) return { schema: first[index]! };
  const rest = Array.isArray(items) ? additionalItems : items;
  return { schema: rest ?? true };
}

/** Whether values of the type may stand there. */
function takes(schema: JsonObject, type: string): boolean {
  const { type: given, const: only, enum: some } = schema;
  const values = only === undefined ? some : [only];
  if (Array.isArray(values) && !values.some((value) => isOfType(value, type))) return false;
  if (given === undefined) return true;
  return Array.isArray(given) ? given.includes(type) : given === type;
}

function isOfType(value: Json, type: string): boolean {
  if (type === 'object') return isJsonObject(value);
  return type === 'array' ? Array.isArray(value) : schemaTypeOf(value) === type;
}

function typesOf({ type }: JsonObject): string {
  const words = Array.isArray(type) ? type.join(' or ') : typeof type === 'string' ? type : '';
  return words === '' ? 'what stands there' : `what stands there (type ${words})`;
}

/** The place that a local reference names; undefined where it is no JSON pointer, or leads nowhere. */
function pointed(root: Json, reference: string): Json | undefined {
  if (reference !== '#' && !reference.startsWith('#/')) return undefined;
  let at: Json | undefined = root;
  for (const part of reference.slice(2).split('/')) {
    if (reference === '#') break;
    const name = decode(part).replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(at)) at = at[Number(name)];
    else at = isJsonObject(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  }
  return at;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
