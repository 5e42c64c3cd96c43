/** A reply schema as the parts of a form: what kind of field a schema asks for, and values to begin with. Pure. */
import { isJsonObject, type Json, type JsonObject } from '../../../model/json.ts';

export type Draft = Json | undefined;

export type Field =
  | { kind: 'choice'; options: Json[] }
  | { kind: 'text'; long: boolean; format: string | null; suggestions: string[] }
  | { kind: 'number'; integer: boolean; minimum: number | null; maximum: number | null }
  | { kind: 'boolean' }
  | { kind: 'constant'; value: Json }
  | { kind: 'many'; options: Json[] }
  | { kind: 'list'; items: Json }
  | { kind: 'object'; properties: [name: string, schema: Json][]; required: Set<string> }
  | { kind: 'variants'; variants: Json[] }
  /** Anything that no field fits: written as JSON. */
  | { kind: 'json' };

const deepest = 12;

/** Follows `$ref`s inside the document, and takes what stands beside them along. */
export function resolve(schema: Json, root: Json, depth = 0): Json {
  if (!isJsonObject(schema) || typeof schema.$ref !== 'string' || depth > deepest) return schema;
  const { $ref, ...beside } = schema;
  const target = pointed(root, $ref);
  if (target === undefined) return schema;
  const found = resolve(target, root, depth + 1);
  return isJsonObject(found) ? { ...found, ...beside } : found;
}

function pointed(root: Json, reference: string): Json | undefined {
  if (!reference.startsWith('#')) return undefined;
  let at: Json | undefined = root;
  for (const part of reference.slice(1).split('/').slice(1)) {
    const key = decoded(part).replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(at)) at = at[Number(key)];
    else if (isJsonObject(at)) at = Object.hasOwn(at, key) ? at[key] : undefined;
    else return undefined;
  }
  return at;
}

