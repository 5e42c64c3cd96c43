/**
 * Which accounts have come to a usage limit, for all runs of this user: a small file for each account and model below
 * `~/.codex-orch/limits/`, written whole and readable by the user alone. Who tries one out holds a lock of the user
 * (`probeLock`); so a file tells when, and never who.
 *
 * Whoever met a limit knows of it also where that directory cannot be written to, or was emptied by a backup.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { jsonFile, makeDirectory, remove, replaceFile } from '../../disk/disk.ts';
import { readForeignJson } from '../../disk/foreign-json.ts';
import { namesIn } from '../../disk/names-in.ts';
import { sha256 } from '../../disk/sha256.ts';
import { isJsonObject, type JsonObject } from '../../model/json.ts';
import { probeAt, type AccountLimit } from '../../model/limits.ts';
import { isMoment } from '../../model/moment.ts';
import { later } from '../../core/plan/timers.ts';

/** Whose account, and with which model. */
export type AccountKey = Pick<AccountLimit, 'account' | 'model'>;

/** Where a limit was met, for people. */
export interface MetBy {
  backend: string;
  agent: string;
  program_dir: string;
  run_id: string;
  instance_id: string;
}

export interface LimitRecord extends AccountLimit, MetBy {
  /** When it was met first, and last; ISO 8601. */
  since: string;
  recorded_at: string;
}

const LIMITS = { maxBytes: 64 * 1024, maxDepth: 4 };
/** After a try that told nothing: it never came as far as the service. */
const RETRY_MS = 60_000;
/** A record that is from later than now was made by a clock that was wrong: it says nothing of when. */
const AT_ONCE = new Date(0).toISOString();

export class AccountLimits {
  readonly #globalRoot: string;
  readonly #now: () => string;
  /** Where the disk took none. */
  readonly #unwritten = new Map<string, LimitRecord>();

  constructor({ globalRoot, now }: { globalRoot: string; now(): string }) {
    this.#globalRoot = globalRoot;
    this.#now = now;
  }

  /** Whether there is none at all. */
  isEmpty(): boolean {
    if (this.#unwritten.size > 0) return false;
    const directory = limitsDirectory(this.#globalRoot);
    // Mostly there is none, and to list what is not there is an exception: each planned start would pay for it.
    return !existsSync(directory) || namesIn(directory).length === 0;
  }

  /** null: nothing limits it. */
  of(key: AccountKey): AccountLimit | null {
    const record = this.#read(key);
    if (record === null) return null;
    const { account, model, retry_at, until, recorded_at } = record;
    const isKnown = !isAhead(recorded_at, this.#now());
    return { account, model, retry_at, until: isKnown ? until : AT_ONCE };
  }

  /** An attempt has come to it. `retryAt`: ISO 8601, null where nobody says when it ends. */
  met(key: AccountKey, retryAt: string | null, by: MetBy): AccountLimit {
    const now = this.#now();
    const known = this.#read(key);
    // Attempts that ran together come to it one after the other: what is known already stands.
    const isNews = known === null || known.until <= now || isAhead(known.recorded_at, now);
    if (!isNews && (retryAt === null || retryAt === known.retry_at)) return known;
    return this.#write({
      ...key,
      ...by,
      retry_at: retryAt,
      until: probeAt(retryAt, now),
      since: known?.since ?? now,
      recorded_at: now,
    });
  }

  /** It takes more again. */
  lifted(key: AccountKey): void {
    this.#unwritten.delete(fileName(key));
    ifTaken(() => remove(this.#file(key)));
  }

  /** A try has told nothing: the next one comes after a while. */
  unknown(key: AccountKey): void {
    const known = this.#read(key);
    const now = this.#now();
    if (known !== null) this.#write({ ...known, until: later(now, RETRY_MS), recorded_at: now });
  }

  #write(record: LimitRecord): AccountLimit {
    const isWritten = ifTaken(() => {
      makeDirectory(limitsDirectory(this.#globalRoot));
      replaceFile(this.#file(record), jsonFile(record));
    });
    if (isWritten) this.#unwritten.delete(fileName(record));
    else this.#unwritten.set(fileName(record), record);
    const { account, model, retry_at, until } = record;
    return { account, model, retry_at, until };
  }

  #read(key: AccountKey): LimitRecord | null {
    return this.#unwritten.get(fileName(key)) ?? readLimit(this.#file(key));
  }

  #file(key: AccountKey): string {
    return path.join(limitsDirectory(this.#globalRoot), fileName(key));
  }
}

/** Engines of one machine may differ by a moment: see `now` of a run's writer. */
function isAhead(recordedAt: string, now: string): boolean {
  return recordedAt > later(now, RETRY_MS);
}

/** All that are recorded, by the moment at which they were met first. */
export function recordedLimits(globalRoot: string): LimitRecord[] {
  const directory = limitsDirectory(globalRoot);
  return namesIn(directory)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => readLimit(path.join(directory, name)) ?? [])
    .sort((a, b) => (a.since < b.since ? -1 : 1));
}

/** Forgets one: whoever waits for it goes on. */
export function forgetLimit(globalRoot: string, key: AccountKey): void {
  remove(path.join(limitsDirectory(globalRoot), fileName(key)));
}

function limitsDirectory(globalRoot: string): string {
  return path.join(globalRoot, 'limits');
}

function fileName({ account, model }: AccountKey): string {
  return `${account}-${sha256(model ?? '').slice(0, 8)}.json`;
}

/** null: there is none; or it is spoilt, so that nobody waits for what nobody can read. */
function readLimit(file: string): LimitRecord | null {
  const read = readForeignJson(file, LIMITS);
  if (!read.ok || !isJsonObject(read.value)) return null;
  return isRecord(read.value) ? (read.value as unknown as LimitRecord) : null;
}

function isRecord(value: JsonObject): boolean {
  const { account, model, retry_at, until, recorded_at } = value;
  const isTime = (each: unknown) => typeof each === 'string' && isMoment(Date.parse(each));
  const isNamed = typeof account === 'string' && (model === null || typeof model === 'string');
  return isNamed && (retry_at === null || isTime(retry_at)) && isTime(until) && isTime(recorded_at);
}

/** False where the disk takes nothing: whatever is the matter with it is no reason to stop a run. */
function ifTaken(write: () => void): boolean {
  try {
    write();
    return true;
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).code !== 'string') throw error;
    return false;
  }
}
