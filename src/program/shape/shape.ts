/**
 * A small language for what an authored file may hold. One description yields the check with defaults
 * (`checkShape`) and the JSON Schema for editors (`jsonSchemaOf` in json-schema-of.ts), so that the two
 * cannot disagree.
 */
import { isJsonObject, type Json, type JsonObject } from '../../model/json.ts';
import { didYouMean } from '../../text/suggest.ts';
import type { Path } from '../source/yaml-source.ts';
import { shortened } from '../../text/shown.ts';
import { flowForm } from './flow-form.ts';
import type { OtherWords } from './other-words.ts';
import { unknownField, type Surroundings } from './unknown-field.ts';

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
  /**
   * Left out, it is not there: what that means is for others to say (a field further away, the edition), and runs
   * freeze it only where it is set.
   */
  staysOut?: boolean;
  examples?: Json[];
}

export type Fields = Record<string, Field>;

/** The fields of what becomes a `T`: each of its properties, and none besides. */
export type FieldsOf<T> = Record<keyof T, Field>;

export type Shape =
  | { type: 'string'; nonEmpty?: boolean; form?: StringForm }
  | { type: 'enum'; values: readonly string[] }
  | { type: 'integer'; min: number; max?: number }
  | { type: 'seconds' }
  /** A number that is not negative. */
  | { type: 'amount' }
  | { type: 'number'; min: number }
  | { type: 'boolean' }
  /** Any value: as it stands. */
  | { type: 'json' }
  /** A JSON Schema, as it stands. */
  | { type: 'schema' }
  /** What is written in several ways: the first that fits says what is wrong with it. */
  | { type: 'either'; ways: readonly [Way, ...Way[]] }
  /** `orText`: texts that may stand in place of the list. `isCommand`: a program and its arguments. */
  | { type: 'list'; items: Shape; min?: number; orText?: readonly string[]; isCommand?: true }
  /** `fields`: where one of them is there, it is an object of these and no map. */
  | {
      type: 'map';
      values: Shape;
      keys?: StringForm;
      oneOfKeys?: readonly string[];
      fields?: Fields;
    }
  /** `bare`: the field that a text stands for which is written in the place of the whole. */
  | ({ type: 'object'; fields: Fields; bare?: string } & Written)
  | ({ type: 'tagged'; tag: string; variants: Record<string, Fields>; fallback: Json } & Written)
  /** An object whose strings may hold variables: its fields are checked where those are known. */
  | { type: 'template'; fields: Fields };

/** One of the ways to write something. `fits`: whether a value was meant to be written so. */
export interface Way {
  fits(value: Json): boolean;
  shape: Shape;
}

/** How authors may have written it otherwise. */
export interface Written {
  words?: OtherWords;
  /** What a bare text in its place stands for, to show how it is written. */
  short?: (text: string) => Json;
}

export interface ShapeIssue {
  severity: 'error' | 'warning';
  code: 'missing_field' | 'unknown_field' | 'wrong_type' | 'bad_value';
  path: Path;
  at: 'key' | 'value';
  message: string;
  hint: string | null;
  /** The field that the author has in mind, where another name stands for it: not judged a second time. */
  meant?: Path;
}

export interface CheckOptions {
  /** A string with a `$` stands for something else: its form is not checked (presets). */
  templated?: boolean;
  /** A value as it stands in the text, where that is not how it would be printed: `1.10`. */
  written?: (path: Path) => string | null;
  /** Told where a word of YAML 1.1 for a truth value is taken as one. */
  onOlderWord?: (path: Path) => void;
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
    case 'number':
      return shape.min;
    case 'seconds':
      return 1;
    case 'amount':
      return 0;
    case 'boolean':
      return false;
    case 'json':
      return null;
    case 'schema':
      return true;
    case 'either':
      return emptyOf(shape.ways[0].shape);
    case 'list':
      return [];
    case 'map':
    case 'template':
      return {};
    case 'object': {
      const empty: JsonObject = {};
      for (const name of Object.keys(shape.fields)) {
        const field = shape.fields[name] as Field;
        if (field.staysOut !== true) empty[name] = defaultOf(field);
      }
      return empty;
    }
    case 'tagged':
      return copyOf(shape.fallback);
  }
}

export function defaultOf(field: Field): Json {
  if (field.default !== undefined) return copyOf(field.default);
  return field.nullable === true ? null : emptyOf(field.shape);
}

/** Of a default: plain data, mostly no object. `structuredClone` costs more than all else that a field takes. */
function copyOf(value: Json): Json {
  if (Array.isArray(value)) return value.map(copyOf);
  if (!isJsonObject(value)) return value;
  const copy: JsonObject = {};
  for (const name of Object.keys(value)) copy[name] = copyOf(value[name] as Json);
  return copy;
}

