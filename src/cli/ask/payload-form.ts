/**
 * Builds a JSON value with a person, field by field, from the JSON Schema that it must match. It knows the
 * schemas that people write for forms; whatever else a schema says is left to the check afterwards, and a
 * field that it cannot ask for in parts is asked for as JSON.
 */
import {
  parseJson,
  stringifyJson,
  isJsonObject,
  type Json,
  type JsonObject,
} from '../../model/json.ts';
import { FormSchema, isChoice, MAX_DEPTH, nameOf, typesOf } from './form-schema.ts';
import type { Prompter } from './prompter.ts';
import { plainLine } from '../../text/plain-text.ts';

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
  readonly #schema: FormSchema;
  readonly #prompter: Prompter;

  constructor(root: JsonObject | boolean, prompter: Prompter) {
    this.#schema = new FormSchema(root);
    this.#prompter = prompter;
  }

  /** undefined: left out. */
  async fill(given: Json, field: FormField): Promise<Json | undefined> {
    const schema = this.#schema.resolve(given);
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
      typesOf(this.#schema.resolve(items)).join() === 'string' &&
      !isChoice(this.#schema.resolve(items));
    if (isText) {
      const kept = before.length > 0 ? `; none: ${stringifyJson(before)}` : '';
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
    const { properties, required } = this.#schema.propertiesOf(schema);
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
    const at = values.findIndex((value) => stringifyJson(value) === stringifyJson(field.before));
    this.#prompter.say(`${field.label}:`);
    const fallback = at >= 0 ? at : null;
    const index = await this.#prompter.choice(
      `  ${note(field, fallback === null ? '' : `Enter: ${fallback + 1}`)}> `,
      values.map((value) => (typeof value === 'string' ? value : stringifyJson(value))),
      fallback,
      field.optional,
    );
    return index === null ? undefined : values[index];
  }

  async #alternative(alternatives: Json[], field: FormField): Promise<Json | undefined> {
    const resolved = alternatives.map((each) => this.#schema.resolve(each));
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
        return parseJson(typed);
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
}

function note(field: Pick<FormField, 'optional'>, hint: string): string {
  const parts = [hint, field.optional ? 'optional' : ''].filter((part) => part !== '');
  return parts.length === 0 ? '' : `(${parts.join(', ')}) `;
}

function shownBefore({ before }: FormField): string {
  return before === undefined || before === null ? '' : `Enter: ${stringifyJson(before)}`;
}

function suffix(field: FormField): string {
  return field.before === undefined ? '' : `; ${shownBefore(field)}`;
}
