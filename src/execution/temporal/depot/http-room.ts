/** A room at the endpoint of the run's machine, over connections that stay open. */
import { request as plain, Agent, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as secure, Agent as TlsAgent } from 'node:https';
import { closeSync, createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createForWriting, writeAll } from '../../../disk/disk.ts';
import { openForeign } from '../../../disk/foreign-file.ts';
import { isJsonObject, parseJson, type Json, type JsonObject } from '../../../model/json.ts';
import { isThisMachine } from '../../../model/machines.ts';
import { Refusal } from '../../../model/refusal.ts';
import { DepotFailure, type Orders, type Sign } from '../protocol.ts';
import type { OutputName } from './layout.ts';
import { MAX_BLOB_BYTES, RECORD } from './limits.ts';
import type { Room } from './room.ts';

export interface HttpRoomOptions {
  url: string;
  id: string;
  token: string;
  insecure: boolean;
}

interface Asked {
  method: 'GET' | 'PUT' | 'POST';
  path: string;
  body?: Buffer | { fd: number; size: number };
}

/** Until the answer begins, and between two parts of it. */
const SILENCE_MS = 60_000;

/** Shared by all attempts of a worker. */
const kept = { keepAlive: true, maxSockets: 16 };
const plainAgent = new Agent(kept);
const secureAgent = new TlsAgent(kept);

export class HttpRoom implements Room {
  readonly #options: HttpRoomOptions;
  readonly #base: URL;

  /** @throws Refusal `depot-insecure` where its token would go to another machine in plain text */
  constructor(options: HttpRoomOptions) {
    this.#options = options;
    const { url, id, insecure } = options;
    this.#base = new URL(`depot/v1/${id}/`, url.endsWith('/') ? url : `${url}/`);
    const { protocol, host } = this.#base;
    if (protocol === 'https:' || insecure || isThisMachine(host)) return;
    const message = `The depot at ${url} speaks plain text, and is on another machine than this.`;
    throw new Refusal('depot-insecure', message, {
      hint: 'Have it speak https, or set "insecure: true" in a network that you trust.',
    });
  }

  async manifest(): Promise<Buffer> {
    return this.#ask({ method: 'GET', path: 'manifest' });
  }

