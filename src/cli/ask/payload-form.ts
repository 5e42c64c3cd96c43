/**
 * Builds a JSON value with a person, field by field, from the JSON Schema that it must match. It knows the
 * schemas that people write for forms; whatever else a schema says is left to the check afterwards, and a
 * field that it cannot ask for in parts is asked for as JSON.
 */
import { isJsonObject, type Json, type JsonObject } from '../../model/json.ts';
import type { Prompter } from './prompter.ts';
import { plainLine } from '../render/plain-text.ts';

const MAX_DEPTH = 12;

interface FormField {
  /** As shown: `payload.reviewers[0].name`. */
  label: string;
  optional: boolean;
  depth: number;
  /** What was typed before, or the schema's default. */
  before: Json | undefined;
}

/** `before`: an earlier value, offered again. */
export async function fillPayload(
  schema: JsonObject | boolean,
  prompter: Prompter,
  before: Json | undefined,
): Promise<Json> {
  const form = new PayloadForm(schema, prompter);
  const value = await form.fill(schema, { label: 'payload', optional: false, depth: 0, before });
  return value ?? null;
}

class PayloadForm {
  readonly #root: Json;
  readonly #prompter: Prompter;

  constructor(root: JsonObject | boolean, prompter: Prompter) {
    this.#root = root;
    this.#prompter = prompter;
  }

  /** undefined: left out. */
  async fill(given: Json, field: FormField): Promise<Json | undefined> {
    const schema = this.#resolve(given);
    if (!isJsonObject(schema) || field.depth > MAX_DEPTH) return this.#json(field);
    const at = { ...field, before: field.before ?? schema['default'] };
    if ('const' in schema) return schema['const'];
    this.#describe(schema, at);
    if (Array.isArray(schema['enum'])) return this.#oneOf(schema['enum'], at);
    const alternatives = schema['oneOf'] ?? schema['anyOf'];
    if (Array.isArray(alternatives) && !('properties' in schema)) {
      return this.#alternative(alternatives, at);
    }
    const types = typesOf(schema);
    const [type, ...others] = types.filter((each) => each !== 'null');
    const nullable = types.includes('null');
    if (type === undefined) return nullable ? null : this.#json(at);
    if (others.length > 0) return this.#json(at);
    const optional = { ...at, optional: at.optional || nullable };
    const value = await this.#ofType(type, schema, optional);
    return value === undefined && !field.optional && nullable ? null : value;
  }

