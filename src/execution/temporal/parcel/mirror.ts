/** What comes of an attempt while it runs, brought from the depot to where the run looks for it. */
import { lstatSync, readSync } from 'node:fs';
import path from 'node:path';
import { setImmediate as othersTurn } from 'node:timers/promises';
import { appendFrom, createFile, makeDirectory } from '../../../disk/disk.ts';
import { readForeign, withForeign } from '../../../disk/foreign-file.ts';
import { someNamesIn } from '../../../disk/names-in.ts';
import type { AttemptOrder } from '../../../model/attempt.ts';
import { questionName } from '../depot/directory-room.ts';
import type { AttemptPlaces, OutputName } from '../depot/layout.ts';
import { MAX_OUTPUT_BYTES, MAX_QUESTION_BYTES, MAX_QUESTIONS } from '../depot/limits.ts';

const CHUNK_BYTES = 256 * 1024;
const nothing = Buffer.alloc(0);

/**
 * Appends to the engine's own copy what it does not have; at most about `mostBytes` more. Returns the size of that copy.
 * It is written here alone: what a crash has cut off is no more than missing.
 */
export async function mirrorOutput(
  places: AttemptPlaces,
  root: string,
  { controlDir }: AttemptOrder,
  name: OutputName,
  mostBytes: number,
): Promise<number> {
  const target = path.join(controlDir, name);
  // Of one that prints nothing it is there all the same, as of any attempt.
  let size = lstatSync(target, { throwIfNoEntry: false })?.size ?? appendFrom(target, 0, nothing);
  const until = Math.min(size + mostBytes, MAX_OUTPUT_BYTES);
  while (size < until) {
    const chunk = chunkAt(places.output(name), root, size);
    if (chunk.length === 0) break;
    size = appendFrom(target, size, chunk);
    await othersTurn();
  }
  return size;
}

function chunkAt(file: string, below: string, offset: number): Buffer {
  const read = withForeign(file, { below }, ({ fd, stats }) => {
    const length = Math.min(CHUNK_BYTES, Math.max(0, stats.size - offset));
    const buffer = Buffer.allocUnsafe(length);
    return buffer.subarray(0, length === 0 ? 0 : readSync(fd, buffer, 0, length, offset));
  });
  return Buffer.isBuffer(read) ? read : Buffer.alloc(0);
}

/** Puts questions where those of any worker lie, to be judged as theirs. Returns how many are new. */
export function mirrorQuestions(
  { questions }: AttemptPlaces,
  root: string,
  { remote }: AttemptOrder,
): number {
  let count = 0;
  if (remote === undefined) return count;
  const { names } = someNamesIn(questions, MAX_QUESTIONS);
  for (const name of names.filter((each) => questionName.test(each))) {
    const target = path.join(remote.questionsDir, name);
    if (lstatSync(target, { throwIfNoEntry: false }) !== undefined) continue;
    const file = path.join(questions, name);
    const read = readForeign(file, { below: root, maxBytes: MAX_QUESTION_BYTES });
    if (!read.ok) continue;
    makeDirectory(remote.questionsDir);
    if (createFile(target, read.bytes)) count += 1;
  }
  return count;
}
