/**
 * A lock between processes: a directory of numbered files, of which the one with the highest number says
 * who holds the lock, or that it was released.
 *
 * Why two holders are impossible:
 *
 * 1. A number is free to be followed once its file says `released_at`, or its holder is provably dead.
 *    Both stay true for ever, so it does no harm to act on them late.
 * 2. To hold the lock is to have made file n+1, whole and exclusively, after finding n the highest and
 *    free. Of several who try at once, one makes n+1. Whoever comes later finds n+1 the highest, and it
 *    is not free before its maker has released it or is dead.
 * 3. What remains is the late one: it found n the highest, then slept while others made n+1, n+2, …
 *    and cleaned up, so that n+1 is free to be made again. Numbers only grow: a holder removes numbers
 *    at least KEEP below its own, never its own, and a release replaces the file in place. So when n+1
 *    could be made a second time, files with higher numbers exist and always will. The late one looks
 *    again after making its file, sees them, and takes its file back: it has lost. It cannot miss them
 *    all, even where reading a directory is not atomic: the KEEP highest would all have to be made and
 *    removed while it reads.
 * 4. Nobody takes that stray file for the lock, since it never is the highest; not even if its maker
 *    dies before taking it back.
 */
import {
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  statSync,
  writeSync,
  type Stats,
} from 'node:fs';
import { uptime } from 'node:os';
import path from 'node:path';
import { isJsonObject } from '../../model/json.ts';
import {
  createFile,
  createFolder,
  lacksLinks,
  makeDirectory,
  remove,
  replaceFile,
} from '../../disk/disk.ts';
import { kindAt, readForeignText } from '../../disk/foreign-file.ts';
import { isSameProcess, ownIdentity, type ProcessIdentity } from '../../processes/identity.ts';
import { isForbidden } from '../write-refusal.ts';

/** How many of the latest lock files stay; they also tell who had the lock lately. */
const KEEP = 16;

const MAX_RECORD_BYTES = 64 * 1024;

export interface LockHolder extends ProcessIdentity {
  /** What the holder does, such as `run start`. */
  command: string;
  /** ISO 8601. */
  acquired_at: string;
  /** `unknown`: on another host or in another pid namespace, where nobody here can look. */
  liveness: 'alive' | 'unknown';
  /** Its lock file. */
  file: string;
}

export interface Lock {
  /** Gives the lock back. Synchronous, so that an exit handler may call it; more than once is fine. */
  release(): void;
  /** Whether it is still there: where its file was deleted, somebody else may hold a lock of that name. */
  isHeld(): boolean;
}

export type LockResult =
  | { ok: true; lock: Lock }
  | { ok: false; reason: 'held'; holder: LockHolder }
  | { ok: false; reason: 'not-writable'; path: string; message: string };

export interface LockOptions {
  /** What it is taken for. */
  command: string;
  /** ISO 8601, UTC. */
  now: () => string;
  /** Others may take it too, as far as their umask lets them. */
  shared?: boolean;
}

/** What stands in a lock file. */
interface LockRecord extends ProcessIdentity {
  command: string;
  acquired_at: string;
  released_at: string | null;
}

/**
 * Takes the lock that is the directory `lockDir`, which is made if it is not there, or says who has it.
 * Does not wait. A lock whose holder is dead is taken over at once; one whose holder cannot be seen from
 * here counts as held. Throws what the disk says where it is full.
 */
export function acquireLock(lockDir: string, options: LockOptions): LockResult {
  try {
    makeDirectory(lockDir, options);
    return acquire(lockDir, options);
  } catch (error) {
    if (isForbidden(error)) {
      const { message } = error as Error;
      return { ok: false, reason: 'not-writable', path: lockDir, message };
    }
    throw error;
  }
}

/** Who holds the lock now; null if nobody does. Changes nothing. */
export function lockHolder(lockDir: string): LockHolder | null {
  for (;;) {
    const highest = numbersIn(lockDir).at(-1);
    if (highest === undefined) return null;
    const judged = judge(lockFile(lockDir, highest));
    if (judged !== 'vanished') return judged === 'free' ? null : judged;
  }
}

/** A sentence that names the holder: for messages. */
export function describeHolder(holder: LockHolder): string {
  const since = holder.acquired_at === '' ? '' : ` since ${holder.acquired_at}`;
  if (holder.pid === 0) return `an unknown process (${holder.file} cannot be read)`;
  const where = holder.liveness === 'alive' ? '' : ` on ${holder.host} (cannot be seen from here)`;
  return `"${holder.command}" (pid ${holder.pid})${where}${since}`;
}

