/**
 * JSON values, as they stand in inputs, results and events, and how they are read and written. JavaScript's numbers are
 * doubles: `7615917337495251231`, `1e400` and a long fraction are no such number, and `JSON.parse` would change
 * them in silence. Here they are kept as they were written, digit by digit.
 */

export type Json = null | boolean | number | string | ExactNumber | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

/** True for a JSON object: neither null, nor an array, nor a number of many digits. */
export function isJsonObject(value: unknown): value is JsonObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof ExactNumber)
  );
}

/** The deepest nesting of brackets outside strings: writing a value out again takes a level of the stack for each. */
export function nestingOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === 0x5c) i += 1;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) {
      inString = true;
    } else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (code === 0x7d || code === 0x5d) {
      depth -= 1;
    }
  }
  return deepest;
}

/** Sets a field of an object from a text: plain assignment would take `__proto__` for the prototype. */
export function setField(target: JsonObject, name: string, value: Json): void {
  Object.defineProperty(target, name, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

/** A JSON number that a double cannot hold, as it was written. */
export class ExactNumber {
  readonly #text: string;

  /** `text`: a number as JSON has them. */
  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }

  /** The closest double that is finite. */
  toNumber(): number {
    const { MAX_VALUE } = Number;
    return Math.min(MAX_VALUE, Math.max(-MAX_VALUE, Number(this.#text)));
  }

  /** `JSON.stringify` knows no number that it does not print itself: `stringifyJson` mends this text. */
  toJSON(): string {
    marked += 1;
    return mark + this.#text;
  }
}

/** The number that a text spells: a double where that says the same. `text`: a number as JSON has them. */
export function jsonNumber(text: string): number | ExactNumber {
  const number = Number(text);
  if (!Number.isFinite(number)) return new ExactNumber(text);
  const [written, held] = [decimal(text), decimal(String(number))];
  const isSame = written.digits === held.digits && written.exponent === held.exponent;
  return isSame ? number : new ExactNumber(text);
}

/** As 0.<digits> × 10^exponent, with neither a zero first nor last; the sign is never lost. */
function decimal(text: string): { digits: string; exponent: number } {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.replace(/^[-+]/, '').split('.');
  const all = whole + fraction;
  const digits = all.replace(/^0+/, '');
  const zeros = all.length - digits.length;
  const significant = withoutLastZeros(digits);
  if (significant === '') return { digits: '', exponent: 0 };
  return { digits: significant, exponent: Number(exponent) + whole.length - zeros };
}

function withoutLastZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits.charCodeAt(end - 1) === 48) end -= 1;
  return digits.slice(0, end);
}

/** Up to so many digits a decimal number survives the way through a double, unless it is far from 1. */
const SAFE_DIGITS = 15;

/** What may be a number of many digits or a large exponent, within something; others need no second look. */
const suspect = new RegExp(
  `[:[,\\s]-?(?:[\\d.]{${SAFE_DIGITS + 1}}|[\\d.]{1,${SAFE_DIGITS}}[eE][-+]?\\d{2})`,
);

/** An escape, a quote, a number: each is short. A pattern of a whole text in quotes overflows V8's stack at some MB. */
const piece = /\\.|"|-?\d[\d.eE+-]*/g;

/**
 * `JSON.parse`, but that a number which a double cannot hold becomes an `ExactNumber`.
 * @throws SyntaxError as JSON.parse
 */
export function parseJson(text: string): Json {
  const value = JSON.parse(text) as Json;
  if (typeof value !== 'number' && !suspect.test(text)) return value;
  let found = false;
  let isInText = false;
  // Texts that begin with a NUL get another one, so that those with one alone are ours.
  const prepared = text.replace(piece, (token: string, at: number) => {
    if (token === '"') {
      isInText = !isInText;
      const isMarked = isInText && text.startsWith('\\u0000', at + 1) && !isKey(text, at);
      return isMarked ? '"\\u0000' : token;
    }
    if (isInText || typeof jsonNumber(token) === 'number') return token;
    found = true;
    return `"\\u0000${token}"`;
  });
  return found ? withExactNumbers(JSON.parse(prepared) as Json) : value;
}

/** Whether a colon follows the text that begins at this quote. */
function isKey(text: string, quote: number): boolean {
  let end = quote + 1;
  while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  do end += 1;
  while (text[end] === ' ' || text[end] === '\n' || text[end] === '\r' || text[end] === '\t');
  return text[end] === ':';
}

/** In place. With a list of what is left to do: values nest as deeply as their author likes. */
function withExactNumbers(root: Json): Json {
  if (typeof root === 'string') return readMarked(root);
  const left: Json[] = [root];
  for (let value = left.pop(); value !== undefined; value = left.pop()) {
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) {
        if (typeof item === 'string') value[index] = readMarked(item);
        else left.push(item);
      }
    } else if (isJsonObject(value)) {
      for (const [name, item] of Object.entries(value)) {
        if (typeof item !== 'string') left.push(item);
        else if (item.startsWith('\0')) setField(value, name, readMarked(item));
      }
    }
  }
  return root;
}

function readMarked(text: string): string | ExactNumber {
  if (!text.startsWith('\0')) return text;
  return text.startsWith('\0\0') ? text.slice(1) : new ExactNumber(text.slice(1));
}

/** How many numbers `JSON.stringify` has met, and what stands before the digits of each meanwhile. */
let marked = 0;
let mark = '';

/**
 * `JSON.stringify`, but that an `ExactNumber` is written as it was read. `space`: of an indent.
 * Returns undefined where JSON.stringify does.
 */
export function stringifyJson(value: unknown, space = 0): string {
  for (let tries = 0; ; tries += 1) {
    marked = 0;
    mark = `\0${tries}:`;
    const text = JSON.stringify(value, null, space);
    mark = '';
    if (marked === 0) return text;
    const expected = marked;
    let found = 0;
    const ours = new RegExp(`"\\\\u0000${tries}:(-?\\d[\\d.eE+-]*)"`, 'g');
    const written = text.replace(ours, (_, digits: string) => {
      found += 1;
      return digits;
    });
    // More: a text of the value looks like one of ours. Another mark will not.
    if (found === expected) return written;
  }
}

/** A copy in which each `ExactNumber` is the closest double, for who knows no other; the value itself where it has none. */
export function withDoubles(value: Json): Json {
  if (value instanceof ExactNumber) return value.toNumber();
  if (Array.isArray(value)) {
    const copy = value.map(withDoubles);
    return copy.every((item, index) => item === value[index]) ? value : copy;
  }
  if (!isJsonObject(value)) return value;
  let copy: JsonObject | null = null;
  for (const name of Object.keys(value)) {
    const item = withDoubles(value[name] as Json);
    if (item === value[name]) continue;
    copy ??= { ...value };
    setField(copy, name, item);
  }
  return copy ?? value;
}
