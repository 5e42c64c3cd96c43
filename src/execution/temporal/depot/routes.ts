/**
 * What a worker may ask of a depot by HTTP: `/depot/v1/<run>/<instance>/<attempt>.<generation>/<what>`, with the token of
 * that attempt as `Authorization: Bearer`. Each is a call of `Room`.
 */
import { closeSync, createReadStream, lstatSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openForeign } from '../../../disk/foreign-file.ts';
import { parseForeignJson } from '../../../disk/foreign-json.ts';
import { namesIn } from '../../../disk/names-in.ts';
import { isJsonObject, type Json } from '../../../model/json.ts';
import { Refusal } from '../../../model/refusal.ts';
import { nowMs } from '../../local/stopwatch.ts';
import { blobsNamedIn } from '../parcel/manifest.ts';
import { DepotFailure, type Sign } from '../protocol.ts';
import { BadRequest, bodyToFile, wholeBody } from './body.ts';
import { DirectoryRoom, overOrders, questionName } from './directory-room.ts';
import { isPlacementId, outputNames } from './layout.ts';
import {
  MAX_APPEND_BYTES,
  MAX_ATTEMPT_BYTES,
  MAX_BLOB_BYTES,
  MAX_FILES,
  MAX_QUESTION_BYTES,
  NOTE,
  RECORD,
} from './limits.ts';
import { depotOf } from './registry.ts';
import { proofOf, tokenTrouble } from './token.ts';

export interface Answering {
  globalRoot: string;
  key: Buffer;
  /** Directory of an attempt's blobs → what it holds: looked at once, and then counted. */
  taken: Map<string, { count: number; bytes: number }>;
}

/** Below which all of it lies. */
const PREFIX = '/depot/v1/';

/** Answers a request. Never rejects. */
export async function answer(
  answering: Answering,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    await route(answering, request, response);
  } catch (error) {
    const { status, message } = troubleOf(error);
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    // What of the body is still to come is not waited for.
    response.setHeader('connection', 'close');
    response.once('close', () => request.destroy());
    send(response, status, { error: message });
  }
}

async function route(
  answering: Answering,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://depot');
  const method = request.method ?? '';
  if (method === 'GET' && url.pathname === `${PREFIX}who`) {
    const challenge = /^\?([0-9a-f]{32})$/.exec(url.search)?.[1];
    if (challenge === undefined) throw new BadRequest(400, 'there is no challenge');
    response.end(proofOf(answering.key, challenge));
    return;
  }
  if (!url.pathname.startsWith(PREFIX)) throw new BadRequest(404, 'there is nothing here');
  const parts = url.pathname.slice(PREFIX.length).split('/').map(decoded);
  const id = parts.slice(0, 3).join('/');
  const [what = '', name = '', ...more] = parts.slice(3);
  if (!isPlacementId(id) || more.length > 0) throw new BadRequest(404, 'there is nothing here');
  refuseForeign(answering, id, request);
  const root = depotOf(answering.globalRoot, parts[0] ?? '');
  if (root === null) throw new BadRequest(410, `the run of ${id} is not on this machine any more`);
  const room = new DirectoryRoom(root, id);
  const asked = `${method} ${what}`;
  if (!room.isOpen) {
    // So that a worker that asks for orders is told in the same way as any other.
    if (['PUT sign', 'PUT output'].includes(asked)) {
      send(response, 200, {
        size: Number(url.searchParams.get('offset') ?? 0),
        orders: overOrders,
      });
      return;
    }
    throw new BadRequest(410, `${id} is over`);
  }
  switch (asked) {
    case 'GET manifest':
      response.end(await room.manifest());
      return;
    case 'GET blobs':
      await sendBlob(room, name, response);
      return;
    case 'PUT sign': {
      const sign = signIn(await wholeBody(request, NOTE.maxBytes));
      send(response, 200, { orders: await room.sign(sign) });
      return;
    }
    case 'PUT output': {
      const output = outputNames.find((one) => one === name);
      const offset = Number(url.searchParams.get('offset') ?? Number.NaN);
      if (output === undefined || !Number.isSafeInteger(offset) || offset < 0) {
        throw new BadRequest(404, 'there is no such output');
      }
      const bytes = await wholeBody(request, MAX_APPEND_BYTES);
      send(response, 200, await room.append(output, offset, bytes));
      return;
    }
    case 'PUT questions':
      if (!questionName.test(name)) throw new BadRequest(404, 'that is no name of a question');
      await room.ask(name, await wholeBody(request, MAX_QUESTION_BYTES));
      send(response, 200, {});
      return;
    case 'POST missing': {
      const hashes = hashesIn(await wholeBody(request, RECORD.maxBytes));
      send(response, 200, { missing: await room.missing(hashes) });
      return;
    }
    case 'PUT blobs':
      await takeBlob(answering, room, name, request);
      send(response, 200, {});
      return;
    case 'PUT checkpoint':
      // Blobs of the one before go.
      answering.taken.delete(room.left.directory);
      await room.checkpoint(await wholeBody(request, RECORD.maxBytes));
      send(response, 200, {});
      return;
    case 'PUT end':
      answering.taken.delete(room.left.directory);
      await room.end(await wholeBody(request, RECORD.maxBytes));
      send(response, 200, {});
      return;
    default:
      throw new BadRequest(404, 'there is nothing here');
  }
}

