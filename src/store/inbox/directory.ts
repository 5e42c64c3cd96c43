/**
 * The inbox of a run as it lies on disk. The engine asks often, so asking costs three `stat` calls when
 * nothing changed. A file is read once; again only if it changes while it could not be taken.
 */
import { lstatSync, watch, type BigIntStats, type FSWatcher } from 'node:fs';
import path from 'node:path';
import { namesIn } from '../../disk/names-in.ts';
import { MESSAGE_LIMITS, readForeignJson } from '../../disk/foreign-json.ts';
import type { RunPaths } from '../layout.ts';
import type { Inbox } from '../run-store.ts';
import { removeCommand } from './drop.ts';
import { interruptIdPattern, type Parsed } from './records.ts';
import { InboxScanner, type Found, type InboxFolder, type ParseFile } from './scanner.ts';

/** `now`: ISO 8601, UTC. Writes nothing; a missing inbox is an empty one. */
export function directoryInbox(paths: RunPaths, now: () => string): Inbox {
  const folder = <T>(directory: string, parse: ParseFile<T>): InboxFolder<T> =>
    new DirectoryFolder(directory, directory !== paths.inboxCommands, parse, now);
  const scanner = new InboxScanner(paths, folder);
  return {
    scan: (known, askers) => scanner.scan(known, askers ?? []),
    reject: (file, reason) => scanner.reject(file, reason),
    remove: removeCommand,
    watch: (onChange) => watchInbox(paths, onChange),
  };
}

const POLL_MS = 1000;

/**
 * Calls back when the inbox may have changed. Where the system cannot tell (network disks, watch
 * limits), and as a safety net everywhere, it also calls every second; a scan is cheap. Keeps no
 * process alive. Returns the function that ends it.
 */
function watchInbox(paths: RunPaths, onChange: () => void): () => void {
  const watchers: FSWatcher[] = [];
  for (const directory of [paths.inboxInterrupts, paths.inboxReplies, paths.inboxCommands]) {
    try {
      const watcher = watch(directory, { persistent: false }, onChange);
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
    for (const watcher of watchers) watcher.close();
  };
}

interface FoundFile<T> extends Found<T> {
  /** What the file looked like when it was read. */
  signature: string;
}

/**
 * Coarsest time stamp of the file systems in use (FAT: two seconds). A change within that time of the
 * last look may leave the time stamp as it was.
 */
const STAMP_GRAIN_MS = 2000;

/** One directory of the inbox. */
class DirectoryFolder<T> implements InboxFolder<T> {
  readonly #directory: string;
  readonly #namedById: boolean;
  readonly #parse: ParseFile<T>;
  readonly #now: () => string;
  #signature = '';
  /** Files that are not settled, by name. */
  #open = new Map<string, FoundFile<T> | null>();

  constructor(directory: string, namedById: boolean, parse: ParseFile<T>, now: () => string) {
    this.#directory = directory;
    this.#namedById = namedById;
    this.#parse = parse;
    this.#now = now;
  }

  *look(settled: (name: string) => boolean): Generator<Found<T>> {
    const before = statOf(this.#directory);
    if (before === null || !before.isDirectory()) {
      this.#open.clear();
      this.#signature = '';
      return;
    }
    if (signatureOf(before) !== this.#signature) this.#list();
    // What happens within the grain of the stamp may not show in it: look again next time.
    this.#signature = this.#isRecent(before) ? '' : signatureOf(before);
    for (const [name, found] of this.#open) {
      if (settled(name)) {
        this.#open.delete(name);
        continue;
      }
      const now = this.#read(name, found);
      this.#open.set(name, now);
      if (now) yield now;
    }
  }

  reject(file: string, reason: string): void {
    if (path.dirname(file) !== this.#directory) return;
    const found = this.#open.get(path.basename(file, '.json'));
    if (found) found.parsed = { ok: false, reason };
  }

  #list(): void {
    const open = new Map<string, FoundFile<T> | null>();
    for (const entry of namesIn(this.#directory)) {
      // Dot files are temporary files, ours and those of editors and rsync.
      if (!entry.endsWith('.json') || entry.startsWith('.')) continue;
      const name = entry.slice(0, -'.json'.length);
      open.set(name, this.#open.get(name) ?? null);
    }
    this.#open = open;
  }

  /** null if the file has gone. */
  #read(name: string, found: FoundFile<T> | null): FoundFile<T> | null {
    const file = path.join(this.#directory, `${name}.json`);
    const stats = statOf(file);
    if (stats === null) return null;
    const signature = signatureOf(stats);
    if (found?.signature === signature) return found;
    const isId = !this.#namedById || interruptIdPattern.test(name);
    let parsed: Parsed<T>;
    if (isId) {
      const json = readForeignJson(file, MESSAGE_LIMITS);
      parsed = json.ok
        ? this.#parse(json.value, name, new Date(json.modifiedAtMs).toISOString())
        : json;
    } else {
      parsed = {
        ok: false,
        reason: 'its name is not <interrupt id>.json (int- and 12 hex digits)',
      };
    }
    // An empty signature never matches: a file written to just now is read again.
    const settledStamp = this.#isRecent(stats) && !parsed.ok ? '' : signature;
    const reported = found?.reported ?? null;
    return { name, isId, file, parsed, signature: settledStamp, reported };
  }

  #isRecent(stats: BigIntStats): boolean {
    const agoMs = Date.parse(this.#now()) - Number(stats.ctimeNs / 1_000_000n);
    return Math.abs(agoMs) < STAMP_GRAIN_MS;
  }
}

function statOf(file: string): BigIntStats | null {
  try {
    return lstatSync(file, { bigint: true });
  } catch {
    return null;
  }
}

function signatureOf(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
}
