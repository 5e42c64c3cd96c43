/** Reads the JSON Schemas that people write for forms: what a field is made of, and what it may be called. */
import { stringifyJson, isJsonObject, type Json, type JsonObject } from '../../model/json.ts';

/** References go round in circles in a schema of trees. */
export const MAX_DEPTH = 12;

/** A schema with what its local references lead to. */
export class FormSchema {
  readonly #root: Json;

  constructor(root: Json) {
    this.#root = root;
  }

  /** With those of `allOf`. */
  propertiesOf(schema: JsonObject): { properties: JsonObject; required: Set<string> } {
    const parts = [schema, ...(Array.isArray(schema['allOf']) ? schema['allOf'] : [])];
    const properties: JsonObject = {};
    const required = new Set<string>();
    for (const part of parts.map((each) => this.resolve(each))) {
      if (!isJsonObject(part)) continue;
      if (isJsonObject(part['properties'])) Object.assign(properties, part['properties']);
      if (!Array.isArray(part['required'])) continue;
      for (const name of part['required']) if (typeof name === 'string') required.add(name);
    }
    return { properties, required };
  }

  /** Follows local references; what stands beside a reference counts too. */
  resolve(schema: Json): Json {
    let current = schema;
    for (let steps = 0; steps < MAX_DEPTH; steps += 1) {
      if (!isJsonObject(current) || typeof current['$ref'] !== 'string') return current;
      const { $ref: reference, ...beside } = current;
      const target = this.#at(reference as string);
      if (target === undefined) return beside;
      current = isJsonObject(target) ? { ...target, ...beside } : target;
    }
    return true;
  }

  #at(reference: string): Json | undefined {
    if (reference === '#') return this.#root;
    if (!reference.startsWith('#/')) return undefined;
    let value: Json | undefined = this.#root;
    for (const part of decoded(reference.slice(2)).split('/')) {
      const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
      if (Array.isArray(value)) value = value[Number(key)];
      else value = isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
    }
    return value;
  }
}

function decoded(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

/** None where the schema does not say. */
export function typesOf(schema: Json): string[] {
  if (!isJsonObject(schema)) return [];
  const type = schema['type'];
  if (typeof type === 'string') return [type];
  if (Array.isArray(type)) return type.filter((each) => typeof each === 'string');
  if ('properties' in schema || 'allOf' in schema) return ['object'];
  return 'items' in schema ? ['array'] : [];
}

export function isChoice(schema: Json): boolean {
  return isJsonObject(schema) && ['enum', 'const', 'oneOf', 'anyOf'].some((key) => key in schema);
}

/** What a person would call a value of it. */
export function nameOf(schema: Json): string {
  if (!isJsonObject(schema)) return 'anything';
  const name = schema['title'] ?? schema['description'];
  if (typeof name === 'string') return name;
  if ('const' in schema) return stringifyJson(schema['const']);
  if (Array.isArray(schema['enum'])) return schema['enum'].map((v) => stringifyJson(v)).join(' | ');
  const types = typesOf(schema);
  const fields = isJsonObject(schema['properties']) ? Object.keys(schema['properties']) : [];
  if (fields.length > 0) return `an object with ${fields.join(', ')}`;
  return types.length > 0 ? types.join(' or ') : 'anything';
}
