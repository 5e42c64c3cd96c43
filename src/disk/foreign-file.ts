/**
 * The one way in which files are read that somebody else may have made: an agent in its sandbox, an editor, a
 * sync tool. What lies under such a name may be a link to anything, a pipe that nobody writes to, a device without
 * end, or a file that is another one a moment later. So it is opened once, without following a link and without
 * waiting, must then be a regular file, and whatever is done with it (read, hash, copy) is done with that one
 * descriptor, up to a bound. What is wrong with it is a reason, not an exception.
 *
 * `below` guards against directories on the way that are links: the file must really lie where its name says, below
 * a directory that is ours. Without it only the last part of the name is guarded, for directories of which all
 * are ours.
 */
import {
  closeSync,
  constants,
  fstatSync,
  futimesSync,
  lstatSync,
  openSync,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { isUtf8 } from 'node:buffer';
import { setImmediate as othersTurn } from 'node:timers/promises';
import path from 'node:path';
import { nearestMoment } from '../model/moment.ts';
import { faultPoint } from './fault-point.ts';
import { createForWriting, flushFile, temporaryName, writeAll } from './disk.ts';

export interface ForeignTrouble {
  ok: false;
  code: 'missing' | 'link' | 'not_regular' | 'too_large' | 'not_utf8' | 'unreadable';
  /** Reads on after the file's name and a colon: `it is a symbolic link`. */
  reason: string;
}

export interface ForeignPlace {
  /** Absolute: no directory between it and the file may be a link. */
  below?: string;
  /** A link may lead to it: for files that a person names, or keeps where links are a habit. */
  followsLinks?: boolean;
}

export interface ForeignRead extends ForeignPlace {
  maxBytes: number;
}

export interface Copied {
  /** Bytes. */
  size: number;
  /** Lower-case hex. */
  sha256: string;
}

export type OpenedFile = {
  ok: true;
  /** For reading; whoever has it closes it. */ fd: number;
  stats: Stats;
};

/** More than anybody hands on, and less than what would keep an engine busy for hours. */
const MAX_ARTIFACT_BYTES = 64 * 1024 ** 3;

const CHUNK_BYTES = 256 * 1024;
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Opens a regular file. `file`: absolute. */
export function openForeign(file: string, place: ForeignPlace = {}): OpenedFile | ForeignTrouble {
  let fd: number;
  try {
    fd = openSync(file, place.followsLinks === true ? FLAGS & ~constants.O_NOFOLLOW : FLAGS);
  } catch (error) {
    return openTrouble(file, error, place);
  }
  let taken = false;
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) return notRegular();
    if (place.below !== undefined && !liesBelow(fd, stats, file, place.below)) {
      return trouble('link', 'it is reached through a symbolic link');
    }
    taken = true;
    return { ok: true, fd, stats };
  } catch (error) {
    return unreadable(error);
  } finally {
    if (!taken) closeSync(fd);
  }
}

/** Does something with an open file, and closes it. */
export function withForeign<T>(
  file: string,
  place: ForeignPlace,
  use: (opened: OpenedFile) => T,
): T | ForeignTrouble {
  const opened = openForeign(file, place);
  if (!opened.ok) return opened;
  try {
    return use(opened);
  } finally {
    closeSync(opened.fd);
  }
}

export type ForeignBytes =
  | {
      ok: true;
      bytes: Buffer;
      /** Of the file as it was read, ms since 1970. */ modifiedAtMs: number;
    }
  | ForeignTrouble;

/** The whole of a file. */
export function readForeign(file: string, { maxBytes, ...place }: ForeignRead): ForeignBytes {
  return withForeign(file, place, ({ fd, stats }) => {
    if (stats.size > maxBytes) return tooLarge(stats.size, maxBytes);
    try {
      const bytes = readUpTo(fd, stats.size, maxBytes + 1);
      if (bytes.length > maxBytes) return tooLarge(bytes.length, maxBytes);
      return { ok: true, bytes, modifiedAtMs: nearestMoment(stats.mtimeMs) };
    } catch (error) {
      return unreadable(error);
    }
  });
}

/** The whole of a UTF-8 text, a byte order mark included. */
export function readForeignText(
  file: string,
  options: ForeignRead,
): { ok: true; text: string; bytes: Buffer; modifiedAtMs: number } | ForeignTrouble {
  const read = readForeign(file, options);
  if (!read.ok) return read;
  if (!isUtf8(read.bytes)) return trouble('not_utf8', 'it is not UTF-8 text');
  return { ...read, text: read.bytes.toString('utf8') };
}

