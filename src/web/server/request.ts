/** Reads what a request says: its body, field by field, and its query. What does not fit is refused. */
import type { Context } from 'hono';
import { isJsonObject, type Json, type JsonObject } from '../../model/json.ts';
import { Refusal } from '../../model/refusal.ts';
import { parseForeignJson } from '../../disk/foreign-json.ts';

const MAX_BODY_BYTES = 4 << 20;
const MAX_DEPTH = 100;

/**
 * The JSON object that a request carries; an empty body is an empty object.
 * @throws Refusal `bad-request`, `body-too-large`
 */
export async function readBody(c: Context, maxBytes = MAX_BODY_BYTES): Promise<Body> {
  const bytes = await readBytes(c, maxBytes);
  if (bytes.length === 0) return new Body({});
  const parsed = parseForeignJson(bytes, MAX_DEPTH);
  if (!parsed.ok) throw bad(`the body cannot be used: ${parsed.reason}`);
  if (!isJsonObject(parsed.value)) throw bad('the body must be a JSON object');
  return new Body(parsed.value);
}

async function readBytes(c: Context, maxBytes: number): Promise<Uint8Array> {
  const tooLarge = new Refusal('body-too-large', `a body may have ${maxBytes} bytes`);
  if (Number(c.req.header('content-length') ?? 0) > maxBytes) throw tooLarge;
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of c.req.raw.body ?? []) {
      size += chunk.length;
      if (size > maxBytes) throw tooLarge;
      chunks.push(chunk);
    }
  } catch (error) {
    // Who asked has gone, or sent what is no HTTP: nobody reads the answer, and nothing of ours is wrong.
    throw error === tooLarge ? error : bad('the body broke off');
  }
  return Buffer.concat(chunks);
}

export class Body {
  readonly #fields: JsonObject;

  constructor(fields: JsonObject) {
    this.#fields = fields;
  }

  has(key: string): boolean {
    return this.#get(key) !== undefined;
  }

  text(key: string): string {
    const value = this.#get(key);
    if (typeof value === 'string') return value;
    throw bad(value === undefined ? `"${key}" is missing` : `"${key}" must be a string`);
  }

  textOrNull(key: string): string | null {
    const value = this.#get(key) ?? null;
    if (value === null || typeof value === 'string') return value;
    throw bad(`"${key}" must be a string`);
  }

  texts(key: string): string[] {
    const value = this.#get(key) ?? [];
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
    throw bad(`"${key}" must be a list of strings`);
  }

  object(key: string): JsonObject {
    const value = this.#get(key) ?? {};
    if (isJsonObject(value)) return value;
    throw bad(`"${key}" must be an object`);
  }

  /** An object whose values are strings. */
  textMap(key: string): Map<string, string> {
    const entries = Object.entries(this.object(key));
    const wrong = entries.find(([, value]) => typeof value !== 'string');
    if (wrong) throw bad(`"${key}.${wrong[0]}" must be a string`);
    return new Map(entries as [string, string][]);
  }

  json(key: string): Json {
    return this.#get(key) ?? null;
  }

  flag(key: string): boolean {
    const value = this.#get(key) ?? false;
    if (typeof value === 'boolean') return value;
    throw bad(`"${key}" must be true or false`);
  }

  count(key: string): number {
    const value = this.#get(key) ?? 0;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    throw bad(`"${key}" must be a whole number, not negative`);
  }

  oneOf<const T extends string>(key: string, choices: readonly T[]): T {
    const value = this.oneOfOrNull(key, choices);
    if (value !== null) return value;
    throw bad(`"${key}" is missing; it must be one of ${choices.join(', ')}`);
  }

  oneOfOrNull<const T extends string>(key: string, choices: readonly T[]): T | null {
    const value = this.#get(key) ?? null;
    if (value === null || choices.includes(value as T)) return value as T | null;
    throw bad(`"${key}" must be one of ${choices.join(', ')}`);
  }

  #get(key: string): Json | undefined {
    return Object.hasOwn(this.#fields, key) ? this.#fields[key] : undefined;
  }
}

/** A part of the address, by its name in the route. */
export function param(c: Context, name: string): string {
  return c.req.param(name) ?? '';
}

/** A whole number of the query. */
export function queryNumber(c: Context, name: string): number | undefined {
  const text = c.req.query(name);
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw bad(`"${name}" must be a whole number, not negative`);
}

export function queryOneOf<const T extends string>(
  c: Context,
  name: string,
  choices: readonly T[],
): T | undefined {
  const text = c.req.query(name);
  if (text === undefined || text === '') return undefined;
  if (choices.includes(text as T)) return text as T;
  throw bad(`"${name}" must be one of ${choices.join(', ')}`);
}

const MAX_PAGE_BYTES = 1 << 20;
const PAGE_BYTES = 256 * 1024;

/** Which part of an output or a file is asked for. */
export function queryPlace(c: Context): {
  before: number | undefined;
  after: number | undefined;
  bytes: number;
} {
  const bytes = queryNumber(c, 'bytes') ?? PAGE_BYTES;
  return {
    before: queryNumber(c, 'before'),
    after: queryNumber(c, 'after'),
    bytes: Math.min(MAX_PAGE_BYTES, Math.max(1024, bytes)),
  };
}

function bad(message: string): Refusal {
  return new Refusal('bad-request', message);
}
