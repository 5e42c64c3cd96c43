/**
 * From the schema that a question sets its reply to the part of an output schema that asks for it. Model
 * APIs take a strict subset of JSON Schema (https://platform.openai.com/docs/guides/structured-outputs):
 * every object closed, every property required, no combinations but `anyOf`. So
 *
 * - a property that the author left optional becomes required and may be null; `withoutAddedNulls` takes
 *   those nulls out of the answer again;
 * - a keyword that only narrows (`minLength`, `uniqueItems`, …) is left out: the answer is checked
 *   against the author's own schema anyway;
 * - where a keyword shapes the value in a way that the subset cannot say (`patternProperties`, `allOf`,
 *   an open object, …) the payload is asked for as a string of JSON.
 *
 * Pure.
 */
import { isJsonObject, setField, type Json, type JsonObject } from '../../../model/json.ts';
import { schemaTypeOf } from '../../../text/shown.ts';

export type PayloadSchema =
  /** `payload` has this shape; `$defs` belong at the root of the output schema. */
  | { mode: 'shape'; schema: JsonObject; definitions: JsonObject }
  /** `payload` is a string that holds the JSON. */
  | { mode: 'json_text'; because: string };

/** Keywords that say nothing about which values are right, or only make fewer of them right. */
const leftOut = new Set([
  '$schema',
  '$id',
  '$comment',
  '$anchor',
  '$defs',
  'definitions',
  'title',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
  'format',
  'minLength',
  'maxLength',
  'uniqueItems',
  'contains',
  'minContains',
  'maxContains',
  'minProperties',
  'maxProperties',
  'propertyNames',
  'contentEncoding',
  'contentMediaType',
  'additionalProperties',
  'required',
]);
const kept = new Set([
  'description',
  'enum',
  'const',
  'pattern',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minItems',
  'maxItems',
]);
const simpleTypes = ['string', 'number', 'integer', 'boolean', 'null'];
const MAX_DEPTH = 60;

class Inexpressible extends Error {}

/** `bundle`: the reply schema with all references local. */
export function payloadSchema(bundle: JsonObject | boolean): PayloadSchema {
  try {
    if (!isJsonObject(bundle)) throw new Inexpressible('it allows anything');
    const definitions: JsonObject = {};
    for (const [name, schema] of Object.entries(definitionsOf(bundle))) {
      definitions[`reply_${name}`] = strict(schema, 0);
    }
    const schema = strict(bundle, 0);
    // A reference to the whole schema, which is not the root of ours.
    if (refersTo([schema, definitions], '#/$defs/reply')) definitions['reply'] = schema;
    return { mode: 'shape', schema, definitions };
  } catch (error) {
    if (error instanceof Inexpressible) return { mode: 'json_text', because: error.message };
    throw error;
  }
}

function strict(schema: Json, depth: number): JsonObject {
  if (depth > MAX_DEPTH) throw new Inexpressible('it is nested too deeply');
  if (!isJsonObject(schema)) throw new Inexpressible('it allows anything somewhere');
  if (typeof schema['$ref'] === 'string') return strictReference(schema, schema['$ref']);
  const result: JsonObject = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (kept.has(keyword)) result[keyword] = value;
    else if (keyword === 'anyOf' || keyword === 'oneOf') {
      if (!Array.isArray(value)) throw new Inexpressible(`its "${keyword}" is no list`);
      if (schema['type'] !== undefined || schema['properties'] !== undefined) {
        throw new Inexpressible(`"${keyword}" stands beside other keywords`);
      }
      result['anyOf'] = value.map((branch) => strict(branch, depth + 1));
    } else if (keyword !== 'type' && keyword !== 'properties' && keyword !== 'items') {
      if (!leftOut.has(keyword)) throw new Inexpressible(`it uses "${keyword}"`);
    }
  }
  if (result['anyOf'] !== undefined) return result;
  const types = typesOf(schema);
  result['type'] = types.length === 1 ? (types[0] as string) : types;
  if (types.includes('object')) Object.assign(result, strictObject(schema, depth));
  if (types.includes('array')) {
    if (schema['items'] === undefined) throw new Inexpressible('it has a list of anything');
    result['items'] = strict(schema['items'], depth + 1);
  }
  return result;
}

function strictObject(schema: JsonObject, depth: number): JsonObject {
  const { properties, additionalProperties: open } = schema;
  if (!isJsonObject(properties) || isJsonObject(open)) {
    throw new Inexpressible('it has an object with properties of any name');
  }
  const required = requiredOf(schema);
  const result: JsonObject = {};
  for (const [name, value] of Object.entries(properties)) {
    const own = strict(value, depth + 1);
    setField(result, name, required.includes(name) ? own : nullable(own));
  }
  const missing = required.find((name) => !Object.hasOwn(properties, name));
  if (missing !== undefined)
    throw new Inexpressible(`it requires "${missing}" without describing it`);
  return { properties: result, required: Object.keys(result), additionalProperties: false };
}

function strictReference(schema: JsonObject, reference: string): JsonObject {
  const other = Object.keys(schema).find(
    (key) => key !== '$ref' && !leftOut.has(key) && key !== 'description',
  );
  if (other !== undefined) throw new Inexpressible(`"${other}" stands beside a "$ref"`);
  if (reference === '#') return { $ref: '#/$defs/reply' };
  const name = definitionName(reference);
  if (name === null) throw new Inexpressible(`it refers to ${reference}`);
  return { $ref: `#/$defs/reply_${name}` };
}

