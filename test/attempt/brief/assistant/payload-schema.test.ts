/** From reply schemas to what model APIs take, and back. */
import { describe, expect, it } from 'vitest';
import { outputSchema } from '../../../../src/attempt/brief/assistant/output-schema.ts';
import {
  payloadSchema,
  withoutAddedNulls,
} from '../../../../src/attempt/brief/assistant/payload-schema.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../../src/model/json.ts';

/** Every object closed, every property required: the rule of strict output schemas. */
function isStrict(schema: Json): boolean {
  if (Array.isArray(schema)) return schema.every(isStrict);
  if (!isJsonObject(schema)) return true;
  const { properties, required, additionalProperties } = schema;
  if (properties !== undefined) {
    const names = Object.keys(properties as JsonObject);
    if (additionalProperties !== false) return false;
    if (JSON.stringify(names) !== JSON.stringify(required)) return false;
  }
  return Object.values(schema).every(isStrict);
}

const expressible: [string, JsonObject, JsonObject][] = [
  [
    'optional properties become nullable',
    {
      type: 'object',
      properties: { a: { type: 'string' }, b: { type: 'integer' } },
      required: ['a'],
    },
    {
      type: 'object',
      properties: { a: { type: 'string' }, b: { type: ['integer', 'null'] } },
      required: ['a', 'b'],
      additionalProperties: false,
    },
  ],
  [
    'what only narrows is left out',
    {
      type: 'array',
      items: { type: 'string', minLength: 3, default: 'x' },
      uniqueItems: true,
      minItems: 1,
    },
    { type: 'array', items: { type: 'string' }, minItems: 1 },
  ],
  [
    'oneOf is asked for as anyOf',
    { oneOf: [{ type: 'string' }, { type: 'null' }] },
    { anyOf: [{ type: 'string' }, { type: 'null' }] },
  ],
  ['an enum gets its type', { enum: ['a', 'b'] }, { type: 'string', enum: ['a', 'b'] }],
  [
    'an optional enum may be null beside its values',
    { type: 'object', properties: { a: { type: 'string', enum: ['x'] } } },
    {
      type: 'object',
      properties: { a: { anyOf: [{ type: 'string', enum: ['x'] }, { type: 'null' }] } },
      required: ['a'],
      additionalProperties: false,
    },
  ],
];

describe('the shape of a payload', () => {
  it.each(expressible)('%s', (_name, given, wanted) => {
    expect(payloadSchema(given)).toEqual({ mode: 'shape', schema: wanted, definitions: {} });
  });

  it('keeps references, as definitions of the output schema', () => {
    const tree = {
      type: 'object',
      properties: { item: { $ref: '#/$defs/item' }, next: { $ref: '#' } },
      required: ['item', 'next'],
      $defs: { item: { type: 'object', properties: { id: { type: 'string' } } } },
    };
    const shape = payloadSchema(tree);
    if (shape.mode !== 'shape') throw new Error(shape.because);
    expect(Object.keys(shape.definitions).sort()).toEqual(['reply', 'reply_item']);
    const whole = outputSchema({ mayHandOff: true, payload: shape });
    expect(isStrict(whole)).toBe(true);
    expect(JSON.stringify(whole)).toContain('"$ref":"#/$defs/reply_item"');
    expect((whole['$defs'] as JsonObject)['reply_item']).toBeDefined();
  });

  it.each([
    ['anything', {}],
    ['an open object', { type: 'object' }],
    [
      'properties of any name',
      { type: 'object', properties: {}, additionalProperties: { type: 'string' } },
    ],
    [
      'patternProperties',
      { type: 'object', properties: {}, patternProperties: { '^x': { type: 'string' } } },
    ],
    ['allOf', { allOf: [{ type: 'object', properties: { a: { type: 'string' } } }] }],
    ['a list of anything', { type: 'array' }],
    ['a tuple', { type: 'array', prefixItems: [{ type: 'string' }], items: { type: 'string' } }],
    ['not', { type: 'string', not: { const: 'x' } }],
  ] as [string, JsonObject][])('falls back to JSON text for %s', (_name, given) => {
    expect(payloadSchema(given).mode).toBe('json_text');
    expect(isStrict(outputSchema({ mayHandOff: true, payload: payloadSchema(given) }))).toBe(true);
  });

  it('falls back for a schema that is just true', () => {
    expect(payloadSchema(true).mode).toBe('json_text');
  });

  it('offers a hand-off only where there is a human', () => {
    const kinds = (mayHandOff: boolean): Json =>
      (
        (outputSchema({ mayHandOff, payload: null })['properties'] as JsonObject)[
          'resolution_kind'
        ] as JsonObject
      )['enum'] as Json;
    expect(kinds(true)).toEqual(['auto_reply', 'handoff_to_human']);
    expect(kinds(false)).toEqual(['auto_reply']);
  });
});

describe('nulls that the output schema had to allow', () => {
  const schema: JsonObject = {
    type: 'object',
    properties: {
      must: { type: ['string', 'null'] },
      may: { type: 'string' },
      mayBeNull: { type: ['string', 'null'] },
      list: { type: 'array', items: { $ref: '#/$defs/entry' } },
      either: { anyOf: [{ $ref: '#/$defs/entry' }, { type: 'null' }] },
    },
    required: ['must'],
    $defs: { entry: { type: 'object', properties: { x: { type: 'integer' } } } },
  };
  it.each([
    [
      { must: null, may: null, mayBeNull: null },
      { must: null, mayBeNull: null },
    ],
    [
      { must: 'a', list: [{ x: null }, { x: 1 }] },
      { must: 'a', list: [{}, { x: 1 }] },
    ],
    [
      { must: 'a', either: { x: null } },
      { must: 'a', either: {} },
    ],
    [
      { must: 'a', unknown: null },
      { must: 'a', unknown: null },
    ],
  ] as [Json, Json][])('%j', (given, wanted) => {
    expect(withoutAddedNulls(given, schema)).toEqual(wanted);
  });
});

it('reaches the definitions of another file, which lie inside those of the bundle', () => {
  const bundle = {
    type: 'object',
    properties: { n: { $ref: '#/$defs/other/$defs/entry' } },
    required: ['n'],
    additionalProperties: false,
    $defs: {
      other: {
        type: 'string',
        $defs: { entry: { type: 'object', properties: { x: { type: 'integer' } } } },
      },
    },
  };
  const shape = payloadSchema(bundle);
  if (shape.mode !== 'shape') throw new Error(shape.because);
  expect(shape.schema['properties']).toEqual({ n: { $ref: '#/$defs/reply_other__entry' } });
  expect(Object.keys(shape.definitions).sort()).toEqual(['reply_other', 'reply_other__entry']);
  expect(isStrict(shape.definitions)).toBe(true);
  expect(withoutAddedNulls({ n: { x: null } }, bundle)).toEqual({ n: {} });
});
