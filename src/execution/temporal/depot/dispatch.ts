/** The run's side of the depot: in a directory of its own, which a server opens to workers, or in one that all see. */
import path from 'node:path';
import { jsonFile, makeDirectory, remove, replaceFile } from '../../../disk/disk.ts';
import { kindAt, readForeign } from '../../../disk/foreign-file.ts';
import { readForeignJson } from '../../../disk/foreign-json.ts';
import { sha256 } from '../../../disk/sha256.ts';
import { gitOf, type Git } from '../../../git/git.ts';
import { isJsonObject, parseJson } from '../../../model/json.ts';
import { depotUrlOf, type DepotSettings } from '../../../model/machines.ts';
import type { AttemptEnd, AttemptOrder } from '../../../model/attempt.ts';
import { nowMs } from '../../local/stopwatch.ts';
import { BlobFolder } from '../parcel/blobs.ts';
import type { Manifest } from '../parcel/manifest.ts';
import { drawMarks } from '../parcel/marks.ts';
import { mirrorOutput, mirrorQuestions } from '../parcel/mirror.ts';
import { cannotTravel, manifestBytes, packOrder } from '../parcel/pack.ts';
import { sessionToGive } from '../parcel/session.ts';
import { takeInCheckpoint, takeInEnd, type TakeInContext } from '../parcel/take-in.ts';
import { forgetTree } from '../parcel/tree-back.ts';
import { packTree } from '../parcel/tree-out.ts';
import {
  PROTOCOL_VERSION,
  type DepotAddress,
  type Dispatch,
  type Orders,
  type Placement,
  type Sign,
} from '../protocol.ts';
import { attemptPlaces, blobsOf, depotRoot, outputNames, placementId } from './layout.ts';
import type { AttemptPlaces } from './layout.ts';
import { MAX_APPEND_BYTES, NOTE, RECORD } from './limits.ts';
import { registerDepot } from './registry.ts';
import { sweepBlobs } from './sweep.ts';
import { depotKey, TOKEN_MS, tokenFor } from './token.ts';

export interface DispatchOptions {
  depot: DepotSettings;
  /** `~/.codex-orch`: the key of tokens, and which runs this machine has. */
  globalRoot: string;
  /** The engine's own environment. */
  env: Readonly<NodeJS.ProcessEnv>;
  /** As in `Placement`. */
  fenceMs: number;
}

/** Between two looks at what has come. */
const LOOK_MS = 250;

export class DepotDispatch implements Dispatch {
  readonly #options: DispatchOptions;
  readonly #git: Git;

  constructor(options: DispatchOptions) {
    this.#options = options;
    this.#git = gitOf(options.env);
  }

