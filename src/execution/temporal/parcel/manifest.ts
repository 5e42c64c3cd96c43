/**
 * What is written down of what passes: the manifest of what an attempt is given, and the records of what it left.
 * The worker has the manifest's hash from the run's side; what a worker wrote is judged field by field.
 */
import { parseForeignJson } from '../../../disk/foreign-json.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../model/json.ts';
import type { AttemptEnd, AttemptOrder } from '../../../model/attempt.ts';
import { Refusal } from '../../../model/refusal.ts';
import { failureKinds, terminationReasons, type Usage } from '../../../model/run.ts';
import { MAX_BLOB_BYTES, MAX_FILES, MAX_OUTPUT_BYTES, RECORD } from '../depot/limits.ts';
import type { Roots } from './marks.ts';

export interface Blob {
  /** Bytes. */
  size: number;
  /** Lower-case hex. */
  sha256: string;
}

export interface NamedBlob extends Blob {
  /** With `/`, below the place that it belongs to. */
  path: string;
  /** The permissions of its owner: 0o600 or 0o700, and what is between. */
  mode: number;
}

export interface GivenFile extends NamedBlob {
  at: 'run' | 'tree';
  /** Whether marks in it are to be replaced. */
  isMarked: boolean;
}

/** In the tree, by what it leads to there. */
export interface GivenLink {
  path: string;
  target: string;
}

/** A bundle of git with one commit's objects, but for what the other side has. */
export interface Bundle extends Blob {
  commit: string;
  /** What names it in there. */
  ref: string;
}

export interface GivenTree {
  /** Of the tree's directory, below its folder. */
  name: string;
  objectFormat: string;
  /** What the run began with, and its history. */
  base: Bundle;
  /** A commit on the start of the attempt, of the tree as it lies with the run. */
  snapshot: Bundle;
  start: string;
  /** A merge that the tree is in the middle of. */
  merge: { head: string; others: string[]; stages: string[] } | null;
  info: TreeInfo;
}

/** Files of a git directory that say something of a tree beside its commits, with what is in them. */
export type TreeInfo = Partial<Record<'shallow' | 'info/exclude' | 'info/attributes', string>>;

export interface KeptSession extends Blob {
  /** Below the directory in which its agent keeps sessions. */
  path: string;
}

export interface Manifest {
  protocol: number;
  id: string;
  marks: Roots;
  /** With marks for places, and without what does not travel. */
  order: AttemptOrder;
  files: GivenFile[];
  links: GivenLink[];
  tree: GivenTree | null;
  session: KeptSession | null;
}

/** How the worker's tree and session stood. */
export interface LeftState {
  tree: Bundle | null;
  /** Repositories inside the tree, which stay where they are; relative to its top. */
  leftOut: string[];
  session: (KeptSession & { id: string }) | null;
}

export interface Checkpoint extends LeftState {
  protocol: number;
}

/** All that an attempt left. */
export interface Ended extends LeftState {
  protocol: number;
  end: AttemptEnd;
  /** In the directory of the attempt. */
  files: NamedBlob[];
  /** Bytes that were printed. */
  printed: { 'events.jsonl': number; 'stderr.log': number };
}

/** The hashes of all blobs that a manifest or a record names; none where it is none. */
export function blobsNamedIn(record: Buffer): Set<string> {
  const found = new Set<string>();
  const look = (one: Json): void => {
    if (Array.isArray(one)) one.forEach(look);
    else if (isJsonObject(one)) {
      const { sha256 } = one;
      if (typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256)) found.add(sha256);
      Object.values(one).forEach(look);
    }
  };
  const parsed = parseForeignJson(record, RECORD.maxDepth);
  if (!parsed.ok || !isJsonObject(parsed.value)) return found;
  for (const name of ['files', 'tree', 'session']) look(parsed.value[name] ?? null);
  return found;
}

/** @throws Refusal `parcel-refused` */
export function parseCheckpoint(bytes: Buffer): Checkpoint {
  const fields = objectIn(bytes, 'the checkpoint');
  return { protocol: numberAt(fields, 'protocol'), ...leftStateIn(fields) };
}

