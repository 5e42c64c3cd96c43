/** JSON Schemas that stand in a program's files themselves: whether a value fits one. */
import type { Ajv, ValidateFunction } from 'ajv';
import {
  isJsonObject,
  stringifyJson,
  withDoubles,
  type Json,
  type JsonObject,
} from '../model/json.ts';
import { checkBy } from './json-schema.ts';
import { withinLimit } from './within-limit.ts';

/** `why`: nobody can say, as a clause. */
type Fit = { ok: true; fits: boolean } | { ok: false; why: string };

/** Compiles them all, once; what is no valid schema says so when it is asked. */
export async function fitsOf(
  schemas: Iterable<JsonObject | boolean>,
): Promise<(schema: JsonObject | boolean, value: Json) => Fit> {
  const compiled = new Map<string, Compiled>();
  for (const schema of schemas) {
    const key = stringifyJson(schema);
    if (!compiled.has(key)) compiled.set(key, await compileInPlace(schema));
  }
  return (schema, value) => {
    const known = compiled.get(stringifyJson(schema));
    if (known === undefined) return { ok: false, why: 'its schema is not known' };
    if (!known.ok) return known;
    if (known.isBrief) return { ok: true, fits: known.validate(withDoubles(value)) };
    const checked = checkBy(known.validate, value);
    if (checked.ok || checked.isEndless !== true) return { ok: true, fits: checked.ok };
    return { ok: false, why: checked.problems[0]?.message ?? 'it takes too long' };
  };
}

/** Words of a schema that look at a value once. Those of the items of a list do so for each: they are none. */
const briefWords = new Set([
  ...['$comment', 'title', 'description', 'type', 'const', 'enum', 'required'],
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  ...['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties'],
]);

/**
 * Whether nothing in a schema backtracks, goes over the items of a list, or leads back to where it came from: what a value
 * takes is then bounded by the schema. To keep a limit
 * takes a thread of its own for each value, ten times what such a schema takes.
 */
function isBrief(schema: Json): boolean {
  if (!isJsonObject(schema)) return typeof schema === 'boolean';
  return Object.entries(schema).every(([word, said]) => {
    if (word === 'not') return isBrief(said);
    if (word === 'properties') return isJsonObject(said) && Object.values(said).every(isBrief);
    if (['allOf', 'anyOf', 'oneOf'].includes(word))
      return Array.isArray(said) && said.every(isBrief);
    return briefWords.has(word);
  });
}

type Compiled =
  | { ok: true; validate: ValidateFunction; /** See `isBrief`. */ isBrief: boolean }
  | { ok: false; why: string };

/** A schema without a file of its own: it can refer to nothing but itself. */
export async function compileInPlace(schema: JsonObject | boolean): Promise<Compiled> {
  const { validatorsOf } = await import('./validators.ts');
  const { $schema: dialect = null, ...rest } = typeof schema === 'boolean' ? {} : schema;
  const asked = typeof schema === 'boolean' ? schema : rest;
  const newValidator = validatorsOf(typeof dialect === 'string' ? dialect : null);
  if (newValidator === null)
    return { ok: false, why: `its $schema ${stringifyJson(dialect)} is not supported` };
  try {
    const done = withinLimit(() => compileBy(newValidator, String(dialect), asked));
    if (done.ok) return { ok: true, validate: done.value, isBrief: isBrief(asked) };
    return { ok: false, why: `understanding its schema ${done.why}` };
  } catch (error) {
    return { ok: false, why: `its schema is no valid JSON Schema: ${(error as Error).message}` };
  }
}

/**
 * A validator by dialect, which has learned its dialect's own schema: that takes longer than all that stands in a
 * condition. Not there while one is at work, so that what is cut off in the middle is used no more.
 */
const learned = new Map<string, { ajv: Ajv; compiled: number }>();
/** A validator keeps something of all that it has compiled: after so many, a new one learns. */
const MOST_COMPILED = 500;

function compileBy(
  newValidator: () => Ajv,
  dialect: string,
  schema: JsonObject | boolean,
): ValidateFunction {
  // What names itself, or a part of it, would be known to others by that name.
  if (/"\$?id":/.test(stringifyJson(schema))) return newValidator().compile(schema);
  const { ajv, compiled } = learned.get(dialect) ?? { ajv: newValidator(), compiled: 0 };
  learned.delete(dialect);
  const validate = ajv.compile(schema);
  if (typeof schema !== 'boolean') ajv.removeSchema(schema);
  if (compiled < MOST_COMPILED) learned.set(dialect, { ajv, compiled: compiled + 1 });
  return validate;
}
