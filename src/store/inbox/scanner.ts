/**
 * Finds what is new in a run's inbox. The engine asks often, so asking costs three `stat` calls when
 * nothing changed. A file is read once; again only if it changes while it could not be taken.
 */
import { lstatSync, watch, type BigIntStats, type FSWatcher } from 'node:fs';
import path from 'node:path';
import type { Json } from '../../model/json.ts';
import type { Interrupt, InterruptRecord, Reply } from '../../model/run.ts';
import { MESSAGE_LIMITS, readUntrustedJson } from '../../disk/untrusted-json.ts';
import {
  addressReply,
  interruptIdPattern,
  parseCommand,
  parseInterrupt,
  parseReply,
  type InboxCommand,
  type Parsed,
  type ReplyDraft,
} from './records.ts';
import type { RunPaths } from '../layout.ts';
import { namesIn } from '../../disk/names-in.ts';

/** What the log knows already; a `RunState` is one. */
export interface KnownInbox {
  interrupts: ReadonlyMap<string, Pick<InterruptRecord, 'interrupt' | 'reply'>>;
}

/** A file that waits to be taken in. */
export interface InboxItem<T> {
  file: string;
  value: T;
}

export interface InboxProblem {
  file: string;
  /** The interrupt that the file is named after; null for a command or a name that is no id. */
  interruptId: string | null;
  kind: 'interrupt' | 'reply' | 'command';
  /** `it is not JSON: …`, `"text" is missing`: reads on after the file's name and a colon. */
  reason: string;
  /** True the first time that this scanner reports it. */
  isNew: boolean;
}

/** Everything that lies in the inbox and is not in the log, oldest first. */
export interface InboxScan {
  interrupts: InboxItem<Interrupt>[];
  replies: InboxItem<Reply>[];
  commands: InboxItem<InboxCommand>[];
  unreadable: InboxProblem[];
}

/**
 * One look at the inbox, for a command that runs once. An engine keeps an `InboxScanner`.
 * Writes nothing; a missing inbox is an empty one.
 */
export function scanInbox(paths: RunPaths, known: KnownInbox): InboxScan {
  return new InboxScanner(paths).scan(known);
}

export class InboxScanner {
  readonly #interrupts: Folder<Interrupt>;
  readonly #replies: Folder<ReplyDraft>;
  readonly #commands: Folder<InboxCommand>;

  constructor(paths: RunPaths) {
    this.#interrupts = new Folder(paths.inboxInterrupts, true, (value, name, modifiedAt) =>
      parseInterrupt(value, { interruptId: name, runId: paths.runId, modifiedAt }),
    );
    this.#replies = new Folder(paths.inboxReplies, true, (value, name, modifiedAt) =>
      parseReply(value, { interruptId: name, modifiedAt }),
    );
    this.#commands = new Folder(paths.inboxCommands, false, (value) => parseCommand(value));
  }

  /**
   * What is there and not yet known. The same things are given out again until `known` has them (for
   * commands: until the file is gone), so nothing is lost if the caller fails in between.
   */
  scan(known: KnownInbox): InboxScan {
    const unreadable: InboxProblem[] = [];
    const problem = (kind: InboxProblem['kind'], found: Found<unknown>, reason: string): void => {
      const interruptId = kind === 'command' || !found.isId ? null : found.name;
      const isNew = found.reported !== reason;
      found.reported = reason;
      unreadable.push({ file: found.file, interruptId, kind, reason, isNew });
    };

    const interrupts: InboxItem<Interrupt>[] = [];
    const asked = new Map<string, Interrupt>();
    for (const found of this.#interrupts.look((id) => known.interrupts.has(id))) {
      if (!found.parsed.ok) {
        problem('interrupt', found, found.parsed.reason);
        continue;
      }
      interrupts.push({ file: found.file, value: found.parsed.value });
      asked.set(found.name, found.parsed.value);
    }

    const replies: InboxItem<Reply>[] = [];
    const answered = (id: string): boolean => (known.interrupts.get(id)?.reply ?? null) !== null;
    for (const found of this.#replies.look(answered)) {
      if (!found.parsed.ok) {
        problem('reply', found, found.parsed.reason);
        continue;
      }
      const interrupt = known.interrupts.get(found.name)?.interrupt ?? asked.get(found.name);
      if (!interrupt) {
        problem('reply', found, 'the run has no such interrupt');
        continue;
      }
      const addressed = addressReply(found.parsed.value, interrupt);
      if (addressed.ok) replies.push({ file: found.file, value: addressed.value });
      else problem('reply', found, addressed.reason);
    }

    const commands: InboxItem<InboxCommand>[] = [];
    for (const found of this.#commands.look(() => false)) {
      if (found.parsed.ok) commands.push({ file: found.file, value: found.parsed.value });
      else problem('command', found, found.parsed.reason);
    }
    const byTime = (a: InboxItem<Interrupt | Reply>, b: InboxItem<Interrupt | Reply>): number =>
      compare(a.value.created_at, b.value.created_at) || compare(a.file, b.file);
    return {
      interrupts: interrupts.sort(byTime),
      replies: replies.sort(byTime),
      commands: commands.sort((a, b) => compare(a.file, b.file)),
      unreadable,
    };
  }

  /**
   * Refuses a file that was given out, for a reason that only the caller can know (the reply schema,
   * the task's policy). It counts as unreadable from then on, until it changes.
   */
  reject(file: string, reason: string): void {
    for (const folder of [this.#interrupts, this.#replies, this.#commands]) {
      folder.reject(file, reason);
    }
  }
}