function refuseForeign({ key }: Answering, id: string, request: IncomingMessage): void {
  const [, token] = /^Bearer (\S{1,200})$/.exec(request.headers.authorization ?? '') ?? [];
  if (token === undefined) throw new BadRequest(401, 'there is no token: send it as Bearer');
  const trouble = tokenTrouble(key, id, token, nowMs());
  if (trouble !== null) throw new BadRequest(403, trouble);
}

async function sendBlob(
  room: DirectoryRoom,
  hash: string,
  response: ServerResponse,
): Promise<void> {
  if (!blobsNamedIn(await room.manifest()).has(hash))
    throw new BadRequest(403, 'the attempt is given no such blob');
  const opened = openForeign(room.givenBlob(hash));
  if (!opened.ok) throw new BadRequest(404, `the blob ${hash}: ${opened.reason}`);
  response.setHeader('content-length', opened.stats.size);
  try {
    await pipeline(createReadStream('', { fd: opened.fd, start: 0, autoClose: false }), response);
  } finally {
    closeSync(opened.fd);
  }
}

async function takeBlob(
  { taken }: Answering,
  room: DirectoryRoom,
  hash: string,
  request: IncomingMessage,
): Promise<void> {
  if (!/^[0-9a-f]{64}$/.test(hash)) throw new BadRequest(404, 'a blob is called by its SHA-256');
  const { directory } = room.left;
  const held = taken.get(directory) ?? heldIn(directory);
  taken.set(directory, held);
  if (held.count > 2 * MAX_FILES || held.bytes >= MAX_ATTEMPT_BYTES) {
    throw new BadRequest(413, `at most ${MAX_ATTEMPT_BYTES} bytes are taken of an attempt`);
  }
  const maxBytes = Math.min(MAX_BLOB_BYTES, MAX_ATTEMPT_BYTES - held.bytes);
  const file = room.left.file(hash);
  await bodyToFile(request, file, { sha256: hash, maxBytes });
  held.count += 1;
  held.bytes += sizeOf(file);
}

function heldIn(directory: string): { count: number; bytes: number } {
  const names = namesIn(directory);
  const bytes = names.reduce((sum, name) => sum + sizeOf(path.join(directory, name)), 0);
  return { count: names.length, bytes };
}

function sizeOf(file: string): number {
  return lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function signIn(bytes: Buffer): Sign {
  const parsed = parseForeignJson(bytes, NOTE.maxDepth);
  if (!parsed.ok || !isJsonObject(parsed.value)) throw new BadRequest(400, 'that is no sign');
  const { host, state, at } = parsed.value;
  if (typeof host !== 'string' || typeof state !== 'string' || typeof at !== 'string') {
    throw new BadRequest(400, 'that is no sign');
  }
  return { host, state: state as Sign['state'], at };
}

function hashesIn(bytes: Buffer): string[] {
  const parsed = parseForeignJson(bytes, RECORD.maxDepth);
  const list = parsed.ok && Array.isArray(parsed.value) ? parsed.value : [];
  const isHash = (one: Json): one is string =>
    typeof one === 'string' && /^[0-9a-f]{64}$/.test(one);
  return list.filter(isHash).slice(0, 2 * MAX_FILES);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new BadRequest(400, 'the address is not well-formed');
  }
}

/** As http-room.ts reads them. */
const statuses: Record<DepotFailure['kind'], number> = { passes: 503, lasts: 409, over: 410 };

function troubleOf(error: unknown): { status: number; message: string } {
  if (error instanceof BadRequest) return error;
  if (error instanceof DepotFailure) {
    return { status: statuses[error.kind], message: error.message };
  }
  if (error instanceof Refusal) return { status: 400, message: error.message };
  const { code = 'unknown' } = error as NodeJS.ErrnoException;
  // A full disk, or one that cannot be read: by its code alone.
  return { status: 503, message: `the depot has trouble of its own: ${code}` };
}

function send(response: ServerResponse, status: number, value: object): void {
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(value));
}
