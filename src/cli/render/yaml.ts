/**
 * Values as YAML for `show` commands: block style, plain words where they are safe, and text of several
 * lines as it stands. Our own, because `show` of a run of 10,000 instances took seconds with a library that
 * builds a document of nodes first, and loading that took longer than most of what is shown.
 */
import { ExactNumber, type Json, type JsonObject } from '../../model/json.ts';
import { visible } from './visible.ts';

export function renderYaml(value: Json): string {
  let text = '';
  const lines = new Lines((part) => (text += part));
  if (isFilled(value)) writeBlock(value, '', '', lines);
  else lines.push(scalar(value, ''));
  lines.flush();
  return text;
}

/**
 * As `renderYaml`, part by part, of an object whose larger fields are made entry by entry: neither the text of a large
 * document nor the document itself is then ever there as a whole.
 */
export function writeYamlOf(
  fields: Iterable<readonly [string, Json | Iterable<[string, Json]>]>,
  write: (part: string) => void,
): void {
  const lines = new Lines(write);
  for (const [name, item] of fields) {
    if (!isEntries(item)) {
      writeEntry(name, item, '', '', lines);
      continue;
    }
    let isEmpty = true;
    for (const [key, value] of item) {
      if (isEmpty) lines.push(keyOf(name, '', '', lines));
      isEmpty = false;
      writeEntry(key, value, '  ', '  ', lines);
    }
    if (isEmpty) writeEntry(name, {}, '', '', lines);
  }
  lines.flush();
}

function isEntries(item: Json | Iterable<[string, Json]>): item is Iterable<[string, Json]> {
  return (
    typeof item === 'object' && item !== null && !Array.isArray(item) && Symbol.iterator in item
  );
}

const LINES_PER_CHUNK = 500;

/** Joined while they are young: half a million small strings kept to the end are the collector's work. */
class Lines {
  readonly #write: (part: string) => void;
  #lines: string[] = [];

  constructor(write: (part: string) => void) {
    this.#write = write;
  }

  push(line: string): void {
    if (this.#lines.push(line) === LINES_PER_CHUNK) this.flush();
  }

  flush(): void {
    if (this.#lines.length > 0) this.#write(`${this.#lines.join('\n')}\n`);
    this.#lines = [];
  }
}

/** Writes a collection that is not empty; its first line begins with `lead`, the others with `indent`. */
function writeBlock(value: Json[] | JsonObject, indent: string, lead: string, lines: Lines): void {
  const deeper = `${indent}  `;
  let head = lead;
  if (Array.isArray(value)) {
    for (const item of value) {
      if (isFilled(item)) writeBlock(item, deeper, `${head}- `, lines);
      else lines.push(`${head}- ${scalar(item, indent)}`);
      head = indent;
    }
    return;
  }
  for (const name of Object.keys(value)) {
    writeEntry(name, value[name] as Json, head, indent, lines);
    head = indent;
  }
}

function writeEntry(name: string, item: Json, head: string, indent: string, lines: Lines): void {
  const key = keyOf(name, head, indent, lines);
  if (!isFilled(item)) return lines.push(`${key} ${scalar(item, indent)}`);
  lines.push(key);
  const deeper = `${indent}  `;
  writeBlock(item, deeper, deeper, lines);
}

/** How the line of an entry begins. YAML takes a name above 1024 characters only on a line of its own. */
function keyOf(name: string, head: string, indent: string, lines: Lines): string {
  const key = inLine(name);
  if (key.length <= 1024) return `${head}${key}:`;
  lines.push(`${head}? ${key}`);
  return `${indent}:`;
}

function scalar(value: Json, indent: string): string {
  if (value === null) return 'null';
  if (value instanceof ExactNumber) return value.toString();
  if (typeof value === 'object') return Array.isArray(value) ? '[]' : '{}';
  if (typeof value !== 'string') return String(value);
  return isLiteral(value) ? literal(value, `${indent}  `) : inLine(value);
}

/** Texts as they are written: a long document has few many times, and many a few times, close together. */
let known = new Map<string, string>();
let knownBefore = new Map<string, string>();
const MAX_KNOWN = 1000;

function inLine(text: string): string {
  const found = known.get(text);
  if (found !== undefined) return found;
  const written =
    knownBefore.get(text) ?? (isPlain(text) ? text : visible(JSON.stringify(text), false));
  if (text.length >= 100) return written;
  if (known.size === MAX_KNOWN) [known, knownBefore] = [new Map(), known];
  known.set(text, written);
  return written;
}

function isFilled(value: Json): value is Json[] | JsonObject {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.length > 0;
  for (const _ in value) return true;
  return false;
}

const words = /^(true|false|null|yes|no|on|off|y|n)$/i;
const numberLike = /^\d[\d_,.:]*(e[-+]?\d+)?$/i;

/** Words that no version of YAML reads as anything else, and without anything that it gives a meaning to. */
function isPlain(text: string): boolean {
  return (
    text.length < 200 &&
    /^[A-Za-z0-9_/][\w /.,:;@%+=()<>$#&*!?~^-]*$/.test(text) &&
    !/:( |$)| #| $/.test(text) &&
    !words.test(text) &&
    !numberLike.test(text) &&
    Number.isNaN(Number(text))
  );
}

/** Several lines of visible characters that do not begin with a space, and end in one newline or none. */
function isLiteral(text: string): boolean {
  return (
    text.includes('\n') &&
    /^\S/.test(text) &&
    !text.endsWith('\n\n') &&
    !/[^\t\n\x20-\x7e\u00a0-\u061b\u061d-\u200d\u2010-\u2027\u202f-\u2065\u206a-\ud7ff]/.test(text)
  );
}

function literal(text: string, indent: string): string {
  const ended = text.endsWith('\n');
  const lines = (ended ? text.slice(0, -1) : text).split('\n');
  const indented = lines.map((line) => (line === '' ? '' : `${indent}${line}`));
  return [ended ? '|' : '|-', ...indented].join('\n');
}