/** The first bytes of an open file, at most `maxBytes`. */
export function firstBytes({ fd }: OpenedFile, maxBytes: number): Buffer {
  const sample = Buffer.allocUnsafe(maxBytes);
  return sample.subarray(0, readSync(fd, sample, 0, maxBytes, 0));
}

/**
 * What a name stands for, links not followed. Only for saying so: whether a file can be read is found out by
 * reading it.
 */
export function kindAt(file: string): 'file' | 'directory' | 'link' | 'other' | 'missing' {
  try {
    const stats = lstatSync(file, { throwIfNoEntry: false });
    if (stats === undefined) return 'missing';
    if (stats.isFile()) return 'file';
    if (stats.isDirectory()) return 'directory';
    return stats.isSymbolicLink() ? 'link' : 'other';
  } catch {
    // Through a file, or a directory that may not be looked into.
    return 'missing';
  }
}

/**
 * Copies a file over `target`, in place. Size and hash are of the bytes that were written, so that they hold
 * even if the source changes meanwhile. Errors of writing are thrown.
 *
 * Synchronous chunk by chunk, because nearly all copies are small: queueing each step of them to
 * another thread cost five times the copy, and a large buffer for each kept the collector busy.
 */
export async function copyForeign(
  file: string,
  target: string,
  options: ForeignPlace & { durable?: boolean; maxBytes?: number } = {},
): Promise<({ ok: true } & Copied) | ForeignTrouble> {
  const opened = openForeign(file, options);
  if (!opened.ok) return opened;
  try {
    faultPoint('write', target);
    const to = createForWriting(target);
    try {
      const copied = await eachChunk(opened, options.maxBytes ?? MAX_ARTIFACT_BYTES, (chunk) =>
        writeAll(to, chunk),
      );
      faultPoint('write', target);
      if (copied.ok && options.durable === true) flushFile(to, target);
      return copied;
    } finally {
      closeSync(to);
    }
  } finally {
    closeSync(opened.fd);
  }
}

/**
 * Copies a file with its time, rounded down: git takes what is older than an index to be as the index has it, and looks
 * at what is younger. What is wrong with it is told; a link is followed.
 */
export async function copyKeepingTime(
  file: string,
  target: string,
): Promise<{ ok: true } | ForeignTrouble> {
  const opened = openForeign(file, { followsLinks: true });
  if (!opened.ok) return opened;
  try {
    faultPoint('write', target);
    const to = createForWriting(target);
    try {
      const copied = await eachChunk(opened, MAX_ARTIFACT_BYTES, (chunk) => writeAll(to, chunk));
      const seconds = (Math.floor(opened.stats.mtimeMs) - 1) / 1000;
      futimesSync(to, seconds, seconds);
      return copied;
    } finally {
      closeSync(to);
    }
  } finally {
    closeSync(opened.fd);
  }
}

/** As `copyForeign`, but `target` appears whole: a crash leaves either no new file or all of it. */
export async function copyForeignWhole(
  file: string,
  target: string,
  place: ForeignPlace = {},
): Promise<({ ok: true } & Copied) | ForeignTrouble> {
  const temporary = temporaryName(target);
  try {
    const copied = await copyForeign(file, temporary, place);
    if (copied.ok) {
      faultPoint('rename', target);
      renameSync(temporary, target);
    } else rmSync(temporary, { force: true });
    return copied;
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Size and SHA-256 of a file, in constant memory. */
export async function hashForeign(
  file: string,
  options: ForeignRead,
): Promise<({ ok: true } & Copied) | ForeignTrouble> {
  const opened = openForeign(file, options);
  if (!opened.ok) return opened;
  try {
    return await eachChunk(opened, options.maxBytes, () => undefined);
  } finally {
    closeSync(opened.fd);
  }
}

/** Hash of a file of any size, and its last bytes, `most` of them. */
export async function hashWithEnd(
  file: string,
  most: number,
): Promise<({ ok: true; end: Buffer } & Copied) | ForeignTrouble> {
  const opened = openForeign(file);
  if (!opened.ok) return opened;
  try {
    let [kept, size]: [Buffer[], number] = [[], 0];
    const read = await eachChunk(opened, Number.MAX_SAFE_INTEGER, (chunk) => {
      kept.push(Buffer.from(chunk));
      size += chunk.length;
      if (size < 2 * most) return;
      kept = [Buffer.concat(kept).subarray(-most)];
      size = most;
    });
    return read.ok ? { ...read, end: Buffer.concat(kept).subarray(-most) } : read;
  } finally {
    closeSync(opened.fd);
  }
}

/** Reads a file once, in constant memory, and lets others have their turn in between. */
export async function eachChunk(
  { fd, stats }: OpenedFile,
  maxBytes: number,
  take: (chunk: Buffer) => void,
): Promise<({ ok: true } & Copied) | ForeignTrouble> {
  if (stats.size > maxBytes) return tooLarge(stats.size, maxBytes);
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, stats.size + 1));
  let size = 0;
  for (;;) {
    let length: number;
    try {
      length = readSync(fd, buffer, 0, buffer.length, size);
    } catch (error) {
      return unreadable(error);
    }
    if (length === 0) return { ok: true, size, sha256: hash.digest('hex') };
    size += length;
    if (size > maxBytes) return tooLarge(size, maxBytes);
    const chunk = buffer.subarray(0, length);
    hash.update(chunk);
    take(chunk);
    if (size >= CHUNK_BYTES) await othersTurn();
  }
}

