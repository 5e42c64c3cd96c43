/**
 * What a worker left, put into its places with the run: first looked through and copied aside, whole, by hash; only
 * then is anything laid where somebody looks for it. What is wrong with it is told by name, and nothing of it stays.
 */
import { chmodSync, renameSync } from 'node:fs';
import path from 'node:path';
import { backendOf } from '../../../agents/backends.ts';
import { makeDirectory, remove } from '../../../disk/disk.ts';
import { faultPoint } from '../../../disk/fault-point.ts';
import { copyForeign, kindAt, readForeign } from '../../../disk/foreign-file.ts';
import { resolveInside } from '../../../disk/inside.ts';
import type { Git } from '../../../git/git.ts';
import type { Json } from '../../../model/json.ts';
import type { AttemptEnd, AttemptOrder } from '../../../model/attempt.ts';
import type { AttemptPlaces } from '../depot/layout.ts';
import { outputNames } from '../depot/layout.ts';
import { MAX_ATTEMPT_BYTES, RECORD } from '../depot/limits.ts';
import { PROTOCOL_VERSION } from '../protocol.ts';
import { BlobFolder } from './blobs.ts';
import {
  parseCheckpoint,
  parseEnded,
  refusedParcel,
  type Blob,
  type LeftState,
  type NamedBlob,
} from './manifest.ts';
import { rootsOfOrder, translated, translation, type Roots } from './marks.ts';
import { mirrorOutput, mirrorQuestions } from './mirror.ts';
import { SessionShelf } from './session.ts';
import { layTree, takeTree } from './tree-back.ts';

export interface TakeInContext {
  git: Git;
  /** Of the attempt in the depot, and the depot's own directory. */
  places: AttemptPlaces;
  root: string;
  /** Those of its manifest. */
  marks: Roots;
}

/** Names that are the engine's own, whoever lays something there. */
const engines = new Set<string>([
  ...['prompt.md', 'runtime.json', 'context/manifest.json'],
  ...outputNames,
]);

/** @throws Refusal `parcel-refused` */
export async function takeInEnd(context: TakeInContext, order: AttemptOrder): Promise<AttemptEnd> {
  const { places, root } = context;
  const ended = parseEnded(recordAt(context, places.end));
  refuseOther(ended.protocol);
  const sum = ended.files.reduce((all, { size }) => all + size, 0);
  if (sum > MAX_ATTEMPT_BYTES) {
    throw refusedParcel(`it has ${sum} bytes; at most ${MAX_ATTEMPT_BYTES} are taken`);
  }
  refuseClashes(ended.files);
  for (const name of outputNames) {
    const size = await mirrorOutput(places, root, order, name, Infinity);
    if (size < ended.printed[name]) {
      throw refusedParcel(`${name} has ${size} bytes in the depot, and had ${ended.printed[name]}`);
    }
  }
  mirrorQuestions(places, root, order);
  const aside = new Aside(context, order);
  try {
    const targets = ended.files.map((file) => ({ file, target: targetOf(order, file) }));
    const copies = [];
    for (const { file, target } of targets) {
      copies.push({ file, target, copy: await aside.bring(file, file.path) });
    }
    const translate = translation(context.marks, rootsOfOrder(order));
    const layState = await aside.bringState(ended);
    for (const { file, target, copy } of copies) lay(copy, target, file.mode);
    await layState();
    return endHere(
      translated(ended.end as unknown as Json, translate) as unknown as AttemptEnd,
      order,
    );
  } finally {
    aside.clear();
  }
}

/** Puts into place how tree and session last stood; nothing where there is no checkpoint. @throws Refusal `parcel-refused` */
export async function takeInCheckpoint(context: TakeInContext, order: AttemptOrder): Promise<void> {
  if (kindAt(context.places.checkpoint) === 'missing') return;
  const state = parseCheckpoint(recordAt(context, context.places.checkpoint));
  refuseOther(state.protocol);
  const aside = new Aside(context, order);
  try {
    const layState = await aside.bringState(state);
    await layState();
  } finally {
    aside.clear();
  }
}

function recordAt({ root }: TakeInContext, file: string): Buffer {
  const read = readForeign(file, { below: root, maxBytes: RECORD.maxBytes });
  if (!read.ok) throw refusedParcel(`${path.basename(file)}: ${read.reason}`);
  return read.bytes;
}

function refuseOther(protocol: number): void {
  if (protocol === PROTOCOL_VERSION) return;
  throw refusedParcel(
    `it speaks version ${protocol} of the protocol, and this is ${PROTOCOL_VERSION}`,
  );
}

