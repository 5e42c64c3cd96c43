/**
 * YAML text to JSON values whose places in the text are known. YAML 1.2 core schema, plus the merge key
 * `<<` that older programs use. What could exhaust the machine is refused: depth, aliases, size.
 */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import { jsonNumber, setField, type Json, type JsonObject } from '../../model/json.ts';
import { hiddenCharacters, olderReadings, type Reading } from './yaml-readings.ts';
import { slipAt, variableSlipAt } from './yaml-slips.ts';

export type Path = readonly (string | number)[];

export interface Position {
  /** From 1. */
  line: number;
  /** From 1. */
  column: number;
}

export interface YamlProblem extends Position {
  severity: 'error' | 'warning' | 'note';
  /** Second part of a diagnostic's code. */
  code: string;
  message: string;
  hint: string | null;
  /** The line as it is written, where its very text is what is wrong. */
  excerpt?: string;
}

export interface YamlSource {
  value: Json;
  /**
   * Where `path` stands: the value, or with `key` its field name. Of what is not there, the nearest thing
   * around it.
   */
  locate(path: Path, at?: 'key' | 'value'): Position;
  /** What is written at `path`, where that is a value without quotes. */
  plainText(path: Path): string | null;
}

/** The code of notes about values that YAML 1.1 read otherwise. */
export const OLDER_READING = 'older_reading';

const MAX_DEPTH = 100;
const MAX_NODES = 200_000;

export interface ParsedYaml {
  /** null where the text has errors. */
  source: YamlSource | null;
  problems: YamlProblem[];
}

