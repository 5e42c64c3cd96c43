/** A worker's side of the depot, for one attempt. */
import { lstatSync, readSync } from 'node:fs';
import path from 'node:path';
import { readForeign, withForeign } from '../../../disk/foreign-file.ts';
import { someNamesIn } from '../../../disk/names-in.ts';
import { sha256 } from '../../../disk/sha256.ts';
import { gitOf, type Git } from '../../../git/git.ts';
import { parseJson } from '../../../model/json.ts';
import type { AttemptEnd, AttemptOrder } from '../../../model/attempt.ts';
import { Refusal } from '../../../model/refusal.ts';
import { nowMs } from '../../local/stopwatch.ts';
import { handInCheckpoint, handInEnd, refusedEnd, type HandInContext } from '../parcel/hand-in.ts';
import type { Manifest } from '../parcel/manifest.ts';
import { manifestBytes } from '../parcel/pack.ts';
import { laidOut, layOutPlace } from '../parcel/place.ts';
import {
  PROTOCOL_VERSION,
  type Delivery,
  type Orders,
  type Placement,
  type Sign,
} from '../protocol.ts';
import { DirectoryRoom, overOrders, questionName } from './directory-room.ts';
import { HttpRoom } from './http-room.ts';
import { outputNames, type OutputName } from './layout.ts';
import { MAX_APPEND_BYTES, MAX_QUESTION_BYTES, MAX_QUESTIONS } from './limits.ts';
import type { Room } from './room.ts';

export interface DeliveryOptions {
  /** The worker's own environment, without what no agent is to see. */
  env: Readonly<NodeJS.ProcessEnv>;
  /** Where bases of repositories are kept, for all attempts to come. */
  cacheDir: string;
  /** Where the `codex-orch` lies that its agents call. */
  commandDir: string;
  /** Whether a token may go to another machine in plain text. */
  insecure: boolean;
}

export class DepotDelivery implements Delivery {
  readonly #placement: Placement;
  readonly #options: DeliveryOptions;
  readonly #git: Git;
  readonly #room: Room;
  #manifest: Manifest | null = null;
  /** How much of each is known to be there. */
  readonly #sent = new Map<OutputName, number>();
  readonly #asked = new Set<string>();

  /** @throws Refusal for a depot that may not be spoken to, or another version */
  constructor(placement: Placement, options: DeliveryOptions) {
    const { protocol, id } = placement;
    if (protocol !== PROTOCOL_VERSION) {
      const versions = `it speaks version ${protocol} of the protocol, and this worker ${PROTOCOL_VERSION}`;
      throw new Refusal('other-protocol', `The attempt ${id} cannot be worked for: ${versions}.`, {
        hint: 'Have the same codex-orch on the worker and on the machine of the run.',
      });
    }
    this.#placement = placement;
    this.#options = options;
    this.#git = gitOf(options.env);
    this.#room = roomOf(placement, options);
  }

  sign(sign: Sign): Promise<Orders> {
    return this.#room.sign(sign);
  }

  async layOut(place: string): Promise<AttemptOrder> {
    const { manifestSha256 } = this.#placement;
    const known = laidOut(place, manifestSha256);
    if (known !== null) return known;
    const { env, cacheDir, commandDir } = this.#options;
    return layOutPlace(place, await this.#given(), manifestSha256, {
      ...{ git: this.#git, env, cacheDir, commandDir },
      fetch: (blob, file) => this.#room.fetchBlob(blob.sha256, file),
    });
  }

  async handInOutput(order: AttemptOrder): Promise<Orders> {
    let orders: Orders | null = null;
    for (const name of outputNames) orders = (await this.#append(order, name)).orders;
    await this.#ask(order);
    return orders ?? overOrders;
  }

  async checkpoint(order: AttemptOrder, sessionId: string | null): Promise<void> {
    await handInCheckpoint(await this.#context(order), order, sessionId ?? order.sessionId);
  }

  async handInEnd(order: AttemptOrder, end: AttemptEnd): Promise<void> {
    for (const name of outputNames) {
      while ((await this.#append(order, name)).isMore);
    }
    await this.#ask(order);
    await handInEnd(await this.#context(order), order, end);
  }

  async handInRefusal(refusal: Refusal): Promise<void> {
    const at = new Date(nowMs()).toISOString();
    await this.#room.end(manifestBytes(refusedEnd(refusal, at)));
  }

  /** Its manifest, which has the hash that was told. */
  async #given(): Promise<Manifest> {
    if (this.#manifest !== null) return this.#manifest;
    const bytes = await this.#room.manifest();
    const { id, manifestSha256 } = this.#placement;
    const found = sha256(bytes);
    if (found !== manifestSha256) {
      const why = `its manifest has the SHA-256 ${found}, and ${manifestSha256} was told`;
      throw new Refusal('not-laid-out', `The attempt ${id} is not what was placed: ${why}.`);
    }
    this.#manifest = parseJson(bytes.toString('utf8')) as unknown as Manifest;
    return this.#manifest;
  }

  /** By the order alone: it may have been laid out by an earlier worker of this host. */
  async #context({ remote }: AttemptOrder): Promise<HandInContext> {
    if (remote === undefined) throw new TypeError('an order of this machine goes to no depot');
    const { env } = this.#options;
    const [place, manifest] = [path.dirname(remote.runDir), await this.#given()];
    return { git: this.#git, env, place, manifest, room: this.#room };
  }

  /** Sends what the depot does not have; `isMore`: there is more. */
  async #append(
    order: AttemptOrder,
    name: OutputName,
  ): Promise<{ orders: Orders; isMore: boolean }> {
    const file = path.join(order.controlDir, name);
    const offset = this.#sent.get(name);
    // The first time nobody knows what is there already.
    const bytes = offset === undefined ? Buffer.alloc(0) : chunkOf(file, offset);
    const { size, orders } = await this.#room.append(name, offset ?? 0, bytes);
    this.#sent.set(name, size);
    const isOver = orders.isOver;
    return { orders, isMore: !isOver && size < sizeOf(file) };
  }

  async #ask({ attemptDir, remote }: AttemptOrder): Promise<void> {
    const directory = remote?.questionsDir ?? path.join(attemptDir, 'questions');
    const { names } = someNamesIn(directory, MAX_QUESTIONS);
    for (const name of names) {
      if (this.#asked.has(name) || !questionName.test(name)) continue;
      const read = readForeign(path.join(directory, name), {
        below: attemptDir,
        maxBytes: MAX_QUESTION_BYTES,
      });
      if (read.ok) await this.#room.ask(name, read.bytes);
      this.#asked.add(name);
    }
  }
}

function sizeOf(file: string): number {
  return lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function chunkOf(file: string, offset: number): Buffer {
  const read = withForeign(file, {}, ({ fd, stats }) => {
    const length = Math.min(MAX_APPEND_BYTES, Math.max(0, stats.size - offset));
    const buffer = Buffer.allocUnsafe(length);
    return buffer.subarray(0, length === 0 ? 0 : readSync(fd, buffer, 0, length, offset));
  });
  return Buffer.isBuffer(read) ? read : Buffer.alloc(0);
}

function roomOf({ depot, id, token }: Placement, { insecure }: DeliveryOptions): Room {
  if ('directory' in depot) return new DirectoryRoom(depot.directory, id);
  return new HttpRoom({ url: depot.url, id, token, insecure });
}