/** A file, and another below its name. */
function refuseClashes(files: readonly NamedBlob[]): void {
  const names = new Set(files.map((file) => file.path));
  for (const name of names) {
    for (let at = name.lastIndexOf('/'); at > 0; at = name.lastIndexOf('/', at - 1)) {
      if (names.has(name.slice(0, at))) {
        throw refusedParcel(`${JSON.stringify(name.slice(0, at))} is a file and a directory`);
      }
    }
  }
}

/** Where a file goes; refused is what would leave the attempt's directory, or take a place of the engine's. */
function targetOf({ attemptDir }: AttemptOrder, { path: name }: NamedBlob): string {
  const refuse = (why: string): Error => refusedParcel(`${JSON.stringify(name)}: ${why}`);
  if (name !== path.posix.normalize(name) || name.endsWith('/')) {
    throw refuse('the path is not a plain one');
  }
  if (engines.has(name) || name.split('/')[0] === 'questions') {
    throw refuse('the name is one of our own');
  }
  const inside = resolveInside(attemptDir, name);
  if (!inside.ok) throw refuse(inside.reason);
  if (!['missing', 'file'].includes(kindAt(inside.path))) throw refuse('its place is taken');
  for (let up = path.dirname(name); up !== '.'; up = path.dirname(up)) {
    const kind = kindAt(path.join(attemptDir, up));
    if (kind !== 'missing' && kind !== 'directory') throw refuse(`${up} is no directory`);
  }
  return inside.path;
}

/** Nothing of it is believed that leads elsewhere. */
function endHere(end: AttemptEnd, order: AttemptOrder): AttemptEnd {
  const backend = backendOf(order.backend);
  const { session_id: session, final_message: message } = end;
  const file = path.join(order.controlDir, 'events.jsonl');
  return {
    ...end,
    session_id: session !== null && backend.isSessionId(session) ? session : null,
    // Standard output is the only one that an executor names.
    final_message: message !== null && 'file' in message ? { file } : message,
    started_at: order.startedAt,
  };
}

/** Copies of a worker's blobs, which nobody else can change any more. */
class Aside {
  readonly #context: TakeInContext;
  readonly #order: AttemptOrder;
  readonly #directory: string;
  readonly #blobs: BlobFolder;
  #count = 0;

  constructor(context: TakeInContext, order: AttemptOrder) {
    this.#context = context;
    this.#order = order;
    this.#directory = path.join(order.controlDir, '.taking');
    this.#blobs = new BlobFolder(context.places.blobs);
    remove(this.#directory);
    makeDirectory(this.#directory);
  }

  /** Returns the copy. @throws Refusal where it is not what was named */
  async bring({ sha256, size }: Blob, name: string): Promise<string> {
    const refuse = (why: string): Error => refusedParcel(`${JSON.stringify(name)}: ${why}`);
    const copy = path.join(this.#directory, String((this.#count += 1)));
    const options = { below: this.#context.root, maxBytes: size };
    const copied = await copyForeign(this.#blobs.file(sha256), copy, options);
    if (!copied.ok) throw refuse(`its blob ${sha256}: ${copied.reason}`);
    if (copied.sha256 === sha256 && copied.size === size) return copy;
    throw refuse(`its blob has the SHA-256 ${copied.sha256}, and ${sha256} was named`);
  }

  /** Returns what lays it into place. */
  async bringState({ tree, leftOut, session }: LeftState): Promise<() => Promise<void>> {
    const { remote, backend } = this.#order;
    const { git } = this.#context;
    if (session !== null && !backendOf(backend).isSessionId(session.id)) {
      throw refusedParcel(`${JSON.stringify(session.id)} is no session`);
    }
    const kept = session === null ? null : await this.bring(session, 'session');
    if (tree !== null) await takeTree(git, this.#order, tree, await this.bring(tree, 'tree'));
    return async () => {
      if (session !== null && kept !== null && remote !== undefined) {
        await new SessionShelf(remote.runDir, backend).put(session, kept);
      }
      if (tree !== null) await layTree(git, this.#order, tree, leftOut);
    };
  }

  clear(): void {
    remove(this.#directory);
  }
}

function lay(copy: string, target: string, mode: number): void {
  makeDirectory(path.dirname(target));
  chmodSync(copy, 0o600 | (mode & 0o100));
  faultPoint('rename', target);
  renameSync(copy, target);
}