export function parseYaml(text: string): ParsedYaml {
  const lines = new LineCounter();
  const problems: YamlProblem[] = [];
  const tooDeepAt = brackets(text);
  if (tooDeepAt !== null) {
    const before = text.slice(0, tooDeepAt).split('\n');
    const place = { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
    return { source: null, problems: [tooDeep(place)] };
  }
  const document = parse(text, lines);
  if (document === null) return { source: null, problems: [tooDeep({ line: 1, column: 1 })] };
  const parsed = { text, document, lines };
  for (const error of document.errors) {
    const problem = withExcerpt(describe(error, parsed, 'error'), text);
    // One slip makes the parser stumble more than once.
    if (!problems.some((one) => isSame(one, problem))) problems.push(problem);
  }
  for (const warning of document.warnings) problems.push(describe(warning, parsed, 'warning'));
  if (document.errors.length > 0) return { source: null, problems };
  latest = parsed;
  const reader = new Reader(document, lines);
  const value = reader.read();
  problems.push(...reader.problems);
  if (reader.problems.some((problem) => problem.severity === 'error'))
    return { source: null, problems };
  const say =
    (severity: 'warning' | 'note', code: string) =>
    ({ offset, ...reading }: Reading): YamlProblem => ({
      severity,
      code,
      ...reading,
      ...position(lines, offset),
    });
  problems.push(
    ...hiddenCharacters(text).map(say('warning', 'hidden_character')),
    ...olderReadings(text, document).map(say('note', OLDER_READING)),
  );
  return { source: sourceOf(text, value), problems };
}

/** Of a text without errors, and the value that it was parsed to. */
export function sourceOf(text: string, value: Json): YamlSource {
  return {
    value,
    locate(path, at) {
      // Where a file begins with a word, so does its value: told without parsing, for what is said of the whole file.
      if (path.length === 0 && /^[a-z]/i.test(text)) return { line: 1, column: 1 };
      return locate(documentOf(text), path, at ?? 'value');
    },
    plainText: (path) => plainText(documentOf(text), path),
  };
}

interface ParsedText {
  text: string;
  document: Document.Parsed;
  lines: LineCounter;
}

/**
 * A document takes ten times the memory of its values, and is needed again only for the place of a problem.
 * One is kept, for the problems of a file come together; of any other the text is parsed anew.
 */
let latest: ParsedText | null = null;

function documentOf(text: string): ParsedText {
  if (latest?.text === text) return latest;
  const lines = new LineCounter();
  const document = parse(text, lines);
  if (document === null) throw new Error('text that was parsed once can be parsed again');
  return (latest = { text, document, lines });
}

function parse(text: string, lineCounter: LineCounter): Document.Parsed | null {
  try {
    return parseDocument(text, {
      lineCounter,
      prettyErrors: false,
      resolveKnownTags: false,
      // Not 'silent': that would hide further documents in the file.
      logLevel: 'error',
    }) as Document.Parsed;
  } catch (error) {
    // The parser is recursive: what nests deeper than its stack is deeper than we allow.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/**
 * The offset at which brackets nest too deeply, or null. The lexer alone is linear and not recursive; the
 * parser behind it takes quadratic time for depth, so that depth is refused before.
 */
function brackets(text: string): number | null {
  let opening = 0;
  for (const character of text)
    if (character === '[' || character === '{' || character === '-' || character === '?')
      opening += 1;
  if (opening <= MAX_DEPTH) return null;
  let depth = 0;
  let onLine = 0;
  let offset = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') depth += 1;
    else if (token === ']' || token === '}') depth = Math.max(0, depth - 1);
    else if (token === '-' || token === '?') onLine += 1;
    else if (token.startsWith('\n') || token.startsWith('\r')) onLine = 0;
    if (depth + onLine > MAX_DEPTH) return offset;
    offset += marker.has(token) ? 0 : token.length;
  }
  return null;
}

// Tokens of the lexer that stand for no text: document start, flow end, scalar.
const marker = new Set(['\x02', '\x18', '\x1f']);

function tooDeep(position: Position): YamlProblem {
  return {
    severity: 'error',
    code: 'too_deep',
    message: `is nested more than ${MAX_DEPTH} levels deep`,
    hint: null,
    ...position,
  };
}

function describe(
  error: YAMLError,
  { text, document, lines }: ParsedText,
  severity: 'error' | 'warning',
): YamlProblem {
  const [from] = error.pos;
  const place = position(lines, from);
  const say = (code: string, message: string, hint: string | null = null): YamlProblem => ({
    severity,
    code,
    message,
    hint,
    ...place,
  });
  switch (error.code) {
    case 'DUPLICATE_KEY': {
      const key = /^[^:\n]{0,100}/.exec(text.slice(from, from + 100))?.[0].trim() ?? '';
      const name = key === '' ? 'a key' : `the key "${key}"`;
      return say('duplicate_key', `${name} occurs twice in one mapping`, 'Remove one of them.');
    }
    case 'MULTIPLE_DOCS':
      return say(
        'multiple_documents',
        'holds more than one YAML document',
        'Keep one per file; remove "---".',
      );
    case 'TAB_AS_INDENT':
      return say('syntax', 'tabs cannot indent YAML', 'Use spaces.');
    case 'TAG_RESOLVE_FAILED':
      return say('tag', error.message, 'Tags have no meaning here; remove it.');
    default: {
      if (error.message.includes('call stack')) return tooDeep(place);
      const variable = variableSlipAt(text, from);
      const open = variable === null ? unfinished(error, document, text) : null;
      if (open) {
        const message = `is not valid YAML: the ${open.what} that begins here does not end`;
        const hint = `Add the closing ${open.closing}`;
        return { ...say('syntax', message, hint), ...position(lines, open.from) };
      }
      const slip = variable ?? slipAt(text, from, error);
      if (slip !== null) {
        const { message, hint, at } = slip;
        return { ...say('syntax', `is not valid YAML: ${message}`, hint), ...position(lines, at) };
      }
      const message = `${error.message.charAt(0).toLowerCase()}${error.message.slice(1)}`;
      return say('syntax', `is not valid YAML: ${message}`);
    }
  }
}

/** Long lines are no help. */
const MAX_EXCERPT_CHARS = 160;

function withExcerpt(problem: YamlProblem, text: string): YamlProblem {
  const excerpt = problem.code === 'syntax' ? text.split(/\r?\n/)[problem.line - 1] : undefined;
  return excerpt === undefined || excerpt.length > MAX_EXCERPT_CHARS
    ? problem
    : { ...problem, excerpt };
}

function isSame(a: YamlProblem, b: YamlProblem): boolean {
  const isThere = a.line === b.line && a.column === b.column;
  return a.message === b.message && (isThere || a.code === 'too_deep');
}

interface Unfinished {
  what: string;
  closing: string;
  /** Where it begins. */
  from: number;
}

/** The parser tells where it missed the end of a quoted text or a bracket: often the end of the file. */
function unfinished(
  { code, message, pos: [end] }: YAMLError,
  document: Document.Parsed,
  text: string,
): Unfinished | null {
  const bracket = /end with a ([\]}])/.exec(message)?.[1];
  if (code !== 'MISSING_CHAR' && (bracket === undefined || text[end] === bracket)) return null;
  let open: Unfinished | null = null;
  const see = (what: string, closing: string, node: Node): void => {
    if (node.range && node.range[0] < end && node.range[2] >= end)
      open = { what, closing, from: node.range[0] };
  };
  visit(document, {
    Scalar(_, node) {
      if (bracket !== undefined) return;
      if (node.type === 'QUOTE_DOUBLE') see('text in quotes', 'quote: "', node);
      else if (node.type === 'QUOTE_SINGLE') see('text in quotes', "quote: '", node);
    },
    Collection(_, node) {
      if (node.flow !== true || bracket === undefined) return;
      if (isSeq(node) === (bracket === ']'))
        see(bracket === ']' ? 'list' : 'mapping', `bracket: ${bracket}`, node);
    },
  });
  return open;
}