class Checker {
  private readonly report: (issue: ShapeIssue) => void;
  private readonly templated: boolean;
  private readonly written: (path: Path) => string | null;
  private readonly onOlderWord: (path: Path) => void;

  constructor(report: (issue: ShapeIssue) => void, options: CheckOptions) {
    this.report = report;
    this.templated = options.templated === true;
    this.written = options.written ?? (() => null);
    this.onOlderWord = options.onOlderWord ?? (() => undefined);
  }

  check(shape: Shape, value: Json, path: Path): Json {
    if (this.templated && typeof value === 'string' && value.includes('$')) return value;
    switch (shape.type) {
      case 'string':
        return this.string(shape, value, path);
      case 'enum':
        return this.oneOf(shape.values, value, path) ?? emptyOf(shape);
      case 'integer': {
        const most = shape.max === undefined ? '' : ` and at most ${shape.max}`;
        const wanted = `a whole number, at least ${shape.min}${most}`;
        if (typeof value !== 'number') return this.type(shape, wanted, value, path);
        if (!Number.isSafeInteger(value) || value < shape.min || value > (shape.max ?? Infinity)) {
          return this.bad(shape, path, `must be ${wanted}`);
        }
        return value;
      }
      case 'number':
        if (typeof value !== 'number') {
          return this.type(shape, `a number, at least ${shape.min}`, value, path);
        }
        return value < shape.min ? this.bad(shape, path, `must be at least ${shape.min}`) : value;
      case 'seconds':
        if (typeof value !== 'number') return this.type(shape, 'a number of seconds', value, path);
        if (value <= 0) return this.bad(shape, path, 'must be more than 0');
        return value;
      case 'amount':
        if (typeof value !== 'number') return this.type(shape, 'a number', value, path);
        if (value < 0) return this.bad(shape, path, 'must not be negative');
        return value;
      case 'boolean':
        return this.boolean(shape, value, path);
      case 'json':
        return value;
      case 'schema':
        if (typeof value === 'boolean' || isJsonObject(value)) return value;
        return this.type(shape, 'a JSON Schema, such as {const: ok}', value, path);
      case 'either':
        return this.check(
          (shape.ways.find(({ fits }) => fits(value)) ?? shape.ways[0]).shape,
          value,
          path,
        );
      case 'list':
        if (typeof value === 'string' && shape.orText?.includes(value)) return value;
        if (!Array.isArray(value)) {
          return this.type(shape, 'a list', value, path, asList(shape, value));
        }
        if (value.length < (shape.min ?? 0)) this.bad(shape, path, 'must not be empty');
        return value.map((item, index) => this.check(shape.items, item, [...path, index]));
      case 'map':
        return this.map(shape, value, path);
      case 'object':
        if (shape.bare !== undefined && typeof value === 'string') {
          return this.fields(shape, { [shape.bare]: value }, path);
        }
        if (!isJsonObject(value)) {
          return this.type(shape, 'a mapping', value, path, asMapping(shape, value));
        }
        return this.fields(shape, value, path);
      case 'tagged':
        return this.tagged(shape, value, path);
      case 'template':
        return isJsonObject(value) ? value : this.type(shape, 'a mapping', value, path);
    }
  }

