/**
 * Follows a log that somebody else writes to: all there is, then what comes. The one place that knows when to
 * look again.
 */
import { watch, type FSWatcher } from 'node:fs';
import path from 'node:path';
import type { RunEvent } from '../../core/events/events.ts';
import { readRunFile } from '../cache/run-file.ts';
import type { RunPaths } from '../layout.ts';
import { LOG_START, scanLog } from './reader.ts';
import { refuseEmptyLog, refuseLostEvents } from './replay.ts';

/** Where the system does not tell of changes, as on some network disks, looking does. */
const LOOK_MS = 250;
/** So that a long log is never held in memory as a whole. */
const BATCH = 1000;

/** Tells when a log may have changed. */
export class LogWatch {
  #watcher: FSWatcher | null = null;
  /** It changed while nobody waited. */
  #hasChanged = false;
  #wake: (() => void) | null = null;

  constructor(paths: RunPaths) {
    const name = path.basename(paths.eventsLog);
    try {
      this.#watcher = watch(paths.root, (_event, changed) => {
        if (changed === name) this.#changed();
      });
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      // Looking will do.
    }
  }

  /** Resolves when the log may have changed, after `withinMs` at the latest, or when `signal` aborts. */
  async changed(withinMs: number, signal: AbortSignal): Promise<void> {
    if (!this.#hasChanged && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        const timer = setTimeout(wake, withinMs);
        signal.addEventListener('abort', wake);
        this.#wake = wake;
      });
      this.#wake = null;
    }
    this.#hasChanged = false;
  }

  close(): void {
    this.#watcher?.close();
  }

  #changed(): void {
    this.#hasChanged = true;
    this.#wake?.();
  }
}

/** See `RunStore.follow`. */
export async function* followLog(
  paths: RunPaths,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<RunEvent[]> {
  // Before the log, which an engine may be writing to: `state/` follows it.
  const seen = readRunFile(paths);
  const logWatch = new LogWatch(paths);
  let position = LOG_START;
  let isFirst = true;
  try {
    while (!signal.aborted) {
      for (;;) {
        const events: RunEvent[] = [];
        let read = 0;
        const take = (event: RunEvent): boolean => {
          read += 1;
          if (event.seq > after) events.push(event);
          return read < BATCH;
        };
        let damage: unknown = null;
        try {
          position = scanLog(paths.eventsLog, take, { after: position, runId: paths.runId });
        } catch (error) {
          damage = error;
        }
        if (events.length > 0) yield events;
        if (damage !== null) throw damage;
        if (read < BATCH) break;
      }
      if (isFirst) {
        if (position.seq === 0) refuseEmptyLog(paths);
        refuseLostEvents(paths, seen, position.seq);
        isFirst = false;
      }
      yield [];
      await logWatch.changed(LOOK_MS, signal);
    }
  } finally {
    logWatch.close();
  }
}
