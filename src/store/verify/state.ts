/** Compares the files that follow from the log with what the log says. Reads only. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { RunEvent } from '../../core/events/events.ts';
import { parseJson, stringifyJson, isJsonObject, type Json } from '../../model/json.ts';
import type { RunPlan } from '../../model/run.ts';
import type { RunState } from '../../core/state/run-state.ts';
import { sha256 } from '../../disk/sha256.ts';
import { MESSAGE_LIMITS, readForeignJson, RECORD_LIMITS } from '../../disk/foreign-json.ts';
import { addressReply, parseReply } from '../inbox/records.ts';
import type { RunPaths } from '../layout.ts';
import type { LogEnd } from '../log/reader.ts';
import {
  inputScopeDocument,
  interruptDocument,
  runSummary,
  summaryAdditions,
} from '../cache/documents.ts';
import { readRunFile, type RunFile } from '../cache/run-file.ts';
import { recordsOf } from '../../core/events/catalogue.ts';
import { recordFile } from '../cache/state-cache.ts';
import type { Complain } from './report.ts';
import { shown } from '../../text/shown.ts';

/** What of the events is not in the state: gathered during the replay. */
export class ReplayNotes {
  /** Instance id → its latest result. */
  readonly results = new Map<string, { attempt: number; sha256: string; jsonSha256: string }>();
  /** Files that events after those known to `state/run.json` have changed: they may lag behind. */
  readonly lagging = new Set<string>();
  readonly runFile: RunFile | null;
  /** What the run froze, as the log has it: an engine that knew no more fields wrote no more of them. */
  frozen: Pick<RunPlan, 'project' | 'tasks'> | null = null;
  /** There is no `state/run.json`. It is written last: a crash came before `state/` was whole. */
  readonly neverWritten: boolean;
  readonly #paths: RunPaths;

  constructor(paths: RunPaths) {
    this.#paths = paths;
    this.runFile = readRunFile(paths);
    this.neverWritten = !existsSync(paths.runFile);
  }

