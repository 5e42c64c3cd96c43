/** Reads a text file that somebody else wrote. Says what is wrong with it instead of throwing. */
import { readFileSync, statSync } from 'node:fs';
import { isUtf8 } from 'node:buffer';

/** The largest file that is read unless its reader says otherwise, in bytes. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;

export type ReadText = { ok: true; text: string } | { ok: false; problem: TextProblem };

export interface TextProblem {
  code: 'missing' | 'not_a_file' | 'too_large' | 'not_utf8' | 'unreadable';
  /** A predicate: `is not UTF-8 text: byte 12 (0xff) …`. */
  message: string;
}

/** Reads `file` (absolute) as UTF-8, without a byte order mark. */
export function readText(file: string, maxBytes = MAX_FILE_BYTES): ReadText {
  let bytes: Buffer;
  try {
    const stats = statSync(file);
    if (!stats.isFile()) return no('not_a_file', 'is not a file');
    if (stats.size > maxBytes) return tooLarge(stats.size, maxBytes);
    bytes = readFileSync(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return no('missing', 'does not exist');
    return no('unreadable', `cannot be read (${code ?? 'unknown error'})`);
  }
  return textOf(bytes);
}

/** The text of a file that holds `text`, or what reading would say of it. */
export function readAs(text: string, maxBytes = MAX_FILE_BYTES): ReadText {
  const size = Buffer.byteLength(text);
  return size > maxBytes ? tooLarge(size, maxBytes) : { ok: true, text: withoutMark(text) };
}

function textOf(bytes: Buffer): ReadText {
  if (!isUtf8(bytes)) {
    const offset = firstInvalidByte(bytes);
    const byte = (bytes[offset] ?? 0).toString(16).padStart(2, '0');
    return no('not_utf8', `is not UTF-8 text: the byte at offset ${offset} is 0x${byte}`);
  }
  return { ok: true, text: withoutMark(bytes.toString('utf8')) };
}

function withoutMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

/** Offset, from 0, of the first byte that begins no well-formed UTF-8 sequence (RFC 3629). */
function firstInvalidByte(bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length;) {
    const lead = bytes[at] ?? 0;
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (!isUtf8(bytes.subarray(at, Math.min(at + length, bytes.length)))) return at;
    at += length;
  }
  return bytes.length;
}

function tooLarge(size: number, maxBytes: number): ReadText {
  return no('too_large', `has ${size} bytes; at most ${maxBytes} are allowed`);
}

function no(code: TextProblem['code'], message: string): ReadText {
  return { ok: false, problem: { code, message } };
}
