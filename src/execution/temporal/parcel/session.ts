/**
 * The file in which an agent keeps a session, on its way from host to host. Where an agent has none, or nobody knows
 * where, an attempt elsewhere finds no such session, says so, and begins a fresh one.
 */
import path from 'node:path';
import { backendOf } from '../../../agents/backends.ts';
import {
  makeDirectory,
  remove,
  renameFile,
  replaceFile,
  temporaryName,
} from '../../../disk/disk.ts';
import { copyForeignWhole, hashForeign } from '../../../disk/foreign-file.ts';
import { namedInside, outside } from '../../../disk/inside.ts';
import { namesIn } from '../../../disk/names-in.ts';
import { readForeignJson } from '../../../disk/foreign-json.ts';
import { isJsonObject } from '../../../model/json.ts';
import type { AttemptOrder } from '../../../model/attempt.ts';
import { MAX_BLOB_BYTES, NOTE } from '../depot/limits.ts';
import type { BlobFolder } from './blobs.ts';
import { refusedParcel, type KeptSession } from './manifest.ts';

type Environment = Readonly<NodeJS.ProcessEnv>;

/**
 * Keeps the session's file as a blob; null: there is none, or nobody knows where. `env`: all of the attempt's.
 */
export async function keepSession(
  backendName: string,
  sessionId: string,
  env: Environment,
  blobs: BlobFolder,
): Promise<KeptSession | null> {
  const backend = backendOf(backendName);
  const root = backend.sessionRoot(env);
  const file = backend.isSessionId(sessionId) ? backend.sessionFile(sessionId, env) : null;
  if (root === null || file === null) return null;
  const relative = path.relative(root, file).split(path.sep).join('/');
  if (!namedInside(root, relative).ok) return null;
  const kept = await blobs.keepFile(file, { maxBytes: MAX_BLOB_BYTES });
  return kept.ok ? { path: relative, size: kept.size, sha256: kept.sha256 } : null;
}

/** Puts a session's file where its agent looks for it; one that is there and longer is newer, and stays. */
export async function laySession(
  backendName: string,
  { path: relative, size }: KeptSession,
  env: Environment,
  fetch: (file: string) => Promise<void>,
): Promise<void> {
  const root = backendOf(backendName).sessionRoot(env);
  if (root === null) return;
  makeDirectory(root);
  const named = namedInside(root, relative);
  if (!named.ok || outside(root, relative) !== null) {
    throw refusedParcel(`its session ${JSON.stringify(relative)} has no place here`);
  }
  const there = await hashForeign(named.path, { maxBytes: MAX_BLOB_BYTES });
  if (there.ok && there.size > size) return;
  makeDirectory(path.dirname(named.path));
  // What is there stays until the other is whole.
  const beside = temporaryName(named.path);
  try {
    await fetch(beside);
    renameFile(beside, named.path);
  } finally {
    remove(beside);
  }
}

/** With the run: what came back of a session, until a later attempt goes on with it. */
export class SessionShelf {
  readonly #directory: string;

  /** `runDir`: `.runs/<run-id>` */
  constructor(runDir: string, backendName: string) {
    this.#directory = path.join(runDir, 'sessions', backendName);
  }

  /** @throws Refusal `parcel-refused` for a name that is no session's */
  async put(session: KeptSession & { id: string }, file: string): Promise<void> {
    // By its name it is that session's: else a worker could have the next one overwrite another's.
    if (!path.posix.basename(session.path).includes(session.id)) {
      throw refusedParcel(`${JSON.stringify(session.path)} is no file of session ${session.id}`);
    }
    const at = path.join(this.#directory, session.id);
    makeDirectory(at);
    const copied = await copyForeignWhole(file, path.join(at, 'file'));
    if (!copied.ok) throw refusedParcel(`its session: ${copied.reason}`);
    replaceFile(path.join(at, 'name.json'), `${JSON.stringify({ path: session.path })}\n`);
  }

  async keep(sessionId: string, blobs: BlobFolder): Promise<KeptSession | null> {
    if (!namesIn(this.#directory).includes(sessionId)) return null;
    const at = path.join(this.#directory, sessionId);
    const read = readForeignJson(path.join(at, 'name.json'), NOTE);
    if (!read.ok || !isJsonObject(read.value) || typeof read.value['path'] !== 'string')
      return null;
    const kept = await blobs.keepFile(path.join(at, 'file'), { maxBytes: MAX_BLOB_BYTES });
    return kept.ok ? { path: read.value['path'], size: kept.size, sha256: kept.sha256 } : null;
  }
}

/** What the order's attempt is to go on with; null: nothing, or it is not known here. `env`: the engine's own. */
export async function sessionToGive(
  { backend, sessionId, remote, env: own }: AttemptOrder,
  env: Environment,
  blobs: BlobFolder,
): Promise<KeptSession | null> {
  if (sessionId === null || remote === undefined) return null;
  const shelved = await new SessionShelf(remote.runDir, backend).keep(sessionId, blobs);
  // Of an attempt of this machine.
  return shelved ?? (await keepSession(backend, sessionId, { ...env, ...own }, blobs));
}
