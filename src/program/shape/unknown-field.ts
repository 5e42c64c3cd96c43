/** What a field that we do not have is likely to mean, and whether that may be ignored. Pure. */
import { isJsonObject, type Json } from '../../model/json.ts';
import { suggest } from '../../text/suggest.ts';
import { flowForm } from './flow-form.ts';
import type { OtherWords } from './other-words.ts';

export interface UnknownField {
  severity: 'error' | 'warning';
  message: string;
  hint: string | null;
  /** Our field that its author has in mind, where it belongs to the same place. */
  meant: string | null;
}

export interface Surroundings {
  /** The fields that there are. */
  fields: Readonly<Record<string, { examples?: Json[] }>>;
  words?: OtherWords | undefined;
  /** Fields of other forms of the same thing → what they belong to: `mode: route`. */
  ofOtherForms?: ReadonlyMap<string, string>;
}

/** What to say of `name`, which is none of the fields; null: nothing, it is the author's own. */
export function unknownField(
  name: string,
  value: Json,
  { fields, words = {}, ofOtherForms }: Surroundings,
): UnknownField | null {
  if (name.startsWith('x-')) return null;
  const form = ofOtherForms?.get(name);
  if (form !== undefined) {
    // Files that a program wrote have all fields of all forms.
    if (isNothing(value)) return null;
    return error(name, `it belongs to "${form}"`, null, `Remove it, or set "${form}".`);
  }
  const near = suggest(name, Object.keys(fields));
  const known = wordFor(name, words);
  // A word of another tool may be near to a field by chance: "name" is no slip for "named".
  if (known !== undefined && !isSameWord(name, near)) {
    if (!Object.hasOwn(fields, known)) {
      return error(name, 'what it is for is said elsewhere', null, known);
    }
    const example = fields[known]?.examples?.[0];
    const hint =
      example === undefined
        ? `Rename it to "${known}".`
        : `Write, for example, ${known}: ${flowForm(example)}`;
    return error(name, `here that is called "${known}"`, known, hint);
  }
  if (near !== null) {
    return error(name, `the nearest that is known is "${near}"`, near, `Did you mean "${near}"?`);
  }
  return {
    severity: 'warning',
    message: `the field "${name}" is unknown and ignored`,
    hint: null,
    meant: null,
  };
}

function error(name: string, why: string, meant: string | null, hint: string): UnknownField {
  return { severity: 'error', message: `the field "${name}" is unknown: ${why}`, hint, meant };
}

function wordFor(name: string, words: OtherWords): string | undefined {
  if (Object.hasOwn(words, name)) return words[name];
  const plain = bare(name);
  const same = Object.keys(words).find((word) => bare(word) === plain);
  return same === undefined ? undefined : words[same];
}

function isSameWord(name: string, near: string | null): boolean {
  return near !== null && bare(name) === bare(near);
}

/** `dependsOn`, `depends-on` and `Depends_On` are one word. */
function bare(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

function isNothing(value: Json): boolean {
  if (value === null || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return isJsonObject(value) && Object.keys(value).length === 0;
}