  async #ofType(type: string, schema: JsonObject, field: FormField): Promise<Json | undefined> {
    switch (type) {
      case 'boolean':
        return this.#boolean(field);
      case 'integer':
      case 'number':
        return this.#number(field, type);
      case 'string':
        return this.#string(field);
      case 'array':
        return this.#array(schema, field);
      case 'object':
        return this.#object(schema, field);
      default:
        return this.#json(field);
    }
  }

  async #boolean(field: FormField): Promise<Json | undefined> {
    for (;;) {
      const hint = typeof field.before === 'boolean' ? (field.before ? 'Y/n' : 'y/N') : 'y/n';
      const typed = (await this.#ask(field, hint)).toLowerCase();
      if (typed === '' && typeof field.before === 'boolean') return field.before;
      if (typed === '' && field.optional) return undefined;
      if (['y', 'yes', 'true'].includes(typed)) return true;
      if (['n', 'no', 'false'].includes(typed)) return false;
      this.#prompter.say('  y or n');
    }
  }

  async #number(field: FormField, type: 'integer' | 'number'): Promise<Json | undefined> {
    for (;;) {
      const typed = await this.#ask(field, shownBefore(field));
      if (typed === '' && typeof field.before === 'number') return field.before;
      if (typed === '' && field.optional) return undefined;
      const value = typed === '' ? Number.NaN : Number(typed);
      if (Number.isFinite(value) && (type === 'number' || Number.isInteger(value))) return value;
      this.#prompter.say(type === 'integer' ? '  a whole number' : '  a number');
    }
  }

  async #string(field: FormField): Promise<Json | undefined> {
    for (;;) {
      const typed = await this.#ask(field, shownBefore(field));
      if (typed === '' && typeof field.before === 'string') return field.before;
      if (typed === '' && field.optional) return undefined;
      if (typed !== '') return typed;
      // The schema's own minimum, if any, is checked later.
      if (await this.#prompter.yesOrNo('  leave it empty?', false)) return '';
    }
  }

  async #array(schema: JsonObject, field: FormField): Promise<Json | undefined> {
    const items = schema['items'] ?? true;
    const before = Array.isArray(field.before) ? field.before : [];
    const values: Json[] = [];
    const isText =
      typesOf(this.#resolve(items)).join() === 'string' && !isChoice(this.#resolve(items));
    if (isText) {
      const kept = before.length > 0 ? `; none: ${JSON.stringify(before)}` : '';
      this.#prompter.say(`${field.label}: one per line, an empty line ends${kept}`);
      for (;;) {
        const typed = await this.#prompter.line('  - ');
        if (typed === '') break;
        values.push(typed);
      }
      if (values.length === 0 && before.length > 0) return before;
    } else {
      for (;;) {
        const number = values.length;
        const more = number === 0 ? 'add one' : 'add another';
        const wanted = number < before.length || (number === 0 && !field.optional);
        if (!(await this.#prompter.yesOrNo(`${field.label}: ${more}?`, wanted))) break;
        const value = await this.fill(items, {
          label: `${field.label}[${number}]`,
          optional: false,
          depth: field.depth + 1,
          before: before[number],
        });
        values.push(value ?? null);
      }
    }
    return values.length === 0 && field.optional ? undefined : values;
  }

  async #object(schema: JsonObject, field: FormField): Promise<Json | undefined> {
    const { properties, required } = this.#propertiesOf(schema);
    const before = isJsonObject(field.before) ? field.before : {};
    if (field.optional) {
      const filled = Object.keys(before).length > 0;
      if (!(await this.#prompter.yesOrNo(`${field.label}: fill it in?`, filled))) return undefined;
    }
    if (Object.keys(properties).length === 0) return this.#json({ ...field, optional: false });
    const value: JsonObject = {};
    for (const [name, property] of Object.entries(properties)) {
      const answer = await this.fill(property, {
        label: field.depth === 0 ? name : `${field.label}.${name}`,
        optional: !required.has(name),
        depth: field.depth + 1,
        before: Object.hasOwn(before, name) ? before[name] : undefined,
      });
      if (answer !== undefined) value[name] = answer;
    }
    return value;
  }

  async #oneOf(values: Json[], field: FormField): Promise<Json | undefined> {
    const at = values.findIndex((value) => JSON.stringify(value) === JSON.stringify(field.before));
    this.#prompter.say(`${field.label}:`);
    const fallback = at >= 0 ? at : null;
    const index = await this.#prompter.choice(
      `  ${note(field, fallback === null ? '' : `Enter: ${fallback + 1}`)}> `,
      values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))),
      fallback,
      field.optional,
    );
    return index === null ? undefined : values[index];
  }

  async #alternative(alternatives: Json[], field: FormField): Promise<Json | undefined> {
    const resolved = alternatives.map((each) => this.#resolve(each));
    this.#prompter.say(`${field.label}:`);
    const index = await this.#prompter.choice(
      `  ${note(field, '')}> `,
      resolved.map(nameOf),
      null,
      field.optional,
    );
    if (index === null) return undefined;
    return this.fill(resolved[index] ?? true, {
      ...field,
      optional: false,
      depth: field.depth + 1,
    });
  }

  async #json(field: FormField): Promise<Json | undefined> {
    for (;;) {
      const typed = await this.#ask(
        field,
        note({ optional: false }, `JSON${suffix(field)}`).trim(),
      );
      if (typed === '' && field.before !== undefined) return field.before;
      if (typed === '' && field.optional) return undefined;
      try {
        return JSON.parse(typed) as Json;
      } catch (error) {
        this.#prompter.say(`  no JSON: ${(error as Error).message}`);
      }
    }
  }

  #ask(field: FormField, hint: string): Promise<string> {
    return this.#prompter.line(`${field.label} ${note(field, hint)}> `);
  }

  #describe(schema: JsonObject, field: FormField): void {
    const text = schema['description'] ?? schema['title'];
    if (typeof text !== 'string' || text.trim() === '') return;
    this.#prompter.say(this.#prompter.paint.dim(`${field.label}: ${plainLine(text)}`));
  }

  #propertiesOf(schema: JsonObject): { properties: JsonObject; required: Set<string> } {
    const parts = [schema, ...(Array.isArray(schema['allOf']) ? schema['allOf'] : [])];
    const properties: JsonObject = {};
    const required = new Set<string>();
    for (const part of parts.map((each) => this.#resolve(each))) {
      if (!isJsonObject(part)) continue;
      if (isJsonObject(part['properties'])) Object.assign(properties, part['properties']);
      if (!Array.isArray(part['required'])) continue;
      for (const name of part['required']) if (typeof name === 'string') required.add(name);
    }
    return { properties, required };
  }

  /** Follows local references; what stands beside a reference counts too. */
  #resolve(schema: Json): Json {
    let current = schema;
    for (let steps = 0; steps < MAX_DEPTH; steps += 1) {
      if (!isJsonObject(current) || typeof current['$ref'] !== 'string') return current;
      const { $ref: reference, ...beside } = current;
      const target = this.#at(reference as string);
      if (target === undefined) return beside;
      current = isJsonObject(target) ? { ...target, ...beside } : target;
    }
    return true;
  }

  #at(reference: string): Json | undefined {
    if (reference === '#') return this.#root;
    if (!reference.startsWith('#/')) return undefined;
    let value: Json | undefined = this.#root;
    for (const part of decodeURIComponent(reference.slice(2)).split('/')) {
      const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
      if (Array.isArray(value)) value = value[Number(key)];
      else value = isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
    }
    return value;
  }
}

