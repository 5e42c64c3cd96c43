/** Values of others as parts of a sentence. */
import { ExactNumber, stringifyJson, type Json } from '../model/json.ts';
import { beginning } from './width.ts';

/** The JSON of `value`, its beginning where it has more than `most` characters; `missing` for nothing. */
export function shown(value: Json | undefined, most = 80): string {
  return value === undefined ? 'missing' : shortened(stringifyJson(value), most);
}

/** `text`, or its beginning and `…` where it has more than `most` characters. */
export function shortened(text: string, most: number): string {
  return text.length > most ? beginning(text, most - 2) : text;
}

/** What kind of JSON value it is, in words: `a list`, `an object`, `a string`. */
export function kindOfValue(value: Json | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof ExactNumber) return 'a number';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** The name that JSON Schema has for the kind of a value: `array`, `object`, `null`. */
export function schemaTypeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
