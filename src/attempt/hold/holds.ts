/**
 * What running attempts hold of their user, over all runs: locks, and the number that CODEX_ORCH_SLOT tells them. A
 * hold is a small file below `~/.codex-orch/holds/`, which names the engine that made it and the attempt that it is for.
 *
 * It stands as long as that engine lives, or a process of the attempt: none outlives its holder, and an agent that its
 * engine left at work keeps what it holds. Of an attempt that was not begun before its engine died, whoever judges
 * makes sure that it cannot begin any more, as the next engine of its run would (execution/local/attempt-files.ts).
 *
 * Locks are taken, and what is dead is cleared away, by one process at a time, under a lock that is held for a moment.
 * A number is taken without it: a file that is not there is made, exclusively; and only whoever holds that lock removes
 * a file that is not its own.
 */
import { lstatSync } from 'node:fs';
import path from 'node:path';
import { createFile, jsonFile, makeDirectory, remove, replaceFile } from '../../disk/disk.ts';
import { readForeignJson } from '../../disk/foreign-json.ts';
import { namesIn } from '../../disk/names-in.ts';
import { sha256 } from '../../disk/sha256.ts';
import { ownStatsOf } from '../../disk/stats-of.ts';
import { isAttemptOver } from '../../execution/local/find.ts';
import { nowMs } from '../../execution/local/stopwatch.ts';
import { isJsonObject } from '../../model/json.ts';
import type { LockSpec } from '../../model/program.ts';
import { Refusal } from '../../model/refusal.ts';
import { isSameProcess, ownIdentity, type ProcessIdentity } from '../../processes/identity.ts';
import { acquireLock, type Lock } from '../../store/lock/numbered-lock.ts';
import { isForbidden } from '../../store/write-refusal.ts';

/** Who holds: an attempt, and for people where it is. */
export interface Holder {
  program_dir: string;
  run_id: string;
  instance_id: string;
  attempt: number;
  /** Both absolute. */
  attempt_dir: string;
  control_dir: string;
}

interface HoldRecord extends Holder {
  /** Of a lock; '' for a number. */
  name: string;
  /** null: it has left the attempt at work, and lives by that alone. */
  engine: ProcessIdentity | null;
  since: string;
}

export interface HoldOptions {
  /** `~/.codex-orch` */
  globalRoot: string;
  /** ISO 8601, UTC. */
  now(): string;
}

const HOLD_LIMITS = { maxBytes: 64 * 1024, maxDepth: 8 };
/** Whoever is at it is done within a moment. An engine has other things to do, and comes again. */
const [PATIENCE_MS, BRIEF_PATIENCE_MS, STEP_MS] = [2000, 20, 5];
const SLOTS = 'slots';
/** Far longer than it takes to write so small a file. */
const WRITING_MS = 10_000;
const idle = new Int32Array(new SharedArrayBuffer(4));
/** So many attempts do not run at a time; more files than this are not ours. */
const MOST_SLOTS = 10_000;

/** What one engine has taken for its attempts. */
export class Holds {
  readonly #root: string;
  readonly #now: () => string;
  /** Instance → the files that it holds. */
  readonly #own = new Map<string, string[]>();

  constructor({ globalRoot, now }: HoldOptions) {
    this.#root = holdsRoot(globalRoot);
    this.#now = now;
  }

