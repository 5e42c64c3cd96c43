/**
 * What an assistant is shown of a file: a text whole if it is short, the beginning of a long one, and of
 * anything else the hash alone.
 */
import { closeSync } from 'node:fs';
import { TextDecoder } from 'node:util';
import {
  eachChunk,
  openForeign,
  type ForeignPlace,
  type ForeignTrouble,
} from '../../../disk/foreign-file.ts';

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

/** A file above this is not read for an excerpt, in bytes. */
export const MAX_EXCERPTED_BYTES = 1024 ** 3;

/** Reads the file once, in constant memory. */
export async function readExcerpt(
  file: string,
  place: ForeignPlace = {},
): Promise<Excerpt | ForeignTrouble> {
  const opened = openForeign(file, place);
  if (!opened.ok) return opened;
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const head: Buffer[] = [];
  let size = 0;
  let isText = true;
  let read: Awaited<ReturnType<typeof eachChunk>>;
  try {
    read = await eachChunk(opened, MAX_EXCERPTED_BYTES, (chunk) => {
      if (size < WHOLE_BYTES) head.push(Buffer.from(chunk.subarray(0, WHOLE_BYTES - size)));
      size += chunk.length;
      isText = isText && !chunk.includes(0) && decodes(decoder, chunk, true);
    });
  } finally {
    closeSync(opened.fd);
  }
  if (!read.ok) return read;
  const { sha256 } = read;
  isText = isText && decodes(decoder, Buffer.alloc(0), false);
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
