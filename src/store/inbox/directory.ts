/**
 * The inbox of a run as it lies on disk. The engine asks often, so asking costs three `stat` calls when
 * nothing changed. A file is read once; again only if it changes while it could not be taken.
 *
 * Anybody may fill these directories. However many files there are that cannot be taken, each is looked at
 * once a second at most; of what a worker asks, no more than an attempt may ask.
 */
import { lstatSync, watch, type BigIntStats, type FSWatcher } from 'node:fs';
import path from 'node:path';
import { namesIn, someNamesIn } from '../../disk/names-in.ts';
import { MESSAGE_LIMITS, readForeignJson } from '../../disk/foreign-json.ts';
import type { RunPaths } from '../layout.ts';
import type { Inbox } from '../run-store.ts';
import { removeCommand } from './drop.ts';
import { interruptIdPattern, type Parsed } from './records.ts';
import {
  InboxScanner,
  type FolderLimits,
  type Found,
  type InboxFolder,
  type ParseFile,
} from './scanner.ts';

/** `now`: ISO 8601, UTC. Writes nothing; a missing inbox is an empty one. */
export function directoryInbox(paths: RunPaths, now: () => string): Inbox {
  const folder = <T>(
    directory: string,
    parse: ParseFile<T>,
    limits: FolderLimits | null,
  ): InboxFolder<T> => {
    const namedById = directory !== paths.inboxCommands;
    const below = limits === null ? paths.inboxDir : paths.root;
    return new DirectoryFolder({ directory, below, namedById, limits }, parse, now);
  };
  const scanner = new InboxScanner(paths, folder);
  return {
    scan: (known, askers) => scanner.scan(known, askers ?? []),
    reject: (file, reason) => scanner.reject(file, reason),
    remove: removeCommand,
    watch: (onChange) => watchInbox(paths, onChange),
  };
}

const POLL_MS = 1000;
/** However fast files come, no more is said of them than this often. */
const TOLD_EVERY_MS = 50;

/**
 * Calls back when the inbox may have changed. Where the system cannot tell (network disks, watch
 * limits), and as a safety net everywhere, it also calls every second; a scan is cheap. Keeps no
 * process alive. Returns the function that ends it.
 */
function watchInbox(paths: RunPaths, onChange: () => void): () => void {
  const watchers: FSWatcher[] = [];
  /** While it runs, changes are only noted. */
  let pause: NodeJS.Timeout | null = null;
  let hasChanged = false;
  const tell = (): void => {
    if (pause !== null) {
      hasChanged = true;
      return;
    }
    pause = setTimeout(() => {
      pause = null;
      if (hasChanged) tell();
    }, TOLD_EVERY_MS).unref();
    hasChanged = false;
    onChange();
  };
  for (const directory of [paths.inboxInterrupts, paths.inboxReplies, paths.inboxCommands]) {
    try {
      const watcher = watch(directory, { persistent: false }, tell);
      watcher.on('error', () => watcher.close());
      watchers.push(watcher);
    } catch {
      // Polling will do.
    }
  }
  const timer = setInterval(onChange, POLL_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    if (pause !== null) clearTimeout(pause);
    for (const watcher of watchers) watcher.close();
  };
}

interface FoundFile<T> extends Found<T> {
  /** What the file looked like when it was read. */
  signature: string;
  /** It was read so soon after it changed that a later change may have left it looking the same. */
  wasRecent: boolean;
  /** Bytes; 0 where it was not read. */
  size: number;
}

/**
 * Coarsest time stamp of the file systems in use (FAT: two seconds). A change within that time of the
 * last look may leave the time stamp as it was.
 */
const STAMP_GRAIN_MS = 2000;

/** With more files than these that cannot be taken, they are looked at again only so often. */
const FEW_FILES = 20;
const LOOK_AGAIN_MS = 1000;
const FEW_BYTES = 64 * 1024;

/** So many names are looked at for each file that may lie in a directory. */
const NAMES_PER_FILE = 10;

interface FolderPlace {
  directory: string;
  /** As for `openForeign`. */
  below: string;
  /** Whether its files are named after interrupts. */
  namedById: boolean;
  /** null: as many as there are. */
  limits: FolderLimits | null;
}

/** One directory of the inbox, or the one in which a worker leaves its questions. */
class DirectoryFolder<T> implements InboxFolder<T> {
  readonly #place: FolderPlace;
  readonly #parse: ParseFile<T>;
  readonly #now: () => string;
  #signature = '';
  /** Files that are not settled, by name. */
  #open = new Map<string, FoundFile<T> | null>();
  /** Names that have been settled; kept only where the number of files is limited. */
  readonly #settled = new Set<string>();
  /** Stands for all files that are too many. */
  #excess: Found<T> | null = null;
  #hasMoreNames = false;
  #lookedMs = -Infinity;

  constructor(place: FolderPlace, parse: ParseFile<T>, now: () => string) {
    this.#place = place;
    this.#parse = parse;
    this.#now = now;
  }