/**
 * Whether an open file lies where its name says, no link on the way. The system knows the real name of what is
 * open, and that cannot be made to lie by exchanging directories meanwhile.
 */
function liesBelow(fd: number, stats: Stats, file: string, below: string): boolean {
  let real: string | null;
  try {
    real = readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    real = null;
  }
  // Mostly no link is on the way at all, and nothing else need be asked.
  if (real === file && file.startsWith(`${below}${path.sep}`)) return true;
  const root = realpathSync.native(below);
  const relative = [below, root]
    .map((one) => path.relative(one, file))
    .find((one) => one !== '' && one !== '..' && !one.startsWith(`..${path.sep}`));
  if (relative === undefined || path.isAbsolute(relative)) return false;
  const parts = relative.split(path.sep);
  const expected = path.join(root, relative);
  if (real !== null) return real === expected || real === `${expected} (deleted)`;
  // Elsewhere than on Linux: each directory is looked at, and the file must be the one that was opened.
  let directory = root;
  for (const part of parts.slice(0, -1)) {
    directory = path.join(directory, part);
    if (!lstatSync(directory).isDirectory()) return false;
  }
  const found = lstatSync(expected);
  return found.ino === stats.ino && found.dev === stats.dev;
}

function readUpTo(fd: number, expected: number, most: number): Buffer {
  const chunks: Buffer[] = [];
  let total = 0;
  // One byte more than there should be shows whether there is more.
  for (let wanted = Math.min(expected + 1, most); wanted > 0;) {
    const chunk = Buffer.allocUnsafe(wanted);
    const length = readSync(fd, chunk, 0, wanted, total);
    if (length === 0) break;
    chunks.push(chunk.subarray(0, length));
    total += length;
    // Of a regular file, less than was wanted is the rest.
    wanted = length < wanted ? 0 : Math.min(CHUNK_BYTES, most - total);
  }
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
}

function openTrouble(file: string, error: unknown, place: ForeignPlace): ForeignTrouble {
  const { code } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ELOOP':
    case 'EMLINK':
      return place.followsLinks === true
        ? trouble('link', 'it is a symbolic link that leads in a circle')
        : trouble('link', 'it is a symbolic link');
    case 'ENOENT':
    case 'ENOTDIR':
      // A broken link on the way looks the same.
      return trouble('missing', 'it does not exist');
    case 'ENXIO':
    case 'EISDIR':
      return notRegular();
    default:
      return ['directory', 'other'].includes(kindAt(file)) ? notRegular() : unreadable(error);
  }
}

function notRegular(): ForeignTrouble {
  return trouble('not_regular', 'it is not a regular file');
}

function tooLarge(size: number, maxBytes: number): ForeignTrouble {
  return trouble('too_large', `it has ${size} bytes; at most ${maxBytes} are allowed`);
}

/** By the system's code alone: its message would repeat the path. */
function unreadable(error: unknown): ForeignTrouble {
  const { code } = error as NodeJS.ErrnoException;
  const why = code === 'EACCES' || code === 'EPERM' ? 'permission denied' : (code ?? String(error));
  return trouble('unreadable', `it cannot be read: ${why}`);
}

function trouble(code: ForeignTrouble['code'], reason: string): ForeignTrouble {
  return { ok: false, code, reason };
}
