/**
 * A small language for what an authored file may hold. One description yields the check with defaults
 * (`checkShape`) and the JSON Schema for editors (`jsonSchemaOf` in json-schema-of.ts), so that the two
 * cannot disagree.
 */
import { isJsonObject, type Json, type JsonObject } from '../../model/json.ts';
import { didYouMean } from '../../text/suggest.ts';
import type { Path } from '../source/yaml-source.ts';
import { shortened } from '../../text/shown.ts';

/** A string with a form of its own, such as an id or a path. */
export interface StringForm {
  /** What is wrong with `text`, as a predicate; null: nothing. */
  problem(text: string): string | null;
  /** The same for editors, as far as a regular expression can tell. */
  pattern?: string;
}

export interface Field {
  shape: Shape;
  description: string;
  required?: boolean;
  /** What a missing field becomes. Without one: the empty value of the shape. */
  default?: Json;
  /** null is a value of its own. */
  nullable?: boolean;
  examples?: Json[];
}

export type Fields = Record<string, Field>;

/** The fields of what becomes a `T`: each of its properties, and none besides. */
export type FieldsOf<T> = Record<keyof T, Field>;

export type Shape =
  | { type: 'string'; nonEmpty?: boolean; form?: StringForm }
  | { type: 'enum'; values: readonly string[] }
  | { type: 'integer'; min: number }
  | { type: 'seconds' }
  | { type: 'boolean' }
  | { type: 'list'; items: Shape; min?: number }
  | { type: 'map'; values: Shape; keys?: StringForm; oneOfKeys?: readonly string[] }
  | { type: 'object'; fields: Fields }
  | { type: 'tagged'; tag: string; variants: Record<string, Fields>; fallback: Json }
  /** An object whose strings may hold variables: its fields are checked where those are known. */
  | { type: 'template'; fields: Fields };

export interface ShapeIssue {
  severity: 'error' | 'warning';
  code: 'missing_field' | 'unknown_field' | 'wrong_type' | 'bad_value';
  path: Path;
  at: 'key' | 'value';
  message: string;
  hint: string | null;
}

export interface CheckOptions {
  /** A string with a `$` stands for something else: its form is not checked (presets). */
  templated?: boolean;
}

/**
 * The value with defaults filled in. What is wrong is reported, and replaced by something harmless, so
 * that one mistake does not hide others. Indices and keys stay where the author put them.
 */
export function checkShape(
  shape: Shape,
  value: Json,
  report: (issue: ShapeIssue) => void,
  options: CheckOptions = {},
): Json {
  return new Checker(report, options).check(shape, value, []);
}

/** The value of a field that is not there. */
export function emptyOf(shape: Shape): Json {
  switch (shape.type) {
    case 'string':
      return '';
    case 'enum':
      return shape.values[0] ?? '';
    case 'integer':
      return shape.min;
    case 'seconds':
      return 1;
    case 'boolean':
      return false;
    case 'list':
      return [];
    case 'map':
    case 'template':
      return {};
    case 'object':
      return Object.fromEntries(
        Object.entries(shape.fields).map(([name, field]) => [name, defaultOf(field)]),
      );
    case 'tagged':
      return structuredClone(shape.fallback);
  }
}

export function defaultOf(field: Field): Json {
  if (field.default !== undefined) return structuredClone(field.default);
  return field.nullable === true ? null : emptyOf(field.shape);
}

class Checker {
  private readonly report: (issue: ShapeIssue) => void;
  private readonly templated: boolean;

  constructor(report: (issue: ShapeIssue) => void, options: CheckOptions) {
    this.report = report;
    this.templated = options.templated === true;
  }

  check(shape: Shape, value: Json, path: Path): Json {
    if (this.templated && typeof value === 'string' && value.includes('$')) return value;
    switch (shape.type) {
      case 'string':
        return this.string(shape, value, path);
      case 'enum':
        return this.oneOf(shape.values, value, path) ?? emptyOf(shape);
      case 'integer':
        if (typeof value !== 'number') return this.type(shape, 'a whole number', value, path);
        if (!Number.isSafeInteger(value) || value < shape.min) {
          return this.bad(shape, path, `must be a whole number, at least ${shape.min}`);
        }
        return value;
      case 'seconds':
        if (typeof value !== 'number') return this.type(shape, 'a number of seconds', value, path);
        if (value <= 0) return this.bad(shape, path, 'must be more than 0');
        return value;
      case 'boolean':
        return this.boolean(shape, value, path);
      case 'list':
        if (!Array.isArray(value)) return this.type(shape, 'a list', value, path);
        if (value.length < (shape.min ?? 0)) this.bad(shape, path, 'must not be empty');
        return value.map((item, index) => this.check(shape.items, item, [...path, index]));
      case 'map':
        return this.map(shape, value, path);
      case 'object':
        if (!isJsonObject(value)) return this.type(shape, 'a mapping', value, path);
        return this.fields(shape.fields, value, path);
      case 'tagged':
        return this.tagged(shape, value, path);
      case 'template':
        return isJsonObject(value) ? value : this.type(shape, 'a mapping', value, path);
    }
  }

  private string(shape: Shape & { type: 'string' }, value: Json, path: Path): Json {
    if (typeof value !== 'string') {
      const quoted = typeof value === 'number' || typeof value === 'boolean';
      return this.type(shape, 'a string', value, path, quoted ? `Quote it: "${value}"` : null);
    }
    if (shape.nonEmpty === true && value.trim() === '') {
      return this.bad(shape, path, 'must not be empty');
    }
    const problem = shape.form?.problem(value) ?? null;
    return problem === null ? value : this.bad(shape, path, problem);
  }

