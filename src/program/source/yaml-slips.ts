/** The commonest slips in YAML, in words that say what to do: the parser's tell what it expected. Pure. */

export interface Slip {
  message: string;
  hint: string;
  /** The offset of what is to be changed. */
  at: number;
}

/** What the author probably did at `offset`, where the parser stopped; null: nothing of the common kind. */
export function slipAt(text: string, offset: number, { code }: { code: string }): Slip | null {
  const from = text.lastIndexOf('\n', offset - 1) + 1;
  const line = text.slice(from).split(/\r?\n/, 1)[0] ?? '';
  const slip = code === 'BAD_INDENT' ? null : (unquoted(line, from) ?? unfit(line, from));
  if (slip !== null) return slip;
  const isAboutIndent =
    /^(BAD_INDENT|MISSING_CHAR|UNEXPECTED_TOKEN|BLOCK_AS_IMPLICIT_KEY|MULTILINE_IMPLICIT_KEY|BAD_COLLECTION_TYPE)$/.test(
      code,
    );
  if (!isAboutIndent) return null;
  return misaligned(text, line, from) ?? below(text, line, from) ?? before(text, from, code);
}

/** `[a-${topic}]`, at `offset` or before it on its line: between brackets a brace of a variable is YAML's own. */
export function variableSlipAt(text: string, offset: number): Slip | null {
  const from = text.lastIndexOf('\n', offset - 1) + 1;
  const line = text.slice(from).split(/\r?\n/, 1)[0] ?? '';
  const value = valueWithVariable(line);
  if (value === null) return null;
  return {
    message: `between brackets, a value with a variable needs quotes: ${value}`,
    hint: `Put it in quotes: ${JSON.stringify(value)}`,
    at: from + line.indexOf(value),
  };
}

