/**
 * Writes the files of an edit: all of them or none, also where the disk is full or the process dies. Of several
 * files it first writes down what is to be done (`PENDING_EDIT_FILE`): from then on the edit counts, and the
 * next one finishes it where this one cannot.
 */
import { unlinkSync, type Stats } from 'node:fs';
import path from 'node:path';
import { Refusal } from '../../model/refusal.ts';
import { makeDirectory, remove, replaceFile } from '../../disk/disk.ts';
import { faultPoint } from '../../disk/fault-point.ts';
import { resolveInside } from '../../disk/inside.ts';
import { readForeign } from '../../disk/foreign-file.ts';
import { statsOf } from '../../disk/stats-of.ts';
import {
  PENDING_EDIT_FILE,
  pendingEdits,
  pendingEditText,
  writtenSource,
  type Edits,
} from '../../program/source/source.ts';
import { asRefusal } from './write-failure.ts';

/**
 * @throws Refusal `edit-outside`, `disk-full`, `write-failed`: nothing was changed; `edit-unfinished`: it counts, and
 * waits for a disk that takes it
 */
export function writeEdits(programDir: string, edits: Edits): void {
  const pending = path.join(programDir, PENDING_EDIT_FILE);
  const changes = [...edits].map(([file, text]) => changeOf(programDir, file, text));
  try {
    if (changes.length > 1) {
      const text = pendingEditText(writtenSource(programDir), edits);
      replaceFile(pending, text, { durable: true, shared: true });
    }
    makeAll(changes);
    if (changes.length > 1) remove(pending);
  } catch (error) {
    const counts = error instanceof Refusal && error.code === 'edit-unfinished';
    if (changes.length > 1 && !counts) remove(pending);
    throw asRefusal(error);
  }
}

/** Finishes an edit that was cut short. @throws Refusal `disk-full`, `write-failed` */
export function finishPendingEdit(programDir: string): void {
  const pending = path.join(programDir, PENDING_EDIT_FILE);
  if (statsOf(pending) === null) return;
  try {
    const left = pendingEdits(writtenSource(programDir));
    makeAll([...left].map(([file, text]) => changeOf(programDir, file, text)));
    remove(pending);
  } catch (error) {
    throw asRefusal(error);
  }
}

/** Far above what is read of any program file. */
const MAX_KEPT_BYTES = 64 * 1024 ** 2;

interface Change {
  /** Absolute, links followed where it is written. */
  file: string;
  text: string | null;
  before: Buffer | null;
  inPlaceOf: Stats | undefined;
}

function changeOf(programDir: string, relative: string, text: string | null): Change {
  const inside = resolveInside(programDir, relative);
  if (!inside.ok) {
    throw new Refusal('edit-outside', `nothing was changed: ${relative}: ${inside.reason}`);
  }
  // Deleting takes a link away, not what it leads to.
  const file = text === null ? path.join(programDir, relative) : inside.path;
  const stats = statsOf(file) ?? undefined;
  if (stats !== undefined && !stats.isFile()) {
    throw new Refusal('write-failed', `nothing was changed: ${relative} is not a file`);
  }
  return { file, text, before: stats ? contentOf(file) : null, inPlaceOf: stats };
}

/** All or none, unless the disk takes back nothing either. */
function makeAll(changes: readonly Change[]): void {
  const made: Change[] = [];
  try {
    for (const change of changes) {
      make(change);
      made.push(change);
    }
  } catch (error) {
    try {
      for (const change of made.reverse()) {
        make({ ...change, text: change.before?.toString('utf8') ?? null });
      }
    } catch {
      const { message } = error as Error;
      throw new Refusal('edit-unfinished', `the edit counts, but is not finished: ${message}`, {
        hint: 'once the disk takes writes again, the next edit finishes it',
      });
    }
    throw error;
  }
}

/** To be put back should the edit fail: no program file is larger than what is read of one. */
function contentOf(file: string): Buffer {
  const read = readForeign(file, { maxBytes: MAX_KEPT_BYTES, followsLinks: true });
  if (read.ok) return read.bytes;
  throw new Refusal('write-failed', `nothing was changed: ${file}: ${read.reason}`);
}

function make({ file, text, before, inPlaceOf }: Change): void {
  if (text === null) {
    faultPoint('remove', file);
    // Not a tree, whatever has come there.
    if (statsOf(file) !== null || before !== null) unlinkIfThere(file);
    return;
  }
  makeDirectory(path.dirname(file), { shared: true });
  replaceFile(file, withMarkOf(before, text), { durable: true, shared: true, inPlaceOf });
}

function unlinkIfThere(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** With the byte order mark that the file has. */
function withMarkOf(before: Buffer | null, text: string): string {
  const isMarked = before?.subarray(0, 3).equals(Buffer.from('\ufeff')) === true;
  return isMarked && !text.startsWith('\ufeff') ? `\ufeff${text}` : text;
}
