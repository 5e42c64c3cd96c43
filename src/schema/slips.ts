/**
 * Words of a JSON Schema that none of its dialects has, and that nearly are one that they have. What a validator does not
 * know it passes over: whoever wrote `minimun` meant a bound, and has none. Pure.
 */
import { isJsonObject, type Json } from '../model/json.ts';
import { suggest } from '../text/suggest.ts';

export interface Slip {
  /** Keys and indices from the root of the schema; the last is the word. */
  path: (string | number)[];
  word: string;
  /** The word that it nearly is. */
  meant: string;
}

/** Words whose value is a schema. */
const ofSchema = [
  ...['additionalItems', 'additionalProperties', 'contains', 'contentSchema', 'else', 'if', 'not'],
  ...['propertyNames', 'then', 'unevaluatedItems', 'unevaluatedProperties'],
];
/** Words whose value is a list of schemas. `items` is one in earlier dialects, and a schema now. */
const ofSchemas = ['allOf', 'anyOf', 'items', 'oneOf', 'prefixItems'];
/** Words whose value has schemas by names of the author's. */
const ofNamed = [
  ...['$defs', 'definitions', 'dependencies', 'dependentSchemas', 'patternProperties'],
  'properties',
];

/**
 * All words of the dialects 2020-12, 2019-09, 07 and 06, by their meta-schemas (https://json-schema.org/specification-links),
 * and some of other tools' that are near to one of them.
 */
const known = new Set([
  // Before others that begin as they do.
  ...['minimum', 'maximum'],
  ...[...ofSchema, ...ofSchemas, ...ofNamed],
  ...['$anchor', '$comment', '$dynamicAnchor', '$dynamicRef', '$id', '$recursiveAnchor'],
  ...['$recursiveRef', '$ref', '$schema', '$vocabulary'],
  ...['const', 'contentEncoding', 'contentMediaType', 'default', 'dependentRequired', 'deprecated'],
  ...['description', 'enum', 'examples', 'exclusiveMaximum', 'exclusiveMinimum', 'format'],
  ...['maxContains', 'maxItems', 'maxLength', 'maxProperties', 'minContains', 'minItems'],
  ...['minLength', 'minProperties', 'multipleOf', 'pattern', 'readOnly', 'required'],
  ...['title', 'type', 'uniqueItems', 'writeOnly'],
  // Of OpenAPI, of editors, and of what makes forms and types of schemas.
  ...['enumDescriptions', 'example', 'note', 'propertyOrder', 'propertyOrdering', 'tsType'],
]);

/** Each slip of a schema and of those within it, in their order. A word that begins with `x-` is the author's own. */
export function slipsOf(schema: Json): Slip[] {
  const slips: Slip[] = [];
  const visit = (at: Json | undefined, path: Slip['path']): void => {
    if (!isJsonObject(at)) return;
    for (const word of Object.keys(at)) {
      const meant = known.has(word) || word.startsWith('x-') ? null : suggest(word, known);
      if (meant !== null) slips.push({ path: [...path, word], word, meant });
    }
    for (const word of [...ofSchema, ...ofSchemas]) visit(at[word], [...path, word]);
    for (const word of ofSchemas) {
      const list = at[word];
      if (!Array.isArray(list)) continue;
      for (const [index, each] of list.entries()) visit(each, [...path, word, index]);
    }
    for (const word of ofNamed) {
      const named = at[word];
      if (!isJsonObject(named)) continue;
      for (const [name, each] of Object.entries(named)) visit(each, [...path, word, name]);
    }
  };
  visit(schema, []);
  return slips;
}
