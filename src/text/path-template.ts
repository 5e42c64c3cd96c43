/** Paths that may hold `${inputs.<key>}`, or a path into an input: workspaces and writable roots. Pure. */
import type { Json, JsonObject } from '../model/json.ts';
import { kindOfValue } from './shown.ts';
import { inputValue } from './value-at.ts';

export type ResolvedPath = { ok: true; path: string } | { ok: false; reason: string };
export type CleanString = { ok: true; text: string } | { ok: false; reason: string };

export type TemplatePiece =
  | { kind: 'text'; text: string }
  /** `name`: a key, perhaps with a path behind it: see `inputAt`. */
  | { kind: 'input'; name: string };

/** Whether a text holds an input, or is meant to. */
export function isBound(text: string): boolean {
  return text.includes('${');
}

/** Splits a template into its pieces, or says what in it cannot be understood. */
export function parsePathTemplate(
  template: string,
): { ok: true; pieces: TemplatePiece[] } | { ok: false; reason: string } {
  const pieces: TemplatePiece[] = [];
  let rest = template;
  for (let start = rest.indexOf('${'); start !== -1; start = rest.indexOf('${')) {
    const end = rest.indexOf('}', start);
    if (end === -1) return { ok: false, reason: `"\${" without "}" in "${template}"` };
    const reference = rest.slice(start + 2, end);
    const name = reference.startsWith('inputs.') ? reference.slice('inputs.'.length) : '';
    if (name === '') {
      return { ok: false, reason: `"\${${reference}}" is unknown: only "\${inputs.<key>}" is` };
    }
    if (start > 0) pieces.push({ kind: 'text', text: rest.slice(0, start) });
    pieces.push({ kind: 'input', name });
    rest = rest.slice(end + 1);
  }
  if (rest !== '') pieces.push({ kind: 'text', text: rest });
  return { ok: true, pieces };
}

/** The names of the inputs in a template, perhaps with paths behind them, in order; none where it cannot be understood. */
export function inputsOf(template: string): string[] {
  const parsed = parsePathTemplate(template);
  if (!parsed.ok) return [];
  return parsed.pieces.flatMap((piece) => (piece.kind === 'input' ? [piece.name] : []));
}

/**
 * The text of an input as part of a path. Clean is: a string, not empty, without line breaks, NUL, or
 * white space at its ends. One line break at the very end is dropped: files end with one.
 */
export function cleanString(value: Json | undefined): CleanString {
  if (typeof value !== 'string') {
    return { ok: false, reason: `is ${kindOfValue(value)}, not a string` };
  }
  const text = value.replace(/\r?\n$/, '');
  if (text === '') return { ok: false, reason: 'is empty' };
  if (text.includes('\0')) return { ok: false, reason: 'contains a NUL character' };
  if (/[\r\n]/.test(text)) return { ok: false, reason: 'has more than one line' };
  if (text !== text.trim()) return { ok: false, reason: 'begins or ends with white space' };
  return { ok: true, text };
}

/** Puts input values into a template. `values` is what the scope sees (`effectiveValues`). */
export function resolvePathTemplate(template: string, values: JsonObject): ResolvedPath {
  const parsed = parsePathTemplate(template);
  if (!parsed.ok) return parsed;
  let path = '';
  for (const piece of parsed.pieces) {
    if (piece.kind === 'text') {
      path += piece.text;
      continue;
    }
    const given = inputValue(values, piece.name);
    if (given === null) return { ok: false, reason: `the input "${piece.name}" was not given` };
    if (!given.ok) return given;
    const clean = cleanString(given.value);
    if (!clean.ok) return { ok: false, reason: `the input "${piece.name}" ${clean.reason}` };
    path += clean.text;
  }
  return { ok: true, path };
}