/** @throws Refusal `parcel-refused`, by the name of what is wrong */
export function parseEnded(bytes: Buffer): Ended {
  const fields = objectIn(bytes, 'the end');
  const files = listAt(fields, 'files').map((one) => namedBlobIn(one));
  const seen = new Set<string>();
  for (const { path: name } of files) {
    if (seen.has(name)) throw refusedParcel(`${JSON.stringify(name)} is named twice`);
    seen.add(name);
  }
  const printed = fieldsAt(fields, 'printed');
  return {
    protocol: numberAt(fields, 'protocol'),
    ...leftStateIn(fields),
    end: endIn(fieldsAt(fields, 'end')),
    files,
    printed: {
      'events.jsonl': sizeAt(printed, 'events.jsonl', MAX_OUTPUT_BYTES),
      'stderr.log': sizeAt(printed, 'stderr.log', MAX_OUTPUT_BYTES),
    },
  };
}

export function refusedParcel(what: string): Refusal {
  return new Refusal('parcel-refused', `What the worker left is not taken in: ${what}.`);
}

function leftStateIn(fields: JsonObject): LeftState {
  const { tree = null, session = null } = fields;
  return {
    tree: tree === null ? null : bundleIn(tree),
    leftOut: leftOutIn(fields['leftOut'] ?? []),
    session: session === null ? null : sessionIn(session),
  };
}

/** Each is shown in the tree of the run: more than a few say no more. */
const MAX_LEFT_OUT = 1000;

function leftOutIn(value: Json): string[] {
  const names = Array.isArray(value) ? value : [];
  return names.slice(0, MAX_LEFT_OUT).map((name) => {
    if (typeof name === 'string' && name.length <= 4096) return name;
    throw refusedParcel('"leftOut" holds what is no path');
  });
}

function bundleIn(value: Json): Bundle {
  if (!isJsonObject(value)) throw refusedParcel('"tree" is no record of a bundle');
  const { ref, commit } = value;
  if (typeof ref !== 'string' || !/^refs\/codex-orch\/[\w./-]+$/.test(ref)) {
    throw refusedParcel('a bundle has no ref');
  }
  return { ...blobIn(value, 'tree'), commit: commitOf(commit), ref };
}

/** Whether it can be what `bundleIn` has read. */
export function isBundle(value: JsonObject | Bundle): value is Bundle {
  try {
    bundleIn(value as unknown as JsonObject);
    return true;
  } catch {
    return false;
  }
}

function commitOf(value: Json | undefined): string {
  if (typeof value === 'string' && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(value)) return value;
  throw refusedParcel('a commit has no id');
}

function sessionIn(value: Json): KeptSession & { id: string } {
  if (!isJsonObject(value)) throw refusedParcel('"session" is no record');
  const [id, file] = [value['id'], value['path']];
  if (typeof id !== 'string' || typeof file !== 'string')
    throw refusedParcel('"session" has no name');
  return { ...blobIn(value, 'session'), id, path: file };
}

function namedBlobIn(value: Json): NamedBlob {
  if (!isJsonObject(value)) throw refusedParcel('"files" holds what is no record of a file');
  const { path: name, mode } = value;
  if (typeof name !== 'string' || name.length > 4096) throw refusedParcel('a file has no name');
  if (typeof mode !== 'number' || !Number.isInteger(mode) || mode < 0 || mode > 0o777) {
    throw refusedParcel(`${JSON.stringify(name)} has no mode`);
  }
  return { ...blobIn(value, name), path: name, mode };
}

function blobIn(value: Json, name: string): Blob {
  const { size, sha256 } = isJsonObject(value) ? value : {};
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) {
    throw refusedParcel(`${JSON.stringify(name)} has no SHA-256`);
  }
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw refusedParcel(`${JSON.stringify(name)} has no size`);
  }
  if (size > MAX_BLOB_BYTES) {
    const most = `at most ${MAX_BLOB_BYTES} are taken`;
    throw refusedParcel(`${JSON.stringify(name)} has ${size} bytes; ${most}`);
  }
  return { size, sha256 };
}

