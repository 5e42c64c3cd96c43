/** Values as YAML text: in one line, or in lines of a given indentation. Pure. */
import { isJsonObject, type ExactNumber, type Json, type JsonObject } from '../../model/json.ts';

/** How the text around a new value is written. */
export interface Style {
  /** Spaces that a level is indented by. */
  step: number;
  /** Whether lists stand deeper than their field, or at its margin. */
  indentsLists: boolean;
  /** `{ a: 1 }` rather than `{a: 1}`. */
  padsFlow: boolean;
  /** All of it is JSON: strings are in double quotes. */
  isJson: boolean;
}

export type Quote = 'plain' | 'single' | 'double';

/** Of a text that is all ours. */
export const plainStyle: Style = { step: 2, indentsLists: true, padsFlow: false, isJson: false };

/** The style of a text, as far as it shows one. */
export function styleOf(text: string): Style {
  return {
    step: /^[A-Za-z_]+:[ \t]*(?:#.*)?\r?\n {4}\S/m.test(text) ? 4 : 2,
    indentsLists: !/^[A-Za-z_]+:[ \t]*(#.*)?\r?\n- /m.test(text),
    padsFlow: /[[{] [^\s\]}]/.test(text),
    isJson: isJsonText(text),
  };
}

function isJsonText(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A value in one line; `inFlow`: to stand within brackets. `quote`: for a string, where it can be had. */
export function inline(value: Json, style: Style, quote: Quote = 'plain', inFlow = false): string {
  const pad = style.padsFlow ? ' ' : '';
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    return `[${pad}${value.map((item) => inline(item, style, 'plain', true)).join(', ')}${pad}]`;
  }
  if (isJsonObject(value)) {
    const entries = Object.entries(value).map(
      ([key, item]) =>
        `${inline(key, style, 'plain', true)}: ${inline(item, style, 'plain', true)}`,
    );
    return entries.length === 0 ? '{}' : `{${pad}${entries.join(', ')}${pad}}`;
  }
  if (typeof value !== 'string') return numberOrWord(value);
  if (style.isJson) return quoted(value);
  if (quote === 'single' && isPrintable(value) && !value.includes('\n')) {
    return `'${value.replaceAll("'", "''")}'`;
  }
  return quote === 'plain' && isPlain(value, inFlow) ? value : quoted(value);
}

function numberOrWord(value: number | ExactNumber | boolean | null): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** A value that needs lines of its own: a list or mapping that is not empty. `column` is theirs. */
export function lines(value: Json, column: number, style: Style): string[] {
  const margin = ' '.repeat(column);
  if (Array.isArray(value)) {
    return value.flatMap((item) => after(`${margin}-`, item, column, style, true));
  }
  return Object.entries(value as JsonObject).flatMap(([key, item]) =>
    after(`${margin}${inline(key, style)}:`, item, column, style, false),
  );
}

/**
 * `head` (up to its `-` or `:`, which stands in a structure at `column`) with the value behind it, as
 * lines. A mapping in a list begins behind the dash.
 */
export function after(
  head: string,
  value: Json,
  column: number,
  style: Style,
  inList: boolean,
): string[] {
  const inner = column + (inList || !Array.isArray(value) || style.indentsLists ? style.step : 0);
  if (needsLines(value)) {
    if (!inList) return [head, ...lines(value, inner, style)];
    const [first = '', ...rest] = lines(value, column + 2, style);
    return [`${head} ${first.trimStart()}`, ...rest];
  }
  if (typeof value === 'string' && isBlock(value, style)) {
    const { header, body } = block(value, column + style.step, style.step);
    return [`${head} ${header}`, ...body];
  }
  return [`${head} ${inline(value, style)}`];
}

export function needsLines(value: Json): boolean {
  return (Array.isArray(value) || isJsonObject(value)) && Object.keys(value).length > 0;
}

/** Whether a string is better written as a literal block, and can be. */
export function isBlock(value: string, style: Style): boolean {
  return (
    !style.isJson &&
    value.includes('\n') &&
    value.trim() !== '' &&
    isPrintable(value) &&
    !/\n[ \t]+$/.test(value)
  );
}

/** `|`, with what it takes to mean exactly `value`, and its lines at `column`; see `isBlock`. */
export function block(
  value: string,
  column: number,
  step: number,
): { header: string; body: string[] } {
  let ends = 0;
  while (value[value.length - 1 - ends] === '\n') ends += 1;
  const chomp = ends === 0 ? '-' : ends === 1 ? '' : '+';
  // The first line would be taken for deeper than the rest, or a line of blanks for one that is empty.
  const indicator = /^\n*[ \t]|\n[ \t]+(\n|$)/.test(value) ? String(step) : '';
  const body = (ends === 0 ? value : value.slice(0, -1)).split('\n');
  const margin = ' '.repeat(column);
  return {
    header: `|${indicator}${chomp}`,
    body: body.map((line) => (line === '' ? '' : margin + line)),
  };
}

/** Nothing that YAML takes for a line break or needs an escape for (section 5 of YAML 1.2). */
function isPrintable(text: string): boolean {
  return !/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]|\p{Cs}/u.test(
    text,
  );
}

// What a plain scalar would be taken for instead of text, by YAML 1.2 or by the 1.1 of other tools.
const notText =
  /^(?:~|null|true|false|yes|no|on|off|=|<<|[-+]?\.(?:inf|nan)|[-+]?[0-9][0-9_,]*(?:\.[0-9_]*)?(?:e[-+]?[0-9]+)?|[-+]?\.[0-9][0-9_]*(?:e[-+]?[0-9]+)?|0[xob][0-9a-f_]+|[-+]?[0-9][0-9_]*(?::[0-9]{1,2})+(?:\.[0-9_]*)?|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*)$/i;

/** Whether text stands for itself without quotes. */
function isPlain(text: string, inFlow: boolean): boolean {
  if (text === '' || text !== text.trim() || !isPrintable(text) || /[\n\t]/.test(text))
    return false;
  if (/^[-?:](?: |$)|^[[\]{},#&*!|>'"%@`]|^(?:---|\.\.\.)/.test(text)) return false;
  if (/: |:$| #/.test(text) || (inFlow && /[[\]{},]/.test(text))) return false;
  return !notText.test(text);
}

/** JSON is YAML; what JSON may hold raw and YAML may not is escaped. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
