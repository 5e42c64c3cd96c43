/** `codex-orch web`: starts and stops the server. What it starts, such as runs, goes on without it. */
import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { RunFeeds } from '../../app/watch/run-feed.ts';
import { RunIndex } from '../../app/watch/run-index.ts';
import type { World } from '../../app/world.ts';
import type { ProgramPlace } from '../../app/program/validate.ts';
import { Refusal } from '../../model/refusal.ts';
import { makeAccess } from './access.ts';
import { makeApp } from './app.ts';
import type { WebContext } from './context.ts';
import { isLoopback } from './guard.ts';
import { ProgramWatch } from './program-watch.ts';
import { Strangers } from './strangers.ts';
import { UserPrices } from './user-prices.ts';

const DEFAULT_PORT = 38473;
const DEFAULT_HOST = '127.0.0.1';

export interface WebOptions {
  world: World;
  place: ProgramPlace;
  /** An interface's address, or a name of this machine. By default 127.0.0.1. */
  host?: string;
  /** 0: any that is free. By default 38473. */
  port?: number;
  /** null: a new one. */
  token: string | null;
  /** Where the built page lies. */
  pageDir: string;
  version: string;
  onDefect(error: unknown): void;
}

export interface WebServer {
  /** To be opened: the token is its fragment, which no browser sends to anybody. */
  url: string;
  host: string;
  port: number;
  token: string;
  /** For tests: how many runs' logs are being followed. */
  followed(): number;
  /** Ends all streams and connections. Runs go on. */
  close(): Promise<void>;
}

/** @throws Refusal `port-taken`, `host-unknown`, `token-short`, `token-unusable` */
export async function startWebServer(options: WebOptions): Promise<WebServer> {
  const { world, host = DEFAULT_HOST, place, version, onDefect } = options;
  const feeds = new RunFeeds(place.programDir, world.clock);
  const index = new RunIndex(place.programDir, feeds, world.clock);
  let { port = DEFAULT_PORT } = options;
  const access = makeAccess(options.token, host, () => port);
  const web: WebContext = {
    ...{ world, place, index, feeds, version, access, onDefect },
    program: new ProgramWatch(place.programDir, onDefect),
    prices: new UserPrices(world),
    loopback: isLoopback(host),
    streams: new Set(),
    strangers: new Strangers(),
  };
  const app = makeApp(web, options.pageDir);
  const serverOptions = { connectionsCheckingInterval: 2000 };
  const server = createAdaptorServer({ fetch: app.fetch, serverOptions }) as Server;
  // A request that does not come to its end must not hold a connection for ever.
  server.requestTimeout = 60_000;
  server.headersTimeout = 10_000;
  // Longer than a person's pause: a request must not meet a connection that is just being closed.
  server.keepAliveTimeout = 75_000;
  // Nobody shall use up the files of this process.
  server.maxConnections = 400;
  server.on('connection', (socket) => web.strangers.add(socket));
  port = await listen(server, host, port);
  server.on('error', onDefect);
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n');
    else socket.destroy();
  });
  // What the first page needs is read before anybody asks.
  void index.runs().catch(onDefect);
  return {
    url: `http://${shown(host)}:${port}/#token=${encodeURIComponent(access.token)}`,
    ...{ host, port, token: access.token },
    followed: () => feeds.size,
    async close() {
      for (const end of [...web.streams]) end();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(asRefusal(error, host, port)));
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}

function asRefusal(error: NodeJS.ErrnoException, host: string, port: number): unknown {
  switch (error.code) {
    case 'EADDRINUSE':
      return new Refusal('port-taken', `port ${port} is in use on ${host}`, {
        hint: 'choose another with --port, or 0 for any that is free',
      });
    case 'EACCES':
      return new Refusal('port-forbidden', `port ${port} may not be used on ${host}`, {
        hint: 'choose one above 1023 with --port',
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new Refusal('host-unknown', `this machine has no interface "${host}"`, {
        hint: 'give an address of this machine, or 0.0.0.0 for all of them',
      });
    default:
      return error;
  }
}

function shown(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