  private string(shape: Shape & { type: 'string' }, value: Json, path: Path): Json {
    if (typeof value !== 'string') {
      return this.type(shape, 'a string', value, path, this.quoted(value, path));
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
    if (typeof value === 'string' && /^(yes|on|no|off)$/i.test(value)) {
      this.onOlderWord(path);
      return /^(yes|on)$/i.test(value);
    }
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
    const { fields } = shape;
    if (fields && Object.keys(fields).some((name) => Object.hasOwn(value, name))) {
      return this.fields({ fields }, value, path);
    }
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
    if (!isJsonObject(value)) {
      return this.type(shape, 'a mapping', value, path, asMapping(shape, value));
    }
    const tags = Object.keys(shape.variants);
    const given = value[shape.tag];
    if (given === undefined) {
      this.untagged(shape, value, path);
      return copyOf(shape.fallback);
    }
    const tag = this.oneOf(tags, given, [...path, shape.tag]);
    const fields = tag === null ? undefined : shape.variants[tag];
    if (tag === null || !fields) return copyOf(shape.fallback);
    const rest = Object.entries(value).filter(([name]) => name !== shape.tag);
    const ofOtherForms = new Map(
      tags.flatMap((other) =>
        Object.keys(shape.variants[other] ?? {})
          .filter((name) => !Object.hasOwn(fields, name))
          .map((name) => [name, `${shape.tag}: ${other}`] as const),
      ),
    );
    const surroundings = { fields, words: shape.words, ofOtherForms };
    return { [shape.tag]: tag, ...this.fields(surroundings, Object.fromEntries(rest), path) };
  }

  /** Nothing says which form it has: its fields may tell. */
  private untagged(shape: Shape & { type: 'tagged' }, value: JsonObject, path: Path): void {
    const { tag, variants, words } = shape;
    const forms = Object.entries(variants);
    const form = forms.find(([, fields]) =>
      Object.keys(fields).some((name) => Object.hasOwn(value, name)),
    );
    const hint =
      form === undefined
        ? `One of ${Object.keys(variants).join(', ')}.`
        : `Add "${tag}: ${form[0]}".`;
    const all: Fields = Object.assign({}, ...forms.map(([, fields]) => fields));
    all[tag] = { shape: { type: 'enum', values: Object.keys(variants) }, description: '' };
    const unknown = this.unknown({ fields: all, words }, value, path);
    if (!unknown.has(tag)) this.missing(tag, path, hint);
  }

  private fields(
    surroundings: Surroundings & { fields: Fields },
    value: JsonObject,
    path: Path,
  ): JsonObject {
    const { fields } = surroundings;
    const result: JsonObject = {};
    // What stands there under another name is not missing.
    const meant = this.unknown(surroundings, value, path);
    for (const name of Object.keys(fields)) {
      const field = fields[name] as Field;
      const given = Object.hasOwn(value, name) ? value[name] : undefined;
      if (given === undefined) {
        if (field.required === true && !meant.has(name)) this.missing(name, path);
        if (field.staysOut !== true) result[name] = defaultOf(field);
      } else if (given === null && field.staysOut === true) {
        // As if it were not there.
      } else if (given === null && field.required !== true) {
        // "labels:" with nothing behind it.
        result[name] = field.nullable === true ? null : defaultOf(field);
      } else {
        result[name] = this.check(field.shape, given, [...path, name]);
      }
    }
    return result;
  }

  /** Reports names that are no field. Returns our fields that they were meant for. */
  private unknown(surroundings: Surroundings, value: JsonObject, path: Path): Set<string> {
    const meant = new Set<string>();
    for (const name of Object.keys(value)) {
      if (Object.hasOwn(surroundings.fields, name)) continue;
      const found = unknownField(name, value[name] ?? null, surroundings);
      if (found === null) continue;
      if (found.meant !== null) meant.add(found.meant);
      this.report({
        severity: found.severity,
        code: 'unknown_field',
        path: [...path, name],
        at: 'key',
        message: found.message,
        hint: found.hint,
        ...(found.meant === null ? {} : { meant: [...path, found.meant] }),
      });
    }
    return meant;
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
    const message = `${nameOf(path)}must be ${wanted}, not ${describe(value, this.written(path))}`;
    this.report({ severity: 'error', code: 'wrong_type', path, at: 'value', message, hint });
    return emptyOf(shape);
  }

  /** The text that the author wrote, in quotes: `1.10` is another text than the number's. */
  private quoted(value: Json, path: Path): string | null {
    if (value !== null && typeof value === 'object') return null;
    const text = this.written(path) ?? (value === null ? '' : String(value));
    return text === '' ? null : `Quote it: ${JSON.stringify(text)}`;
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

function describe(value: Json, written: string | null): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (isJsonObject(value)) return 'a mapping';
  if (typeof value === 'string') {
    return `the string "${shortened(value, 40)}"`;
  }
  const kind = typeof value === 'number' ? 'number' : 'truth value';
  return `the ${kind} ${shortened(written ?? String(value), 40)}`;
}

/** How a single thing is written where a list belongs; a mapping of names, as other tools have it, too. */
function asList({ items, isCommand }: Shape & { type: 'list' }, value: Json): string | null {
  if (isCommand === true && typeof value === 'string') return asCommand(value.trim());
  const names = typeof value === 'string' ? [value] : isJsonObject(value) ? Object.keys(value) : [];
  if (isJsonObject(value) && items.type === 'object') {
    if (names.some((name) => Object.hasOwn(items.fields, name))) return 'Put it into a list: "- ".';
  }
  const first = names.filter((name) => name.trim() !== '' && name.length <= 60);
  if (first.length === 0 || first.length > 3 || first.length < names.length) return null;
  if (items.type === 'string' && typeof value === 'string') return `Write ${flowForm(first)}`;
  const short = 'short' in items ? items.short : undefined;
  return short === undefined ? null : `Write ${flowForm(first.map((name) => short(name)))}`;
}

/** How a line of a shell is written where a program and its arguments belong. */
function asCommand(line: string): string | null {
  if (line === '' || line.length > 60) return null;
  // Words and nothing else: no shell is needed to take them apart.
  const isPlain = /^[\w@%+=:,./ -]+$/.test(line);
  return `Write ${flowForm(isPlain ? line.split(/ +/) : ['bash', '-c', line])}`;
}

/** How a bare text is written where a mapping belongs. */
function asMapping(shape: Written, value: Json): string | null {
  if (typeof value !== 'string' || value.trim() === '' || shape.short === undefined) return null;
  return `Write ${flowForm(shape.short(shortened(value, 60)))}`;
}
