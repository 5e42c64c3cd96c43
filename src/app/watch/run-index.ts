/**
 * All runs of a program as a list that is quick to ask, however many there are: for the page's overview
 * and inbox. It reads the cached summary of each run once, the latest first, a few at a time, and again
 * only when the run's log has grown. Nothing is written.
 */
import { statSync, watch, type FSWatcher } from 'node:fs';
import path from 'node:path';
import { setImmediate as yieldOnce } from 'node:timers/promises';
import { isJsonObject } from '../../model/json.ts';
import { nearestMoment } from '../../model/moment.ts';
import type { Clock } from '../../engine/clock.ts';
import { Refusal } from '../../model/refusal.ts';
import type { InterruptRecord, Proposal, RunStatus, Interrupt, RunPlan } from '../../model/run.ts';
import { withoutForgedWords } from '../../core/state/hand-off.ts';
import type { RunState } from '../../core/state/run-state.ts';
import { MESSAGE_LIMITS, readForeignJson } from '../../disk/foreign-json.ts';
import { resolveRunId, runPaths, runsDir } from '../../store/layout.ts';
import { runSummary, type RunSummary } from '../../store/cache/documents.ts';
import { readRunSummary } from '../../store/run-list.ts';
import { currentHolder } from '../../store/lock/run-lock.ts';
import { viewRun } from '../../store/directory/view.ts';
import type { FeedHandle, RunFeeds } from './run-feed.ts';
import { namesIn } from '../../disk/names-in.ts';

export interface IndexedRun {
  runId: string;
  /** null where the run cannot be read. */
  summary: RunSummary | null;
  damage: string | null;
  /** Last change of the log, ms since the epoch. */
  changedMs: number;
  /** Open ones. */
  questions: IndexedQuestion[];
  proposals: Proposal[];
}

export interface IndexedQuestion {
  record: InterruptRecord;
  taskTitle: string;
  runStatus: RunStatus;
}

export interface IndexListener {
  onRun(run: IndexedRun): void;
  onRemoved(runId: string): void;
  /** A question that was asked, or that is not open any more. */
  onQuestion(question: IndexedQuestion): void;
  onComplete(): void;
}

interface Entry extends IndexedRun {
  /** The log as it was last seen, and as it was when the fields were made. */
  seen: string;
  read: string | null;
}

/** A page is served by then, with what is known. */
const PATIENCE_MS = 80;
/** The scan gives way to requests after this long. */
const SLICE_MS = 8;
const LIST_MS = 1000;
const QUIET_MS = 20_000;
const MAX_WATCHED = 200;
const THROTTLE_MS = 60;

