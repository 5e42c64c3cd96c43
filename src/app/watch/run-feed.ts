/**
 * One reader of a run's log for all who look at the run live. It keeps the state, tells its listeners
 * what came, and ends with the last of them. The page's live streams and its overview stand on it.
 */
import type { RunEvent } from '../../core/events/events.ts';
import type { Clock } from '../../engine/clock.ts';
import { Refusal } from '../../model/refusal.ts';
import type { RunState } from '../../core/state/run-state.ts';
import { LogWatch } from '../../store/log/follow.ts';
import { scanLog } from '../../store/log/reader.ts';
import { runPaths, type RunPaths } from '../../store/layout.ts';
import type { LockHolder } from '../../store/lock/numbered-lock.ts';
import { currentHolder } from '../../store/lock/run-lock.ts';
import { viewRun } from '../../store/directory/view.ts';
import type { RunView } from '../../store/run-store.ts';
import { OutputFeed, type OutputListener } from './output-feed.ts';

export interface FeedListener {
  /** What the log has got since, in order; `state` is as of the last of them, and must not be changed. */
  onEvents(events: RunEvent[], state: RunState): void;
  /** Somebody else drives the run now, or nobody. */
  onHolder?(holder: LockHolder | null): void;
  /** The log cannot be read any more. Nothing comes after this. */
  onDamage?(refusal: Refusal): void;
}

/** Output of attempts is looked for, too: no log tells of it. */
const LOOK_MS = 80;
const HOLDER_MS = 400;

class RunFeed {
  readonly #view: RunView;
  readonly #clock: Clock;
  readonly #listeners = new Set<FeedListener>();
  readonly #onIdle: () => void;
  readonly #output: OutputFeed;
  #following: AbortController | null = null;
  #holder: LockHolder | null = null;
  #holderAtMs = Number.NEGATIVE_INFINITY;

  /** @throws Refusal as `RunStore.view` */
  constructor(paths: RunPaths, clock: Clock, onIdle: () => void) {
    this.#view = viewRun(paths);
    this.#clock = clock;
    this.#onIdle = onIdle;
    this.#output = new OutputFeed(paths);
  }

  /** The run as far as it has been read. */
  get state(): RunState {
    return this.#view.state;
  }

  /** As `state`, with what has just been written. */
  present(): RunState {
    this.#look();
    return this.state;
  }

  get holder(): LockHolder | null {
    return this.#holder;
  }

  /** Returns how to stop. */
  add(listener: FeedListener, output: OutputListener | null): () => void {
    // Those who listen already are told first; the new one begins after what is there now.
    this.#look();
    this.#listeners.add(listener);
    if (output) this.#output.add(output, this.state);
    if (this.#following === null) this.#begin();
    return () => {
      if (output) this.#output.remove(output);
      if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return;
      this.#end();
      this.#onIdle();
    };
  }

  #begin(): void {
    this.#holder = currentHolder(this.#view.paths);
    const following = new AbortController();
    this.#following = following;
    void this.#follow(following.signal);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const changes = new LogWatch(this.#view.paths);
    while (!signal.aborted) {
      await changes.changed(LOOK_MS, signal);
      if (!signal.aborted) this.#look();
    }
    changes.close();
  }

  #end(): void {
    this.#following?.abort();
    this.#following = null;
    this.#output.close();
  }

  #look(): void {
    try {
      const events = this.#view.refresh();
      if (events.length > 0) {
        this.#holderAtMs = Number.NEGATIVE_INFINITY;
        for (const listener of [...this.#listeners]) listener.onEvents(events, this.state);
      }
      this.#output.look(this.state);
      this.#lookForHolder();
    } catch (error) {
      this.#damaged(error);
    }
  }

  #lookForHolder(): void {
    const nowMs = this.#clock.elapsedMs();
    if (nowMs - this.#holderAtMs < HOLDER_MS) return;
    this.#holderAtMs = nowMs;
    const holder = currentHolder(this.#view.paths);
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
            `Run ${this.#view.paths.runId} cannot be read: ${(error as Error).message}`,
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
  readonly #clock: Clock;
  readonly #feeds = new Map<string, RunFeed>();

  constructor(programDir: string, clock: Clock) {
    this.#programDir = programDir;
    this.#clock = clock;
  }

  /** How many logs are being followed now. */
  get size(): number {
    return this.#feeds.size;
  }

  /** The run as it is now; must not be changed. `runId`: whole. @throws Refusal as `RunStore.view` */
  state(runId: string): RunState {
    const feed = this.#feeds.get(runId);
    return feed ? feed.present() : viewRun(runPaths(this.#programDir, runId)).state;
  }

  /** `runId`: whole. `output`: also hears what running attempts print. @throws Refusal as `RunStore.view` */
  follow(runId: string, listener: FeedListener, output: OutputListener | null = null): FeedHandle {
    let feed = this.#feeds.get(runId);
    if (!feed) {
      const paths = runPaths(this.#programDir, runId);
      feed = new RunFeed(paths, this.#clock, () => this.#feeds.delete(runId));
      this.#feeds.set(runId, feed);
    }
    const followed = feed;
    const close = followed.add(listener, output);
    return { state: () => followed.state, holder: () => followed.holder, close };
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
