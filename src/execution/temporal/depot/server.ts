/**
 * The depot's endpoint on the run's machine: opens to a worker the room of the attempt that its token names, and nothing
 * else. Whoever of the user's engines has the port serves all of the user's runs on this machine; another waits until it
 * is free. Bodies are bounded, in bytes and in time.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import {
  createServer,
  request,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { isThisMachine } from '../../../model/machines.ts';
import { ExitStatus, Refusal } from '../../../model/refusal.ts';
import { forgetGoneDepots } from './registry.ts';
import { answer, type Answering } from './routes.ts';
import { depotKey, proofOf } from './token.ts';

export interface DepotServerOptions {
  globalRoot: string;
  /** `host:port` */
  listen: string;
  /** Whether plain text may be spoken to other machines. */
  insecure: boolean;
}

/** How often one that waits looks whether the port is free. */
const RETRY_MS = 1000;

export class DepotServer {
  readonly #options: DepotServerOptions;
  readonly #answering: Answering;
  #server: Server | null = null;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  private constructor(options: DepotServerOptions) {
    this.#options = options;
    const key = depotKey(options.globalRoot);
    this.#answering = { globalRoot: options.globalRoot, key, taken: new Map() };
  }

  /**
   * Resolves once the port is served, by this process or by another of the user's.
   *
   * @throws Refusal `depot-insecure`; `depot-port-taken` where somebody else has the port, or it cannot be had
   */
  static async start(options: DepotServerOptions): Promise<DepotServer> {
    const { listen, insecure, globalRoot } = options;
    if (!insecure && !isThisMachine(listen)) {
      const message = `The depot would speak plain text at ${listen}, which is more than this machine.`;
      throw new Refusal('depot-insecure', message, {
        hint: 'Listen at 127.0.0.1 behind a proxy with TLS, or set "insecure: true" in a network that you trust.',
      });
    }
    forgetGoneDepots(globalRoot);
    const server = new DepotServer(options);
    const trouble = await server.#listen();
    if (trouble === null) return server;
    if (trouble.code !== 'EADDRINUSE') throw portTaken(listen, trouble.message);
    if (!(await isOurs(options, server.#answering.key))) {
      throw portTaken(listen, 'another program has it');
    }
    server.#wait();
    return server;
  }

  /** Where this process serves; null: another one does. */
  get port(): number | null {
    const address = this.#server?.address() ?? null;
    return typeof address === 'object' ? (address?.port ?? null) : null;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  #wait(): void {
    this.#timer = setTimeout(() => {
      void this.#listen().then((trouble) => {
        if (trouble !== null && !this.#isClosed) this.#wait();
      });
    }, RETRY_MS);
    this.#timer.unref();
  }

  #listen(): Promise<NodeJS.ErrnoException | null> {
    const { listen } = this.#options;
    const handle = (request: IncomingMessage, response: ServerResponse): void => {
      void answer(this.#answering, request, response);
    };
    // How long a body may take goes by its size: see routes.ts.
    const limits = { requestTimeout: 0, headersTimeout: 20_000, keepAliveTimeout: 65_000 };
    const server = createServer(limits, handle);
    const { host, port } = hostAndPort(listen);
    return new Promise((resolve) => {
      server.once('error', (error: NodeJS.ErrnoException) => resolve(error));
      server.listen(port, host, () => {
        server.removeAllListeners('error');
        server.on('error', () => undefined);
        if (this.#isClosed) server.close();
        else this.#server = server;
        resolve(null);
      });
    });
  }
}

/** Of `host:port`, `[host]:port`. */
function hostAndPort(listen: string): { host: string; port: number } {
  const [, bracketed, plain, port] = /^(?:\[(.*)\]|([^:]*)):(\d+)$/.exec(listen) ?? [];
  if (port === undefined) throw portTaken(listen, 'it is no host and port');
  return { host: bracketed ?? plain ?? '127.0.0.1', port: Number(port) };
}

/** Whether whoever has the port has the user's key. */
async function isOurs({ listen }: DepotServerOptions, key: Buffer): Promise<boolean> {
  const challenge = randomBytes(16).toString('hex');
  const { host, port } = hostAndPort(listen);
  const there = ['', '0.0.0.0', '::'].includes(host) ? 'localhost' : host;
  return new Promise((resolve) => {
    const asked = request(
      { host: there, port, path: `/depot/v1/who?${challenge}`, timeout: 5000 },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text = (text + chunk.toString('utf8')).slice(0, 1000);
        });
        response.on('end', () => {
          const expected = Buffer.from(proofOf(key, challenge));
          const told = Buffer.from(text);
          resolve(told.length === expected.length && timingSafeEqual(told, expected));
        });
        response.on('error', () => resolve(false));
      },
    );
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(false));
    asked.end();
  });
}

function portTaken(listen: string, why: string): Refusal {
  return new Refusal('depot-port-taken', `The depot cannot listen at ${listen}: ${why}.`, {
    hint: 'Set "depot.listen" to an address and port of this machine that are free.',
    exit: ExitStatus.failed,
  });
}