function decoded(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

const mostFields = 300;

/**
 * The schema, if a form of it would come to an end: one whose parts refer to each other may have fields without
 * number, and is asked for as JSON (`true`).
 */
export function formable(schema: Json): Json {
  let left = mostFields;
  const count = (part: Json, depth: number): void => {
    left = depth > deepest ? -1 : left - 1;
    if (left < 0) return;
    const field = fieldOf(part, schema);
    const parts =
      field.kind === 'object'
        ? field.properties.map(([, inner]) => inner)
        : field.kind === 'variants'
          ? field.variants
          : [];
    for (const inner of parts) if (left >= 0) count(inner, depth + 1);
  };
  count(schema, 0);
  return left < 0 ? true : schema;
}

export function fieldOf(schema: Json, root: Json): Field {
  const resolved = resolve(schema, root);
  if (!isJsonObject(resolved)) return { kind: 'json' };
  if (resolved.const !== undefined) return { kind: 'constant', value: resolved.const };
  if (Array.isArray(resolved.enum)) return { kind: 'choice', options: resolved.enum };
  const variants = resolved.oneOf ?? resolved.anyOf;
  if (Array.isArray(variants) && variants.length > 0) {
    const each = variants.map((variant) => resolve(variant, root));
    const constants = each.map((variant) => (isJsonObject(variant) ? variant.const : undefined));
    if (constants.every((value) => value !== undefined))
      return { kind: 'choice', options: constants };
    return { kind: 'variants', variants: each };
  }
  switch (typeOf(resolved)) {
    case 'string': {
      const long = typeof resolved.maxLength !== 'number' || resolved.maxLength > 120;
      const format = typeof resolved.format === 'string' ? resolved.format : null;
      return {
        kind: 'text',
        long: long && format === null && resolved.pattern === undefined && !resolved.oneLine,
        format,
        suggestions: Array.isArray(resolved.examples)
          ? resolved.examples.filter((each) => typeof each === 'string')
          : [],
      };
    }
    case 'number':
    case 'integer':
      return {
        kind: 'number',
        integer: typeOf(resolved) === 'integer',
        minimum: typeof resolved.minimum === 'number' ? resolved.minimum : null,
        maximum: typeof resolved.maximum === 'number' ? resolved.maximum : null,
      };
    case 'boolean':
      return { kind: 'boolean' };
    case 'null':
      return { kind: 'constant', value: null };
    case 'array': {
      const items = resolve(resolved.items ?? true, root);
      if (isJsonObject(items) && Array.isArray(items.enum))
        return { kind: 'many', options: items.enum };
      return { kind: 'list', items: resolved.items ?? true };
    }
    case 'object': {
      const properties = isJsonObject(resolved.properties)
        ? Object.entries(resolved.properties)
        : [];
      if (properties.length === 0) return { kind: 'json' };
      const required = Array.isArray(resolved.required) ? resolved.required : [];
      return {
        kind: 'object',
        properties,
        required: new Set(required.filter((each) => typeof each === 'string')),
      };
    }
    default:
      return { kind: 'json' };
  }
}

/** The type that a form offers; of `["string", "null"]` the one that says something. */
function typeOf(schema: JsonObject): string | null {
  const { type } = schema;
  if (typeof type === 'string') return type;
  if (Array.isArray(type)) {
    const named = type.filter((each) => typeof each === 'string' && each !== 'null');
    return named.length === 1 && typeof named[0] === 'string' ? named[0] : null;
  }
  return isJsonObject(schema.properties) ? 'object' : null;
}

/** Defaults and constants; required parts only, so that an optional one stays out until it is filled in. */
export function firstValue(schema: Json, root: Json, depth = 0): Draft {
  const resolved = resolve(schema, root);
  if (isJsonObject(resolved) && resolved.default !== undefined) return resolved.default;
  if (depth > deepest) return undefined;
  const field = fieldOf(schema, root);
  switch (field.kind) {
    case 'constant':
      return field.value;
    case 'object': {
      const value: JsonObject = {};
      for (const [name, part] of field.properties) {
        const inner = resolve(part, root);
        const hasDefault = isJsonObject(inner) && inner.default !== undefined;
        if (!field.required.has(name) && !hasDefault) continue;
        const first = firstValue(part, root, depth + 1);
        if (first !== undefined) value[name] = first;
      }
      return value;
    }
    case 'variants':
      return firstValue(field.variants[0] ?? true, root, depth + 1);
    case 'list':
    case 'many':
      return [];
    default:
      return undefined;
  }
}

/** Whether a form's field can hold a value; what is not there fits any. */
export function holds(field: Field, value: Draft): boolean {
  if (value === undefined || value === null) return true;
  switch (field.kind) {
    case 'text':
      return typeof value === 'string';
    case 'number':
      return typeof value === 'number';
    case 'boolean':
      return typeof value === 'boolean';
    case 'list':
    case 'many':
      return Array.isArray(value);
    case 'object':
      return isJsonObject(value);
    case 'choice':
      return field.options.some((option) => JSON.stringify(option) === JSON.stringify(value));
    case 'constant':
    case 'variants':
    case 'json':
      return true;
  }
}

/** The variant that a value is of: by its constants, else by its type; -1 where it is of none. */
export function variantOf(variants: readonly Json[], value: Draft, root: Json): number {
  return variants.findIndex((variant) => {
    const field = fieldOf(variant, root);
    if (field.kind === 'constant')
      return JSON.stringify(field.value) === JSON.stringify(value ?? null);
    if (value === undefined || value === null || !holds(field, value)) return false;
    if (field.kind !== 'object' || !isJsonObject(value)) return field.kind !== 'json';
    return field.properties.every(([name, part]) => {
      const inner = fieldOf(part, root);
      return inner.kind !== 'constant' || inner.value === value[name];
    });
  });
}

export function titleOf(schema: Json, name: string): string {
  if (isJsonObject(schema) && typeof schema.title === 'string') return schema.title;
  const words = name.replaceAll(/[_-]+/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function descriptionOf(schema: Json): string | null {
  return isJsonObject(schema) && typeof schema.description === 'string' ? schema.description : null;
}

export function pointerTo(parent: string, key: string | number): string {
  return `${parent}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** Fields whose choices have this option among them: an option's button fills them in too. */
export function withOption(schema: Json, value: Draft, option: string): Draft {
  const field = fieldOf(schema, schema);
  if (field.kind === 'choice') return field.options.includes(option) ? option : value;
  if (field.kind !== 'object') return value;
  const filled: JsonObject = isJsonObject(value) ? { ...value } : {};
  for (const [name, part] of field.properties) {
    const inner = fieldOf(part, schema);
    if (inner.kind === 'choice' && inner.options.includes(option)) filled[name] = option;
  }
  return filled;
}

/** The fields of the form whose choices hold all of these options; null: the form is one such field itself. */
function fieldsAsking(schema: Json, options: readonly string[]): (string | null)[] {
  const asks = (part: Json): boolean => {
    const field = fieldOf(part, schema);
    return field.kind === 'choice' && options.every((option) => field.options.includes(option));
  };
  const field = fieldOf(schema, schema);
  if (field.kind !== 'object') return asks(schema) ? [null] : [];
  return field.properties.filter(([, part]) => asks(part)).map(([name]) => name);
}

/** Whether a field of the form asks for all of these options: then nothing else need ask for them. */
export function asksOptions(schema: Json, options: readonly string[]): boolean {
  return fieldsAsking(schema, options).length > 0;
}

/**
 * What was chosen in the form of what the question offers: the answer in a word. Only where one field asks for it: of
 * two that know the same words, either could contradict the other.
 */
export function chosenOption(
  schema: Json,
  value: Draft,
  options: readonly string[],
): string | null {
  const [name, ...others] = fieldsAsking(schema, options);
  if (name === undefined || others.length > 0) return null;
  if (name === null) return options.find((option) => option === value) ?? null;
  if (!isJsonObject(value) || !Object.hasOwn(value, name)) return null;
  return options.find((option) => option === value[name]) ?? null;
}