function acquire(lockDir: string, options: LockOptions): LockResult {
  const { command, now } = options;
  for (;;) {
    const highest = numbersIn(lockDir).at(-1) ?? 0;
    if (highest > 0) {
      const judged = judge(lockFile(lockDir, highest));
      if (judged === 'vanished') continue;
      if (judged !== 'free') return { ok: false, reason: 'held', holder: judged };
    }
    const number = highest + 1;
    const file = lockFile(lockDir, number);
    const record: LockRecord = {
      ...ownIdentity(),
      command,
      acquired_at: now(),
      released_at: null,
    };
    const claimed = claim(file, json(record), options);
    if (claimed === null) continue;
    const numbers = numbersIn(lockDir);
    if (numbers.some((other) => other > number)) {
      remove(file);
      continue;
    }
    for (const old of numbers) if (old <= number - KEEP) remove(lockFile(lockDir, old));
    return { ok: true, lock: lockOf(claimed, record, options) };
  }
}

/** Makes the lock file whole, where none is. Returns what holds the record, or null where one is. */
function claim(file: string, text: string, options: LockOptions): string | null {
  const { shared = false } = options;
  try {
    return createFile(file, text, { shared, neverEmpty: true }) ? file : null;
  } catch (error) {
    if (!lacksLinks(error)) throw error;
    return createFolder(file, RECORD, text, { shared }) ? path.join(file, RECORD) : null;
  }
}

/** Where there are no hard links, a lock file is a folder with the record in it. */
const RECORD = 'holder.json';

function readRecord(file: string): ReturnType<typeof readForeignText> {
  const place = kindAt(file) === 'directory' ? path.join(file, RECORD) : file;
  return readForeignText(place, { maxBytes: MAX_RECORD_BYTES });
}

function lockOf(file: string, record: LockRecord, options: LockOptions): Lock {
  const { now, shared = false } = options;
  // Kept open, so that no other file can have its number.
  let fd: number | null = openSync(file, 'r');
  const own = fstatSync(fd);
  const isHeld = (): boolean => fd !== null && isFileAt(file, own);
  return {
    isHeld,
    release() {
      const isOurs = isHeld();
      if (fd !== null) closeSync(fd);
      fd = null;
      if (!isOurs) return;
      const released = json({ ...record, released_at: now() });
      try {
        replaceFile(file, released, { shared });
      } catch {
        writeOver(file, released);
      }
    },
  };
}

/** Whether the file that lies there is this one. */
function isFileAt(file: string, { ino, dev }: Stats): boolean {
  try {
    const there = statSync(file, { throwIfNoEntry: false });
    return there?.ino === ino && there.dev === dev;
  } catch {
    return false;
  }
}

/**
 * For a full disk, where no second file fits: the new text goes into the block that the old one has,
 * which is longer by nothing that matters. If that fails too the lock ends with its process.
 */
function writeOver(file: string, text: string): void {
  try {
    const fd = openSync(file, 'r+');
    try {
      writeSync(fd, text, 0);
    } finally {
      closeSync(fd);
    }
  } catch {
    // What is locked was removed, or the disk is beyond writing to.
  }
}

/** `free`: released, or its holder is dead. `vanished`: look again, others have moved on. */
function judge(file: string): 'free' | 'vanished' | LockHolder {
  const read = readRecord(file);
  const record = parseRecord(read.ok ? read.text : '');
  if (record === null) return judgeUnreadable(file);
  if (record.released_at !== null) return 'free';
  const liveness = isSameProcess(record);
  if (liveness === 'gone') return 'free';
  const { pid, startTime, bootId, pidNamespace, host, command, acquired_at } = record;
  return { pid, startTime, bootId, pidNamespace, host, command, acquired_at, liveness, file };
}

/**
 * Lock files appear whole, so a broken one is what a power cut made of a file that had not reached the
 * device: older than this boot, its holder is dead. A younger one was broken by hand; who holds the
 * lock is then unknown, and guessing would risk two holders.
 */
function judgeUnreadable(file: string): 'free' | 'vanished' | LockHolder {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats) return 'vanished';
  const bootedAtMs = performance.timeOrigin + performance.now() - uptime() * 1000;
  if (stats.mtimeMs < bootedAtMs - 1000) return 'free';
  return {
    pid: 0,
    startTime: '',
    bootId: '',
    pidNamespace: '',
    host: '',
    command: '',
    acquired_at: '',
    liveness: 'unknown',
    file,
  };
}

function parseRecord(text: string): LockRecord | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isJsonObject(value) || !Number.isSafeInteger(value['pid'])) return null;
  const strings = ['startTime', 'bootId', 'pidNamespace', 'host', 'command', 'acquired_at'];
  if (!strings.every((key) => typeof value[key] === 'string')) return null;
  if (value['released_at'] !== null && typeof value['released_at'] !== 'string') return null;
  return value as unknown as LockRecord;
}

/** Ascending. */
function numbersIn(lockDir: string): number[] {
  let names: string[];
  try {
    names = readdirSync(lockDir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return names
    .map((name) => /^(\d{8,})\.json$/.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
}

function lockFile(lockDir: string, number: number): string {
  return path.join(lockDir, `${String(number).padStart(8, '0')}.json`);
}

function json(record: LockRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}
