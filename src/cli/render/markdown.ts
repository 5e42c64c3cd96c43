/** Markdown that agents and authors wrote, as lines for a terminal: nothing of it can steer that. */
import { Lexer, type Token, type Tokens } from 'marked';
import type { Paint } from './paint.ts';
import { plainText } from '../../text/plain-text.ts';
import { tableLines, type Column } from './table.ts';
import { textWidth, wrap } from '../../text/width.ts';

/** Nothing that a person wrote goes deeper; what does is shown flat. */
const MAX_DEPTH = 8;
/** Characters. The time that some texts take grows with the square of their length. */
const MAX_LENGTH = 32_000;

interface Page {
  columns: number;
  paint: Paint;
  depth: number;
}

export type MarkdownLines = typeof markdownLines;

/** As lines of at most `columns`, but for what must stay whole: addresses, and lines of code. */
export function markdownLines(markdown: string, columns: number, paint: Paint): string[] {
  const text = plainText(markdown);
  const width = Math.max(20, columns);
  const tokens = tokensOf(text);
  return tokens === null
    ? wrap(text.trimEnd(), width)
    : blocks(tokens, { columns: width, paint, depth: 0 });
}

/** null: it is shown as it is. A foreign text may be made so that reading it takes for ever, or all of the stack. */
function tokensOf(text: string): Token[] | null {
  if (text.length > MAX_LENGTH) return null;
  try {
    return new Lexer({ gfm: true }).lex(text);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Blocks with an empty line between them. */
function blocks(tokens: readonly Token[], page: Page): string[] {
  const shown = tokens
    .filter(({ type }) => type !== 'space' && type !== 'def')
    .map((token) => block(token, page))
    .filter((lines) => lines.length > 0);
  return shown.flatMap((lines, at) => (at === 0 ? lines : ['', ...lines]));
}

function block(token: Token, page: Page): string[] {
  const { columns, paint } = page;
  if (page.depth > MAX_DEPTH) return wrap(token.raw.trim(), columns);
  switch (token.type) {
    case 'heading':
      return wrap(inline((token as Tokens.Heading).tokens), columns).map(paint.bold);
    case 'code':
      return codeLines(token as Tokens.Code, paint);
    case 'blockquote':
      return blocks((token as Tokens.Blockquote).tokens, narrower(page, 2)).map((line) =>
        paint.dim(`│ ${line}`.trimEnd()),
      );
    case 'list':
      return listLines(token as Tokens.List, page);
    case 'table':
      return cellLines(token as Tokens.Table, page);
    case 'hr':
      return [paint.dim('─'.repeat(Math.min(columns, 40)))];
    default:
      return wrap(inline([token]).trim(), columns);
  }
}

function narrower(page: Page, by: number): Page {
  return { ...page, columns: Math.max(20, page.columns - by), depth: page.depth + 1 };
}

/** Lines of code are not broken: what is copied from them must be what they say. */
function codeLines({ text, lang }: Tokens.Code, paint: Paint): string[] {
  const isDiff = /^(diff|patch)\b/.test(lang ?? '');
  return text.split('\n').map((line) => `  ${isDiff ? diffLine(line, paint) : line}`.trimEnd());
}

/** A line of a unified diff, coloured. */
export function diffLine(line: string, paint: Paint): string {
  if (/^(\+\+\+|---|diff |index )/.test(line)) return paint.bold(line);
  if (line.startsWith('@@')) return paint.busy(line);
  if (line.startsWith('+')) return paint.good(line);
  return line.startsWith('-') ? paint.bad(line) : line;
}

function listLines({ items, ordered, start, loose }: Tokens.List, page: Page): string[] {
  const first = typeof start === 'number' ? start : 1;
  return items.flatMap((item, at) => {
    const bullet = ordered ? `${first + at}.` : '-';
    const box = item.task ? `[${item.checked === true ? 'x' : ' '}] ` : '';
    const mark = `${bullet} `;
    const within = narrower(page, textWidth(mark));
    const parts = item.tokens
      .filter(({ type }) => type !== 'space' && type !== 'checkbox')
      .map((token) => block(token, within));
    const lines = parts.flatMap((part, index) => (loose && index > 0 ? ['', ...part] : part));
    const [head = '', ...rest] = lines;
    const gap = ' '.repeat(textWidth(mark));
    const own = [`${mark}${box}${head}`, ...rest.map((line) => `${gap}${line}`.trimEnd())];
    return loose && at > 0 ? ['', ...own] : own;
  });
}

function cellLines({ header, rows }: Tokens.Table, { columns, paint }: Page): string[] {
  const shown = header.map((title, at): Column<Tokens.TableCell[]> => ({
    title: inline(title.tokens),
    cell: (row) => inline(row[at]?.tokens ?? []),
    flexible: true,
  }));
  return tableLines(rows, shown, columns, paint, true);
}

/** Marks that would be in the way of reading go; those that mean something (of code) stay. */
function inline(tokens: readonly Token[]): string {
  return tokens.map(inlinePart).join('');
}

function inlinePart(token: Token): string {
  switch (token.type) {
    case 'br':
      return '\n';
    case 'codespan':
      return `\`${(token as Tokens.Codespan).text}\``;
    case 'link': {
      const { href, tokens } = token as Tokens.Link;
      const text = inline(tokens);
      return text === href || `mailto:${text}` === href ? text : `${text} (${href})`;
    }
    case 'image': {
      const { href, text } = token as Tokens.Image;
      return text === '' ? href : `${text} (${href})`;
    }
    default: {
      const { tokens, text, raw } = token as Tokens.Generic & { text?: string };
      if (tokens !== undefined && tokens.length > 0) return inline(tokens);
      // Line breaks stay: what commands print is no prose, and who broke a line meant it.
      return text ?? raw;
    }
  }
}
