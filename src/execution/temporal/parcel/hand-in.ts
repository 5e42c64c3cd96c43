/** What an attempt leaves on a worker, put into its room in the depot: blobs first, what names them last. */
import { lstatSync } from 'node:fs';
import path from 'node:path';
import { remove } from '../../../disk/disk.ts';
import { isOutOfSpace } from '../../../disk/out-of-space.ts';
import { hashForeign, readForeignText } from '../../../disk/foreign-file.ts';
import type { Git } from '../../../git/git.ts';
import type { Json } from '../../../model/json.ts';
import type { AttemptEnd, AttemptOrder } from '../../../model/attempt.ts';
import type { Refusal } from '../../../model/refusal.ts';
import { MAX_ATTEMPT_BYTES, MAX_BLOB_BYTES, MAX_FILES } from '../depot/limits.ts';
import { outputNames } from '../depot/layout.ts';
import type { Room } from '../depot/room.ts';
import { PROTOCOL_VERSION } from '../protocol.ts';
import { BlobFolder } from './blobs.ts';
import { regularFilesBelow, type FoundFile } from './regular-files-below.ts';
import type {
  Blob,
  Checkpoint,
  Ended,
  KeptSession,
  LeftState,
  Manifest,
  NamedBlob,
} from './manifest.ts';
import { rootsAt, translated, translation, type Translate } from './marks.ts';
import { manifestBytes } from './pack.ts';
import { attemptEnvironment } from './place.ts';
import { keepSession } from './session.ts';
import { bringTree } from './tree-there.ts';

export interface HandInContext {
  git: Git;
  /** The worker's own environment. */
  env: Readonly<NodeJS.ProcessEnv>;
  place: string;
  manifest: Manifest;
  room: Room;
}

/** What the engine shows there of its own, and what comes by itself. */
const apart = new Set<string>(['prompt.md', 'runtime.json', 'questions', ...outputNames]);

/** Hands in how tree and session stand. `sessionId`: of the agent, as far as it is known. */
export async function handInCheckpoint(
  context: HandInContext,
  order: AttemptOrder,
  sessionId: string | null,
): Promise<void> {
  const outgoing = new Outgoing(context);
  const { state } = await outgoing.state(order, sessionId);
  await outgoing.send();
  const record: Checkpoint = { protocol: PROTOCOL_VERSION, ...state };
  await context.room.checkpoint(manifestBytes(record));
  outgoing.clear();
}

/** Hands in all that the attempt left; its output is there already. */
export async function handInEnd(
  context: HandInContext,
  order: AttemptOrder,
  end: AttemptEnd,
): Promise<void> {
  const outgoing = new Outgoing(context);
  const there = translationBack(context);
  const { state, trouble: treeTrouble } = await outgoing.state(order, end.session_id);
  const left = await outgoing.files(order);
  await outgoing.send();
  const trouble = left.trouble ?? treeTrouble;
  const record: Ended = {
    protocol: PROTOCOL_VERSION,
    ...state,
    end: translated(withTrouble(end, trouble) as unknown as Json, there) as unknown as AttemptEnd,
    files: left.files,
    printed: { 'events.jsonl': sizeIn(order, 0), 'stderr.log': sizeIn(order, 1) },
  };
  await context.room.end(manifestBytes(record));
  outgoing.clear();
}

/** Of an attempt that was not laid out, and so never began. `at`: ISO 8601. */
export function refusedEnd({ code, message, hint }: Refusal, at: string): Ended {
  const end: AttemptEnd = {
    termination_reason: 'orphaned',
    return_code: null,
    failure_kind: code === 'tree-setup' ? 'tree_setup' : 'runner_invocation',
    failure_summary: hint === undefined ? message : `${message} ${hint}`,
    resume_recommended: false,
    session_id: null,
    usage: null,
    final_message: null,
    started_at: at,
    finished_at: at,
    session_lost: false,
  };
  const printed = { 'events.jsonl': 0, 'stderr.log': 0 };
  const nothing = { tree: null, leftOut: [], session: null, files: [] };
  return { protocol: PROTOCOL_VERSION, ...nothing, end, printed };
}

/** What ended well, but cannot be taken whole, has failed. */
function withTrouble(end: AttemptEnd, trouble: string | null): AttemptEnd {
  if (trouble === null || end.termination_reason !== 'completed') return end;
  return {
    ...end,
    termination_reason: 'nonzero_exit',
    failure_kind: 'workspace',
    failure_summary: trouble,
    resume_recommended: true,
  };
}

/** Of this machine's places, marks: the run's side has its own for them. */
function translationBack({ place, manifest }: HandInContext): Translate {
  return translation(rootsAt(place), manifest.marks);
}

