/**
 * The smallest changes of a YAML text: another value in a place, a part more or less in a structure. All
 * other bytes stay; whoever asks looks whether the text then means what it should. Pure.
 */
import type { CST } from 'yaml';
import type { Json } from '../../model/json.ts';
import {
  blockBodyAt,
  columnOf,
  lineEnd,
  nextLine,
  type Slot,
  type Structure,
} from './yaml-places.ts';
import {
  after,
  block,
  inline,
  isBlock,
  lines,
  needsLines,
  type Quote,
  type Style,
} from './yaml-text.ts';

export interface Around {
  style: Style;
  /** `\n` or `\r\n`. */
  lineBreak: string;
}

/** What most lines of a text end with. */
export function lineBreakOf(text: string): string {
  const all = text.split('\n').length - 1;
  return (text.split('\r\n').length - 1) * 2 > all ? '\r\n' : '\n';
}

/** The text with another value in a slot; `oneLine`: as one line, whatever it is. */
export function replaced(
  text: string,
  slot: Slot,
  value: Json,
  around: Around,
  oneLine = false,
): string {
  const { style } = around;
  if (!slot.inFlow && !oneLine && !style.isJson) {
    if (needsLines(value) && !isFlow(slot.value)) return withLines(text, slot, value, around);
    if (typeof value === 'string' && wantsBlock(value, slot, style)) {
      return withBlock(text, slot, value, around);
    }
  }
  return withInline(text, slot, inline(value, style, quoteOf(slot.value), slot.inFlow));
}

/** The text with a part more, at an index of a structure. `key`: of the field, in a map. */
export function withPart(
  text: string,
  structure: Structure,
  index: number,
  key: string | null,
  value: Json,
  around: Around,
): string {
  if (structure.isFlow) return withFlowPart(text, structure, index, key, value, around);
  const { slots, column } = structure;
  const { style, lineBreak } = around;
  const margin = ' '.repeat(column);
  const head = key === null ? `${margin}-` : `${margin}${inline(key, style)}:`;
  // Among mappings in brackets, one more of them.
  const likeOthers = key === null && slots.some(({ value: each }) => isFlow(each));
  const part = likeOthers
    ? [`${head} ${inline(value, style)}`]
    : after(head, value, column, style, key === null);
  const previous = slots[index - 1];
  const next = slots[index];
  if (previous === undefined && next !== undefined) {
    const begins = part.join(lineBreak).slice(column);
    return `${text.slice(0, next.start)}${begins}${lineBreak}${margin}${text.slice(next.start)}`;
  }
  return withLinesAfter(text, previous?.end ?? structure.close, part, lineBreak);
}

/** The text with a part less; null where the structure would be left without any. */
export function withoutPart(text: string, structure: Structure, index: number): string | null {
  const { slots, isFlow: inFlow } = structure;
  const slot = slots[index];
  const next = slots[index + 1];
  const previous = slots[index - 1];
  if (!slot || slots.length === 1) return null;
  if (inFlow) {
    if (next) return text.slice(0, slot.start) + text.slice(next.start);
    return text.slice(0, previous?.to ?? slot.start) + text.slice(slot.to);
  }
  const column = columnOf(text, slot.start);
  if (text.slice(slot.start - column, slot.start).trim() !== '') {
    // Behind the dash of a list: the next field comes there.
    return next ? text.slice(0, slot.start) + text.slice(next.start) : null;
  }
  const end = endsLine(text, slot.end) ? slot.end : nextLine(text, slot.end);
  const rest = text.slice(end);
  const kept = text.slice(0, slot.start - column);
  // Where the text ends without a line break, so it does afterwards.
  return rest === '' && !text.endsWith('\n') ? kept.replace(/\r?\n$/, '') : kept + rest;
}

