/** Reads `events.jsonl`, from the beginning or from a known place, and checks its chain on the way. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { RunEvent } from '../../core/events/events.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import { sha256 } from '../../disk/sha256.ts';
import {
  CHAIN_START,
  checkedEvent,
  damagedLog,
  looksCutOff,
  MAX_LINE_BYTES,
  parseLine,
  type LogPosition,
} from './chain.ts';
import { writeRefusal } from '../write-refusal.ts';

/** Where the whole lines end, and what stands after them. */
export interface LogEnd extends LogPosition {
  /** Length of a torn last line; 0 if there is none. */
  tornBytes: number;
}

export interface ReadOptions {
  /** Go on from a place that an earlier read ended at. */
  after?: LogPosition;
  /** The run that the log must belong to. Default: whatever its first line says. */
  runId?: string;
}

export const LOG_START: LogPosition = {
  seq: 0,
  bytes: 0,
  head: CHAIN_START,
  runId: null,
  formatVersion: null,
};

const CHUNK_BYTES = 256 * 1024;
const NEWLINE = 10;
const NOTHING = Buffer.alloc(0);

/** What is shown of a log: an event, and the offset in bytes at which its line starts. `false`: enough for now. */
export type TakeEvent = (event: RunEvent, start: number) => boolean | void;

/**
 * Reads a whole log, or the rest of one, and says where it ends. The events come to `take` in order, each
 * checked against the chain before. Memory: one chunk and one line. A log that is being written to may be
 * read at the same time: a line in the making counts as torn.
 *
 * @throws Refusal `log-damaged`, `format-newer`, or `log-missing`
 */
export function scanLog(file: string, take: TakeEvent, options: ReadOptions = {}): LogEnd {
  const fd = openLog(file, 'r');
  try {
    return scanOpenLog(fd, file, take, options);
  } finally {
    closeSync(fd);
  }
}

/** As `scanLog`, of an open file. */
export function scanOpenLog(
  fd: number,
  file: string,
  take: TakeEvent,
  options: ReadOptions = {},
): LogEnd {
  const position: LogPosition = { ...(options.after ?? LOG_START) };
  position.runId ??= options.runId ?? null;
  /** An unparsable line: torn only if it turns out to be the last. */
  let unparsable = null as { line: Buffer; reason: string } | null;
  const tail = eachLine(fd, file, position, (line) => {
    if (unparsable) throw damagedLog(file, position.seq + 1, unparsable.reason);
    const parsed = parseLine(line);
    if (!parsed.ok) {
      unparsable = { line: Buffer.from(line), reason: parsed.reason };
      return true;
    }
    const { event, formatVersion } = checkedEvent(parsed.value, position, file);
    const start = position.bytes;
    position.seq += 1;
    position.bytes += line.length + 1;
    position.head = sha256(line);
    position.runId = event.run_id;
    position.formatVersion = formatVersion;
    return take(event, start);
  });
  if (unparsable && !(tail.length === 0 && looksCutOff(unparsable.line))) {
    throw damagedLog(file, position.seq + 1, unparsable.reason);
  }
  if (parseLine(tail.subarray(0, -1)).ok) {
    throw damagedLog(file, position.seq + 1, 'lost its newline');
  }
  return { ...position, tornBytes: unparsable ? unparsable.line.length + 1 : tail.length };
}

/**
 * Gives out the lines from a position on, without newlines, until `take` has enough; returns what follows the
 * last newline. A line is a view of one buffer, and holds only until `take` returns.
 */
function eachLine(
  fd: number,
  file: string,
  start: Readonly<LogPosition>,
  take: (line: Buffer) => boolean | void,
): Buffer {
  let number = start.seq;
  let offset = start.bytes;
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  for (;;) {
    const length = readSync(fd, buffer, 0, CHUNK_BYTES, offset);
    if (length === 0) return Buffer.concat(pending);
    offset += length;
    const chunk = buffer.subarray(0, length);
    let from = 0;
    for (let to = chunk.indexOf(NEWLINE); to >= 0; to = chunk.indexOf(NEWLINE, from)) {
      const rest = chunk.subarray(from, to);
      number += 1;
      const line = pending.length === 0 ? rest : Buffer.concat([...pending, rest]);
      pending = [];
      pendingBytes = 0;
      from = to + 1;
      if (take(line) === false) return NOTHING;
    }
    if (from < length) {
      pending.push(Buffer.from(chunk.subarray(from)));
      pendingBytes += length - from;
      if (pendingBytes > MAX_LINE_BYTES) {
        throw damagedLog(file, number + 1, `is longer than ${MAX_LINE_BYTES} bytes`);
      }
    }
  }
}

/** The line that starts at `start`, without its newline; null where none is whole. */
export function lineAt(fd: number, start: number): Buffer | null {
  for (let length = 4 * 1024; length <= 2 * MAX_LINE_BYTES; length *= 8) {
    const buffer = Buffer.allocUnsafe(length);
    const read = readSync(fd, buffer, 0, length, start);
    const to = buffer.subarray(0, read).indexOf(NEWLINE);
    if (to >= 0) return buffer.subarray(0, to);
    if (read < length) return null;
  }
  return null;
}

/**
 * A pipe in its place would let everyone wait for ever: it is no log.
 * @throws Refusal `log-missing`, `log-unreadable`; opened for writing also `write-failed`
 */
export function openLog(file: string, flags: 'r' | 'r+'): number {
  const { O_RDONLY, O_RDWR, O_NONBLOCK } = constants;
  const details = { exit: ExitStatus.notFound };
  let fd: number;
  try {
    fd = openSync(file, (flags === 'r' ? O_RDONLY : O_RDWR) | O_NONBLOCK);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      throw new Refusal('log-missing', `There is no event log at ${file}.`, details);
    }
    if (flags === 'r+') throw writeRefusal(file, error);
    throw new Refusal('log-unreadable', `The event log cannot be read: ${message}.`, details);
  }
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw new Refusal('log-unreadable', `${file} is no regular file.`, details);
}