  /**
   * Takes all of these for an instance, or none. False: one has as many holders as it may have, or others are at it.
   * @throws Refusal `locks-unusable` where the user's directory cannot be written to
   */
  takeLocks(holder: Holder, locks: readonly LockSpec[]): boolean {
    const own = this.#own.get(holder.instance_id) ?? [];
    const missing = locks.filter(({ name }) => {
      return !own.some((file) => isIn(this.#lockDir(name), file));
    });
    if (missing.length === 0) return true;
    return this.#alone(BRIEF_PATIENCE_MS, () => {
      const places: { name: string; file: string }[] = [];
      for (const { name, slots } of missing) {
        const file = freePlace(this.#lockDir(name), slots);
        if (file === null) return false;
        places.push({ name, file });
      }
      for (const { name, file } of places) {
        makeDirectory(path.dirname(file));
        createFile(file, this.#record(holder, name), { neverEmpty: true });
        this.#add(holder.instance_id, file);
      }
      return true;
    });
  }

  /** The smallest number that no attempt of this user has; null where the user's directory cannot be written to. */
  takeSlot(holder: Holder): number | null {
    const directory = path.join(this.#root, SLOTS);
    const own = this.#own.get(holder.instance_id)?.find((file) => isIn(directory, file));
    if (own !== undefined) return numberOf(own);
    try {
      const record = this.#record(holder, '');
      const ours = new Set([...this.#own.values()].flat());
      // Mostly nobody else has one.
      let taken: ReadonlySet<string> = new Set();
      for (let slot = 1; slot <= MOST_SLOTS; slot += 1) {
        const file = path.join(directory, `${slot}.json`);
        if (ours.has(file) || taken.has(path.basename(file))) continue;
        if (ownStatsOf(file) !== null) {
          if (taken.size === 0) taken = new Set(namesIn(directory));
          continue;
        }
        makeDirectory(directory);
        if (!createFile(file, record, { inPlace: true })) continue;
        this.#add(holder.instance_id, file);
        return slot;
      }
    } catch (error) {
      if (!isForbidden(error)) throw error;
    }
    return null;
  }

  /** Gives back all that an instance holds. */
  release(instanceId: string): void {
    for (const file of this.#own.get(instanceId) ?? []) remove(file);
    this.#own.delete(instanceId);
  }

  /**
   * Takes over what attempts hold that an earlier engine of the run began, and clears away what nobody holds any
   * more. `running`: of the run.
   */
  takeOver(running: readonly Holder[]): void {
    // Mostly nobody holds anything, and to be alone costs as much as all else at the start of a run.
    if (holdFiles(this.#root).length === 0) return;
    this.#alone(PATIENCE_MS, () => {
      for (const file of holdFiles(this.#root)) {
        const record = readRecord(file);
        const isRecord = record !== 'spoilt' && record !== 'unknown';
        const holder = isRecord ? running.find((each) => isSameHolder(each, record)) : undefined;
        if (!isRecord || holder === undefined) {
          clearIfDead(file);
          continue;
        }
        replaceFile(file, this.#record(holder, record.name));
        this.#add(holder.instance_id, file);
      }
      return true;
    });
  }

  /** The engine ends: what these hold is theirs alone from now on, and all else is given back. */
  leave(atWork: ReadonlySet<string>): void {
    for (const [instanceId, files] of [...this.#own]) {
      if (!atWork.has(instanceId)) this.release(instanceId);
      else for (const file of files) leaveAlone(file);
    }
    this.#own.clear();
  }

  #add(instanceId: string, file: string): void {
    const own = this.#own.get(instanceId);
    if (own) own.push(file);
    else this.#own.set(instanceId, [file]);
  }

  #record(holder: Holder, name: string): string {
    return jsonFile({ name, ...holder, engine: ownIdentity(), since: this.#now() });
  }

  #lockDir(name: string): string {
    return lockDirectory(this.#root, name);
  }

  /** With nobody else at it; false where somebody is. */
  #alone(patienceMs: number, work: () => boolean): boolean {
    const lockDir = path.join(this.#root, 'guard');
    for (let waitedMs = 0; ; waitedMs += STEP_MS) {
      const result = acquireLock(lockDir, { command: 'locks', now: this.#now });
      if (result.ok) return under(result.lock, work);
      if (result.reason === 'held') {
        if (waitedMs >= patienceMs) return false;
        Atomics.wait(idle, 0, 0, STEP_MS);
        continue;
      }
      throw new Refusal(
        'locks-unusable',
        `${result.path} cannot be written to: ${result.message}.`,
        {
          hint: 'Locks of a user lie there; CODEX_ORCH_GLOBAL_ROOT moves the directory.',
        },
      );
    }
  }
}

/** Who holds a lock of the user now, in the order of its places. Changes nothing. */
export function holdersOfUser(globalRoot: string, name: string): Holder[] {
  const directory = lockDirectory(holdsRoot(globalRoot), name);
  return filesIn(directory).flatMap((file) => {
    const record = readRecord(file);
    return record !== 'spoilt' && record !== 'unknown' && mayLive(record) ? [record] : [];
  });
}

function holdsRoot(globalRoot: string): string {
  return path.join(globalRoot, 'holds');
}

/** Names may be anything: what no file can be called is told apart by its hash. */
function lockDirectory(root: string, name: string): string {
  const readable = name.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, 60);
  return path.join(root, 'locks', `${readable}-${sha256(name).slice(0, 12)}`);
}

function isIn(directory: string, file: string): boolean {
  return path.dirname(file) === directory;
}

function under(lock: Lock, work: () => boolean): boolean {
  try {
    return work();
  } finally {
    lock.release();
  }
}

/** A place of a lock that nobody has, once what is dead is gone; null: all are taken. Under the guard. */
function freePlace(directory: string, slots: number): string | null {
  const live = filesIn(directory).filter((file) => !clearIfDead(file));
  if (live.length >= slots) return null;
  const taken = new Set(live.map((file) => path.basename(file)));
  for (let place = 1; ; place += 1) {
    if (!taken.has(`${place}.json`)) return path.join(directory, `${place}.json`);
  }
}

/** Under the guard. */
function clearIfDead(file: string): boolean {
  const record = readRecord(file);
  if (record === 'unknown') return false;
  const isDead = record === 'spoilt' ? !isBeingWritten(file) : isGone(record);
  if (isDead) remove(file);
  return isDead;
}

/** Of one that is spoilt: a number is taken by a file that is written in place. */
function isBeingWritten(file: string): boolean {
  if (path.basename(path.dirname(file)) !== SLOTS) return false;
  const { mtimeMs = 0 } = lstatSync(file, { throwIfNoEntry: false }) ?? {};
  return Math.abs(nowMs() - mtimeMs) < WRITING_MS;
}

/** From then on it is for good: an attempt that was not begun cannot begin any more. */
function isGone(record: HoldRecord): boolean {
  return !hasEngine(record) && isAttemptOver(directoriesOf(record), 'settle');
}

/** As it looks now. */
function mayLive(record: HoldRecord): boolean {
  return hasEngine(record) || !isAttemptOver(directoriesOf(record), 'look');
}

function hasEngine({ engine }: HoldRecord): boolean {
  return engine !== null && isSameProcess(engine) !== 'gone';
}

function directoriesOf({ attempt_dir: attemptDir, control_dir: controlDir }: HoldRecord) {
  return { attemptDir, controlDir };
}

function leaveAlone(file: string): void {
  const record = readRecord(file);
  if (record === 'spoilt' || record === 'unknown') return;
  replaceFile(file, jsonFile({ ...record, engine: null }));
}

function isSameHolder(a: Holder, b: Holder): boolean {
  return a.control_dir === b.control_dir && a.attempt === b.attempt;
}

function holdFiles(root: string): string[] {
  const locks = path.join(root, 'locks');
  const directories = namesIn(locks).map((name) => path.join(locks, name));
  return [path.join(root, SLOTS), ...directories].flatMap(filesIn);
}

/** By their numbers. */
function filesIn(directory: string): string[] {
  return namesIn(directory)
    .map((name) => /^(\d+)\.json$/.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .sort((a, b) => Number(a) - Number(b))
    .map((digits) => path.join(directory, `${digits}.json`));
}

function numberOf(file: string): number {
  return Number(path.basename(file, '.json'));
}

/** `spoilt`: by hand, or by a power cut, so that nobody holds it; `unknown`: it cannot be read just now. */
function readRecord(file: string): HoldRecord | 'spoilt' | 'unknown' {
  const read = readForeignJson(file, HOLD_LIMITS);
  if (!read.ok) return ['invalid', 'not_utf8'].includes(read.code) ? 'spoilt' : 'unknown';
  if (!isJsonObject(read.value)) return 'spoilt';
  const { engine, attempt_dir: attempt, control_dir: control } = read.value;
  const isPlaced = typeof attempt === 'string' && typeof control === 'string';
  const isWhole = isPlaced && (engine === null || isJsonObject(engine));
  return isWhole ? (read.value as unknown as HoldRecord) : 'spoilt';
}