function withFlowPart(
  text: string,
  structure: Structure,
  index: number,
  key: string | null,
  value: Json,
  { style }: Around,
): string {
  const { slots, open, close } = structure;
  const name = key === null ? '' : `${inline(key, style, 'plain', true)}: `;
  const part = name + inline(value, style, 'plain', true);
  const previous = slots[index - 1];
  const next = slots[index];
  if (previous === undefined && next === undefined) {
    const pad = style.padsFlow ? ' ' : '';
    return `${text.slice(0, open)}${pad}${part}${pad}${text.slice(close)}`;
  }
  const near = previous ?? next;
  const column = near ? columnOf(text, near.start) : 0;
  const lead = near ? text.slice(near.start - column, near.start) : '';
  // Parts that stand in lines of their own stay so.
  const gap = lead.trim() === '' && near ? lineBreakBefore(text, near.start - column) + lead : ' ';
  if (previous) return `${text.slice(0, previous.to)},${gap}${part}${text.slice(previous.to)}`;
  const at = next?.start ?? open;
  return `${text.slice(0, at)}${part},${gap}${text.slice(at)}`;
}

function lineBreakBefore(text: string, lineStart: number): string {
  return text.slice(0, lineStart).endsWith('\r\n') ? '\r\n' : '\n';
}

/** A value of one line. */
function withInline(text: string, slot: Slot, value: string): string {
  const { after: mark, from, to } = slot;
  const colon = slot.kind === 'field' && text[mark - 1] !== ':' && from === to && slot.inFlow;
  if (from === to && from === mark) {
    return `${text.slice(0, mark)}${colon ? ':' : ''} ${value}${text.slice(mark)}`;
  }
  if (slot.value?.type === 'block-scalar') {
    const body = blockBodyAt(slot.value);
    const header = headerEnd(slot.value);
    const line = text.slice(header, body);
    const atEnd = to === text.length && !text.endsWith('\n');
    const kept = atEnd ? line.replace(/\r?\n$/, '') : line;
    return text.slice(0, from) + value + kept + text.slice(to);
  }
  if (!isBlockStructure(slot.value) || !text.slice(mark, from).includes('\n')) {
    return text.slice(0, from) + value + text.slice(to);
  }
  // The lines of the structure go; comments between it and its field stay.
  const lineStart = from - columnOf(text, from);
  const end = endsLine(text, to) ? to : nextLine(text, to);
  const head = `${text.slice(0, mark)} ${value}${text.slice(mark, lineStart)}`;
  const atEnd = end === text.length && !text.endsWith('\n');
  return (atEnd ? head.replace(/\r?\n$/, '') : head) + text.slice(end);
}

/** A literal block. A comment behind the old value stays behind its header. */
function withBlock(text: string, slot: Slot, value: string, { style, lineBreak }: Around): string {
  const old = slot.value?.type === 'block-scalar' ? slot.value : null;
  const { step } = style;
  const column = old === null ? slot.column + step : columnOfBody(old, slot.column + step);
  const made = block(value, column, column - slot.column);
  let { body } = made;
  const head = text.slice(0, slot.from) + (slot.from === slot.after ? ' ' : '') + made.header;
  let rest: string;
  let beside: string;
  if (old !== null) {
    beside = text.slice(headerEnd(old), blockBodyAt(old)).trimEnd();
    rest = text.slice(made.header.endsWith('+') ? slot.end : slot.to);
  } else {
    beside = text.slice(slot.to, lineEnd(text, slot.to)).trimEnd();
    rest = text.slice(nextLine(text, slot.to));
  }
  // Empty lines that follow belong to a text that keeps its own.
  if (made.header.endsWith('+')) {
    const blanks = /^(?:[ \t]*\r?\n)*/.exec(rest)?.[0].split('\n').length ?? 1;
    body = body.slice(0, Math.max(1, body.length - (blanks - 1)));
  }
  const whole = [head + beside, ...body].join(lineBreak);
  const atEnd = rest === '' && !text.endsWith('\n') && !made.header.endsWith('+');
  return whole + (atEnd ? '' : lineBreak) + rest;
}