  *look(settled: (name: string) => boolean): Generator<Found<T>> {
    const before = statOf(this.#place.directory);
    if (before === null || !before.isDirectory()) {
      this.#open.clear();
      this.#signature = '';
      return;
    }
    const nowMs = Date.parse(this.#now());
    const isFew = this.#place.limits !== null || this.#open.size <= FEW_FILES;
    const looksAgain = isFew || Math.abs(nowMs - this.#lookedMs) >= LOOK_AGAIN_MS;
    if (looksAgain) {
      this.#lookedMs = nowMs;
      if (signatureOf(before) !== this.#signature) this.#list();
      // What happens within the grain of the stamp may not show in it: look again next time.
      this.#signature = isRecent(before, nowMs) ? '' : signatureOf(before);
    }
    let [files, bytes] = [0, 0];
    let isExceeded = this.#hasMoreNames;
    for (const [name, found] of this.#open) {
      if (settled(name)) {
        this.#open.delete(name);
        if (this.#place.limits !== null) this.#settled.add(name);
        continue;
      }
      if (this.#isTooMuch(this.#settled.size + files, bytes)) {
        isExceeded = true;
        continue;
      }
      const now = found === null || looksAgain ? this.#read(name, found, nowMs) : found;
      this.#open.set(name, now);
      if (now === null) continue;
      files += 1;
      bytes += now.size;
      yield now;
    }
    if (isExceeded) yield this.#tooMany();
  }

  reject(file: string, reason: string): void {
    if (path.dirname(file) !== this.#place.directory) return;
    const found = this.#open.get(path.basename(file, '.json'));
    if (found) found.parsed = { ok: false, reason };
  }

  #list(): void {
    const { directory, limits } = this.#place;
    const { names, more } =
      limits === null
        ? { names: namesIn(directory), more: false }
        : someNamesIn(directory, limits.files * NAMES_PER_FILE);
    const listed = new Set<string>();
    for (const entry of names) {
      // Dot files are temporary files, ours and those of editors and rsync.
      if (!entry.endsWith('.json') || entry.startsWith('.')) continue;
      listed.add(entry.slice(0, -'.json'.length));
    }
    // Those that were there first stay the first.
    for (const name of this.#open.keys()) if (!listed.has(name)) this.#open.delete(name);
    for (const name of listed) if (!this.#open.has(name)) this.#open.set(name, null);
    this.#hasMoreNames = more;
  }

  #isTooMuch(files: number, bytes: number): boolean {
    const { limits } = this.#place;
    return limits !== null && (files >= limits.files || bytes >= limits.bytes);
  }

  #tooMany(): Found<T> {
    const { directory, limits } = this.#place;
    const mib = Math.round((limits?.bytes ?? 0) / 2 ** 20);
    const reason = `more lies here than an attempt may ask (${limits?.files} questions, ${mib} MiB together)`;
    const parsed = { ok: false, reason } as const;
    this.#excess ??= { name: '', isId: false, file: directory, parsed, reported: null };
    return this.#excess;
  }

  /** null if the file has gone. */
  #read(name: string, found: FoundFile<T> | null, nowMs: number): FoundFile<T> | null {
    const { directory, below, namedById } = this.#place;
    const file = path.join(directory, `${name}.json`);
    const stats = statOf(file);
    if (stats === null) return null;
    const signature = signatureOf(stats);
    const changedJustNow = isRecent(stats, nowMs);
    if (found?.signature === signature && !this.#mayHaveChanged(found, changedJustNow)) {
      return found;
    }
    const reported = found?.reported ?? null;
    if (namedById && !interruptIdPattern.test(name)) {
      const reason = 'its name is not <interrupt id>.json (int- and 12 hex digits)';
      const parsed = { ok: false, reason } as const;
      return { name, isId: false, file, parsed, signature, wasRecent: false, size: 0, reported };
    }
    const json = readForeignJson(file, MESSAGE_LIMITS, { below });
    const parsed: Parsed<T> = json.ok
      ? this.#parse(json.value, name, new Date(json.modifiedAtMs).toISOString())
      : json;
    const size = Number(stats.isFile() ? stats.size : 0n);
    const wasRecent = changedJustNow && !parsed.ok;
    return { name, isId: true, file, parsed, signature, wasRecent, size, reported };
  }

  /** Though it looks the same: at each look within the grain where that costs little, else once after it. */
  #mayHaveChanged(found: FoundFile<T>, changedJustNow: boolean): boolean {
    if (!found.wasRecent) return false;
    return !changedJustNow || (this.#open.size <= FEW_FILES && found.size <= FEW_BYTES);
  }
}

function isRecent(stats: BigIntStats, nowMs: number): boolean {
  return Math.abs(nowMs - Number(stats.ctimeNs / 1_000_000n)) < STAMP_GRAIN_MS;
}

function statOf(file: string): BigIntStats | null {
  try {
    // Not there, as the questions of most attempts: without the exception, which costs more than the look.
    return lstatSync(file, { bigint: true, throwIfNoEntry: false }) ?? null;
  } catch {
    return null;
  }
}

function signatureOf(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
}
