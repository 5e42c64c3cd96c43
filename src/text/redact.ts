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

/** `env`: of the attempt, or of whoever starts it. */
export function secretsIn(
  env: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
): Secret[] {
  return names.map((name) => ({ name, value: env[name] ?? '' }));
}

/** Bytes that are all there. */
export function withoutSecretsIn(bytes: Buffer, secrets: readonly Secret[]): Buffer {
  if (secrets.length === 0) return bytes;
  const { push, end } = redactor(secrets);
  return Buffer.from(push(bytes.toString('latin1')) + end(), 'latin1');
}

/** A value without the secrets that the environment of an attempt names, in texts and in names of fields. */
export function withoutSecrets<T extends Json>(
  value: T,
  env: Readonly<Record<string, string | undefined>>,
): T {
  const names = env[REDACTED_VARIABLE]?.split(',') ?? [];
  if (names.length === 0) return value;
  const secrets = secretsIn(env, names);
  const shown = (text: string): string => withoutSecretsIn(Buffer.from(text), secrets).toString();
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

/** A secret as it may stand in a text that was put into JSON strings so often: for each character, all ways to write it. */
interface Written {
  /** What stands in its place. */
  shown: string;
  characters: readonly (readonly string[])[];
}

export function redactor(secrets: readonly Secret[]): Redactor {
  const all = writtenOf(secrets);
  if (all.length === 0) return { push: (bytes) => bytes, end: () => '' };
  const pattern = new RegExp(all.map((written) => `(${sourceOf(written)})`).join('|'), 'g');
  const longest = Math.max(...all.map(longestOf));
  let waiting = '';

  /** Where the end of the text begins that more text could make a secret of. */
  const openAt = (text: string): number => {
    for (let at = Math.max(0, text.length - longest + 1); at < text.length; at += 1) {
      if (all.some((written) => begins(text, at, written))) return at;
    }
    return text.length;
  };
  const replaced = (text: string, until: number): string => {
    let shown = '';
    let at = 0;
    for (const match of text.matchAll(pattern)) {
      if (match.index >= until) break;
      const which = match.findIndex((group, index) => index > 0 && group !== undefined);
      shown += text.slice(at, match.index) + (all[which - 1]?.shown ?? '');
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

/** Longer secrets first: one may be the beginning of another. All as bytes. */
function writtenOf(secrets: readonly Secret[]): Written[] {
  const bySource = new Map<string, Written>();
  const set = secrets.filter(({ value }) => value !== '');
  for (const { name, value } of set.sort((a, b) => b.value.length - a.value.length)) {
    for (let times = 0; times <= MOST_ESCAPES; times += 1) {
      const characters = [...value].map((character) => waysOf(character, times).map(bytesOf));
      const written = { shown: bytesOf(`‹${name}›`), characters };
      const source = sourceOf(written);
      if (!bySource.has(source)) bySource.set(source, written);
    }
  }
  return [...bySource.values()];
}

/**
 * A character that was put into JSON strings so often. What need not be escaped some programs escape all the same: what
 * is not ASCII, what HTML has a meaning for, the slash. None of the ways is the beginning of another.
 */
function waysOf(character: string, times: number): string[] {
  if (times === 0 || /^[A-Za-z0-9]$/.test(character)) return [character];
  const ways = waysOf(character, times - 1).flatMap((way) =>
    way === character ? [inJson(way), ...escapesOf(way)] : [inJson(way)],
  );
  return [...new Set(ways)];
}

function escapesOf(character: string): string[] {
  const units = Array.from({ length: character.length }, (_, at) =>
    character.charCodeAt(at).toString(16).padStart(4, '0'),
  );
  return [
    units.map((unit) => `\\u${unit}`).join(''),
    units.map((unit) => `\\u${unit.toUpperCase()}`).join(''),
    ...(character === '/' ? ['\\/'] : []),
  ];
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** Whether the text from there on is a part of it, which more text could make whole. */
function begins(text: string, from: number, { characters }: Written): boolean {
  let at = from;
  for (const ways of characters) {
    if (at === text.length) return true;
    const way = ways.find((each) => text.startsWith(each, at));
    if (way === undefined) {
      const rest = text.slice(at, at + LONGEST_WAY);
      return at + rest.length === text.length && ways.some((each) => each.startsWith(rest));
    }
    at += way.length;
  }
  return false;
}

/** In characters: that of one beyond the basic plane, in JSON in JSON in JSON. */
const LONGEST_WAY = 2 * ('u0000'.length + 4);

function sourceOf({ characters }: Written): string {
  return characters
    .map((ways) => ways.map(escaped).join('|'))
    .map((source) => (source.includes('|') ? `(?:${source})` : source))
    .join('');
}

function longestOf({ characters }: Written): number {
  return characters.reduce((sum, ways) => sum + Math.max(...ways.map(({ length }) => length)), 0);
}

function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
