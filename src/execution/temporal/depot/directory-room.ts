/** A room in a directory: what the server has for others, and what a worker uses that sees the directory itself. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import {
  appendFrom,
  createFile,
  jsonFile,
  makeDirectory,
  remove,
  replaceFile,
} from '../../../disk/disk.ts';
import { copyForeign, readForeign } from '../../../disk/foreign-file.ts';
import { readForeignJson } from '../../../disk/foreign-json.ts';
import { someNamesIn } from '../../../disk/names-in.ts';
import { isJsonObject } from '../../../model/json.ts';
import { BlobFolder } from '../parcel/blobs.ts';
import { blobsNamedIn } from '../parcel/manifest.ts';
import { DepotFailure, type Orders, type Sign } from '../protocol.ts';
import { attemptPlaces, blobsOf, type AttemptPlaces, type OutputName } from './layout.ts';
import { MAX_BLOB_BYTES, MAX_OUTPUT_BYTES, MAX_QUESTIONS, NOTE, RECORD } from './limits.ts';
import type { Room } from './room.ts';

/** Names of questions, as they are drawn. */
export const questionName = /^[\w-]{1,100}\.json$/;

/** What an attempt is told that is over, or of which nothing is there. */
export const overOrders: Orders = { stop: null, isOver: true };

export class DirectoryRoom implements Room {
  readonly places: AttemptPlaces;
  readonly #id: string;
  readonly #root: string;
  readonly #given: BlobFolder;
  readonly #left: BlobFolder;

  /** `root`: of the depot. @throws Refusal `depot-id` */
  constructor(root: string, id: string) {
    this.#id = id;
    this.#root = root;
    this.places = attemptPlaces(root, id);
    this.#given = new BlobFolder(blobsOf(root));
    this.#left = new BlobFolder(this.places.blobs);
  }

  /** Whether it was given, and is not over. @throws DepotFailure where the depot itself is not there */
  get isOpen(): boolean {
    if (existsSync(this.places.manifest)) return true;
    if (!existsSync(this.#root)) throw this.#failed(`${this.#root} is not there`, 'passes');
    return false;
  }

  async manifest(): Promise<Buffer> {
    const read = readForeign(this.places.manifest, { maxBytes: RECORD.maxBytes });
    if (read.ok) return read.bytes;
    this.#refuseWhenOver();
    throw this.#failed(`its manifest: ${read.reason}`, 'passes');
  }

  /** Where a blob lies that the attempt is given. */
  givenBlob(sha256: string): string {
    return this.#given.file(sha256);
  }

  async fetchBlob(sha256: string, file: string): Promise<void> {
    const copied = await copyForeign(this.givenBlob(sha256), file, { maxBytes: MAX_BLOB_BYTES });
    if (!copied.ok) throw this.#failed(`the blob ${sha256}: ${copied.reason}`, 'lasts');
  }

  async sign(sign: Sign): Promise<Orders> {
    if (this.isOpen) replaceFile(this.places.sign, jsonFile(sign));
    return this.orders();
  }

  orders(): Orders {
    if (!this.isOpen) return overOrders;
    const read = readForeignJson(this.places.orders, NOTE);
    if (!read.ok || !isJsonObject(read.value)) return { stop: null, isOver: false };
    return read.value as unknown as Orders;
  }

  async append(
    name: OutputName,
    offset: number,
    bytes: Buffer,
  ): Promise<{ size: number; orders: Orders }> {
    if (!this.isOpen) return { size: offset, orders: overOrders };
    if (offset + bytes.length > MAX_OUTPUT_BYTES) {
      throw this.#failed(`${name} is larger than ${MAX_OUTPUT_BYTES} bytes`, 'lasts');
    }
    const file = this.places.output(name);
    makeDirectory(path.dirname(file));
    return { size: appendFrom(file, offset, bytes), orders: this.orders() };
  }

  async ask(name: string, bytes: Buffer): Promise<void> {
    this.#refuseWhenOver();
    if (!questionName.test(name)) {
      throw this.#failed(`${JSON.stringify(name.slice(0, 200))} is no name of a question`, 'lasts');
    }
    const { questions } = this.places;
    if (someNamesIn(questions, MAX_QUESTIONS).more) {
      throw this.#failed(`it has asked ${MAX_QUESTIONS} questions`, 'lasts');
    }
    makeDirectory(questions);
    createFile(path.join(questions, name), bytes);
  }

  async missing(sha256s: readonly string[]): Promise<string[]> {
    return sha256s.filter((one) => !this.#left.has(one));
  }

  async putBlob(
    { sha256, size }: { sha256: string; size: number },
    file: string,
    below: string,
  ): Promise<void> {
    this.#refuseWhenOver();
    const kept = await this.#left.keepFile(file, { below, maxBytes: MAX_BLOB_BYTES });
    // It had that hash a moment ago.
    if (!kept.ok) throw this.#failed(`${file}: ${kept.reason}`, 'passes');
    if (kept.sha256 === sha256 && kept.size === size) return;
    throw this.#failed(`${file} was changed while it was handed in`, 'passes');
  }

  /** Where blobs that come as a stream are put. */
  get left(): BlobFolder {
    return this.#left;
  }

  async checkpoint(record: Buffer): Promise<void> {
    this.#refuseWhenOver();
    const before = readForeign(this.places.checkpoint, { maxBytes: RECORD.maxBytes });
    replaceFile(this.places.checkpoint, record);
    // What the one before named is of no use any more.
    const kept = blobsNamedIn(record);
    for (const sha256 of before.ok ? blobsNamedIn(before.bytes) : []) {
      if (!kept.has(sha256)) remove(this.#left.file(sha256));
    }
  }

  async end(record: Buffer): Promise<void> {
    this.#refuseWhenOver();
    replaceFile(this.places.end, record, { durable: true });
  }

  #refuseWhenOver(): void {
    if (!this.isOpen) throw this.#failed('it is over, and nothing more is taken', 'over');
  }

  #failed(what: string, kind: DepotFailure['kind']): DepotFailure {
    return new DepotFailure(`attempt ${this.#id} in the depot: ${what}`, kind);
  }
}
