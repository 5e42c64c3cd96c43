/**
 * Checks JSON values against the schemas that authors write (draft 2020-12, and 2019-09, 07 and 06
 * where `$schema` says so). The validator is loaded only when a schema is.
 */
import type { Ajv, ErrorObject, ValidateFunction } from 'ajv';
import { stringifyJson, withDoubles, type Json, type JsonObject } from '../model/json.ts';
import { Refusal } from '../model/refusal.ts';
import { sha256 } from '../disk/sha256.ts';
import { bundleSchema, type SchemaFiles } from './bundle.ts';
import { schemaTypeOf, shown } from '../text/shown.ts';
import { faultsFound, invalidSchema } from './schema-faults.ts';
import { withinLimit, type Limited } from './within-limit.ts';

export interface SchemaProblem {
  /** JSON pointer of the field that is wrong; the empty string is the whole value. */
  pointer: string;
  /** What is allowed there: `must be one of "a", "b"`. */
  message: string;
}

export type SchemaCheck =
  { ok: true } | { ok: false; problems: SchemaProblem[]; /** It was given up. */ isEndless?: true };

export interface CompiledSchema {
  /** The schema's file, as it was asked for. */
  path: string;
  /** Of the schema with all that it refers to. */
  sha256: string;
  /** Takes no longer than `withinLimit` lets it: schema and value may be somebody else's. */
  check(value: Json): SchemaCheck;
}

const MAX_PROBLEMS = 20;

/**
 * Loads the schema at `relativePath` inside `root` with all the files it refers to.
 * Throws a Refusal `schema-…` where it, or a file it refers to, is missing or broken.
 */
export async function loadSchema(
  root: string,
  relativePath: string,
  from?: SchemaFiles,
): Promise<CompiledSchema> {
  const { schema, dialect, placeOf } = await bundleSchema(root, relativePath, from);
  const { validatorsOf } = await import('./validators.ts');
  const newValidator = validatorsOf(dialect);
  if (newValidator === null) {
    throw new Refusal(
      'schema-dialect',
      `${relativePath}: $schema ${JSON.stringify(dialect)} is not supported.`,
      { hint: 'Use "https://json-schema.org/draft/2020-12/schema", or leave $schema out.' },
    );
  }
  const own = withoutDialect(schema);
  let compiled: Limited<ValidateFunction>;
  let validator: Ajv | null = null;
  try {
    compiled = withinLimit(() => {
      validator = newValidator();
      return validator.compile(own);
    });
  } catch (error) {
    const faults = faultsFound(
      error as Error,
      validator ?? newValidator(),
      own,
      placeOf,
      problemsOf,
    );
    throw invalidSchema(relativePath, faults);
  }
  if (!compiled.ok) {
    const message = `understanding it ${compiled.why}`;
    throw invalidSchema(relativePath, [{ file: relativePath, path: [], message }]);
  }
  const { value: validate } = compiled;
  return {
    path: relativePath,
    sha256: sha256(stringifyJson(schema)),
    check: (value) => checkBy(validate, value),
  };
}

/** What a compiled schema says of a value. */
export function checkBy(validate: ValidateFunction, value: Json): SchemaCheck {
  const checked = withinLimit((): SchemaCheck => {
    if (validate(withDoubles(value))) return { ok: true };
    return { ok: false, problems: problemsOf(validate.errors ?? []) };
  });
  if (checked.ok) return checked.value;
  const message = `cannot be compared with the schema: that ${checked.why}`;
  return { ok: false, problems: [{ pointer: '', message }], isEndless: true };
}

/** One line: `at /payload/x: must be one of "a", "b"; at /y: is missing`. */
export function describeProblems(problems: readonly SchemaProblem[]): string {
  const shown = problems
    .slice(0, 5)
    .map(({ pointer, message }) => (pointer === '' ? message : `at ${pointer}: ${message}`));
  if (problems.length > shown.length) shown.push(`and ${problems.length - shown.length} more`);
  return shown.join('; ');
}

