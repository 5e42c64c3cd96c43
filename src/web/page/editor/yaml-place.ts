/**
 * Where in a YAML text somebody writes: by indentation alone, because a text that is being written is not YAML yet. Pure.
 */

export interface YamlPlace {
  /** From the top down to what the cursor stands in: keys, and `[]` for an item of a list. */
  path: string[];
  /** `value`: behind a colon. `key`: what stands there may become a key, or an item of a list. */
  what: 'key' | 'value';
  /** Where what is typed begins, in the line. */
  from: number;
  /** Up to the cursor. */
  typed: string;
  /** Of the innermost mapping around the cursor: key to what stands in its line. */
  beside: ReadonlyMap<string, string>;
  /** In `{…}` or `[…]`: a key has no lines of its own. */
  inFlow: boolean;
  /** Of the line's first key or item. */
  indent: number;
}

/** What a line holds besides a plain value. */
interface Token {
  indent: number;
  /** Null: an item of a list. */
  key: string | null;
  /** Behind the key, trimmed; empty for an item. */
  rest: string;
  line: number;
}

/** `line`, `column`: from 0. Null: nobody can say, such as in a comment or a text of several lines. */
export function yamlPlace(
  lines: readonly string[],
  line: number,
  column: number,
): YamlPlace | null {
  const before = (lines[line] ?? '').slice(0, column);
  const { tokens, from } = tokensOf(before, line);
  const written = before.slice(from);
  if (/(^|\s)#/.test(written)) return null;
  const open = flowIn(written);
  if (open === null) return null;
  const indent = tokens[0]?.indent ?? from;
  const above = parentsAbove(lines, line, indent, tokens[0]?.key === null);
  if (above === null) return null;
  const stack = [...above, ...tokens];
  const last = stack.at(-1);
  // What stands in the line behind a key is the key's value.
  const isValue = tokens.length > 0 && last?.key !== null && last?.line === line;
  const path = [...stack.map(({ key }) => key ?? '[]'), ...open.path];
  return {
    path,
    what: open.what ?? (isValue ? 'value' : 'key'),
    from: from + open.from,
    typed: written.slice(open.from),
    beside: open.beside ?? besideOf(lines, line, from, stack, isValue),
    inFlow: open.what !== null,
    indent,
  };
}

/** Dashes and keys at the beginning of a line, and where what follows them begins. */
function tokensOf(text: string, line: number): { tokens: Token[]; from: number } {
  const tokens: Token[] = [];
  let at = /^ */.exec(text)?.[0].length ?? 0;
  for (;;) {
    const dash = /^-( +|$)/.exec(text.slice(at));
    if (!dash) break;
    tokens.push({ indent: at, key: null, rest: '', line });
    at += dash[0].length;
  }
  const key = /^(?:"([^"]*)"|'([^']*)'|([^\s#&*!|>%@`"'{}[\],?:-][^\s{}[\],:]*))\s*:(\s+|$)/.exec(
    text.slice(at),
  );
  if (!key) return { tokens, from: at };
  const name = key[1] ?? key[2] ?? key[3] ?? '';
  const from = at + key[0].length;
  tokens.push({ indent: at, key: name, rest: text.slice(from).trim(), line });
  return { tokens, from };
}