/** The first value of a line that stands between brackets, holds a variable and has no quotes around it. */
function valueWithVariable(line: string): string | null {
  const bracket = line.search(/[[{]/);
  if (bracket === -1) return null;
  let end = bracket + 1;
  for (;;) {
    const variable = line.indexOf('${', end);
    if (variable === -1) return null;
    let start = variable;
    while (start > end && !'"\'[]{},'.includes(line.charAt(start - 1))) start -= 1;
    end = variable;
    while (end < line.length && !'"\'[]{},'.includes(line.charAt(end))) {
      const close = line.startsWith('${', end) ? line.indexOf('}', end) : end;
      if (close === -1) return null;
      end = close + 1;
    }
    const isOpen = '[{,'.includes(line.charAt(start - 1)) || start === bracket + 1;
    const value = line
      .slice(start, end)
      .replace(/^[^:]*: +/, '')
      .trim();
    if (isOpen && !value.startsWith('#')) return value;
  }
}

/** `id: a`, and a field below it that is further in: as if it belonged to the value. */
function below(text: string, line: string, from: number): Slip | null {
  const start = from + text.slice(from).search(/\n|$/) + 1;
  const next = text.slice(start).split(/\r?\n/, 1)[0] ?? '';
  const column = indentOf(line) + (/^\s*((?:- +)*)/.exec(line)?.[1]?.length ?? 0);
  const key = /^\s*([^\s:#][^:#]*): /.exec(`${next} `)?.[1];
  if (key === undefined || indentOf(next) <= column || !/: +\S/.test(line)) return null;
  return {
    message: `"${key}" begins after ${spaces(indentOf(next))}, as if it belonged to the line above it, which has a value`,
    hint: `Begin it after ${spaces(column)}, as the line above it does.`,
    at: start + indentOf(next),
  };
}

/** The parser may notice a slip only at the line behind it. */
function before(text: string, from: number, code: string): Slip | null {
  const above = lineAbove(text, from);
  if (above === null || code === 'BAD_INDENT') return null;
  return unquoted(above.line, above.from);
}

/** `title: Fix: the thing`, `title: @me`: a value that must be in quotes. */
function unquoted(line: string, from: number): Slip | null {
  const parts = /^(\s*(?:- +)*)((?!- )[^\s:#'"[{][^:#]*?): +(\S.*?)\s*$/.exec(line);
  const [, indent = '', key = '', value = ''] = parts ?? [];
  if (parts === null) return null;
  const at = from + line.indexOf(value, indent.length + key.length + 1);
  const hint = `Put it in quotes: ${key}: ${JSON.stringify(value)}`;
  if (/^[@`%]/.test(value)) {
    return { message: `a value cannot begin with "${value.charAt(0)}" without quotes`, hint, at };
  }
  const isPlain = !/^["'[{|>&*!]/.test(value);
  if (isPlain && /:( |$)/.test(value)) {
    const message = `the value of "${key}" has a colon in it, so that it looks like another field`;
    return { message, hint, at };
  }
  return null;
}

/** `title A`, `title:A`, `title: 'it's'`, `title: - a`: a field that is no field, or has no such value. */
function unfit(line: string, from: number): Slip | null {
  const at = from + indentOf(line);
  const [, key, glue, rest = ''] = /^\s*([a-z_]+)(:| +|: +- +)(\S.*?)\s*$/.exec(line) ?? [];
  if (key !== undefined && glue !== undefined && !/^: /.test(glue) && !rest.startsWith(':')) {
    const what = glue === ':' ? 'blank behind its colon' : 'colon';
    return {
      message: `the line has no ${what}, so that it is no field`,
      hint: `Write ${key}: ${rest}`,
      at,
    };
  }
  if (glue !== undefined && key !== undefined && glue.endsWith('- ')) {
    const hint = `Write ${key}: [${rest}], or put "- ${rest}" into a line of its own below.`;
    return { message: `a list cannot begin in the line of its field "${key}"`, hint, at };
  }
  const quoted = /: +('(?:[^']|'')*')(?=[^\s,\]}])/.exec(line);
  if (quoted === null) return null;
  const end = from + quoted.index + quoted[0].length;
  const hint = "Write '' for a single quote in the text, or use double quotes around it.";
  return { message: 'the text in single quotes ends here, and more follows', hint, at: end };
}

/** A line that begins in a column where none of those above it does. */
function misaligned(text: string, line: string, from: number): Slip | null {
  const indent = indentOf(line);
  if (line.trim() === '') return null;
  const beside: { column: number; number: number; text: string }[] = [];
  let place = from;
  for (let above = lineAbove(text, place); above !== null; above = lineAbove(text, place)) {
    place = above.from;
    const content = above.line.trim();
    if (content === '' || content.startsWith('#')) continue;
    const column = indentOf(above.line);
    if (beside.length === 0 || column < (beside.at(-1)?.column ?? 0)) {
      const number = text.slice(0, place).split('\n').length;
      const dashes = /^(?:- +)*/.exec(content)?.[0] ?? '';
      // What is no item itself stands beside what is behind the dash.
      const inside = line.trim().startsWith('- ') ? '' : dashes;
      const word = content.slice(inside.length).split(/\s/, 1)[0] ?? '';
      beside.push({ column: column + inside.length, number, text: word });
    }
    if (column === 0) break;
  }
  const [nearest] = beside;
  if (nearest === undefined || beside.some(({ column }) => column === indent)) return null;
  const wanted = [...beside].sort(
    (a, b) => Math.abs(a.column - indent) - Math.abs(b.column - indent),
  )[0];
  if (wanted === undefined) return null;
  return {
    message: `the line begins after ${spaces(indent)}, and fits to no line above it`,
    hint: `Begin it after ${spaces(wanted.column)}, as line ${wanted.number} ("${wanted.text}") does.`,
    at: from + indent,
  };
}

function spaces(count: number): string {
  return count === 1 ? '1 space' : `${count} spaces`;
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

function lineAbove(text: string, from: number): { line: string; from: number } | null {
  if (from === 0) return null;
  const start = text.lastIndexOf('\n', from - 2) + 1;
  return { line: text.slice(start, from - 1).replace(/\r$/, ''), from: start };
}