/** The validator is chosen by now, and knows its own dialect by one spelling only. */
function withoutDialect(schema: JsonObject | boolean): JsonObject | boolean {
  if (typeof schema === 'boolean') return schema;
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== '$schema'));
}

/**
 * The validator reports every failed branch of `anyOf` beside the `anyOf` itself: the types, and the
 * values, that the branches allow for one field are joined, and the summary is left out where a branch
 * already says what is wrong.
 */
function problemsOf(errors: readonly ErrorObject[]): SchemaProblem[] {
  const types = new Map<string, { allowed: Set<string>; actual: string }>();
  const values = new Map<string, Set<string>>();
  const problems: SchemaProblem[] = [];
  const summaries: SchemaProblem[] = [];
  for (const error of errors) {
    const pointer = error.instancePath;
    if (error.keyword === 'type') {
      const known = types.get(pointer) ?? { allowed: new Set(), actual: schemaTypeOf(error.data) };
      for (const type of [error.params['type'] as string | string[]].flat())
        known.allowed.add(type);
      types.set(pointer, known);
    } else if (error.keyword === 'enum' || error.keyword === 'const') {
      const known = values.get(pointer) ?? new Set<string>();
      for (const value of allowedValues(error)) known.add(shown(value));
      values.set(pointer, known);
    } else if (error.keyword === 'if') {
      continue;
    } else if (error.keyword === 'anyOf' || isUnmatchedOneOf(error)) {
      summaries.push(problem(error));
    } else {
      problems.push(problem(error));
    }
  }
  for (const [pointer, { allowed, actual }] of types) {
    problems.push({ pointer, message: `must be ${orList([...allowed])}, not ${actual}` });
  }
  for (const [pointer, allowed] of values) {
    const list = [...allowed].join(', ');
    problems.push({ pointer, message: `must be ${allowed.size === 1 ? '' : 'one of '}${list}` });
  }
  if (problems.length === 0) problems.push(...summaries);
  return distinct(problems).slice(0, MAX_PROBLEMS);
}

function allowedValues({ params }: ErrorObject): Json[] {
  const list = params['allowedValues'] as Json[] | undefined;
  return list ?? [params['allowedValue'] as Json];
}

function isUnmatchedOneOf(error: ErrorObject): boolean {
  return error.keyword === 'oneOf' && !Array.isArray(error.params['passingSchemas']);
}

function problem(error: ErrorObject): SchemaProblem {
  const pointer = error.instancePath;
  const { params } = error;
  switch (error.keyword) {
    case 'required':
    case 'dependentRequired':
      return { pointer: below(pointer, params['missingProperty']), message: 'is missing' };
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const name = params['additionalProperty'] ?? params['unevaluatedProperty'];
      const known = Object.keys((error.parentSchema?.['properties'] as object | undefined) ?? {});
      const allowed = known.length > 0 ? `; allowed: ${known.join(', ')}` : '';
      return { pointer: below(pointer, name), message: `is not an allowed field${allowed}` };
    }
    case 'oneOf':
      return isUnmatchedOneOf(error)
        ? { pointer, message: 'matches none of the allowed forms' }
        : { pointer, message: 'must match exactly one of the allowed forms, but matches several' };
    case 'anyOf':
      return { pointer, message: 'matches none of the allowed forms' };
    case 'not':
      return { pointer, message: 'has a form that is not allowed' };
    case 'false schema':
      return { pointer, message: 'is not allowed' };
    default:
      return { pointer, message: error.message ?? 'is not valid' };
  }
}

function below(pointer: string, name: unknown): string {
  return `${pointer}/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function orList(words: string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

function distinct(problems: SchemaProblem[]): SchemaProblem[] {
  const seen = new Map(problems.map((p) => [`${p.pointer}\0${p.message}`, p]));
  return [...seen.values()];
}
