/** A reader's own replay of a run on disk. */
import { closeSync, statSync } from 'node:fs';
import type { RunEvent } from '../../core/events/events.ts';
import { resultOf } from '../../core/state/results.ts';
import type { RunState } from '../../core/state/run-state.ts';
import { readRunFile } from '../cache/run-file.ts';
import type { RunPaths } from '../layout.ts';
import type { LogPosition } from '../log/chain.ts';
import { openLog, scanLog } from '../log/reader.ts';
import { evolveChecked, refuseLostEvents, replayLog } from '../log/replay.ts';
import { ResultPlaces, type RecordedResult } from '../log/results.ts';
import type { RunView, Visit } from '../run-store.ts';

class DirectoryRunView implements RunView {
  readonly paths: RunPaths;
  readonly state: RunState;
  #position: LogPosition;
  readonly #results: ResultPlaces;

  constructor(paths: RunPaths, state: RunState, position: LogPosition, results: ResultPlaces) {
    this.paths = paths;
    this.state = state;
    this.#position = position;
    this.#results = results;
  }

  refresh(): RunEvent[] {
    return this.#read((event) => evolveChecked(this.state, event, this.paths.eventsLog));
  }

  read(): RunEvent[] {
    return this.#read(() => undefined);
  }

  #read(apply: (event: RunEvent) => void): RunEvent[] {
    const { eventsLog, runId } = this.paths;
    if (statSync(eventsLog, { throwIfNoEntry: false })?.size === this.#position.bytes) return [];
    const events: RunEvent[] = [];
    const take = (event: RunEvent, start: number): void => {
      apply(event);
      this.#results.note(event, start);
      events.push(event);
    };
    this.#position = scanLog(eventsLog, take, { after: this.#position, runId });
    return events;
  }

  result(instanceId: string): RecordedResult | null {
    if (!this.state.instances.has(instanceId)) return null;
    if (resultOf(this.state, instanceId) === null) return null;
    const fd = openLog(this.paths.eventsLog, 'r');
    try {
      return this.#results.read(fd, this.paths.eventsLog, instanceId);
    } finally {
      closeSync(fd);
    }
  }
}

/** See `RunStore.view`. */
export function viewRun(paths: RunPaths, visit?: Visit): RunView {
  // Before the log, which an engine may be writing to: `state/` follows it.
  const seen = readRunFile(paths);
  const results = new ResultPlaces();
  const { state, end } = replayLog(paths, (event, now, start) => {
    results.note(event, start);
    visit?.(event, now);
  });
  refuseLostEvents(paths, seen, state.seq);
  return new DirectoryRunView(paths, state, end, results);
}
