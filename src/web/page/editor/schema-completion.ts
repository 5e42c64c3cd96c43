/** What a JSON Schema lets stand at a place of a YAML text. Pure. */
import { isJsonObject, type Json, type JsonObject } from '../../../model/json.ts';
import type { YamlPlace } from './yaml-place.ts';

export interface Offer {
  label: string;
  kind: 'field' | 'value';
  /** What it is, in a word or two. */
  detail: string;
  info: string;
  required: boolean;
  /** Fields: what their value is made of. */
  holds: 'list' | 'mapping' | 'plain';
}

export function offersOf(schema: JsonObject, place: YamlPlace): Offer[] {
  const here = narrowed(schemasAt(schema, place.path), place.beside);
  const fields = place.what === 'key' ? here.flatMap((each) => fieldsOf(each, place)) : [];
  const isItem = place.what === 'value' || place.path.at(-1) === '[]';
  const values = isItem ? here.flatMap(valuesOf) : [];
  const seen = new Set<string>();
  return [...fields, ...values].filter(({ label }) => !seen.has(label) && seen.add(label));
}

function schemasAt(root: JsonObject, path: readonly string[]): JsonObject[] {
  return path.reduce<JsonObject[]>(
    (all, step) => all.flatMap((schema) => stepInto(schema, step)),
    alternatives(root),
  );
}

function stepInto(schema: JsonObject, step: string): JsonObject[] {
  if (step === '[]') return alternatives(schema['items'] ?? null);
  const { properties, additionalProperties } = schema;
  const own = isJsonObject(properties ?? null) ? (properties as JsonObject)[step] : undefined;
  return alternatives(own ?? additionalProperties ?? null);
}

/** Each form that a value may have; none for what says nothing. */
function alternatives(schema: Json): JsonObject[] {
  if (!isJsonObject(schema)) return [];
  const forms = [schema['oneOf'], schema['anyOf']].flatMap((each) =>
    Array.isArray(each) ? each : [],
  );
  return forms.length === 0 ? [schema] : forms.flatMap(alternatives);
}

/** Without the forms that what stands beside rules out: `kind: file` is no `ref`. */
function narrowed(forms: JsonObject[], beside: ReadonlyMap<string, string>): JsonObject[] {
  const left = forms.filter((form) =>
    Object.entries(propertiesOf(form)).every(([key, schema]) => {
      const constant = isJsonObject(schema) ? schema['const'] : undefined;
      const written = beside.get(key) ?? '';
      return constant === undefined || written === '' || written === constant;
    }),
  );
  return left.length === 0 ? forms : left;
}

function propertiesOf({ properties }: JsonObject): JsonObject {
  return isJsonObject(properties ?? null) ? (properties as JsonObject) : {};
}

function fieldsOf(schema: JsonObject, { beside }: YamlPlace): Offer[] {
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  return Object.entries(propertiesOf(schema)).flatMap(([label, field]) => {
    if (beside.has(label) || !isJsonObject(field)) return [];
    const types = alternatives(field).flatMap(typesOf);
    const isRequired = required.includes(label);
    return {
      label,
      kind: 'field' as const,
      detail: isRequired ? 'required' : '',
      info: textOf(field['description']),
      required: isRequired,
      holds: types.includes('array') ? 'list' : types.includes('object') ? 'mapping' : 'plain',
    };
  });
}

function valuesOf(schema: JsonObject): Offer[] {
  const constants = schema['const'] === undefined ? [] : [schema['const']];
  const named = Array.isArray(schema['enum']) ? schema['enum'] : [];
  const flags = typesOf(schema).includes('boolean') ? [true, false] : [];
  const examples = Array.isArray(schema['examples']) ? schema['examples'] : [];
  const first = schema['default'];
  const offer = (value: Json, detail: string): Offer[] =>
    value === null || typeof value === 'object'
      ? []
      : [
          {
            label: String(value),
            kind: 'value',
            detail: value === first ? 'default' : detail,
            info: '',
            required: false,
            holds: 'plain',
          },
        ];
  return [
    ...[...constants, ...named, ...flags].flatMap((value) => offer(value, '')),
    ...(first === undefined ? [] : offer(first, 'default')),
    ...examples.flatMap((value) => offer(value, 'example')),
  ];
}

function typesOf({ type, properties, items }: JsonObject): Json[] {
  if (type !== undefined) return Array.isArray(type) ? type : [type];
  return properties !== undefined ? ['object'] : items !== undefined ? ['array'] : [];
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