export class RunIndex {
  readonly #programDir: string;
  readonly #feeds: RunFeeds;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<IndexListener>();
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #followed = new Map<string, { handle: FeedHandle; lastMs: number }>();
  readonly #pending = new Map<string, NodeJS.Timeout>();
  #scan: Promise<void> | null = null;
  #nextScan: Promise<void> | null = null;
  #listedAtMs = Number.NEGATIVE_INFINITY;
  /** What was there at the first look is no news. */
  #hasListed = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(programDir: string, feeds: RunFeeds, clock: Clock) {
    this.#programDir = programDir;
    this.#clock = clock;
    this.#feeds = feeds;
  }

  /**
   * The runs that are known, latest change first. Where many must be read first, returns after a moment
   * with what there is; `complete` is then false.
   */
  async runs(): Promise<{ runs: IndexedRun[]; complete: boolean; scanned: number; total: number }> {
    this.#list();
    const scan = this.#read();
    await Promise.race([scan, delay(PATIENCE_MS)]);
    return this.#known();
  }

  /** As `runs`, when all of them have been read. */
  async allRuns(): Promise<IndexedRun[]> {
    this.#list();
    await this.#read();
    return this.#known().runs;
  }

  /** One run, up to date. null: there is none. */
  run(runId: string): IndexedRun | null {
    const entry = this.#entries.get(runId) ?? this.#adopt(runId);
    if (entry) this.#refresh(entry);
    return entry;
  }

  /** The run that a person means. @throws Refusal `run-not-found`, `run-ambiguous`, exit status 4 */
  resolve(text: string): string {
    return this.#entries.has(text) ? text : resolveRunId(this.#programDir, text);
  }

  isDriven(runId: string): boolean {
    return currentHolder(runPaths(this.#programDir, runId)) !== null;
  }

  /** Tells of changes until the returned function is called. */
  listen(listener: IndexListener): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#begin();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#end();
    };
  }

  #begin(): void {
    this.#watch('', runsDir(this.#programDir), () => this.#list(true));
    this.#timer = setInterval(() => {
      if (this.#watchers.size === 0) {
        this.#watch('', runsDir(this.#programDir), () => this.#list(true));
      }
      this.#list(true);
      this.#dropQuiet();
    }, LIST_MS);
    this.#list(true);
  }

  #end(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
    for (const { handle } of this.#followed.values()) handle.close();
    this.#followed.clear();
    for (const timer of this.#pending.values()) clearTimeout(timer);
    this.#pending.clear();
  }

  /** Finds new, changed and removed runs by their logs' sizes. Reads none. */
  #list(now = false): void {
    if (!now && this.#clock.elapsedMs() - this.#listedAtMs < 100) return;
    this.#listedAtMs = this.#clock.elapsedMs();
    const present = new Set<string>();
    for (const runId of namesIn(runsDir(this.#programDir))) {
      if (!isRunId(runId)) continue;
      present.add(runId);
      const change = this.#look(runId);
      const isNews = change === 'changed' || (change === 'new' && this.#hasListed);
      if (isNews && this.#hasListeners) this.#follow(runId);
    }
    this.#hasListed = true;
    for (const runId of this.#entries.keys()) if (!present.has(runId)) this.#forget(runId);
    for (const name of this.#watchers.keys()) {
      if (name !== '' && !present.has(name)) this.#unwatch(name);
    }
    if (this.#hasListeners) this.#watchUnfinished(present);
    void this.#read().catch(() => undefined);
  }

  #look(runId: string): 'same' | 'new' | 'changed' {
    const stamp = this.#stampOf(runId);
    if (stamp === null) return 'same';
    const entry = this.#entries.get(runId);
    if (!entry) return this.#adopt(runId) ? 'new' : 'same';
    if (entry.seen === stamp) return 'same';
    entry.seen = stamp;
    return 'changed';
  }

  #adopt(runId: string): Entry | null {
    if (!isRunId(runId)) return null;
    const stamp = this.#stampOf(runId);
    if (stamp === null) return null;
    const entry: Entry = {
      runId,
      summary: null,
      damage: null,
      changedMs: 0,
      questions: [],
      proposals: [],
      seen: stamp,
      read: null,
    };
    entry.changedMs = changedMsOf(stamp);
    this.#entries.set(runId, entry);
    return entry;
  }

  /** Reads what is not known yet, latest first, giving way to others. */
  #read(): Promise<void> {
    if (this.#scan !== null) {
      // What is under way has chosen already what it reads.
      this.#nextScan ??= this.#scan
        .finally(() => {
          this.#nextScan = null;
        })
        .then(() => this.#read());
      return this.#nextScan;
    }
    this.#scan = this.#readStale().finally(() => {
      this.#scan = null;
    });
    return this.#scan;
  }

  async #readStale(): Promise<void> {
    const stale = [...this.#entries.values()].filter((entry) => entry.read !== entry.seen);
    if (stale.length === 0) return;
    stale.sort((a, b) => b.changedMs - a.changedMs);
    let sliceMs = this.#clock.elapsedMs();
    for (const entry of stale) {
      this.#refresh(entry);
      if (this.#clock.elapsedMs() - sliceMs < SLICE_MS) continue;
      await yieldOnce();
      sliceMs = this.#clock.elapsedMs();
    }
    for (const listener of [...this.#listeners]) listener.onComplete();
  }

  /** Brings an entry up to date with the run's log. */
  #refresh(entry: Entry): void {
    const stamp = this.#stampOf(entry.runId);
    if (stamp === null) return;
    const paths = runPaths(this.#programDir, entry.runId);
    const followed = this.#followed.get(entry.runId);
    if (!followed && entry.read === stamp) return;
    entry.read = stamp;
    entry.changedMs = changedMsOf(stamp);
    // A log that grows in the same moment will be seen to have grown.
    if (!this.#hasListeners) entry.seen = stamp;
    try {
      if (followed) {
        // Who follows may not have read as far as the log had grown when it was stamped.
        const state = this.#feeds.state(entry.runId);
        // It was damaged, as the entry says by now: see `#damaged`.
        if (this.#followed.get(entry.runId) !== followed) return;
        if (entry.summary?.seq !== state.seq) this.#fill(entry, state);
        return;
      }
      const summary = readRunSummary(paths);
      entry.damage = null;
      if (summary.attention > 0) return this.#fill(entry, viewRun(paths).state);
      entry.summary = summary;
      entry.questions = [];
      entry.proposals = proposalsIn(paths.proposals);
    } catch (error) {
      this.#damaged(entry, (error as Error).message);
    }
  }

  #damaged(entry: Entry, damage: string): void {
    Object.assign(entry, { summary: null, questions: [], proposals: [], damage });
  }

  #fill(entry: Entry, state: RunState): void {
    entry.damage = null;
    entry.summary = runSummary(state);
    entry.proposals = [...state.proposals.values()];
    entry.questions = [...state.interrupts.values()]
      .filter(({ interrupt }) => interrupt.status === 'open')
      .map((record) => questionOf(record, state, entry.summary as RunSummary));
  }

  /** From the first change on, a run's events come from its feed, until it has been quiet for a while. */
  #follow(runId: string): void {
    if (this.#followed.has(runId)) return;
    const entry = this.#entries.get(runId);
    try {
      const handle = this.#feeds.follow(runId, {
        onEvents: () => this.#changed(runId),
        onHolder: () => this.#changed(runId),
        onDamage: (refusal) => {
          this.#followed.delete(runId);
          if (!entry) return;
          this.#damaged(entry, refusal.message);
          for (const listener of [...this.#listeners]) listener.onRun(entry);
        },
      });
      this.#followed.set(runId, { handle, lastMs: this.#clock.elapsedMs() });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
    this.#tell(runId);
  }

  /** The first change is told at once, what follows it within a moment together. */
  #changed(runId: string): void {
    const followed = this.#followed.get(runId);
    if (followed) followed.lastMs = this.#clock.elapsedMs();
    if (this.#pending.has(runId)) return;
    this.#pending.set(
      runId,
      setTimeout(() => {
        this.#pending.delete(runId);
        this.#tell(runId);
      }, THROTTLE_MS),
    );
  }

  #tell(runId: string): void {
    const entry = this.#entries.get(runId) ?? this.#adopt(runId);
    if (!entry) return;
    const before = entry.questions;
    const state = this.#followed.get(runId)?.handle.state();
    this.#refresh(entry);
    for (const listener of [...this.#listeners]) listener.onRun(entry);
    const open = new Set(before.map(({ record }) => record.interrupt.interrupt_id));
    const news = entry.questions.filter(({ record }) => !open.has(record.interrupt.interrupt_id));
    const still = new Set(entry.questions.map(({ record }) => record.interrupt.interrupt_id));
    if (state && entry.summary) {
      for (const { record } of before) {
        const id = record.interrupt.interrupt_id;
        const now = still.has(id) ? undefined : state.interrupts.get(id);
        if (now) news.push(questionOf(now, state, entry.summary));
      }
    }
    for (const question of news) {
      for (const listener of [...this.#listeners]) listener.onQuestion(question);
    }
  }

  #dropQuiet(): void {
    const quietSinceMs = this.#clock.elapsedMs() - QUIET_MS;
    for (const [runId, { handle, lastMs }] of this.#followed) {
      if (lastMs >= quietSinceMs) continue;
      handle.close();
      this.#followed.delete(runId);
    }
  }

  /** Runs that can change are watched one by one; the others are looked at every second. */
  #watchUnfinished(present: ReadonlySet<string>): void {
    for (const runId of present) {
      if (this.#watchers.size > MAX_WATCHED || this.#watchers.has(runId)) continue;
      const entry = this.#entries.get(runId);
      const isQuiet = entry?.summary?.status === 'done' || entry?.summary?.status === 'failed';
      if (isQuiet || this.#followed.has(runId)) continue;
      this.#watch(runId, path.dirname(this.#logOf(runId)), (name) => {
        if (name !== 'events.jsonl' || this.#followed.has(runId)) return;
        if (this.#look(runId) !== 'same') this.#follow(runId);
      });
    }
  }

  #watch(key: string, directory: string, onChange: (name: string | null) => void): void {
    try {
      const watcher = watch(directory, (_event, name) => onChange(name));
      watcher.on('error', () => this.#unwatch(key));
      this.#watchers.set(key, watcher);
    } catch {
      // It is looked at every second.
    }
  }

  #unwatch(key: string): void {
    this.#watchers.get(key)?.close();
    this.#watchers.delete(key);
  }

  #forget(runId: string): void {
    this.#entries.delete(runId);
    this.#followed.get(runId)?.handle.close();
    this.#followed.delete(runId);
    for (const listener of [...this.#listeners]) listener.onRemoved(runId);
  }

  #known(): { runs: IndexedRun[]; complete: boolean; scanned: number; total: number } {
    const all = [...this.#entries.values()];
    const runs = all.filter(({ summary, damage }) => summary !== null || damage !== null);
    runs.sort((a, b) => b.changedMs - a.changedMs || (a.runId < b.runId ? 1 : -1));
    const complete = runs.length === all.length;
    return { runs, complete, scanned: runs.length, total: all.length };
  }

  get #hasListeners(): boolean {
    return this.#listeners.size > 0;
  }

  #logOf(runId: string): string {
    return runPaths(this.#programDir, runId).eventsLog;
  }

  /** Changes with the log; null: there is none. */
  #stampOf(runId: string): string | null {
    const stats = statSync(this.#logOf(runId), { throwIfNoEntry: false });
    return !stats || stats.size === 0 ? null : `${stats.mtimeMs}/${stats.size}`;
  }
}

/** Ms since the epoch. */
function changedMsOf(stamp: string): number {
  return nearestMoment(Number(stamp.split('/', 1)[0]));
}

function isRunId(name: string): boolean {
  return /^\d{14}-[0-9a-f]{8}$/.test(name);
}

function questionOf(
  record: InterruptRecord,
  state: RunState,
  summary: RunSummary,
): IndexedQuestion {
  return {
    record: { ...record, interrupt: { ...withoutForgedWords(state, record.interrupt) } },
    taskTitle: askerTitle(state.plan, record.interrupt),
    runStatus: summary.status,
  };
}

/** Of the task that asks, or of the run. */
export function askerTitle({ tasks, project }: RunPlan, { task_id: id }: Interrupt): string {
  return id === null ? project.name : (tasks[id]?.title ?? id);
}

/** The readable records of a run's proposals. */
function proposalsIn(directory: string): Proposal[] {
  return namesIn(directory).flatMap((name) => {
    if (!/^prop-.*\.json$/.test(name)) return [];
    const read = readForeignJson(path.join(directory, name), MESSAGE_LIMITS);
    if (!read.ok || !isJsonObject(read.value) || !isJsonObject(read.value['proposal'])) return [];
    return [read.value as unknown as Proposal];
  });
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