/**
 * Calls back when the inbox may have changed. Where the system cannot tell (network disks, watch
 * limits), and as a safety net everywhere, it also calls every `pollMs`; a scan is cheap. Keeps no
 * process alive. Returns the function that ends it.
 */
export function watchInbox(paths: RunPaths, onChange: () => void, pollMs = 1000): () => void {
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
  const timer = setInterval(onChange, pollMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    for (const watcher of watchers) watcher.close();
  };
}

interface Found<T> {
  /** Without `.json`. */
  name: string;
  isId: boolean;
  file: string;
  parsed: Parsed<T>;
  /** What the file looked like when it was read. */
  signature: string;
  /** The reason last reported; null if none was. */
  reported: string | null;
}

/**
 * Coarsest time stamp of the file systems in use (FAT: two seconds). A change within that time of the
 * last look may leave the time stamp as it was.
 */
const STAMP_GRAIN_MS = 2000;

/** One directory of the inbox. Knows only names and files, not what they mean. */
class Folder<T> {
  readonly #directory: string;
  readonly #namedById: boolean;
  readonly #parse: (value: Json, name: string, modifiedAt: string) => Parsed<T>;
  #signature = '';
  /** Files that are not settled, by name. */
  #open = new Map<string, Found<T> | null>();

  constructor(
    directory: string,
    namedById: boolean,
    parse: (value: Json, name: string, modifiedAt: string) => Parsed<T>,
  ) {
    this.#directory = directory;
    this.#namedById = namedById;
    this.#parse = parse;
  }

  /** The files that are not `settled`; those are never read. */
  *look(settled: (name: string) => boolean): Generator<Found<T>> {
    const before = statOf(this.#directory);
    if (before === null || !before.isDirectory()) {
      this.#open.clear();
      this.#signature = '';
      return;
    }
    if (signatureOf(before) !== this.#signature) this.#list();
    // What happens within the grain of the stamp may not show in it: look again next time.
    this.#signature = isRecent(before) ? '' : signatureOf(before);
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
    const open = new Map<string, Found<T> | null>();
    for (const entry of namesIn(this.#directory)) {
      // Dot files are temporary files, ours and those of editors and rsync.
      if (!entry.endsWith('.json') || entry.startsWith('.')) continue;
      const name = entry.slice(0, -'.json'.length);
      open.set(name, this.#open.get(name) ?? null);
    }
    this.#open = open;
  }

  /** null if the file has gone. */
  #read(name: string, found: Found<T> | null): Found<T> | null {
    const file = path.join(this.#directory, `${name}.json`);
    const stats = statOf(file);
    if (stats === null) return null;
    const signature = signatureOf(stats);
    if (found?.signature === signature) return found;
    const isId = !this.#namedById || interruptIdPattern.test(name);
    let parsed: Parsed<T>;
    if (isId) {
      const json = readUntrustedJson(file, MESSAGE_LIMITS);
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
    const settledStamp = isRecent(stats) && !parsed.ok ? '' : signature;
    const reported = found?.reported ?? null;
    return { name, isId, file, parsed, signature: settledStamp, reported };
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

function isRecent(stats: BigIntStats): boolean {
  return Math.abs(Date.now() - Number(stats.ctimeNs / 1_000_000n)) < STAMP_GRAIN_MS;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
