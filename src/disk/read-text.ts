/** Reads a text file that a person authored. Says what is wrong with it instead of throwing. */
import { isUtf8 } from 'node:buffer';
import { readForeign, type ForeignTrouble } from './foreign-file.ts';
import { resolveInside } from './inside.ts';

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
  const read = readForeign(file, { maxBytes, followsLinks: true });
  return read.ok ? textOf(read.bytes) : { ok: false, problem: textProblem(read) };
}

/** As `readText`, of a file that must lie in `root` (absolute) when it is opened. */
export function readTextBelow(root: string, relative: string, maxBytes = MAX_FILE_BYTES): ReadText {
  const inside = resolveInside(root, relative);
  if (!inside.ok) return no('unreadable', `cannot be read: ${inside.reason}`);
  const read = readForeign(inside.path, { maxBytes, below: root });
  return read.ok ? textOf(read.bytes) : { ok: false, problem: textProblem(read) };
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

/** What reading said, as a predicate: `it` is the file, which stands before. */
function textProblem({ code, reason }: ForeignTrouble): TextProblem {
  const message = reason.replace(/^it /, '');
  if (code === 'not_regular') return { code: 'not_a_file', message: 'is not a file' };
  if (code === 'missing' || code === 'too_large' || code === 'not_utf8') return { code, message };
  return { code: 'unreadable', message };
}

function tooLarge(size: number, maxBytes: number): ReadText {
  return no('too_large', `has ${size} bytes; at most ${maxBytes} are allowed`);
}

function no(code: TextProblem['code'], message: string): ReadText {
  return { ok: false, problem: { code, message } };
}
