/**
 * The few ways in which this program changes the disk. Small files are written synchronously: the
 * engine has one thread, the files are small, and a synchronous write costs a tenth of a queued one.
 *
 * Durability: `replaceFile` gives readers either the old or the new content, never a mixture; with
 * `durable` it survives a power cut too. The temporary file stands in the target's own directory,
 * because a rename across mounts fails, and inside an agent's sandbox every root is a mount.
 */
import { stringifyJson } from '../model/json.ts';
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { faultPoint } from './fault-point.ts';

export interface WriteOptions {
  /** Flush file and directory to the device before returning. */
  durable?: boolean;
  mode?: number;
}

/** Writes a whole file under a temporary name, then moves it over `file`. */
export function replaceFile(
  file: string,
  data: string | Uint8Array,
  options: WriteOptions = {},
): void {
  const temporary = writeTemporary(file, data, options);
  try {
    faultPoint('rename', file);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  if (options.durable) flushDirectory(path.dirname(file));
}

/**
 * Writes a whole file only where none is. Returns false, and changes nothing, if `file` exists.
 * Exclusive even between processes: the file appears whole, by a hard link.
 */
export function createFile(
  file: string,
  data: string | Uint8Array,
  options: WriteOptions = {},
): boolean {
  const temporary = writeTemporary(file, data, options);
  try {
    faultPoint('link', file);
    linkSync(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    faultPoint('remove', temporary);
    unlinkSync(temporary);
  }
  if (options.durable) flushDirectory(path.dirname(file));
  return true;
}

/**
 * Makes a folder with one file in it, whole and only where none is: false, and nothing changed, where there
 * is one. For file systems without hard links, where `createFile` cannot.
 */
export function createFolder(folder: string, name: string, data: string | Uint8Array): boolean {
  const temporary = temporaryName(folder);
  faultPoint('mkdir', temporary);
  mkdirSync(temporary);
  try {
    writeFile(path.join(temporary, name), data);
    faultPoint('rename', folder);
    // Of a folder that is there, rename(2) replaces an empty one only.
    renameSync(temporary, folder);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    const codes = ['ENOTEMPTY', 'EEXIST', 'ENOTDIR'];
    if (codes.includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
  return true;
}

/** How records are written to files: for people to read, and for `diff`. */
export function jsonFile(value: unknown): string {
  return `${stringifyJson(value, 2)}\n`;
}

/** Writes in place. For files that nobody reads before they are whole, such as those of a new attempt. */
export function writeFile(
  file: string,
  data: string | Uint8Array,
  options: WriteOptions = {},
): void {
  faultPoint('write', file);
  const fd = openSync(file, 'w', options.mode ?? 0o666);
  try {
    faultPoint('write', file, () => writeAll(fd, halfOf(data)));
    writeAll(fd, data);
    if (options.durable) flushFile(fd, file);
  } finally {
    closeSync(fd);
  }
}

/** Creates a directory and its parents. False, and nothing done, where it is. */
export function makeDirectory(directory: string): boolean {
  faultPoint('mkdir', directory);
  return mkdirSync(directory, { recursive: true }) !== undefined;
}

/** Gives a file another name in its directory; one that has that name already is replaced. */
export function renameFile(from: string, to: string): void {
  faultPoint('rename', to);
  renameSync(from, to);
}

/** Removes a file or a tree; does nothing where there is none. */
export function remove(target: string): void {
  faultPoint('remove', target);
  rmSync(target, { recursive: true, force: true });
}

export function flushFile(fd: number, file: string): void {
  faultPoint('flush', file);
  fsyncSync(fd);
}

/** Makes a rename or a new name in `directory` durable. */
export function flushDirectory(directory: string): void {
  faultPoint('flush', directory);
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Writes all of `data`: a single write may be short on a full disk. */
export function writeAll(fd: number, data: string | Uint8Array): void {
  const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : data;
  for (let offset = 0; offset < bytes.length;) offset += writeSync(fd, bytes, offset);
}

/** For a crash in the middle of a write. */
function halfOf(data: string | Uint8Array): string | Uint8Array {
  return data.slice(0, data.length / 2);
}

function writeTemporary(file: string, data: string | Uint8Array, options: WriteOptions): string {
  const temporary = temporaryName(file);
  faultPoint('write', temporary);
  const fd = openSync(temporary, 'wx', options.mode ?? 0o666);
  try {
    faultPoint('write', temporary, () => writeAll(fd, halfOf(data)));
    writeAll(fd, data);
    if (options.durable) flushFile(fd, temporary);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
  return temporary;
}

function temporaryName(file: string): string {
  const name = `.${path.basename(file)}.${process.pid}.${nextNumber()}.tmp`;
  return path.join(path.dirname(file), name);
}

/** Begins at random, because in two containers that share a disk two processes may have one pid. */
let lastNumber = randomBytes(4).readUInt32BE();

/** Eight hex digits, new in this process. */
function nextNumber(): string {
  lastNumber = (lastNumber + 1) >>> 0;
  return lastNumber.toString(16).padStart(8, '0');
}
