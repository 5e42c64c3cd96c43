/**
 * What Claude Code takes as a schema of its answer: inline, as one argument, and without anything that draft 7 of JSON
 * Schema does not know. One that it does not take is left out: the result is checked by us in any case. Pure.
 */
import { isJsonObject, type Json, type JsonObject } from '../../model/json.ts';

/** Linux takes no argument of 128 KiB (execve(2), MAX_ARG_STRLEN). */
const MOST_BYTES = 120 * 1024;

/** As it takes it; null: not at all. */
export function takenSchema(schema: Json): JsonObject | null {
  if (!isJsonObject(schema)) return null;
  const rest: JsonObject = { ...schema };
  for (const name of ['$schema', '$id']) delete rest[name];
  // The answer is the input of a tool, which is an object.
  if (schema['type'] !== 'object' || !isKnown(rest)) return null;
  return Buffer.byteLength(JSON.stringify(rest)) > MOST_BYTES ? null : rest;
}

function isKnown(schema: Json): boolean {
  if (!isJsonObject(schema)) return typeof schema === 'boolean';
  return Object.entries(schema).every(([keyword, value]) => {
    const holds = Object.hasOwn(keywords, keyword) ? keywords[keyword] : undefined;
    switch (holds) {
      case undefined:
        return false;
      case 'value':
        return true;
      case 'reference':
        return typeof value === 'string' && value.startsWith('#');
      case 'schemas':
        return Array.isArray(value) ? value.every(isKnown) : isKnown(value);
      case 'named':
        return isJsonObject(value) && Object.values(value).every(isKnown);
    }
  });
}

const keywords: Record<string, 'value' | 'reference' | 'schemas' | 'named'> = {
  ...all('type enum const title description default examples $comment', 'value'),
  ...all('minimum maximum exclusiveMinimum exclusiveMaximum multipleOf', 'value'),
  ...all('minLength maxLength pattern minItems maxItems uniqueItems', 'value'),
  ...all('required minProperties maxProperties', 'value'),
  ...all('items additionalItems contains propertyNames additionalProperties', 'schemas'),
  ...all('not if then else allOf anyOf oneOf', 'schemas'),
  ...all('properties patternProperties definitions $defs', 'named'),
  $ref: 'reference',
};

function all<T>(words: string, holds: T): Record<string, T> {
  return Object.fromEntries(words.split(' ').map((word) => [word, holds]));
}