  private boolean(shape: Shape, value: Json, path: Path): Json {
    if (typeof value === 'boolean') return value;
    // YAML 1.1, in which older programs were written, has these too.
    if (typeof value === 'string' && /^(yes|on)$/i.test(value)) return true;
    if (typeof value === 'string' && /^(no|off)$/i.test(value)) return false;
    return this.type(shape, 'true or false', value, path);
  }

  private oneOf(values: readonly string[], value: Json, path: Path): string | null {
    if (typeof value === 'string' && values.includes(value)) return value;
    if (typeof value !== 'string') {
      this.type({ type: 'enum', values }, `one of ${values.join(', ')}`, value, path);
      return null;
    }
    const hint = didYouMean(value, values);
    this.add(
      'error',
      'bad_value',
      path,
      'value',
      `must be one of ${values.join(', ')}, not "${value}"`,
      hint,
    );
    return null;
  }

  private map(shape: Shape & { type: 'map' }, value: Json, path: Path): Json {
    if (!isJsonObject(value)) return this.type(shape, 'a mapping', value, path);
    const result: [string, Json][] = [];
    for (const [key, item] of Object.entries(value)) {
      const at = [...path, key];
      if (shape.oneOfKeys && !shape.oneOfKeys.includes(key)) {
        const hint = didYouMean(key, shape.oneOfKeys);
        const allowed = shape.oneOfKeys.join(', ');
        this.add('error', 'bad_value', at, 'key', `"${key}" is not one of ${allowed}`, hint);
        continue;
      }
      const problem = shape.keys?.problem(key) ?? null;
      if (problem !== null)
        this.add('error', 'bad_value', at, 'key', `the name "${key}" ${problem}`);
      result.push([key, this.check(shape.values, item, at)]);
    }
    return Object.fromEntries(result);
  }

  private tagged(shape: Shape & { type: 'tagged' }, value: Json, path: Path): Json {
    if (!isJsonObject(value)) return this.type(shape, 'a mapping', value, path);
    const tags = Object.keys(shape.variants);
    const given = value[shape.tag];
    if (given === undefined) {
      this.missing(shape.tag, path, `One of ${tags.join(', ')}.`);
      return structuredClone(shape.fallback);
    }
    const tag = this.oneOf(tags, given, [...path, shape.tag]);
    const fields = tag === null ? undefined : shape.variants[tag];
    if (tag === null || !fields) return structuredClone(shape.fallback);
    const rest = Object.entries(value).filter(([name]) => name !== shape.tag);
    return { [shape.tag]: tag, ...this.fields(fields, Object.fromEntries(rest), path) };
  }

  private fields(fields: Fields, value: JsonObject, path: Path): JsonObject {
    const result: JsonObject = {};
    for (const [name, field] of Object.entries(fields)) {
      const given = Object.hasOwn(value, name) ? value[name] : undefined;
      if (given === undefined) {
        if (field.required === true) this.missing(name, path);
        result[name] = defaultOf(field);
      } else if (given === null && field.required !== true) {
        // "labels:" with nothing behind it.
        result[name] = field.nullable === true ? null : defaultOf(field);
      } else {
        result[name] = this.check(field.shape, given, [...path, name]);
      }
    }
    for (const name of Object.keys(value)) {
      if (Object.hasOwn(fields, name)) continue;
      const hint = didYouMean(name, Object.keys(fields));
      this.add(
        'warning',
        'unknown_field',
        [...path, name],
        'key',
        `the field "${name}" is unknown and ignored`,
        hint,
      );
    }
    return result;
  }

  private missing(name: string, path: Path, hint: string | null = null): void {
    this.report({
      severity: 'error',
      code: 'missing_field',
      path: [...path, name],
      at: 'value',
      message: `the field "${name}" is missing`,
      hint,
    });
  }

  private type(
    shape: Shape,
    wanted: string,
    value: Json,
    path: Path,
    hint: string | null = null,
  ): Json {
    const message = `${nameOf(path)}must be ${wanted}, not ${describe(value)}`;
    this.report({ severity: 'error', code: 'wrong_type', path, at: 'value', message, hint });
    return emptyOf(shape);
  }

  private bad(shape: Shape, path: Path, predicate: string): Json {
    this.add('error', 'bad_value', path, 'value', predicate);
    return emptyOf(shape);
  }

  private add(
    severity: ShapeIssue['severity'],
    code: ShapeIssue['code'],
    path: Path,
    at: ShapeIssue['at'],
    message: string,
    hint: string | null = null,
  ): void {
    const subject = at === 'key' ? '' : nameOf(path);
    this.report({ severity, code, path, at, message: subject + message, hint });
  }
}

/** The nearest field name of a path, to begin a sentence with. */
function nameOf(path: Path): string {
  const last = path.at(-1);
  if (last === undefined) return 'the file ';
  if (typeof last === 'string') return `"${last}" `;
  const list = [...path].reverse().find((step) => typeof step === 'string');
  return `item ${last + 1} of "${list ?? ''}" `;
}

function describe(value: Json): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (isJsonObject(value)) return 'a mapping';
  if (typeof value === 'string') {
    return `the string "${shortened(value, 40)}"`;
  }
  return `${typeof value === 'number' ? 'the number' : 'the truth value'} ${String(value)}`;
}