function position(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

/** One pass over a document, in its order, so that an alias finds the latest anchor of its name. */
class Reader {
  readonly problems: YamlProblem[] = [];
  private readonly document: Document.Parsed;
  private readonly lines: LineCounter;
  private readonly anchors = new Map<string, Node>();
  private nodes = 0;
  private stopped = false;

  constructor(document: Document.Parsed, lines: LineCounter) {
    this.document = document;
    this.lines = lines;
  }

  read(): Json {
    return this.convert(this.document.contents, 0);
  }

  private convert(node: unknown, depth: number): Json {
    if (this.stopped) return null;
    this.nodes += 1;
    if (this.nodes > MAX_NODES) {
      return this.stop(node, 'too_large', `holds more than ${MAX_NODES} values, aliases followed`);
    }
    if (depth > MAX_DEPTH) {
      return this.stop(node, 'too_deep', `is nested more than ${MAX_DEPTH} levels deep`);
    }
    if (isAlias(node)) {
      const target = this.anchors.get(node.source);
      if (!target)
        return this.stop(
          node,
          'alias',
          `the alias "*${node.source}" has no anchor`,
          `Where it is text, put it in quotes: "*${node.source}"`,
        );
      return this.convert(target, depth + 1);
    }
    if (isScalar(node)) {
      this.remember(node);
      return this.scalar(node.value, node);
    }
    if (isSeq(node)) {
      this.remember(node);
      return node.items.map((item) => this.convert(item, depth + 1));
    }
    if (isMap(node)) {
      this.remember(node);
      return this.map(node, depth);
    }
    return null;
  }

  private map(node: YAMLMap, depth: number): JsonObject {
    const object: JsonObject = {};
    const merged: Json[] = [];
    for (const pair of node.items) {
      const key = keyText(pair.key);
      if (key === null) {
        this.stop(pair.key, 'key', 'a key must be a plain word, not a list or a mapping');
        return object;
      }
      const value = this.convert(pair.value, depth + 1);
      if (key === '<<' && isScalar(pair.key) && pair.key.type === 'PLAIN') merged.push(value);
      else setField(object, key, value);
    }
    for (const source of merged.flat()) {
      if (typeof source !== 'object' || source === null || Array.isArray(source)) continue;
      for (const [key, value] of Object.entries(source))
        if (!Object.hasOwn(object, key)) setField(object, key, value);
    }
    return object;
  }

  private scalar(value: unknown, node: Node): Json {
    if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
    if (typeof value === 'number') {
      const spelled =
        isScalar(node) && node.source !== undefined ? jsonSpelling(node.source) : null;
      if (spelled !== null) return jsonNumber(spelled);
      return this.stop(node, 'number', 'infinity and not-a-number are no values here');
    }
    return value === undefined ? null : String(value);
  }

  private remember(node: Node & { anchor?: string | undefined }): void {
    if (node.anchor !== undefined) this.anchors.set(node.anchor, node);
  }

  private stop(node: unknown, code: string, message: string, hint: string | null = null): null {
    this.stopped = true;
    const offset = startOf(node) ?? 0;
    this.problems.push({
      severity: 'error',
      code,
      message,
      hint,
      ...position(this.lines, offset),
    });
    return null;
  }
}

/** A number of YAML's core schema as JSON spells it; null for infinity and not-a-number. */
function jsonSpelling(source: string): string | null {
  if (/^0[xo]/.test(source)) return BigInt(source).toString();
  const match = /^([-+]?)0*((?:[1-9]\d*)?)(\.\d*)?([eE][-+]?\d+)?$/.exec(source);
  if (match === null) return null;
  const [, sign, whole = '', fraction = '', exponent = ''] = match;
  const minus = sign === '-' ? '-' : '';
  return `${minus}${whole || '0'}${fraction.length > 1 ? fraction : ''}${exponent}`;
}

/** A key as text; null where it is none. */
export function keyText(key: unknown): string | null {
  if (!isScalar(key)) return key === null ? '' : null;
  if (typeof key.value === 'string') return key.value;
  return key.source ?? String(key.value);
}

function startOf(node: unknown): number | null {
  return (node as Partial<Node> | null | undefined)?.range?.[0] ?? null;
}

function locate({ document, lines }: ParsedText, path: Path, at: 'key' | 'value'): Position {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [index, step] of path.entries()) {
    const last = index === path.length - 1;
    if (isMap(node)) {
      const pair = node.items.find((item) => keyText(item.key) === String(step));
      if (!pair) break;
      const key = startOf(pair.key) ?? offset;
      // A field without a value is best shown at its name.
      const value = startOf(pair.value);
      const empty = isScalar(pair.value) && pair.value.source === '';
      offset = value === null || empty || (last && at === 'key') ? key : value;
      node = pair.value;
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(step)];
      if (item === undefined) break;
      offset = startOf(item) ?? offset;
      node = item;
    } else break;
  }
  return position(lines, offset);
}

function plainText({ document }: ParsedText, path: Path): string | null {
  let node: unknown = document.contents;
  for (const step of path) {
    if (isMap(node)) node = node.items.find((item) => keyText(item.key) === String(step))?.value;
    else if (isSeq(node)) node = node.items[Number(step)];
    else return null;
  }
  return isScalar(node) && node.type === 'PLAIN' ? (node.source ?? null) : null;
}
