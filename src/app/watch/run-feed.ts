/**
 * One reader of a run's log for all who look at the run live. It keeps the state, tells its listeners
 * what came, and ends with the last of them. The page's live streams and its overview stand on it.
 */
import { statSync, watch, type FSWatcher } from 'node:fs';
import type { RunEvent } from '../../core/events/events.ts';
import { Refusal } from '../../model/refusal.ts';
import type { RunState } from '../../core/state/run-state.ts';
import type { LogPosition } from '../../store/log/chain.ts';
import { LOG_START, scanLog } from '../../store/log/reader.ts';
import { runPaths, type RunPaths } from '../../store/layout.ts';
import { currentHolder, type LockHolder } from '../../store/lock/run-lock.ts';
import { readRunFile } from '../../store/cache/run-file.ts';
import { evolveChecked, loadRun, refuseEmptyLog, refuseLostEvents } from '../../store/run-store.ts';
import { OutputFeed, type OutputListener } from './output-feed.ts';

export interface FeedListener {
  /** What the log has got since, in order; `state` is as of the last of them, and must not be changed. */
  onEvents(events: RunEvent[], state: RunState): void;
  /** Somebody else drives the run now, or nobody. */
  onHolder?(holder: LockHolder | null): void;
  /** The log cannot be read any more. Nothing comes after this. */
  onDamage?(refusal: Refusal): void;
}

/** Where the system does not tell of changes, on some network disks, looking does. */
const LOOK_MS = 80;
const HOLDER_MS = 400;

class RunFeed {
  readonly paths: RunPaths;
  readonly #listeners = new Set<FeedListener>();
  readonly #onIdle: () => void;
  readonly #output: OutputFeed;
  #state: RunState | null = null;
  #position: LogPosition = LOG_START;
  #watcher: FSWatcher | null = null;
  #timer: NodeJS.Timeout | null = null;
  #holder: LockHolder | null = null;
  #holderAtMs = 0;

  constructor(paths: RunPaths, onIdle: () => void) {
    this.paths = paths;
    this.#onIdle = onIdle;
    this.#output = new OutputFeed(paths);
  }

  /** The run as far as it has been read. @throws Refusal as `loadRun` */
  state(): RunState {
    if (this.#state === null) this.#begun();
    if (this.#state === null) refuseEmptyLog(this.paths);
    return this.#state;
  }

  /** As `state`, with what has just been written. */
  present(): RunState {
    this.#look();
    return this.state();
  }

  get holder(): LockHolder | null {
    return this.#holder;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** Returns how to stop. @throws Refusal as `loadRun` */
  add(listener: FeedListener, output: OutputListener | null): () => void {
    this.state();
    // Those who listen already are told first; the new one begins after what is there now.
    this.#look();
    this.#listeners.add(listener);
    if (output) this.#output.add(output, this.state());
    if (this.#timer === null) this.#begin();
    return () => {
      if (output) this.#output.remove(output);
      if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return;
      this.#end();
      this.#onIdle();
    };
  }

  #begin(): void {
    this.#holder = currentHolder(this.paths);
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    try {
      this.#watcher = watch(this.paths.root, (_event, name) => {
        if (name === 'events.jsonl') this.#look();
      });
      this.#watcher.on('error', () => undefined);
    } catch {
      // Looking will do.
    }
  }

  #end(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    this.#watcher?.close();
    this.#watcher = null;
    this.#output.close();
  }

  #look(): void {
    try {
      if (statSync(this.paths.eventsLog).size !== this.#position.bytes) this.#read();
      this.#output.look(this.state());
      this.#lookForHolder();
    } catch (error) {
      this.#damaged(error);
    }
  }

  #begun(): void {
    const seen = readRunFile(this.paths);
    this.#read();
    if (this.#state) refuseLostEvents(this.paths, seen, this.#state);
  }

  #read(): void {
    const events: RunEvent[] = [];
    this.#position = scanLog(
      this.paths.eventsLog,
      (event) => {
        this.#state = evolveChecked(this.#state, event, this.paths.eventsLog);
        if (this.#listeners.size > 0) events.push(event);
      },
      { after: this.#position, runId: this.paths.runId },
    );
    if (events.length === 0 || this.#state === null) return;
    this.#holderAtMs = 0;
    for (const listener of [...this.#listeners]) listener.onEvents(events, this.#state);
  }

  #lookForHolder(): void {
    const now = Date.now();
    if (now - this.#holderAtMs < HOLDER_MS) return;
    this.#holderAtMs = now;
    const holder = currentHolder(this.paths);
    if (holder?.file === this.#holder?.file) return;
    this.#holder = holder;
    for (const listener of [...this.#listeners]) listener.onHolder?.(holder);
  }

  #damaged(error: unknown): void {
    const refusal =
      error instanceof Refusal
        ? error
        : new Refusal(
            'run-unreadable',
            `Run ${this.paths.runId} cannot be read: ${(error as Error).message}`,
          );
    this.#end();
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    this.#onIdle();
    for (const listener of listeners) listener.onDamage?.(refusal);
  }
}

/** What one listener holds of a run's feed. */
export interface FeedHandle {
  /** As of the last event that was told. Must not be changed. */
  state(): RunState;
  holder(): LockHolder | null;
  close(): void;
}

/** The feeds of a program's runs, by run: the second who asks shares the first one's. */
export class RunFeeds {
  readonly #programDir: string;
  readonly #feeds = new Map<string, RunFeed>();

  constructor(programDir: string) {
    this.#programDir = programDir;
  }

  /** How many logs are being followed now. */
  get size(): number {
    return this.#feeds.size;
  }

  /** The run as it is now; must not be changed. `runId`: whole. @throws Refusal as `loadRun` */
  state(runId: string): RunState {
    const feed = this.#feeds.get(runId);
    return feed ? feed.present() : loadRun(runPaths(this.#programDir, runId));
  }

  /** `runId`: whole. `output`: also hears what running attempts print. @throws Refusal as `loadRun` */
  follow(runId: string, listener: FeedListener, output: OutputListener | null = null): FeedHandle {
    let feed = this.#feeds.get(runId);
    if (!feed) {
      feed = new RunFeed(runPaths(this.#programDir, runId), () => this.#feeds.delete(runId));
      // It counts from the first listener on: one that cannot be read is not kept.
      feed.state();
      this.#feeds.set(runId, feed);
    }
    const followed = feed;
    const close = followed.add(listener, output);
    return { state: () => followed.state(), holder: () => followed.holder, close };
  }
}

/** Events of a run after `seq`, from the log; `until`: the last one that is wanted. */
export function eventsAfter(
  programDir: string,
  runId: string,
  seq: number,
  until = Number.POSITIVE_INFINITY,
): RunEvent[] {
  const events: RunEvent[] = [];
  scanLog(
    runPaths(programDir, runId).eventsLog,
    (event) => {
      if (event.seq > seq && event.seq <= until) events.push(event);
    },
    { runId },
  );
  return events;
}