function typesOf(schema: Json): string[] {
  if (!isJsonObject(schema)) return [];
  const type = schema['type'];
  if (typeof type === 'string') return [type];
  if (Array.isArray(type)) return type.filter((each) => typeof each === 'string');
  if ('properties' in schema || 'allOf' in schema) return ['object'];
  return 'items' in schema ? ['array'] : [];
}

function isChoice(schema: Json): boolean {
  return isJsonObject(schema) && ['enum', 'const', 'oneOf', 'anyOf'].some((key) => key in schema);
}

function nameOf(schema: Json): string {
  if (!isJsonObject(schema)) return 'anything';
  const name = schema['title'] ?? schema['description'];
  if (typeof name === 'string') return name;
  if ('const' in schema) return JSON.stringify(schema['const']);
  if (Array.isArray(schema['enum']))
    return schema['enum'].map((v) => JSON.stringify(v)).join(' | ');
  const types = typesOf(schema);
  const fields = isJsonObject(schema['properties']) ? Object.keys(schema['properties']) : [];
  if (fields.length > 0) return `an object with ${fields.join(', ')}`;
  return types.length > 0 ? types.join(' or ') : 'anything';
}

function note(field: Pick<FormField, 'optional'>, hint: string): string {
  const parts = [hint, field.optional ? 'optional' : ''].filter((part) => part !== '');
  return parts.length === 0 ? '' : `(${parts.join(', ')}) `;
}

function shownBefore({ before }: FormField): string {
  return before === undefined || before === null ? '' : `Enter: ${JSON.stringify(before)}`;
}

function suffix(field: FormField): string {
  return field.before === undefined ? '' : `; ${shownBefore(field)}`;
}