function typesOf(schema: JsonObject): string[] {
  const { type } = schema;
  const types = (Array.isArray(type) ? type : [type]).filter(
    (t): t is string => typeof t === 'string',
  );
  if (types.length > 0) {
    const structured = types.filter((t) => !simpleTypes.includes(t));
    if (structured.length > 1)
      throw new Inexpressible('it allows an object or a list in one place');
    return types;
  }
  if (isJsonObject(schema['properties'])) return ['object'];
  const values = Array.isArray(schema['enum'])
    ? schema['enum']
    : schema['const'] === undefined
      ? []
      : [schema['const']];
  const found = [...new Set(values.map(schemaTypeOf))];
  if (found.length === 0 || found.some((t) => !simpleTypes.includes(t))) {
    throw new Inexpressible('it allows anything somewhere');
  }
  return found;
}

/** The same, or null. */
export function nullable(schema: JsonObject): JsonObject {
  const { type } = schema;
  const types = Array.isArray(type) ? type : typeof type === 'string' ? [type] : [];
  if (types.includes('null')) return schema;
  if (Array.isArray(schema['anyOf']))
    return { ...schema, anyOf: [...schema['anyOf'], { type: 'null' }] };
  const plain = schema['enum'] === undefined && schema['const'] === undefined;
  if (types.length > 0 && plain) return { ...schema, type: [...types, 'null'] };
  return { anyOf: [schema, { type: 'null' }] };
}

/** Takes out properties that are null only because the output schema had to require them. */
export function withoutAddedNulls(value: Json, bundle: JsonObject | boolean): Json {
  return isJsonObject(bundle) ? strip(value, bundle, bundle, 0) : value;
}

function strip(value: Json, schema: Json | undefined, root: JsonObject, depth: number): Json {
  if (depth > 2 * MAX_DEPTH || !(Array.isArray(value) || isJsonObject(value))) return value;
  const target = resolved(schema, root);
  if (target === null) return value;
  for (const keyword of ['anyOf', 'oneOf']) {
    const branches = target[keyword];
    if (!Array.isArray(branches)) continue;
    const branch = branches.find((one) => describes(resolved(one, root), value));
    return strip(value, branch, root, depth + 1);
  }
  if (Array.isArray(value))
    return value.map((item) => strip(item, target['items'], root, depth + 1));
  const properties = isJsonObject(target['properties']) ? target['properties'] : {};
  const required = requiredOf(target);
  const result: JsonObject = {};
  for (const [name, item] of Object.entries(value)) {
    const own = Object.hasOwn(properties, name) ? properties[name] : undefined;
    const added = item === null && own !== undefined && !required.includes(name);
    if (added && !allowsNull(resolved(own, root))) continue;
    setField(result, name, strip(item, own, root, depth + 1));
  }
  return result;
}

function resolved(schema: Json | undefined, root: JsonObject): JsonObject | null {
  let current = schema;
  for (let hops = 0; hops < 20; hops += 1) {
    if (!isJsonObject(current)) return null;
    const reference = current['$ref'];
    if (typeof reference !== 'string') return current;
    if (reference === '#') current = root;
    else {
      const name = definitionName(reference);
      current = name === null ? undefined : definitionsOf(root)[name];
    }
  }
  return null;
}

/** Whether an object or a list is of this kind, as far as its outside tells. */
function describes(schema: JsonObject | null, value: JsonObject | Json[]): boolean {
  if (schema === null) return false;
  if (Array.isArray(value)) return schema['items'] !== undefined;
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : null;
  return properties !== null && Object.keys(value).every((name) => Object.hasOwn(properties, name));
}

function allowsNull(schema: JsonObject | null): boolean {
  if (schema === null) return true;
  const { type } = schema;
  if (Array.isArray(type) ? type.includes('null') : type === 'null') return true;
  if (Array.isArray(schema['enum'])) return schema['enum'].includes(null);
  const branches = schema['anyOf'] ?? schema['oneOf'];
  return Array.isArray(branches) && branches.some((one) => isJsonObject(one) && allowsNull(one));
}

/** All definitions, also those inside others (a file's own, in a bundle), by `definitionName`. */
function definitionsOf(schema: JsonObject, depth = 0): JsonObject {
  const found: JsonObject = {};
  if (depth > MAX_DEPTH) return found;
  for (const own of [schema['definitions'], schema['$defs']]) {
    if (!isJsonObject(own)) continue;
    for (const [name, definition] of Object.entries(own)) {
      setField(found, name, definition);
      if (!isJsonObject(definition)) continue;
      for (const [inner, value] of Object.entries(definitionsOf(definition, depth + 1))) {
        setField(found, `${name}__${inner}`, value);
      }
    }
  }
  return found;
}

/** The name of what a reference leads to; null where that is no definition. */
function definitionName(reference: string): string | null {
  if (!/^#(\/(\$defs|definitions)\/[^/]+)+$/.test(reference)) return null;
  return reference
    .split(/\/(?:\$defs|definitions)\//)
    .slice(1)
    .join('__');
}

function requiredOf(schema: JsonObject): string[] {
  const { required } = schema;
  return Array.isArray(required) ? required.filter((name) => typeof name === 'string') : [];
}

function refersTo(value: Json, reference: string): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some((item) => refersTo(item, reference));
  return Object.entries(value).some(
    ([key, item]) => (key === '$ref' && item === reference) || refersTo(item, reference),
  );
}