function endIn(fields: JsonObject): AttemptEnd {
  const { final_message: message = null, retry_at, progressed } = fields;
  const returnCode = fields['return_code'];
  return {
    termination_reason: oneOf(fields, 'termination_reason', terminationReasons),
    return_code: typeof returnCode === 'number' && Number.isInteger(returnCode) ? returnCode : null,
    failure_kind:
      fields['failure_kind'] === null ? null : oneOf(fields, 'failure_kind', failureKinds),
    failure_summary: textOrNull(fields, 'failure_summary'),
    resume_recommended: fields['resume_recommended'] === true,
    session_id: textOrNull(fields, 'session_id'),
    usage: usageIn(fields['usage'] ?? null),
    ...(typeof progressed === 'boolean' ? { progressed } : {}),
    ...(retry_at === undefined ? {} : { retry_at: momentOrNull(fields, 'retry_at') }),
    final_message: finalMessageIn(message),
    started_at: momentOrNull(fields, 'started_at') ?? missing('started_at'),
    finished_at: momentOrNull(fields, 'finished_at') ?? missing('finished_at'),
    session_lost: fields['session_lost'] === true,
  };
}

function finalMessageIn(value: Json): AttemptEnd['final_message'] {
  if (!isJsonObject(value)) return null;
  if (typeof value['text'] === 'string') return { text: value['text'] };
  return typeof value['file'] === 'string' ? { file: value['file'] } : null;
}

function usageIn(value: Json): Usage | null {
  if (!isJsonObject(value)) return null;
  const usage: Usage = {
    input_tokens: 0,
    cached_input_tokens: 0,
    output_tokens: 0,
    reasoning_output_tokens: 0,
  };
  for (const name of Object.keys(usage) as (keyof Usage)[]) {
    usage[name] = sizeAt(value, name, Number.MAX_SAFE_INTEGER);
  }
  const cost = value['cost_usd'];
  return typeof cost === 'number' && cost >= 0 ? { ...usage, cost_usd: cost } : usage;
}

function objectIn(bytes: Buffer, what: string): JsonObject {
  const parsed = parseForeignJson(bytes, RECORD.maxDepth);
  if (!parsed.ok) throw refusedParcel(`${what}: ${parsed.reason}`);
  if (!isJsonObject(parsed.value)) throw refusedParcel(`${what} is no record`);
  return parsed.value;
}

function fieldsAt(fields: JsonObject, name: string): JsonObject {
  const value = fields[name];
  return isJsonObject(value) ? value : missing(name);
}

function listAt(fields: JsonObject, name: string): Json[] {
  const value = fields[name];
  if (!Array.isArray(value)) return missing(name);
  if (value.length > MAX_FILES) {
    throw refusedParcel(`it names ${value.length} files; at most ${MAX_FILES} are taken`);
  }
  return value;
}

function numberAt(fields: JsonObject, name: string): number {
  const value = fields[name];
  return typeof value === 'number' ? value : missing(name);
}

function sizeAt(fields: JsonObject, name: string, most: number): number {
  const value = fields[name];
  const isSize = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
  if (!isSize || value > most) throw refusedParcel(`"${name}" is no number that can be`);
  return value;
}

function textOrNull(fields: JsonObject, name: string): string | null {
  const value = fields[name];
  return typeof value === 'string' ? value.slice(0, 64 * 1024) : null;
}

function momentOrNull(fields: JsonObject, name: string): string | null {
  const value = fields[name];
  if (typeof value !== 'string' || Number.isNaN(Date.parse(value))) return null;
  return new Date(Date.parse(value)).toISOString();
}

function oneOf<T extends string>(fields: JsonObject, name: string, all: readonly T[]): T {
  return all.find((one) => one === fields[name]) ?? missing(name);
}

function missing(name: string): never {
  throw refusedParcel(`"${name}" is missing, or is not what it should be`);
}
