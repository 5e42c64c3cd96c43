/**
 * What model APIs accept of JSON Schema as an output schema. The subset is that of OpenAI's structured
 * outputs (https://platform.openai.com/docs/guides/structured-outputs#supported-schemas), the most
 * careful one in use. Pure.
 */
import { isJsonObject, type Json, type JsonObject } from '../../model/json.ts';
import type { FileFinding } from '../source/authored-file.ts';
import { didYouMean } from '../../text/suggest.ts';

const OUTPUT_SCHEMA_REFERENCE =
  'https://platform.openai.com/docs/guides/structured-outputs#supported-schemas';

const supported = new Set([
  '$schema',
  '$id',
  '$ref',
  '$defs',
  '$comment',
  'definitions',
  'title',
  'description',
  'type',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'enum',
  'const',
  'anyOf',
  'pattern',
  'format',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minItems',
  'maxItems',
]);

/** Known to JSON Schema, so that they are no typing mistakes. */
const unsupported = [
  'allOf',
  'oneOf',
  'not',
  'if',
  'then',
  'else',
  'default',
  'examples',
  'minLength',
  'maxLength',
  'uniqueItems',
  'contains',
  'minContains',
  'maxContains',
  'prefixItems',
  'additionalItems',
  'unevaluatedItems',
  'unevaluatedProperties',
  'patternProperties',
  'propertyNames',
  'minProperties',
  'maxProperties',
  'dependencies',
  'dependentRequired',
  'dependentSchemas',
  'contentEncoding',
  'contentMediaType',
  'contentSchema',
  'deprecated',
  'readOnly',
  'writeOnly',
  '$anchor',
  '$dynamicRef',
  '$dynamicAnchor',
  '$vocabulary',
];

/** Findings in a schema that compiles. */
export function checkOutputSchema(schema: Json): FileFinding[] {
  const findings: FileFinding[] = [];
  visit(schema, [], findings);
  return findings;
}

function visit(schema: Json, path: (string | number)[], findings: FileFinding[]): void {
  if (!isJsonObject(schema)) return;
  const add = (
    severity: FileFinding['severity'],
    code: string,
    at: (string | number)[],
    message: string,
    hint: string | null = null,
  ): number =>
    findings.push({
      severity,
      code: `output_schema.${code}`,
      message,
      path: [...path, ...at],
      at: 'key',
      hint,
      reference_url: OUTPUT_SCHEMA_REFERENCE,
    });

  for (const keyword of Object.keys(schema)) {
    if (supported.has(keyword)) continue;
    const known = unsupported.includes(keyword);
    add(
      'warning',
      known ? 'unsupported_keyword' : 'unknown_keyword',
      [keyword],
      `model APIs may refuse an output schema with "${keyword}"`,
      known ? null : didYouMean(keyword, supported),
    );
  }
  if (isJsonObject(schema['properties'])) {
    if (!hasType(schema, 'object')) {
      add(
        'warning',
        'object_missing_type',
        ['properties'],
        '"properties" needs "type: object" beside it',
      );
    }
    const isListed = Array.isArray(schema['required']);
    const required: Json[] = Array.isArray(schema['required']) ? schema['required'] : [];
    const optional = Object.keys(schema['properties']).filter((name) => !required.includes(name));
    if (optional.length > 0) {
      add(
        'warning',
        isListed ? 'object_required_coverage' : 'object_missing_required',
        [isListed ? 'required' : 'properties'],
        `"required" does not cover ${optional.map((name) => `"${name}"`).join(', ')}`,
        'Require it, and allow null for what may be left out.',
      );
    }
  }
  if (schema['items'] !== undefined && !hasType(schema, 'array')) {
    add('warning', 'array_missing_type', ['items'], '"items" needs "type: array" beside it');
  }
  for (const keyword of ['const', 'enum']) {
    if (schema[keyword] === undefined || schema['type'] !== undefined) continue;
    add(
      'error',
      `${keyword}_missing_type`,
      [keyword],
      `"${keyword}" needs a "type" beside it`,
      'Model APIs refuse it otherwise; for strings add "type: string".',
    );
  }
  for (const keyword of ['properties', '$defs', 'definitions', 'patternProperties']) {
    const named = schema[keyword];
    if (!isJsonObject(named)) continue;
    for (const [name, child] of Object.entries(named))
      visit(child, [...path, keyword, name], findings);
  }
  for (const keyword of ['anyOf', 'allOf', 'oneOf', 'prefixItems', 'items']) {
    const list = schema[keyword];
    if (!Array.isArray(list)) continue;
    for (const [index, child] of list.entries()) visit(child, [...path, keyword, index], findings);
  }
  for (const keyword of [
    'items',
    'additionalProperties',
    'not',
    'if',
    'then',
    'else',
    'contains',
  ]) {
    const child = schema[keyword];
    if (isJsonObject(child)) visit(child, [...path, keyword], findings);
  }
}

function hasType(schema: JsonObject, type: string): boolean {
  const given = schema['type'];
  return Array.isArray(given) ? given.includes(type) : given === type;
}
