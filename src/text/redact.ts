/**
 * Replaces secrets in a stream of bytes, wherever it is cut. Bytes are characters here (latin1), so that a cut within a
 * character does no harm. Pure.
 */
import { isJsonObject, type Json } from '../model/json.ts';

/** A secret, by the name that stands in its place. */
export interface Secret {
  name: string;
  value: string;
}

export interface Redactor {
  /** What can be shown of all that has come so far. What may be the beginning of a secret waits. */
  push(bytes: string): string;
  /** The rest. */
  end(): string;
}

/** Names the variables of an attempt whose values are secrets, with commas between them. No word of it may be one that agents leave out of the environment of what they run. */
export const REDACTED_VARIABLE = 'CODEX_ORCH_REDACTED';

/** A value without the secrets that the environment of an attempt names, in texts and in names of fields. */
export function withoutSecrets<T extends Json>(
  value: T,
  env: Readonly<Record<string, string | undefined>>,
): T {
  const names = env[REDACTED_VARIABLE]?.split(',') ?? [];
  if (names.length === 0) return value;
  const secrets = names.map((name) => ({ name, value: env[name] ?? '' }));
  const shown = (text: string): string => {
    const { push, end } = redactor(secrets);
    return Buffer.from(push(bytesOf(text)) + end(), 'latin1').toString('utf8');
  };
  const cleaned = (part: Json): Json => {
    if (typeof part === 'string') return shown(part);
    if (Array.isArray(part)) return part.map(cleaned);
    if (!isJsonObject(part)) return part;
    return Object.fromEntries(
      Object.entries(part).map(([name, inner]) => [shown(name), cleaned(inner)]),
    );
  };
  return cleaned(value) as T;
}

/** How often text is put into a JSON string, at most: output of a command in an event in a message. */
const MOST_ESCAPES = 3;

export function redactor(secrets: readonly Secret[]): Redactor {
  const forms = formsOf(secrets);
  const words = [...forms.keys()].sort((a, b) => b.length - a.length);
  if (words.length === 0) return { push: (bytes) => bytes, end: () => '' };
  const pattern = new RegExp(words.map(escaped).join('|'), 'g');
  const longest = words[0]?.length ?? 0;
  let waiting = '';

  /** Where the end of the text begins that more text could make a secret of. */
  const openAt = (text: string): number => {
    for (let at = Math.max(0, text.length - longest + 1); at < text.length; at += 1) {
      const end = text.slice(at);
      if (words.some((word) => word.length > end.length && word.startsWith(end))) return at;
    }
    return text.length;
  };
  const replaced = (text: string, until: number): string => {
    let shown = '';
    let at = 0;
    for (const match of text.matchAll(pattern)) {
      if (match.index >= until) break;
      shown += text.slice(at, match.index) + (forms.get(match[0]) ?? '');
      at = match.index + match[0].length;
    }
    const from = Math.max(at, until);
    waiting = text.slice(from);
    return shown + text.slice(at, from);
  };
  return {
    push(bytes) {
      const text = waiting + bytes;
      return replaced(text, openAt(text));
    },
    end: () => replaced(waiting, waiting.length),
  };
}

/** Every way in which a secret may come → what stands in its place; all as bytes. */
function formsOf(secrets: readonly Secret[]): Map<string, string> {
  const forms = new Map<string, string>();
  for (const { name, value } of secrets) {
    if (value === '') continue;
    for (const escape of [inJson, inAscii]) {
      let form = value;
      for (let times = 0; times <= MOST_ESCAPES; times += 1) {
        forms.set(bytesOf(form), bytesOf(`‹${name}›`));
        form = escape(form);
      }
    }
  }
  return forms;
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** As programs write JSON that keep to ASCII. */
function inAscii(text: string): string {
  return inJson(text).replace(
    /[\u0080-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