  async give(order: AttemptOrder): Promise<Placement> {
    const given = await this.given(order);
    if (given !== null) return given;
    const { root, id, places } = this.#at(order);
    this.#dropEarlier(order);
    const blobs = new BlobFolder(blobsOf(root));
    const { env } = this.#options;
    const marks = drawMarks();
    makeDirectory(places.directory);
    const bases = path.join(root, 'bases');
    const tree = await packTree(this.#git, order, { blobs, bases });
    const packed = await packOrder(order, { blobs, marks });
    const session = await sessionToGive(order, env, blobs);
    const manifest: Manifest = { protocol: PROTOCOL_VERSION, id, marks, ...packed, tree, session };
    const bytes = manifestBytes(manifest);
    if (bytes.length > RECORD.maxBytes) throw cannotTravel('it has too many files');
    if ('url' in this.#address(order)) this.#register(order, root);
    replaceFile(places.manifest, bytes, { durable: true });
    return this.#placement(order, bytes);
  }

  async given(order: AttemptOrder): Promise<Placement | null> {
    const { root, places } = this.#at(order);
    const read = readForeign(places.manifest, { below: root, maxBytes: RECORD.maxBytes });
    if (!read.ok) return null;
    if ('url' in this.#address(order)) this.#register(order, root);
    return this.#placement(order, read.bytes);
  }

  follow(
    order: AttemptOrder,
    on: { sign(sign: Sign): void; output(): void; end(): void },
  ): () => void {
    const { root, places } = this.#at(order);
    let [lastSign, lastSize, isStopped]: [string, number, boolean] = ['', -1, false];
    let timer: NodeJS.Timeout | undefined;
    const look = async (): Promise<void> => {
      const sign = signAt(places, root);
      if (sign !== null && JSON.stringify(sign) !== lastSign) {
        lastSign = JSON.stringify(sign);
        on.sign(sign);
      }
      // Before the rest: what was handed in before the end is then all here.
      const hasEnded = kindAt(places.end) === 'file';
      let size = 0;
      for (const name of outputNames) {
        size += await mirrorOutput(places, root, order, name, MAX_APPEND_BYTES);
      }
      const asked = mirrorQuestions(places, root, order);
      if (isStopped) return;
      if ((lastSize >= 0 && size !== lastSize) || asked > 0 || (lastSize < 0 && size > 0)) {
        on.output();
      }
      lastSize = size;
      if (hasEnded) on.end();
      else plan();
    };
    const plan = (): void => {
      if (isStopped) return;
      // A disk that cannot be read for a moment is looked at again.
      timer = setTimeout(() => void look().catch(plan), LOOK_MS);
    };
    plan();
    return () => {
      isStopped = true;
      clearTimeout(timer);
    };
  }

  tell(order: AttemptOrder, orders: Orders): void {
    const { places } = this.#at(order);
    if (kindAt(places.manifest) === 'missing') return;
    replaceFile(places.orders, jsonFile(orders));
  }

  takeIn(order: AttemptOrder): Promise<AttemptEnd> {
    return takeInEnd(this.#takeInContext(order), order);
  }

  async takeCheckpoint(order: AttemptOrder): Promise<void> {
    const { places } = this.#at(order);
    if (kindAt(places.manifest) === 'missing') return;
    await takeInCheckpoint(this.#takeInContext(order), order);
  }

  async close(order: AttemptOrder): Promise<void> {
    const { root, places } = this.#at(order);
    this.#dropEarlier(order);
    drop(places);
    await forgetTree(this.#git, order);
    sweepBlobs(root);
  }

  /** Of generations that never began: nobody is to hand anything in for them. */
  #dropEarlier(order: AttemptOrder): void {
    for (let generation = 0; generation < order.generation; generation += 1) {
      drop(this.#at({ ...order, generation }).places);
    }
  }

  #at(order: AttemptOrder): { root: string; id: string; places: AttemptPlaces } {
    const root = depotRoot(this.#options.depot, order.remote?.runDir ?? '');
    const id = placementId(order);
    return { root, id, places: attemptPlaces(root, id) };
  }

  #address(order: AttemptOrder): DepotAddress {
    const url = depotUrlOf(this.#options.depot);
    if (url !== null) return { url };
    return { directory: depotRoot(this.#options.depot, order.remote?.runDir ?? '') };
  }

  #placement(order: AttemptOrder, manifest: Buffer): Placement {
    const depot = this.#address(order);
    const id = placementId(order);
    const { globalRoot, fenceMs } = this.#options;
    return {
      protocol: PROTOCOL_VERSION,
      id,
      depot,
      token: 'url' in depot ? tokenFor(depotKey(globalRoot), id, nowMs() + TOKEN_MS) : '',
      manifestSha256: sha256(manifest),
      fenceMs,
    };
  }

  #register(order: AttemptOrder, root: string): void {
    registerDepot(this.#options.globalRoot, order.remote?.id.split('/')[0] ?? '', root);
  }

  #takeInContext(order: AttemptOrder): TakeInContext {
    const { root, places } = this.#at(order);
    const read = readForeign(places.manifest, { below: root, maxBytes: RECORD.maxBytes });
    if (!read.ok) throw cannotTravel(`${places.manifest}: ${read.reason}`);
    const { marks } = parseJson(read.bytes.toString('utf8')) as unknown as Manifest;
    return { git: this.#git, places, root, marks };
  }
}

function drop({ manifest, directory }: AttemptPlaces): void {
  // First what opens it to others.
  remove(manifest);
  remove(directory);
}

/** null: nobody has said anything, or it is nothing that a worker says. */
function signAt({ sign }: AttemptPlaces, below: string): Sign | null {
  const read = readForeignJson(sign, NOTE, { below });
  if (!read.ok || !isJsonObject(read.value)) return null;
  const { host, state, at } = read.value;
  const states = ['laying_out', 'running', 'delivering'] as const;
  const known = states.find((one) => one === state);
  if (typeof host !== 'string' || typeof at !== 'string' || known === undefined) return null;
  if (!/^[\w.:@-]{1,200}$/.test(host) || Number.isNaN(Date.parse(at))) return null;
  return { host, state: known, at };
}
