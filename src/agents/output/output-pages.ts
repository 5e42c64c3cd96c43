/**
 * An attempt's output in pieces of bounded size, from either end: what it did (activities), and what it
 * printed (text). A place in it is an offset in bytes, so that a page is found again however much came
 * since.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import type { AgentActivity } from '../../model/activity.ts';
import type { OutputReader } from '../backend.ts';
import { backendOf } from '../backends.ts';

interface ActivityAt {
  /** Offset of its line. */
  at: number;
  activity: AgentActivity;
  /** Long texts in it were cut. */
  clipped: boolean;
}

export interface OutputChunk {
  activities: ActivityAt[];
  from: number;
  to: number;
}

/** Which part: the end (neither is given), what precedes `before`, or what follows `after`. */
export interface PagePlace {
  before?: number | undefined;
  after?: number | undefined;
  /** About how much to read. */
  bytes: number;
  /** Whether a last line without a newline is whole, because nobody writes it any more. */
  ended: boolean;
}

interface BytePage {
  bytes: Buffer;
  from: number;
  to: number;
  size: number;
}

/** A line above this is left out of activities. */
const MAX_LINE_BYTES = 8 << 20;
/** Texts of activities above this are cut. */
const MAX_TEXT_CHARS = 32 * 1024;
const LIVE_BYTES = 512 * 1024;
/** With more than this unread, who looks live skips to the end. */
const LIVE_BEHIND_BYTES = 4 << 20;
const NEWLINE = 10;

export function activityPage(
  file: string,
  backend: string,
  place: PagePlace,
): OutputChunk & { size: number } {
  const { bytes, from, to, size } = readPage(file, place);
  const reader = backendOf(backend).reader();
  return { activities: parseLines(reader, bytes, from), from, to, size };
}

export function textPage(
  file: string,
  place: PagePlace,
): { text: string; from: number; to: number; size: number; binary: boolean } {
  const { bytes, ...rest } = readPage(file, place);
  const binary = bytes.includes(0);
  return { text: binary ? '' : bytes.toString('utf8'), binary, ...rest };
}

/** The beginning of a text file; null where there is none. */
export function textStart(
  file: string,
  maxBytes: number,
): { text: string; size: number; truncated: boolean } | null {
  const page = readPage(file, { after: 0, bytes: maxBytes, ended: true }, null);
  if (page === null) return null;
  return {
    text: page.bytes.toString('utf8'),
    size: page.size,
    truncated: page.to < page.size,
  };
}

/** Follows one attempt's activities. The file need not exist yet. */
export class LivePages {
  readonly #file: string;
  readonly #reader: OutputReader;
  #offset: number;

  constructor(file: string, backend: string, atEnd: boolean) {
    this.#file = file;
    this.#reader = backendOf(backend).reader();
    this.#offset = atEnd ? readPage(file, { bytes: 64 * 1024, ended: false }).to : 0;
  }

  /** What came since the last call; `ended`: also a last line without a newline. */
  next(ended: boolean): OutputChunk {
    const size = sizeOf(this.#file);
    if (size - this.#offset > LIVE_BEHIND_BYTES) {
      this.#offset = readPage(this.#file, { bytes: LIVE_BYTES, ended: false }).from;
    }
    const place = { after: this.#offset, bytes: LIVE_BYTES, ended };
    const { bytes, from, to } = readPage(this.#file, place);
    this.#offset = to;
    return { activities: parseLines(this.#reader, bytes, from), from, to };
  }
}

function parseLines(reader: OutputReader, bytes: Buffer, from: number): ActivityAt[] {
  const found: ActivityAt[] = [];
  for (let start = 0; start < bytes.length;) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline;
    const at = from + start;
    if (end - start > MAX_LINE_BYTES) {
      found.push({ at, activity: { type: 'truncated', bytes: end - start }, clipped: false });
    } else {
      for (const activity of reader.push(bytes.toString('utf8', start, end))) {
        found.push({ at, ...clip(activity) });
      }
    }
    start = end + 1;
  }
  return found;
}

function clip(activity: AgentActivity): { activity: AgentActivity; clipped: boolean } {
  let clipped = false;
  const entries = Object.entries(activity).map(([key, value]: [string, unknown]) => {
    if (typeof value === 'string' && value.length > MAX_TEXT_CHARS) {
      clipped = true;
      return [key, value.slice(0, MAX_TEXT_CHARS)];
    }
    if (Array.isArray(value) && value.length > 500) {
      clipped = true;
      return [key, value.slice(0, 500) as unknown[]];
    }
    return [key, value];
  });
  return clipped
    ? { activity: Object.fromEntries(entries) as AgentActivity, clipped }
    : { activity, clipped };
}

/** Whole lines around a place; a part of a line where it is longer than the page may become. */
function readPage(file: string, place: PagePlace): BytePage;
function readPage(file: string, place: PagePlace, missing: null): BytePage | null;
function readPage(file: string, place: PagePlace, missing?: null): BytePage | null {
  let fd: number;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOENT' && code !== 'ELOOP' && code !== 'ENXIO') throw error;
    if (missing === null) return null;
    return { bytes: Buffer.alloc(0), from: 0, to: 0, size: 0 };
  }
  try {
    const stat = fstatSync(fd);
    const size = stat.isFile() ? stat.size : 0;
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
    if (atEnd && bytes.length <= MAX_LINE_BYTES) {
      return { bytes: bytes.subarray(0, 0), from, to: from, size };
    }
    if (bytes.length > MAX_LINE_BYTES) return { bytes, from, to: from + bytes.length, size };
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
    if (wanted > MAX_LINE_BYTES) return { bytes, from: start, to: before, size };
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

function sizeOf(file: string): number {
  return lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
