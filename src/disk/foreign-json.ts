/**
 * JSON that somebody else wrote: an agent in its sandbox, an editor, a sync tool. It may be half a
 * value, or nested so deeply that writing it out again overflows the stack. Each of these is a reason, none an
 * exception.
 */
import { isUtf8 } from 'node:buffer';
import { nestingOf, parseJson, type Json } from '../model/json.ts';
import { readForeign, type ForeignPlace, type ForeignTrouble } from './foreign-file.ts';

export interface JsonLimits {
  /** Largest file. */
  maxBytes: number;
  /** Most arrays and objects inside each other. */
  maxDepth: number;
}

/** Enough for what a person or an agent writes; far below what hurts. */
export const MESSAGE_LIMITS: JsonLimits = { maxBytes: 4 * 1024 * 1024, maxDepth: 100 };

/** Of what this program wrote itself: results of others are in it, and laid out for people. */
export const RECORD_LIMITS: JsonLimits = { maxBytes: 256 * 1024 * 1024, maxDepth: 1000 };

export type ForeignJson =
  | { ok: true; value: Json; /** Milliseconds since 1970. */ modifiedAtMs: number; bytes: Buffer }
  | JsonTrouble;

export interface JsonTrouble {
  ok: false;
  code: ForeignTrouble['code'] | 'invalid';
  /** Reads on after the file's name and a colon: `it is empty`. */
  reason: string;
}

/** Reads a whole file and parses it. `file`: absolute. */
export function readForeignJson(
  file: string,
  { maxBytes, maxDepth }: JsonLimits,
  place: ForeignPlace = {},
): ForeignJson {
  const read = readForeign(file, { ...place, maxBytes });
  if (!read.ok) {
    const reason = `it is larger than ${maxBytes} bytes`;
    return read.code === 'too_large' ? { ...read, reason } : read;
  }
  const parsed = parseForeignJson(read.bytes, maxDepth);
  return parsed.ok ? { ...parsed, modifiedAtMs: read.modifiedAtMs, bytes: read.bytes } : parsed;
}

/** Parses UTF-8 JSON of bounded depth; a byte order mark, which some editors add, is skipped. */
export function parseForeignJson(
  bytes: Uint8Array,
  maxDepth: number,
): { ok: true; value: Json } | JsonTrouble {
  if (!isUtf8(bytes)) return { ok: false, code: 'not_utf8', reason: 'it is not UTF-8 text' };
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString('utf8')
    .replace(/^\uFEFF/, '');
  if (text.trim() === '') return invalid('it is empty');
  if (nestingOf(text) > maxDepth) {
    return invalid(`it is nested more than ${maxDepth} levels deep`);
  }
  try {
    return { ok: true, value: parseJson(text) };
  } catch (error) {
    return invalid(`it is not JSON: ${(error as Error).message}`);
  }
}

function invalid(reason: string): JsonTrouble {
  return { ok: false, code: 'invalid', reason };
}