function sizeIn({ controlDir }: AttemptOrder, at: 0 | 1): number {
  const file = path.join(controlDir, outputNames[at]);
  return lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

class Outgoing {
  readonly #context: HandInContext;
  /** Of what is made for the way alone. */
  readonly #made: BlobFolder;
  readonly #files = new Map<string, { blob: Blob; file: string; below: string }>();

  constructor(context: HandInContext) {
    this.#context = context;
    this.#made = new BlobFolder(path.join(context.place, 'outgoing'));
  }

  async state(
    order: AttemptOrder,
    sessionId: string | null,
  ): Promise<{ state: LeftState; trouble: string | null }> {
    const { git, place, manifest } = this.#context;
    const spec = order.remote?.tree ?? null;
    const brought =
      spec === null || manifest.tree === null
        ? { tree: null, leftOut: [], trouble: null }
        : await bringTree(git, place, spec, {
            blobs: this.#made,
            snapshot: manifest.tree.snapshot.commit,
            at: order.startedAt,
            isWithMerge: manifest.tree.merge !== null,
          });
    if (brought.tree !== null) this.#addMade(brought.tree);
    const kept = await this.#session(order, sessionId);
    const { session } = kept;
    if (session !== null) this.#addMade(session);
    return {
      state: {
        tree: brought.tree,
        leftOut: brought.leftOut,
        session: session === null || sessionId === null ? null : { ...session, id: sessionId },
      },
      trouble: brought.trouble ?? kept.trouble,
    };
  }

  /** Its agent may have filled the disk: then the rest of it is not to wait for room. */
  async #session(
    order: AttemptOrder,
    sessionId: string | null,
  ): Promise<{ session: KeptSession | null; trouble: string | null }> {
    if (sessionId === null) return { session: null, trouble: null };
    const env = await attemptEnvironment(order, this.#context.env);
    try {
      const session = await keepSession(order.backend, sessionId, env, this.#made);
      return { session, trouble: null };
    } catch (error) {
      if (!isOutOfSpace(error)) throw error;
      return { session: null, trouble: `its session on the worker: ${(error as Error).message}` };
    }
  }

  /** All regular files; of `scratch`, what the prompt asks for by its name. */
  async files(order: AttemptOrder): Promise<{ files: NamedBlob[]; trouble: string | null }> {
    const { attemptDir, controlDir } = order;
    const read = readForeignText(path.join(controlDir, 'prompt.md'), { maxBytes: MAX_BLOB_BYTES });
    const prompt = read.ok ? read.text : '';
    const isAside = (name: string): boolean =>
      apart.has(name) || name === 'context/manifest.json' || name === 'scratch';
    const found = regularFilesBelow(attemptDir, MAX_FILES, isAside);
    if (found === null) {
      return { files: [], trouble: `its directory holds more than ${MAX_FILES} files` };
    }
    const scratch = prompt.includes(path.join(attemptDir, 'scratch') + path.sep)
      ? (regularFilesBelow(path.join(attemptDir, 'scratch'), MAX_FILES, () => false) ?? [])
      : [];
    const asked = scratch
      .filter(({ file }) => prompt.includes(file))
      .map((one) => ({ ...one, path: `scratch/${one.path}` }));
    return this.#named(attemptDir, [...found, ...asked]);
  }

  async #named(
    attemptDir: string,
    found: readonly FoundFile[],
  ): Promise<{ files: NamedBlob[]; trouble: string | null }> {
    const files: NamedBlob[] = [];
    let [sum, trouble]: [number, string | null] = [0, null];
    for (const { path: name, file, mode } of found) {
      const kept = await hashForeign(file, { below: attemptDir, maxBytes: MAX_BLOB_BYTES });
      // Gone meanwhile, or made unreadable by its agent: the same as where the run is.
      if (!kept.ok && kept.code !== 'too_large') continue;
      sum += kept.ok ? kept.size : Infinity;
      if (!kept.ok || sum > MAX_ATTEMPT_BYTES) {
        const why = kept.ok ? `all in all more than ${MAX_ATTEMPT_BYTES} bytes` : kept.reason;
        trouble ??= `${name} of its directory cannot be brought back: ${why}`;
        continue;
      }
      const blob = { size: kept.size, sha256: kept.sha256 };
      files.push({ path: name, mode, ...blob });
      this.#files.set(blob.sha256, { blob, file, below: attemptDir });
    }
    return { files, trouble };
  }

  #addMade({ size, sha256 }: Blob): void {
    const { directory } = this.#made;
    const file = this.#made.file(sha256);
    this.#files.set(sha256, { blob: { size, sha256 }, file, below: directory });
  }

  /** What the depot does not have yet. */
  async send(): Promise<void> {
    const { room } = this.#context;
    for (const sha256 of await room.missing([...this.#files.keys()])) {
      const one = this.#files.get(sha256);
      if (one !== undefined) await room.putBlob(one.blob, one.file, one.below);
    }
  }

  clear(): void {
    remove(this.#made.directory);
  }
}