  note(event: RunEvent): void {
    if (event.event_type === 'run_created') this.frozen = event.payload;
    if (event.event_type === 'result_materialized' && event.instance_id !== null) {
      const { attempt, sha256: recorded, result } = event.payload;
      const jsonSha256 = sha256(stringifyJson(result));
      this.results.set(event.instance_id, { attempt, sha256: recorded, jsonSha256 });
    }
    if (this.neverWritten || (this.runFile !== null && event.seq > this.runFile.seq)) {
      for (const ref of recordsOf(event)) this.lagging.add(recordFile(this.#paths, ref));
    }
  }
}

/** Returns the number of files compared. */
export function verifyState(
  paths: RunPaths,
  state: RunState,
  end: LogEnd,
  notes: ReplayNotes,
  complain: Complain,
): number {
  const expected = new Set([paths.runFile]);
  const compare = (file: string, differenceTo: (found: Json) => string | null): void => {
    expected.add(file);
    if (notes.lagging.has(file)) return;
    const found = readJson(file);
    if (!found.ok) return complain('error', file, found.reason);
    const difference = differenceTo(found.value);
    if (difference !== null) complain('error', file, difference);
  };
  const equals = (file: string, value: unknown, orAsFrozen?: unknown): void =>
    compare(file, (found) => {
      if (orAsFrozen !== undefined && firstDifference(asJson(orAsFrozen), found) === null)
        return null;
      return firstDifference(asJson(value), found);
    });

  verifyRunFile(paths, state, end, notes, complain);
  for (const [id, task] of Object.entries(state.plan.tasks)) {
    equals(paths.taskFile(id), task, notes.frozen?.tasks[id]);
  }
  for (const [id, scope] of state.scopes) {
    equals(paths.inputsFile(id), inputScopeDocument(state, scope));
  }
  for (const [id, instance] of state.instances) equals(paths.instanceFile(id), instance);
  for (const [id, result] of notes.results) {
    if (state.links.get(id)?.resultSha256 === null) {
      const file = paths.resultFile(id);
      expected.add(file);
      if (notes.lagging.has(file) || !existsSync(file)) continue;
      const { attempt } = state.instances.get(id) ?? {};
      const of = `is the result of attempt ${result.attempt}`;
      complain('error', file, `${of}; attempt ${attempt}, which came after it, has left none`);
      continue;
    }
    compare(paths.resultFile(id), (found) =>
      sha256(stringifyJson(found)) === result.jsonSha256
        ? null
        : 'is not the result that the log recorded',
    );
  }
  for (const file of filesUnder(paths.stateDir)) {
    if (!expected.has(file) && !path.basename(file).startsWith('.')) {
      complain('warning', file, 'follows from nothing in the log');
    }
  }
  return expected.size;
}

/** The records of interrupts, replies and proposals; the log stands where they differ. */
export function verifyRecords(
  paths: RunPaths,
  state: RunState,
  notes: ReplayNotes,
  complain: Complain,
): void {
  const compare = (file: string, value: unknown): void => {
    if (notes.lagging.has(file)) return;
    const found = readJson(file);
    const problem = found.ok ? firstDifference(asJson(value), found.value) : found.reason;
    if (problem !== null) complain('warning', file, problem);
  };
  for (const [id, proposal] of state.proposals) compare(paths.proposalFile(id), proposal);
  for (const [id, { interrupt, reply }] of state.interrupts) {
    compare(paths.interruptFile(id), interruptDocument(state, interrupt));
    if (!reply) continue;
    const file = paths.replyFile(id);
    const read = readForeignJson(file, MESSAGE_LIMITS);
    if (!read.ok) continue;
    const draft = parseReply(read.value, { interruptId: id, modifiedAt: reply.created_at });
    const found = draft.ok ? addressReply(draft.value, interrupt) : draft;
    const difference = found.ok
      ? firstDifference(
          asJson({ ...reply, created_at: '' }),
          asJson({ ...found.value, created_at: '' }),
        )
      : found.reason;
    if (difference !== null) {
      complain(
        'warning',
        file,
        `changed after it was taken; the log's reply stands: ${difference}`,
      );
    }
  }
}

function verifyRunFile(
  paths: RunPaths,
  state: RunState,
  end: LogEnd,
  notes: ReplayNotes,
  complain: Complain,
): void {
  const file = notes.runFile;
  const where = paths.runFile;
  if (notes.neverWritten) {
    const what = 'is missing: state/ was not written, or deleted';
    return complain('warning', where, `${what}; the next engine, or --repair, writes it`);
  }
  if (file === null) {
    const found = readJson(where);
    return complain('error', where, found.ok ? 'is not the summary of this run' : found.reason);
  }
  if (file.log_bytes > end.bytes || file.seq > end.seq) {
    const lost = `has seen ${file.seq} events in ${file.log_bytes} bytes`;
    const left = `the log has ${end.seq} in ${end.bytes}`;
    return complain('error', where, `${lost}, ${left}: recorded events are missing`);
  }
  if (file.log_bytes < end.bytes) {
    return complain(
      'warning',
      where,
      `is behind the log: event ${file.seq} of ${end.seq}; the next engine brings it up to date`,
    );
  }
  if (file.log_head !== end.head) {
    return complain(
      'error',
      `${paths.eventsLog}, line ${end.seq}`,
      'is not the line that state/run.json recorded the hash of',
    );
  }
  const { log_bytes, log_head } = file;
  const expected: Record<string, unknown> = { ...runSummary(state), log_bytes, log_head };
  // An earlier codex-orch did not write these.
  for (const name of summaryAdditions) if (!Object.hasOwn(file, name)) delete expected[name];
  const asFrozen = { ...expected, project: notes.frozen?.project ?? expected['project'] };
  const difference =
    firstDifference(asJson(asFrozen), asJson(file)) &&
    firstDifference(asJson(expected), asJson(file));
  if (difference !== null) complain('error', where, difference);
}

/** The first field in which two JSON values differ, as a sentence; null if they are equal. */
function firstDifference(expected: Json, found: Json, at = ''): string | null {
  if (Array.isArray(expected) && Array.isArray(found)) {
    for (let i = 0; i < Math.max(expected.length, found.length); i += 1) {
      const difference = differenceOf(expected[i], found[i], `${at}[${i}]`);
      if (difference !== null) return difference;
    }
    return null;
  }
  if (isJsonObject(expected) && isJsonObject(found)) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(found)])) {
      const difference = differenceOf(
        Object.hasOwn(expected, key) ? expected[key] : undefined,
        Object.hasOwn(found, key) ? found[key] : undefined,
        at === '' ? key : `${at}.${key}`,
      );
      if (difference !== null) return difference;
    }
    return null;
  }
  if (expected === found || stringifyJson(expected) === stringifyJson(found)) return null;
  return `${at === '' ? '' : `${at}: `}the file says ${shown(found, 60)}, the log ${shown(expected, 60)}`;
}

function differenceOf(
  expected: Json | undefined,
  found: Json | undefined,
  at: string,
): string | null {
  if (expected === undefined) return `${at}: the file has it, the log does not`;
  if (found === undefined) return `${at}: the file lacks it; the log says ${shown(expected, 60)}`;
  return firstDifference(expected, found, at);
}

/** As it is after a journey through a file: without fields that are undefined. */
function asJson(value: unknown): Json {
  return parseJson(stringifyJson(value));
}

function readJson(file: string): { ok: true; value: Json } | { ok: false; reason: string } {
  const read = readForeignJson(file, RECORD_LIMITS);
  if (read.ok) return read;
  if (read.code === 'missing') return { ok: false, reason: 'is missing' };
  return { ok: false, reason: `cannot be read: ${read.reason}` };
}

function filesUnder(directory: string): string[] {
  try {
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => path.join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}
