/**
 * What an assistant is shown of a file: a text whole if it is short, the beginning of a long one, and of
 * anything else the hash alone.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { TextDecoder } from 'node:util';

/** A text up to this size is shown whole. */
export const WHOLE_BYTES = 16 * 1024;
/** Of a longer text so much is shown. */
export const PREVIEW_BYTES = 4 * 1024;

export interface Excerpt {
  /** Of the whole file, in bytes. */
  size: number;
  sha256: string;
  /** `binary`: not UTF-8, or with a NUL byte in it. */
  shown: 'whole' | 'preview' | 'binary';
  /** Empty for a binary file. */
  text: string;
}

/** Reads the file once, in constant memory. Throws what reading throws. */
export async function readExcerpt(file: string): Promise<Excerpt> {
  const hash = createHash('sha256');
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const head: Buffer[] = [];
  let size = 0;
  let isText = true;
  for await (const piece of createReadStream(file)) {
    const chunk = piece as Buffer;
    hash.update(chunk);
    if (size < WHOLE_BYTES) head.push(chunk.subarray(0, WHOLE_BYTES - size));
    size += chunk.length;
    isText = isText && !chunk.includes(0) && decodes(decoder, chunk, true);
  }
  isText = isText && decodes(decoder, Buffer.alloc(0), false);
  const sha256 = hash.digest('hex');
  if (!isText) return { size, sha256, shown: 'binary', text: '' };
  const bytes = Buffer.concat(head);
  if (size <= WHOLE_BYTES) return { size, sha256, shown: 'whole', text: bytes.toString('utf8') };
  // `stream`: the preview may end in the middle of a character.
  const text = new TextDecoder().decode(bytes.subarray(0, PREVIEW_BYTES), { stream: true });
  return { size, sha256, shown: 'preview', text };
}

function decodes(decoder: TextDecoder, bytes: Uint8Array, stream: boolean): boolean {
  try {
    decoder.decode(bytes, { stream });
    return true;
  } catch {
    return false;
  }
}
