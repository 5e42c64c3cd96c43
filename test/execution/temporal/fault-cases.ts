/**
 * Attempts of a real server and real workers, for tests of what dies: whoever imports this has a server for the file, and
 * after each test nothing of it is left at work.
 */
import { connect, createServer, type Socket } from 'node:net';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { TemporalExecutor } from '../../../src/execution/temporal/executor.ts';
import type { Handle } from '../../../src/execution/executor.ts';
import { readRecord, type RemoteRecord } from '../../../src/execution/temporal/placement/record.ts';
import type { AttemptOrder } from '../../../src/model/attempt.ts';
import type { TemporalSettings } from '../../../src/model/machines.ts';
import {
  startTemporalServer,
  temporalProblem,
  type TemporalServer,
} from '../../support/temporal-server.ts';
import { temporaryDirectory, untilPrinted } from '../local/orders.ts';
import { remoteOrder } from './remote-attempts.ts';
import {
  endWorkers,
  fastSettings,
  remoteExecutor,
  startWorkerProcess,
  type TestWorker,
} from './workers.ts';

/** Why there is no server; null where there is one. */
export const problem = temporalProblem();
const root = temporaryDirectory('temporal-faults');
export let server: TemporalServer;
let executors: TemporalExecutor[] = [];
let proxies: Proxy[] = [];
let count = 0;

beforeAll(async () => {
  if (problem === null) server = await startTemporalServer(root);
});
afterAll(async () => {
  // What a test that failed still had under way may have started others.
  await endWorkers();
  await (server as TemporalServer | undefined)?.kill();
});
afterEach(async () => {
  await endWorkers();
  for (const proxy of proxies) proxy.cut();
  await Promise.all(executors.map((executor) => executor.close()));
  [proxies, executors] = [[], []];
});

export type MadeOrder = AttemptOrder & { begun(): number; wasAsked(): boolean; release(): void };

interface WorkerOptions {
  slots?: number;
  words?: string[];
  address?: string;
}

export interface Case {
  /** Below it, of each worker a directory of its name. */
  home: string;
  worker(name: string, options?: WorkerOptions): Promise<TestWorker>;
  executor(options?: { fenceMs?: number }): TemporalExecutor;
  /** Notes that it has begun, prints `ready`, waits, and ends with 7. */
  order(then?: string): MadeOrder;
  /** An attempt that the worker `a` has, and that is at work there. */
  atWork(options?: WorkerOptions & { fenceMs?: number }): Promise<AtWork>;
}

interface AtWork {
  first: TestWorker;
  engine: TemporalExecutor;
  order: MadeOrder;
  handle: Handle;
  /** All states that the attempt has been in since it was started. */
  seen: string[];
}

/** A queue of its own. `change`: of what engine and workers know of the server. */
export function newCase(change: Partial<TemporalSettings> = {}): Case {
  const queue = `q${(count += 1)}`;
  const settings = { ...fastSettings(server.address), ...change };
  const home = path.join(root, queue);
  const made: Case = {
    home,
    worker(name, { address = settings.address, ...more } = {}) {
      const reached = { ...settings, address };
      return startWorkerProcess(path.join(home, name), { settings: reached, queue, ...more });
    },
    executor(options = {}) {
      const places = { depot: path.join(home, 'depot'), globalRoot: path.join(home, 'global') };
      const executor = remoteExecutor(settings, { ...places, ...options });
      executors.push(executor);
      return executor;
    },
    order(then = ':') {
      const name = path.join(root, `${queue}-${(count += 1)}`);
      const told = `trap 'echo stopped >${name}.stopped; exit 1' TERM`;
      const waits = `until [ -e '${name}.go' ] || ! [ -d '${root}' ]; do sleep 0.02; done`;
      const line = `${told}; echo begun >>'${name}.begun'; echo ready; ${waits}; ${then}; echo more; exit 7`;
      const order = remoteOrder(root, line);
      if (order.remote !== undefined) order.remote.queue = queue;
      return Object.assign(order, {
        begun: () => {
          const file = `${name}.begun`;
          return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;
        },
        wasAsked: () => existsSync(`${name}.stopped`),
        release: () => writeFileSync(`${name}.go`, ''),
      });
    },
    async atWork({ fenceMs, ...options } = {}) {
      const first = await made.worker('a', options);
      const order = made.order();
      const engine = made.executor(fenceMs === undefined ? {} : { fenceMs });
      const handle = await engine.start(order, deaf);
      const seen = [state(handle)];
      handle.remote?.onMoved((now) => seen.push(now.kind === 'remote' ? now.state : 'here'));
      await untilPrinted(order, 'ready');
      return { first, engine, order, handle, seen };
    },
  };
  return made;
}

/** Hears nothing of an attempt: its files tell. */
export function deaf(): void {
  // Nothing is done with it.
}

/** Where an attempt stands now, as `run show` says it. */
export function state(handle: Handle): string {
  const where = handle.remote?.whereabouts();
  return where?.kind === 'remote' ? where.state : 'here';
}

/** Of an attempt that went on to its end. */
const ends = { termination_reason: 'nonzero_exit', return_code: 7 };

/** Waits for its end, which is its own, of one process. */
export async function endsOnce(order: MadeOrder, handle: Handle): Promise<void> {
  expect(await handle.ended).toMatchObject(ends);
  expect(order.begun()).toBe(1);
}

/** The server comes back whatever `work` comes to. */
export async function whileServerIsDead(work: () => Promise<void>): Promise<void> {
  await server.kill();
  try {
    await work();
  } finally {
    await server.restart();
  }
}

export interface Proxy {
  address: string;
  cut(): void;
  /** What the server says is lost on the way, also what it hands out; nobody is told. */
  swallow(): void;
  /** Those connections break, and new ones are as any. */
  heal(): void;
}

/** Between a worker and the server: what is cut is so for good, as all are after each test. */
export async function startProxy(to: string): Promise<Proxy> {
  const [host = '', port = ''] = to.split(':');
  const sockets = new Set<Socket>();
  const answers = new Set<() => void>();
  const proxy = createServer((near) => {
    const far = connect(Number(port), host);
    answers.add(() => far.unpipe(near).resume());
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port: own } = proxy.address() as { port: number };
  const heal = (): void => {
    answers.clear();
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  const cut = (): void => {
    proxy.close();
    heal();
  };
  const swallow = (): void => {
    for (const loseAnswer of answers) loseAnswer();
  };
  const made = { address: `127.0.0.1:${own}`, cut, swallow, heal };
  proxies.push(made);
  return made;
}

/** What the engine has written down of an attempt that it was handed. */
export function record(order: AttemptOrder): RemoteRecord {
  const read = readRecord(order);
  if (read === null) throw new Error('nothing of it is written down');
  return read;
}

/** Where its end lies once its worker has handed it in. */
export function endInDepot(order: MadeOrder): string {
  return path.join(
    root,
    order.remote?.queue ?? '',
    'depot',
    `${order.remote?.id.replaceAll('/', '+')}.0`,
    'end.json',
  );
}
