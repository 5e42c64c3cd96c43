/**
 * `state/`: the run as readable files, and with it the records of interrupts and proposals. All of it
 * follows from the log; nothing that is decided, or given to an instance, is taken from it. It is read for a
 * quick look (the line of a list, the task of a worker that asks, a result on the page), and `run.json` tells
 * of a log that has lost events. It is written in arrears, only what changed, `run.json` last: so `run.json`
 * says up to which event the other files can be relied on, and an engine that finds it behind the log writes
 * what came after. Nothing here is flushed to the device; what a power cut garbles, `run verify --repair`
 * writes anew.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { recordsOf } from '../../core/events/catalogue.ts';
import type { RunEvent } from '../../core/events/events.ts';
import type { RecordRef } from '../../core/events/spec.ts';
import type { Json } from '../../model/json.ts';
import { Refusal } from '../../model/refusal.ts';
import type { RunState } from '../../core/state/run-state.ts';
import { jsonFile, makeDirectory, remove, replaceFile, writeFile } from '../../disk/disk.ts';
import { readForeignText } from '../../disk/foreign-file.ts';
import { LOG_START, scanLog } from '../log/reader.ts';
import { writeInterruptRecord } from '../inbox/drop.ts';
import type { RunPaths } from '../layout.ts';
import type { LogPosition } from '../log/chain.ts';
import { inputScopeDocument, interruptDocument, runSummary } from './documents.ts';
import { readRunFile, type RunFile } from './run-file.ts';
import { writeRefusal } from '../write-refusal.ts';

export function recordFile(paths: RunPaths, { kind, id }: RecordRef): string {
  switch (kind) {
    case 'task':
      return paths.taskFile(id);
    case 'inputs':
      return paths.inputsFile(id);
    case 'result':
      return paths.resultFile(id);
    case 'instance':
      return paths.instanceFile(id);
    case 'proposal':
      return paths.proposalFile(id);
    case 'interrupt':
      return paths.interruptFile(id);
  }
}

export class StateCache {
  readonly #paths: RunPaths;
  /** Whether `run.json` is behind, or missing. */
  #stale = true;
  /** Whether `run.json` has been there. */
  #isWritten = false;
  /** Of a new run: nobody looks at the files before `run.json` is there, and none has to take another's place. */
  #isFirst = false;
  /** By file. */
  readonly #dirty = new Map<string, RecordRef>();
  /** The state does not hold results. */
  readonly #results = new Map<string, Json>();

  private constructor(paths: RunPaths) {
    this.#paths = paths;
  }

  /** For the holder of the run's lock. Finds out what the last engine left unwritten. `end`: of the log. */
  static open(paths: RunPaths, state: RunState, end: LogPosition): StateCache {
    const cache = new StateCache(paths);
    const file = readRunFile(paths);
    const from: LogPosition | null =
      file === null
        ? null
        : {
            seq: file.seq,
            bytes: file.log_bytes,
            head: file.log_head,
            runId: paths.runId,
            formatVersion: file.format_version,
          };
    if (from?.seq === end.seq && end.bytes === from.bytes && end.head === from.head) {
      cache.#stale = false;
      cache.#isWritten = true;
      return cache;
    }
    // A run.json that tells of a place which the log does not have belongs to another history.
    if (from === null || !cache.#noteLog(from, state.seq)) cache.#noteLog(LOG_START, state.seq);
    return cache;
  }

  /** For a new run: everything is still to be written, starting with the events of `note`. */
  static create(paths: RunPaths): StateCache {
    const cache = new StateCache(paths);
    cache.#isFirst = true;
    return cache;
  }

  /** Remembers what an event, which is in the log, has changed. */
  note(event: RunEvent): void {
    this.#stale = true;
    for (const ref of recordsOf(event)) this.#dirty.set(recordFile(this.#paths, ref), ref);
    if (event.event_type === 'result_materialized' && event.instance_id !== null) {
      this.#results.set(event.instance_id, event.payload.result);
    }
    if (event.event_type === 'attempt_started') this.#results.delete(event.instance_id ?? '');
  }

  /**
   * Writes what changed since the last flush; the cost follows that. A disk that does not take it
   * harms nothing that is true: the reason is returned, and the next flush tries again. `end`: of the log.
   */
  flush(state: RunState, end: LogPosition): Refusal | null {
    if (!this.#stale) return null;
    const paths = this.#paths;
    try {
      // Somebody deleted `state/` under the engine: all of it is written anew.
      if (this.#isWritten && !existsSync(paths.runFile)) {
        this.#noteLog(LOG_START, end.seq);
      }
      // Each is forgotten only once it is written, so that a failure loses none.
      for (const [file, ref] of this.#dirty) {
        this.#writeRecord(file, ref, state);
        this.#dirty.delete(file);
      }
      // With a log at another event than the state, a summary of it would be a lie.
      if (end.seq !== state.seq) return null;
      this.#isFirst = false;
      const file: RunFile = { ...runSummary(state), log_bytes: end.bytes, log_head: end.head };
      this.#write(paths.runFile, file);
      this.#stale = false;
      this.#isWritten = true;
      return null;
    } catch (error) {
      return error instanceof Refusal ? error : writeRefusal(paths.stateDir, error);
    }
  }

  /** Has the next flush write the file of a result anew, if it is not what the log recorded. */
  checkResult(instanceId: string, recorded: Json): void {
    const ref: RecordRef = { kind: 'result', id: instanceId };
    const file = recordFile(this.#paths, ref);
    if (this.#dirty.has(file) || hasContent(file, jsonFile(recorded))) return;
    this.#dirty.set(file, ref);
    this.#results.set(instanceId, recorded);
    this.#stale = true;
  }

  /** Notes what follows a place. False if it is no place in this log, or the end is not `seq`. */
  #noteLog(after: LogPosition, seq: number): boolean {
    try {
      return scanLog(this.#paths.eventsLog, (event) => this.note(event), { after }).seq === seq;
    } catch (error) {
      if (error instanceof Refusal) return false;
      throw error;
    }
  }

  #writeRecord(file: string, { kind, id }: RecordRef, state: RunState): void {
    switch (kind) {
      case 'task':
        return this.#write(file, state.plan.tasks[id]);
      case 'inputs': {
        const scope = state.scopes.get(id);
        return this.#write(file, scope && inputScopeDocument(state, scope));
      }
      case 'instance':
        // It stood for a region, and is none any more.
        if (state.regions.has(id)) return remove(file);
        return this.#write(file, state.instances.get(id));
      case 'proposal':
        return this.#write(file, state.proposals.get(id));
      case 'result': {
        if (state.links.get(id)?.resultSha256 === null) return remove(file);
        this.#write(file, this.#results.get(id));
        this.#results.delete(id);
        return;
      }
      case 'interrupt': {
        const record = state.interrupts.get(id);
        if (record) writeInterruptRecord(this.#paths, interruptDocument(state, record.interrupt));
        return;
      }
    }
  }

  /** Makes the directory where it is missing, and clears one away that has the file's name; `undefined` is passed over. */
  #write(file: string, value: unknown): void {
    if (value === undefined) return;
    const text = jsonFile(value);
    try {
      (this.#isFirst ? writeFile : replaceFile)(file, text);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EISDIR') remove(file);
      else if (code === 'ENOTDIR') {
        remove(path.dirname(file));
        makeDirectory(path.dirname(file));
      } else if (code === 'ENOENT') makeDirectory(path.dirname(file));
      else throw error;
      replaceFile(file, text);
    }
  }
}

/** Whether a regular file holds this text. A link, whatever it leads to, does not. */
function hasContent(file: string, text: string): boolean {
  const read = readForeignText(file, { maxBytes: Buffer.byteLength(text) });
  return read.ok && read.text === text;
}