/** What the cursor's line stands in. Null: in a text of several lines. */
function parentsAbove(
  lines: readonly string[],
  line: number,
  indent: number,
  isItem: boolean,
): Token[] | null {
  const parents: Token[] = [];
  let [limit, ofItem] = [indent, isItem];
  for (let at = line - 1; at >= 0 && (limit > 0 || ofItem); at -= 1) {
    const text = lines[at] ?? '';
    if (/^\s*(#|$)/.test(text)) continue;
    for (const token of tokensOf(text, at).tokens.reverse()) {
      // A list may stand as far left as its key.
      const holds =
        token.indent < limit || (ofItem && token.indent === limit && token.key !== null);
      if (!holds) continue;
      if (/^[|>][-+0-9]*(\s|$)/.test(token.rest)) return null;
      parents.unshift(token);
      [limit, ofItem] = [token.indent, token.key === null];
    }
  }
  return parents;
}

/** The fields of the innermost mapping but the one that is written. `isValue`: the last key of the stack is. */
function besideOf(
  lines: readonly string[],
  line: number,
  from: number,
  stack: readonly Token[],
  isValue: boolean,
): Map<string, string> {
  const key = stack.findLast((token) => token.key !== null);
  const own = isValue ? null : fieldsAround(lines, line, from);
  if (own !== null && (own.size > 0 || key === undefined || stack.at(-1)?.key !== null)) return own;
  const found = key === undefined ? new Map() : fieldsAround(lines, key.line, key.indent);
  if (key !== undefined && key.key !== null) found.delete(key.key);
  return found;
}

/** Keys at `indent`, in the lines around that are of the same mapping. */
function fieldsAround(lines: readonly string[], line: number, indent: number): Map<string, string> {
  const found = new Map<string, string>();
  /** How far left the line begins; null for an empty one. */
  const note = (at: number): number | null => {
    const text = lines[at] ?? '';
    if (/^\s*(#|$)/.test(text)) return null;
    const field = tokensOf(text, at).tokens.find((each) => each.key !== null);
    if (field !== undefined && field.key !== null && field.indent === indent)
      found.set(field.key, field.rest);
    return /^ */.exec(text)?.[0].length ?? 0;
  };
  const begins = (at: number): number => /^ */.exec(lines[at] ?? '')?.[0].length ?? 0;
  note(line);
  for (let at = line; at > 0 && (begins(at) >= indent || (lines[at] ?? '').trim() === '');) {
    at -= 1;
    const above = note(at);
    if (above !== null && above < indent) break;
  }
  for (let at = line + 1; at < lines.length; at += 1) {
    if ((lines[at] ?? '').trim() !== '' && begins(at) < indent) break;
    note(at);
  }
  return found;
}

interface Flow {
  path: string[];
  what: 'key' | 'value' | null;
  from: number;
  beside: Map<string, string> | null;
}

/** What brackets of the line are open where it ends. Null: within quotes. */
function flowIn(text: string): Flow | null {
  const open: { kind: '{' | '['; key: string | null; from: number; beside: Map<string, string> }[] =
    [];
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at] ?? '';
    const top = open.at(-1);
    if (quote !== '') {
      if (sign === quote) quote = '';
    } else if ((sign === '"' || sign === "'") && text.slice(top?.from ?? 0, at).trim() === '') {
      quote = sign;
    } else if ((sign === '{' || sign === '[') && (top || text.slice(0, at).trim() === '')) {
      open.push({ kind: sign, key: null, from: at + 1, beside: new Map() });
    } else if (top && (sign === '}' || sign === ']')) {
      open.pop();
    } else if (top && sign === ',') {
      if (top.key !== null) top.beside.set(top.key, text.slice(top.from, at).trim());
      Object.assign(top, { key: null, from: at + 1 });
    } else if (top?.kind === '{' && sign === ':' && top.key === null) {
      Object.assign(top, { key: text.slice(top.from, at).trim(), from: at + 1 });
    }
  }
  if (quote !== '') return null;
  const top = open.at(-1);
  if (!top) return { path: [], what: null, from: 0, beside: null };
  const blank = /^ */.exec(text.slice(top.from))?.[0].length ?? 0;
  return {
    path: open.flatMap(({ kind, key }) => (kind === '[' ? ['[]'] : key === null ? [] : [key])),
    what: top.kind === '{' && top.key === null ? 'key' : top.kind === '[' ? 'key' : 'value',
    from: top.from + blank,
    beside: open.findLast(({ kind }) => kind === '{')?.beside ?? null,
  };
}
