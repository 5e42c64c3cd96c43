/** JSON Schema (draft 2020-12) of a shape, for editors: what `codex-orch schema …` prints. */
import { isJsonObject, type Json, type JsonObject } from '../../model/json.ts';
import { defaultOf, type Field, type Fields, type Shape } from './shape.ts';

export function jsonSchemaOf(title: string, description: string, fields: Fields): JsonObject {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title,
    description,
    ...objectSchema(fields),
  };
}

function objectSchema(fields: Fields): JsonObject {
  const required = Object.keys(fields).filter((name) => fields[name]?.required === true);
  return {
    type: 'object',
    properties: Object.fromEntries(
      Object.entries(fields).map(([name, field]) => [name, fieldSchema(name, field)]),
    ),
    ...(required.length > 0 ? { required } : {}),
    // The author's own.
    patternProperties: { '^x-': true },
    additionalProperties: false,
  };
}

function fieldSchema(name: string, field: Field): JsonObject {
  const own = shapeSchema(field.shape);
  // Empty means the default wherever there is one, so that an empty field is no mistake.
  const optional = field.required !== true;
  return {
    title: titleOf(name),
    description: field.description,
    ...(optional ? orNull(own) : own),
    ...(optional && field.staysOut !== true ? { default: defaultOf(field) } : {}),
    ...(field.examples ? { examples: field.examples } : {}),
  };
}

function orNull(schema: JsonObject): JsonObject {
  if (typeof schema['type'] === 'string' && !Array.isArray(schema['enum'])) {
    return { ...schema, type: [schema['type'], 'null'] };
  }
  if (Array.isArray(schema['enum'])) {
    return { ...schema, type: ['string', 'null'], enum: [...schema['enum'], null] };
  }
  if (Array.isArray(schema['anyOf'])) return { anyOf: [...schema['anyOf'], { type: 'null' }] };
  if (Array.isArray(schema['oneOf'])) return { oneOf: [...schema['oneOf'], { type: 'null' }] };
  return schema;
}

function shapeSchema(shape: Shape): JsonObject {
  switch (shape.type) {
    case 'string':
      return {
        type: 'string',
        ...(shape.nonEmpty === true ? { minLength: 1 } : {}),
        ...(shape.form?.pattern === undefined ? {} : { pattern: shape.form.pattern }),
      };
    case 'enum':
      return { type: 'string', enum: [...shape.values] };
    case 'integer':
      return {
        type: 'integer',
        minimum: shape.min,
        ...(shape.max === undefined ? {} : { maximum: shape.max }),
      };
    case 'number':
      return { type: 'number', minimum: shape.min };
    case 'seconds':
      return { type: 'number', exclusiveMinimum: 0 };
    case 'amount':
      return { type: 'number', minimum: 0 };
    case 'boolean':
      return { type: 'boolean' };
    case 'json':
      return {};
    case 'schema':
      return { type: ['object', 'boolean'] };
    case 'either':
      return { anyOf: shape.ways.map((way) => shapeSchema(way.shape)) };
    case 'list': {
      const list: JsonObject = {
        type: 'array',
        items: shapeSchema(shape.items),
        ...(shape.min === undefined ? {} : { minItems: shape.min }),
      };
      return shape.orText === undefined
        ? list
        : { oneOf: [list, { type: 'string', enum: [...shape.orText] }] };
    }
    case 'map': {
      const pattern = shape.keys?.pattern;
      const names: Json | undefined = shape.oneOfKeys
        ? { enum: [...shape.oneOfKeys] }
        : pattern === undefined
          ? undefined
          : { pattern };
      const map: JsonObject = {
        ...(names === undefined ? {} : { propertyNames: names }),
        additionalProperties: shapeSchema(shape.values),
      };
      if (shape.fields === undefined) return { type: 'object', ...map };
      const { type, ...object } = objectSchema(shape.fields);
      return { type: type ?? 'object', anyOf: [map, object] };
    }
    case 'object': {
      const whole = objectSchema(shape.fields);
      const bare = shape.bare === undefined ? undefined : shape.fields[shape.bare];
      return bare === undefined ? whole : { anyOf: [shapeSchema(bare.shape), whole] };
    }
    case 'template':
      return objectSchema(shape.fields);
    case 'tagged':
      return {
        oneOf: Object.entries(shape.variants).map(([tag, fields]) => {
          const { properties, required, ...rest } = objectSchema(fields);
          return {
            ...rest,
            properties: {
              [shape.tag]: { title: titleOf(shape.tag), const: tag },
              ...(isJsonObject(properties) ? properties : {}),
            },
            required: [shape.tag, ...(Array.isArray(required) ? required : [])],
          };
        }),
      };
  }
}

function titleOf(name: string): string {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
