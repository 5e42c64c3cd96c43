/**
 * JSON-RPC 2.0, a message a line, with an agent: requests of ours and their answers, requests and notifications of the
 * agent's. Knows no process and no method.
 */
import { isJsonObject } from '../../../model/json.ts';
import { beginning } from '../../../text/width.ts';
import { isTooDeep, maxRecordDepth, recordIn } from '../../output/fields.ts';
import { LineParser } from '../../output/lines.ts';

/** An agent's message above this is a fault of the agent's. */
const MOST_BYTES = 64 << 20;

/** Who prints so much between two messages speaks something else. */
const MOST_NOISE_CHARS = 1 << 20;

export const METHOD_NOT_FOUND = -32601;

/** An error that a peer answers with. */
export class RpcError extends Error {
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

export interface Agent {
  /** Writes one line, its newline included. */
  write(line: string): void;
  onNotification(method: string, params: Record<string, unknown>): void;
  /** Its answer. @throws RpcError */
  onRequest(method: string, params: Record<string, unknown>): unknown;
  /** Every message of either side, before it is acted on. */
  onMessage(from: 'agent' | 'client', line: string): void;
}

export class Connection {
  readonly #agent: Agent;
  readonly #lines: LineParser;
  readonly #open = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #count = 0;
  #noiseChars = 0;
  #end: Error | null = null;

  constructor(agent: Agent) {
    this.#agent = agent;
    const onOmitted = (bytes: number): void =>
      this.close(new Error(`the agent sent a message of ${bytes} bytes, which is too long`));
    this.#lines = new LineParser({ onLine: (line) => this.#take(line), onOmitted }, MOST_BYTES);
  }

  /** The next bytes that the agent has written. */
  push(bytes: Buffer): void {
    this.#lines.push(bytes);
  }

  /** Rejects with an RpcError, or with what the connection was closed for. */
  request(method: string, params: object): Promise<unknown> {
    if (this.#end !== null) return Promise.reject(this.#end);
    const id = (this.#count += 1);
    const answered = new Promise((resolve, reject) => this.#open.set(id, { resolve, reject }));
    this.#send({ jsonrpc: '2.0', id, method, params });
    return answered;
  }

  notify(method: string, params: object): void {
    if (this.#end === null) this.#send({ jsonrpc: '2.0', method, params });
  }

  /** Nothing will be answered any more. */
  close(reason: Error): void {
    this.#end ??= reason;
    for (const { reject } of this.#open.values()) reject(this.#end);
    this.#open.clear();
  }

  #send(message: object): void {
    const line = JSON.stringify(message);
    this.#agent.onMessage('client', line);
    this.#agent.write(`${line}\n`);
  }

  #take(line: string): void {
    this.#agent.onMessage('agent', line);
    if (line.trimStart().startsWith('{') && isTooDeep(line)) {
      const most = `more than ${maxRecordDepth} levels deep`;
      return this.close(new Error(`the agent sent a message that is nested ${most}`));
    }
    const message = recordIn(line);
    if (message === null) return this.#passOver(line);
    this.#noiseChars = 0;
    if (this.#end !== null) return;
    const { id, method } = message;
    const params = isJsonObject(message['params']) ? message['params'] : {};
    if (typeof method !== 'string') this.#settle(message);
    else if (id === undefined || id === null) this.#agent.onNotification(method, params);
    else this.#answer(id, method, params);
  }

  /** Some programs print before they speak. */
  #passOver(line: string): void {
    this.#noiseChars += line.length + 1;
    if (this.#noiseChars <= MOST_NOISE_CHARS) return;
    const said = JSON.stringify(beginning(line, 100));
    this.close(new Error(`the agent prints what is no message of the protocol: ${said}`));
  }

  #settle(message: Record<string, unknown>): void {
    const { id, error, result } = message;
    const request = typeof id === 'number' ? this.#open.get(id) : undefined;
    if (request === undefined) return;
    this.#open.delete(id as number);
    if (error === undefined || error === null) return request.resolve(result);
    const { code, message: text, data } = isJsonObject(error) ? error : {};
    const told = typeof text === 'string' ? text : JSON.stringify(error);
    request.reject(new RpcError(typeof code === 'number' ? code : 0, told, data));
  }

  #answer(id: unknown, method: string, params: Record<string, unknown>): void {
    try {
      this.#send({ jsonrpc: '2.0', id, result: this.#agent.onRequest(method, params) });
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      const { code, message } = error;
      this.#send({ jsonrpc: '2.0', id, error: { code, message } });
    }
  }
}
