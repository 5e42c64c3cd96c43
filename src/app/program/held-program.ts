/**
 * A program that one edit has for itself. Every verb that reads authored files, changes them and writes them
 * does so while it holds the program's lock, so that no edit that reports success is lost to another. Editors
 * and agents know nothing of the lock: what an edit has read is looked at again before anything is written.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { Refusal } from '../../model/refusal.ts';
import { directorySource, type ProgramSource } from '../../program/source/source.ts';
import { programLockDir } from '../../store/layout.ts';
import {
  acquireLock,
  describeHolder,
  type Lock,
  type LockHolder,
  type LockOptions,
  type LockResult,
} from '../../store/lock/numbered-lock.ts';
import type { World } from '../world.ts';
import { asRefusal } from './write-failure.ts';
import { finishPendingEdit } from './write-edits.ts';
import type { ProgramPlace } from './validate.ts';

const POLL_MS = 30;
/** An edit takes less; who waits longer is told for whom. */
const SAY_AFTER_MS = 3000;
const GIVE_UP_AFTER_MS = 20_000;

/** What waiting for a program takes of the World. */
export type Editor = Pick<World, 'clock' | 'onWait'>;

export interface HeldProgram extends ProgramPlace {
  /** Notes what it is asked for: see `requireUnchanged`. */
  readonly source: ProgramSource;
  /**
   * Requires that what was read of these files is what they still hold.
   * @throws Refusal `edit-conflict`
   */
  requireUnchanged(files: Iterable<string>): void;
}

/**
 * Does an edit while nobody else edits the program. `command`: what others are told that it is.
 * @throws Refusal `program-busy` where the lock does not come free, `program-not-writable`, `disk-full`
 */
export async function editProgram<T>(
  editor: Editor,
  place: ProgramPlace,
  command: string,
  edit: (held: HeldProgram) => T | Promise<T>,
): Promise<T> {
  const lock = await programLock(editor, place.programDir, command);
  try {
    finishPendingEdit(place.programDir);
    return await edit(heldProgram(place));
  } finally {
    lock.release();
  }
}

function heldProgram({ programDir, globalRoot, texts }: ProgramPlace): HeldProgram {
  const source = directorySource(programDir, texts);
  const seen = new Map<string, () => boolean>();
  return {
    programDir,
    globalRoot,
    texts,
    source: {
      ...source,
      read(file, maxBytes) {
        const read = source.read(file, maxBytes);
        seen.set(file, () => isDeepStrictEqual(source.read(file, maxBytes), read));
        return read;
      },
      kindOf(place) {
        const kind = source.kindOf(place);
        if (!seen.has(place)) seen.set(place, () => source.kindOf(place) === kind);
        return kind;
      },
    },
    requireUnchanged(files) {
      for (const file of files) {
        if (seen.get(file)?.() !== false) continue;
        throw new Refusal('edit-conflict', `nothing was changed: ${file} changed meanwhile`, {
          hint: 'make the edit again, on what is there now',
        });
      }
    },
  };
}

async function programLock(
  { clock, onWait }: Editor,
  programDir: string,
  command: string,
): Promise<Lock> {
  const beganMs = clock.elapsedMs();
  for (let said = false; ;) {
    const result = tryLock(programDir, {
      command,
      now: () => clock.now(),
      shared: true,
    });
    if (result.ok) return result.lock;
    if (result.reason === 'not-writable') throw notWritable(programDir, result.message);
    const waitedMs = clock.elapsedMs() - beganMs;
    if (waitedMs > GIVE_UP_AFTER_MS) throw busy(result.holder);
    if (!said && waitedMs > SAY_AFTER_MS) {
      onWait?.(`waiting: the program is held by ${describeHolder(result.holder)}`);
      said = true;
    }
    await delay(POLL_MS * (0.5 + Math.random()));
  }
}

function tryLock(programDir: string, options: LockOptions): LockResult {
  try {
    return acquireLock(programLockDir(programDir), options);
  } catch (error) {
    throw asRefusal(error);
  }
}

function notWritable(programDir: string, reason: string): Refusal {
  return new Refusal('program-not-writable', `nothing was changed: ${reason}`, {
    hint: `check the permissions of ${programDir}`,
  });
}

function busy(holder: LockHolder): Refusal {
  const message = `nothing was changed: the program is held by ${describeHolder(holder)}`;
  const hint =
    holder.liveness === 'alive'
      ? 'try again when it is done'
      : `only once you know that it is gone for good: rm -r ${holder.file}`;
  return new Refusal('program-busy', message, { hint, data: { holder } });
}
