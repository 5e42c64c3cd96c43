/**
 * A file that grows, in pieces of bounded size, from either end. A place in it is an offset in bytes, so
 * that a page is found again however much came since.
 */
import { closeSync, readSync } from 'node:fs';
import { maxLineBytes } from './lines.ts';
import { openOutput, type OutputPlace } from './open-output.ts';

const NEWLINE = 10;

/** Which part: the end (neither is given), what precedes `before`, or what follows `after`. */
export interface PagePlace {
  before?: number | undefined;
  after?: number | undefined;
  /** About how much to read. */
  bytes: number;
  /** Whether a last line without a newline is whole, because nobody writes it any more. */
  ended: boolean;
}

/** Whole lines; a part of one where it is longer than anyone wants to read at once. */
export interface BytePage {
  bytes: Buffer;
  from: number;
  to: number;
  size: number;
}

/** Whole lines around a place; a part of a line where it is longer than the page may become. */
export function bytePage(file: OutputPlace, place: PagePlace): BytePage {
  return existingPage(file, place) ?? { bytes: Buffer.alloc(0), from: 0, to: 0, size: 0 };
}

/** What it printed, as text. */
export function textPage(
  file: OutputPlace,
  place: PagePlace,
): { text: string; from: number; to: number; size: number; binary: boolean } {
  const { bytes, ...rest } = bytePage(file, place);
  const binary = bytes.includes(0);
  return { text: binary ? '' : bytes.toString('utf8'), binary, ...rest };
}

/** The beginning of a text file; null where there is none. */
export function textStart(
  file: OutputPlace,
  maxBytes: number,
): { text: string; size: number; truncated: boolean } | null {
  const page = existingPage(file, { after: 0, bytes: maxBytes, ended: true });
  if (page === null) return null;
  return {
    text: page.bytes.toString('utf8'),
    size: page.size,
    truncated: page.to < page.size,
  };
}

function existingPage(file: OutputPlace, place: PagePlace): BytePage | null {
  const opened = openOutput(file);
  if (opened === null) return null;
  const { fd, stats } = opened;
  const { size } = stats;
  try {
    return place.after === undefined
      ? pageBefore(fd, Math.min(place.before ?? size, size), size, place)
      : pageAfter(fd, Math.min(place.after, size), size, place);
  } finally {
    closeSync(fd);
  }
}

function pageAfter(fd: number, from: number, size: number, place: PagePlace): BytePage {
  for (let wanted = place.bytes; ; wanted *= 4) {
    const bytes = readAt(fd, from, Math.min(wanted, size - from));
    const atEnd = from + bytes.length >= size;
    const newline = bytes.lastIndexOf(NEWLINE);
    const whole = atEnd && place.ended ? bytes.length : newline + 1;
    if (whole > 0) return { bytes: bytes.subarray(0, whole), from, to: from + whole, size };
    // Nothing whole is there yet, or the line is longer than anyone wants to read at once.
    if (atEnd && bytes.length <= maxLineBytes) {
      return { bytes: bytes.subarray(0, 0), from, to: from, size };
    }
    if (bytes.length > maxLineBytes) return { bytes, from, to: from + bytes.length, size };
  }
}

function pageBefore(fd: number, before: number, size: number, place: PagePlace): BytePage {
  const isEnd = place.before === undefined;
  for (let wanted = place.bytes; ; wanted *= 4) {
    const start = Math.max(0, before - wanted);
    const bytes = readAt(fd, start, before - start);
    // From the byte after the newline that precedes the first whole line.
    const first = start === 0 ? 0 : bytes.indexOf(NEWLINE) + 1;
    const last = isEnd && !place.ended ? bytes.lastIndexOf(NEWLINE) + 1 : bytes.length;
    const found = start === 0 || (first > 0 && first < last);
    if (found && first <= last) {
      return { bytes: bytes.subarray(first, last), from: start + first, to: start + last, size };
    }
    if (start === 0) return { bytes: bytes.subarray(0, 0), from: 0, to: 0, size };
    if (wanted > maxLineBytes) return { bytes, from: start, to: before, size };
  }
}

function readAt(fd: number, offset: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(Math.max(0, length));
  let filled = 0;
  while (filled < buffer.length) {
    const read = readSync(fd, buffer, filled, buffer.length - filled, offset + filled);
    if (read === 0) break;
    filled += read;
  }
  return buffer.subarray(0, filled);
}