/** A list or mapping in lines of its own. */
function withLines(text: string, slot: Slot, value: Json, { style, lineBreak }: Around): string {
  const { after: mark, from, to, kind } = slot;
  if (isBlockStructure(slot.value) && text.slice(mark, from).includes('\n')) {
    const part = lines(value, columnOf(text, from), style).join(lineBreak);
    return text.slice(0, from) + part.trimStart() + text.slice(to);
  }
  const deeper = kind === 'item' || !Array.isArray(value) || style.indentsLists;
  const comment = commentBeside(text, slot);
  if (kind === 'item' && comment === '') {
    const part = lines(value, slot.column + 2, style)
      .join(lineBreak)
      .trimStart();
    return withoutOld(text, slot, ` ${part}`, lineBreak);
  }
  const part = lines(value, slot.column + (deeper ? style.step : 0), style);
  return withoutOld(text, slot, [comment, ...part].join(lineBreak), lineBreak);
}

/** What stands behind the old value, or behind its header, in its line. */
function commentBeside(text: string, { value, to, after: mark, from }: Slot): string {
  if (value?.type === 'block-scalar') {
    return text.slice(headerEnd(value), blockBodyAt(value)).trimEnd();
  }
  if (from === to) return text.slice(mark, lineEnd(text, mark)).trimEnd();
  return text.slice(to, lineEnd(text, to)).trimEnd();
}

function withoutOld(text: string, slot: Slot, part: string, lineBreak: string): string {
  const { after: mark, to } = slot;
  const isWhole = slot.value?.type === 'block-scalar' && endsLine(text, to);
  const rest = isWhole ? text.slice(to) : text.slice(nextLine(text, to));
  const atEnd = rest === '' && !text.endsWith('\n');
  return text.slice(0, mark) + part + (atEnd ? '' : lineBreak) + rest;
}

function withLinesAfter(text: string, at: number, part: string[], lineBreak: string): string {
  const end = endsLine(text, at) ? at : nextLine(text, at);
  const head = text.slice(0, end);
  const rest = text.slice(end);
  const gap = head === '' || head.endsWith('\n') ? '' : lineBreak;
  const last = part.at(-1) === '' || rest !== '' || text.endsWith('\n') || text === '';
  return head + gap + part.join(lineBreak) + (last ? lineBreak : '') + rest;
}

/** A block scalar ends behind its last line break. */
function endsLine(text: string, offset: number): boolean {
  return offset > 0 && text[offset - 1] === '\n';
}

function headerEnd({ offset, props }: CST.BlockScalar): number {
  const header = props.find(({ type }) => type === 'block-scalar-header');
  return header && 'source' in header ? header.offset + header.source.length : offset + 1;
}

/** As the old lines are indented, where that is deep enough and known. */
function columnOfBody({ source, props }: CST.BlockScalar, otherwise: number): number {
  const header = props.find(({ type }) => type === 'block-scalar-header');
  const isGiven = header !== undefined && 'source' in header && /\d/.test(header.source);
  const found = /^(?:[ \t]*\r?\n)*( +)\S/.exec(source)?.[1]?.length ?? 0;
  return isGiven || found === 0 ? otherwise : found;
}

/** Text of several lines does, and what was in lines before. */
function wantsBlock(value: string, slot: Slot, style: Style): boolean {
  if (isBlock(value, style)) return true;
  return slot.value?.type === 'block-scalar' && isBlock(`${value}\n`, style) && value !== '';
}

function quoteOf(token: CST.Token | null): Quote {
  if (token?.type === 'single-quoted-scalar') return 'single';
  return token?.type === 'double-quoted-scalar' ? 'double' : 'plain';
}

function isFlow(token: CST.Token | null): boolean {
  return token?.type === 'flow-collection' && token.items.length > 0;
}

function isBlockStructure(token: CST.Token | null): boolean {
  return token?.type === 'block-map' || token?.type === 'block-seq';
}