  async fetchBlob(sha256: string, file: string): Promise<void> {
    const fd = createForWriting(file);
    let size = 0;
    try {
      await this.#send({ method: 'GET', path: `blobs/${sha256}` }, (chunk) => {
        size += chunk.length;
        if (size > MAX_BLOB_BYTES) throw this.#failed(`the blob ${sha256} has no end`, 'lasts');
        writeAll(fd, chunk);
      });
    } finally {
      closeSync(fd);
    }
  }

  async sign(sign: Sign): Promise<Orders> {
    return ordersIn(await this.#json({ method: 'PUT', path: 'sign', body: bytesOf(sign) }));
  }

  async append(
    name: OutputName,
    offset: number,
    body: Buffer,
  ): Promise<{ size: number; orders: Orders }> {
    const told = await this.#json({ method: 'PUT', path: `output/${name}?offset=${offset}`, body });
    const { size } = told;
    if (typeof size !== 'number') throw this.#failed('its answer has no size', 'lasts');
    return { size, orders: ordersIn(told) };
  }

  async ask(name: string, body: Buffer): Promise<void> {
    await this.#ask({ method: 'PUT', path: `questions/${name}`, body });
  }

  async missing(sha256s: readonly string[]): Promise<string[]> {
    if (sha256s.length === 0) return [];
    const told = await this.#json({ method: 'POST', path: 'missing', body: bytesOf(sha256s) });
    const { missing = [] } = told;
    return Array.isArray(missing) ? missing.filter((one) => typeof one === 'string') : [];
  }

  async putBlob(
    { sha256, size }: { sha256: string; size: number },
    file: string,
    below: string,
  ): Promise<void> {
    const opened = openForeign(file, { below });
    if (!opened.ok) throw this.#failed(`${file}: ${opened.reason}`, 'passes');
    try {
      const { fd, stats } = opened;
      if (stats.size !== size) throw this.#failed(`${file} was changed meanwhile`, 'passes');
      await this.#ask({ method: 'PUT', path: `blobs/${sha256}`, body: { fd, size } });
    } finally {
      closeSync(opened.fd);
    }
  }

  async checkpoint(body: Buffer): Promise<void> {
    await this.#ask({ method: 'PUT', path: 'checkpoint', body });
  }

  async end(body: Buffer): Promise<void> {
    await this.#ask({ method: 'PUT', path: 'end', body });
  }

  async #json(asked: Asked): Promise<JsonObject> {
    const bytes = await this.#ask(asked);
    const value = parseJson(bytes.toString('utf8'));
    if (!isJsonObject(value)) throw this.#failed('its answer is no record', 'lasts');
    return value;
  }

  async #ask(asked: Asked): Promise<Buffer> {
    const parts: Buffer[] = [];
    let size = 0;
    await this.#send(asked, (chunk) => {
      size += chunk.length;
      if (size > RECORD.maxBytes) throw this.#failed('its answer has no end', 'lasts');
      parts.push(chunk);
    });
    return Buffer.concat(parts);
  }

  /** @throws DepotFailure for all but an answer that it is done */
  async #send(asked: Asked, take: (chunk: Buffer) => void): Promise<void> {
    const response = await this.#answerTo(asked);
    const status = response.statusCode ?? 0;
    if (status === 200) {
      try {
        for await (const chunk of response) take(chunk as Buffer);
      } catch (error) {
        if (error instanceof DepotFailure) throw error;
        throw this.#failed((error as Error).message, 'passes');
      }
      return;
    }
    const said = await textOf(response);
    // Not what another time will not be otherwise: not ours, not right, over. A proxy says 502 to 504; 422: a file was
    // changed while it was sent.
    const passes = status >= 500 || [408, 422, 429].includes(status);
    const kind = passes ? 'passes' : status === 410 ? 'over' : 'lasts';
    throw this.#failed(`${said} (HTTP ${status})`, kind);
  }

  #answerTo({ method, path, body }: Asked): Promise<IncomingMessage> {
    const { token } = this.#options;
    const url = new URL(path, this.#base);
    const isPlain = url.protocol === 'http:';
    const options: RequestOptions = {
      method,
      timeout: SILENCE_MS,
      agent: isPlain ? plainAgent : secureAgent,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined
          ? {}
          : { 'content-length': Buffer.isBuffer(body) ? body.length : body.size }),
      },
    };
    return new Promise((resolve, reject) => {
      const asked = (isPlain ? plain : secure)(url, options, resolve);
      asked.on('timeout', () => asked.destroy(new Error('it does not answer')));
      asked.on('error', (error) => reject(this.#failed(error.message, 'passes')));
      if (body === undefined || Buffer.isBuffer(body)) {
        asked.end(body);
        return;
      }
      const { fd, size } = body;
      if (size === 0) {
        asked.end();
        return;
      }
      const stream = createReadStream('', { fd, start: 0, end: size - 1, autoClose: false });
      // Where it breaks off, the request tells.
      pipeline(stream, asked).catch(() => undefined);
    });
  }

  #failed(what: string, kind: DepotFailure['kind']): DepotFailure {
    const { id, url } = this.#options;
    return new DepotFailure(`attempt ${id} at the depot ${url}: ${what}`, kind);
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  try {
    for await (const chunk of response) {
      text += (chunk as Buffer).toString('utf8');
      if (text.length > 10_000) break;
    }
    const value = parseJson(text);
    return isJsonObject(value) && typeof value['error'] === 'string'
      ? value['error']
      : 'it refuses';
  } catch {
    return 'it refuses';
  }
}

function ordersIn({ orders }: JsonObject): Orders {
  return isJsonObject(orders ?? null)
    ? (orders as unknown as Orders)
    : { stop: null, isOver: false };
}

function bytesOf(value: object): Buffer {
  return Buffer.from(JSON.stringify(value as unknown as Json));
}
