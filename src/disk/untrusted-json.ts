/**
 * JSON that somebody else wrote: an agent in its sandbox, an editor, a sync tool. It may be half a
 * file, a device, a link, or nested so deeply that writing it out again overflows the stack. Each of
 * these is a reason, none an exception.
 */
import { isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { parseJson, type Json } from '../model/json.ts';

export interface JsonLimits {
  /** Largest file. */
  maxBytes: number;
  /** Most arrays and objects inside each other. */
  maxDepth: number;
}

/** Enough for what a person or an agent writes; far below what hurts. */
export const MESSAGE_LIMITS: JsonLimits = { maxBytes: 4 * 1024 * 1024, maxDepth: 100 };

export type UntrustedJson =
  | { ok: true; value: Json; /** Milliseconds since 1970. */ modifiedAtMs: number; bytes: Buffer }
  | { ok: false; reason: string };

/** Reads a whole regular file and parses it. Follows no symbolic link and never blocks. */
export function readUntrustedJson(file: string, limits: JsonLimits): UntrustedJson {
  let fd: number;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    return { ok: false, reason: openProblem(error as NodeJS.ErrnoException) };
  }
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) return { ok: false, reason: 'it is not a regular file' };
    if (stats.size > limits.maxBytes) return { ok: false, reason: tooLarge(limits) };
    const bytes = readUpTo(fd, limits.maxBytes + 1);
    if (bytes.length > limits.maxBytes) return { ok: false, reason: tooLarge(limits) };
    const parsed = parseUntrustedJson(bytes, limits.maxDepth);
    return parsed.ok ? { ...parsed, modifiedAtMs: Math.floor(stats.mtimeMs), bytes } : parsed;
  } catch (error) {
    return { ok: false, reason: `it cannot be read: ${(error as Error).message}` };
  } finally {
    closeSync(fd);
  }
}

/** Parses UTF-8 JSON of bounded depth; a byte order mark, which some editors add, is skipped. */
export function parseUntrustedJson(
  bytes: Uint8Array,
  maxDepth: number,
): { ok: true; value: Json } | { ok: false; reason: string } {
  if (!isUtf8(bytes)) return { ok: false, reason: 'it is not UTF-8 text' };
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString('utf8')
    .replace(/^\uFEFF/, '');
  if (text.trim() === '') return { ok: false, reason: 'it is empty' };
  if (nestingOf(text) > maxDepth) {
    return { ok: false, reason: `it is nested more than ${maxDepth} levels deep` };
  }
  try {
    return { ok: true, value: parseJson(text) };
  } catch (error) {
    return { ok: false, reason: `it is not JSON: ${(error as Error).message}` };
  }
}

/** The deepest nesting of brackets outside strings. */
function nestingOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === 0x5c) i += 1;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) {
      inString = true;
    } else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (code === 0x7d || code === 0x5d) {
      depth -= 1;
    }
  }
  return deepest;
}

function readUpTo(fd: number, maxBytes: number): Buffer {
  const chunks: Buffer[] = [];
  for (let total = 0; total < maxBytes;) {
    const chunk = Buffer.allocUnsafe(Math.min(64 * 1024, maxBytes - total));
    const length = readSync(fd, chunk, 0, chunk.length, total);
    if (length === 0) break;
    chunks.push(chunk.subarray(0, length));
    total += length;
  }
  return Buffer.concat(chunks);
}

function tooLarge(limits: JsonLimits): string {
  return `it is larger than ${limits.maxBytes} bytes`;
}

function openProblem(error: NodeJS.ErrnoException): string {
  if (error.code === 'ELOOP' || error.code === 'EMLINK') return 'it is a symbolic link';
  if (error.code === 'ENOENT') return 'it does not exist';
  if (error.code === 'ENXIO' || error.code === 'EISDIR') return 'it is not a regular file';
  return `it cannot be read: ${error.message}`;
}
