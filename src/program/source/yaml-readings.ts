/**
 * What a text holds that a person may read otherwise than we do: plain values that YAML 1.1 took for something
 * else (the Python tool read that, as PyYAML does), and characters that change how the text is shown. Pure.
 */
import { visit, type Document } from 'yaml';

export interface Reading {
  offset: number;
  message: string;
  hint: string;
}

/** A text without these has no such value: files are not walked through for nothing. */
const suspicious =
  /(?:^|[\s[{,:])(?:yes|no|on|off)(?=$|[\s\]},#])|0[0-9_bo]|[0-9][_e]|[0-9]:[0-9]|[0-9]{4}-[0-9]|[-+](?:\.[0-9]|0x)/im;

/** Plain values that mean another thing by YAML 1.1, in the order of the text. */
export function olderReadings(text: string, document: Document.Parsed): Reading[] {
  if (!suspicious.test(text)) return [];
  const found: Reading[] = [];
  visit(document, {
    Scalar(key, node) {
      const { source, range, value, type } = node;
      if (key === 'key' || type !== 'PLAIN' || source === undefined || !range) return;
      const older = olderReading(source);
      if (older === null || older === value) return;
      if (typeof older === 'bigint' && Number(older) === value) return;
      const here =
        typeof value === 'string'
          ? `the text "${value}"`
          : `the ${typeof value} ${shownValue(value, source)}`;
      const kind = typeof older === 'bigint' ? 'number' : typeof older;
      const then = typeof older === 'string' ? older : `the ${kind} ${String(older)}`;
      found.push({
        offset: range[0],
        message: `${source} is ${here}; by YAML 1.1 it was ${then}`,
        hint:
          typeof older === 'string'
            ? `To be read alike by all, put it in quotes: "${source}"`
            : `Write ${String(older)} to mean that, or "${source}" to mean the text.`,
      });
    },
  });
  return found;
}

/** As it is kept: a number that JavaScript cannot hold, by its digits. */
function shownValue(value: unknown, source: string): string {
  const isExact = typeof value !== 'number' || Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  return isExact ? String(value) : source.replace(/^([-+]?)0+(?=\d)/, '$1');
}

/** What PyYAML makes of a plain value, where it is none of what both read alike; null: the same as we. */
function olderReading(text: string): number | bigint | boolean | string | null {
  if (/^(yes|Yes|YES|on|On|ON)$/.test(text)) return true;
  if (/^(no|No|NO|off|Off|OFF)$/.test(text)) return false;
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return 'a date';
  if (/^\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d/.test(text)) return 'a time';
  if (!/^[-+.\d]/.test(text)) return null;
  const older = olderNumber(text);
  if (older !== null) return older;
  // Numbers to us, and not to it.
  const isNumber = /^(0o[0-7]+|[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?)$/.test(text);
  return isNumber ? `the text "${text}"` : null;
}

function olderNumber(text: string): number | bigint | null {
  const sign = text.startsWith('-') ? -1 : 1;
  const digits = text.replace(/^[-+]/, '').replaceAll('_', '');
  const whole = (literal: string): bigint => BigInt(sign) * BigInt(literal);
  if (/^0b[01]+$/.test(digits)) return whole(digits);
  if (/^0x[0-9a-fA-F]+$/.test(digits)) return whole(digits);
  if (/^[-+]?0[0-7_]+$/.test(text)) return whole(`0o${digits}`);
  if (/^[-+]?(0|[1-9][0-9_]*)$/.test(text)) return whole(digits);
  if (/^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$/.test(text)) {
    const isWhole = /^[-+]?[1-9]/.test(text) || text.includes('.');
    return isWhole
      ? sign * digits.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
      : null;
  }
  const isFloat =
    /^[-+]?[0-9][0-9_]*\.[0-9_]*([eE][-+][0-9]+)?$/.test(text) ||
    /^\.[0-9][0-9_]*([eE][-+][0-9]+)?$/.test(text);
  return isFloat ? sign * Number(digits) : null;
}

const hidden = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const MAX_HIDDEN = 20;

/** Control characters, and those that change the direction of text. None is named by itself: it would act. */
export function hiddenCharacters(text: string): Reading[] {
  const found: Reading[] = [];
  for (const { 0: character, index } of text.matchAll(hidden)) {
    const code = character.charCodeAt(0);
    const name = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
    const what =
      code < 0xa0
        ? 'a control character'
        : 'which changes the direction in which the text is shown';
    found.push({
      offset: index,
      message: `the character ${name} stands here, ${what}`,
      hint: `Remove it, or write it in double quotes as "\\u${name.slice(2)}".`,
    });
    if (found.length === MAX_HIDDEN) break;
  }
  return found;
}
