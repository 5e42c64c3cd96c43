/** What happens when what dies, row by row of docs/distributed.md, with a real server, real workers and times of seconds. */
import { connect, createServer, type Socket } from 'node:net';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TemporalExecutor } from '../../../src/execution/temporal/executor.ts';
import type { Handle } from '../../../src/execution/executor.ts';
import type { AttemptOrder } from '../../../src/model/attempt.ts';
import { cases } from '../../support/cases.ts';
import {
  startTemporalServer,
  temporalProblem,
  type TemporalServer,
} from '../../support/temporal-server.ts';
import { read, temporaryDirectory, until, untilPrinted } from '../local/orders.ts';
import { remoteOrder } from './remote-attempts.ts';
import { fastSettings, remoteExecutor, startWorkerProcess, type TestWorker } from './workers.ts';

const problem = temporalProblem();
const root = temporaryDirectory('temporal-faults');
let server: TemporalServer;
let workers: TestWorker[] = [];
let executors: TemporalExecutor[] = [];
let count = 0;

beforeAll(async () => {
  if (problem === null) server = await startTemporalServer(root);
});
afterAll(() => (problem === null ? server.kill() : undefined));
afterEach(async () => {
  for (const worker of workers) {
    worker.kill('SIGCONT');
    worker.kill('SIGKILL');
  }
  await Promise.all(workers.map((worker) => worker.gone));
  await Promise.all(executors.map((executor) => executor.close()));
  [workers, executors] = [[], []];
});

interface Case {
  queue: string;
  worker(
    name: string,
    options?: { slots?: number; words?: string[]; address?: string },
  ): Promise<TestWorker>;
  executor(options?: { fenceMs?: number }): TemporalExecutor;
  /** Notes that it has begun, prints `ready`, waits, and ends with 7. */
  order(): AttemptOrder & { begun(): number; wasAsked(): boolean; release(): void };
}

function newCase(): Case {
  const queue = `q${(count += 1)}`;
  const settings = fastSettings(server.address);
  const home = path.join(root, queue);
  return {
    queue,
    async worker(name, options = {}) {
      const at = path.join(home, name);
      const { address = settings.address, ...more } = options;
      const reached = { ...settings, address };
      const worker = await startWorkerProcess(at, { settings: reached, queue, ...more });
      workers.push(worker);
      return worker;
    },
    executor(options = {}) {
      const places = { depot: path.join(home, 'depot'), globalRoot: path.join(home, 'global') };
      const executor = remoteExecutor(settings, { ...places, ...options });
      executors.push(executor);
      return executor;
    },
    order() {
      const name = path.join(root, `${queue}-${(count += 1)}`);
      const told = `trap 'echo stopped >${name}.stopped; exit 1' TERM`;
      const line = `${told}; echo begun >>'${name}.begun'; echo ready; until [ -e '${name}.go' ]; do sleep 0.02; done; echo more; exit 7`;
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
  };
}

function deaf(): void {
  // Its files tell.
}

function state(handle: Handle): string {
  const where = handle.remote?.whereabouts();
  return where?.kind === 'remote' ? where.state : 'here';
}

const ends = { termination_reason: 'nonzero_exit', return_code: 7 };

describe.skipIf(problem !== null)('attempts on other machines', () => {
  it('a worker that is killed and comes back goes on with its attempt', async () => {
    const { worker, executor, order: make } = newCase();
    const first = await worker('a');
    const order = make();
    const handle = await executor().start(order, deaf);
    await untilPrinted(order, 'ready');
    first.kill('SIGKILL');
    await first.gone;
    await worker('a');
    await until('the host is asked to take it', () => state(handle) === 'unreachable');
    order.release();
    expect(await handle.ended).toMatchObject(ends);
    expect(order.begun()).toBe(1);
    expect(read(order, 'events.jsonl')).toBe('ready\nmore\n');
  });

  it('an attempt that ended while its worker was dead is told of by the next one', async () => {
    const { worker, executor, order: make } = newCase();
    const first = await worker('a');
    const order = make();
    const handle = await executor().start(order, deaf);
    await untilPrinted(order, 'ready');
    first.kill('SIGKILL');
    await first.gone;
    order.release();
    await worker('a');
    expect(await handle.ended).toMatchObject(ends);
    expect(order.begun()).toBe(1);
  });

  it('a host that never comes back has lost it, and says which', async () => {
    const { worker, executor, order: make } = newCase();
    const first = await worker('a');
    const order = make();
    const handle = await executor().start(order, deaf);
    await untilPrinted(order, 'ready');
    first.kill('SIGKILL');
    const end = await handle.ended;
    expect(end).toMatchObject({
      termination_reason: 'orphaned',
      failure_kind: 'worker_lost',
      resume_recommended: true,
    });
    expect(end.failure_summary).toContain('did not come back');
    // What is over is not wanted any more: the worker that comes back stops it.
    const back = await worker('a');
    await until('it is stopped', () => back.said().includes('not wanted any more'));
    order.release();
    expect(order.begun()).toBe(1);
  });

  it('an engine that dies leaves its attempt at work, and the next has its end', async () => {
    const { worker, executor, order: make } = newCase();
    await worker('a');
    const order = make();
    const first = executor();
    const handle = await first.start(order, deaf);
    await untilPrinted(order, 'ready');
    handle.detach();
    await first.close();
    order.release();
    const found = await executor().find(order, deaf);
    if (found.kind !== 'running') throw new Error(found.kind);
    expect(await found.handle.ended).toMatchObject(ends);
    expect(order.begun()).toBe(1);
  });

  it('two engines attach, and both have the one end', async () => {
    const { worker, executor, order: make } = newCase();
    await worker('a');
    const order = make();
    const handle = await executor().start(order, deaf);
    await untilPrinted(order, 'ready');
    const found = await executor().find(order, deaf);
    if (found.kind !== 'running') throw new Error(found.kind);
    order.release();
    const end = await Promise.race([handle.ended, found.handle.ended]);
    expect(end).toMatchObject(ends);
    expect(order.begun()).toBe(1);
  });

  it('a server that is killed and comes back has lost nothing', async () => {
    const { worker, executor, order: make } = newCase();
    await worker('a');
    const order = make();
    const handle = await executor().start(order, deaf);
    await untilPrinted(order, 'ready');
    await server.kill();
    await server.restart();
    order.release();
    expect(await handle.ended).toMatchObject(ends);
    expect(order.begun()).toBe(1);
  });

  it('an attempt that ends while the server is dead is told of by the depot', async () => {
    const { worker, executor, order: make } = newCase();
    await worker('a');
    const order = make();
    const handle = await executor().start(order, deaf);
    await untilPrinted(order, 'ready');
    await server.kill();
    try {
      order.release();
      expect(await handle.ended).toMatchObject(ends);
    } finally {
      await server.restart();
    }
    expect(order.begun()).toBe(1);
  });

  it('a server that is away is waited for, and nothing begins here instead', async () => {
    const { worker, executor, order: make } = newCase();
    await worker('a');
    await server.kill();
    const order = make();
    let handle;
    try {
      handle = await executor().start(order, deaf);
      const started = handle;
      await until('the server is missed', () => state(started) === 'unreachable');
      expect(order.begun()).toBe(0);
    } finally {
      await server.restart();
    }
    order.release();
    expect(await handle.ended).toMatchObject(ends);
    expect(order.begun()).toBe(1);
  });

  it('a worker that stands still is joined again', async () => {
    const { worker, executor, order: make } = newCase();
    const first = await worker('a');
    const order = make();
    const handle = await executor().start(order, deaf);
    await untilPrinted(order, 'ready');
    first.kill('SIGSTOP');
    await until('the server misses it', () => state(handle) === 'unreachable');
    first.kill('SIGCONT');
    order.release();
    expect(await handle.ended).toMatchObject(ends);
    expect(order.begun()).toBe(1);
  });

  it('a worker that is cut off stops its agent before the attempt counts as lost', async () => {
    const { worker, executor, order: make } = newCase();
    const proxy = await startProxy(server.address);
    const cut = await worker('a', { address: proxy.address });
    const order = make();
    const handle = await executor({ fenceMs: 10_000 }).start(order, deaf);
    await untilPrinted(order, 'ready');
    proxy.cut();
    const first = await Promise.race([
      until('its agent is asked to stop', () => order.wasAsked()).then(() => 'stopped'),
      handle.ended.then(() => 'over'),
    ]);
    expect(first).toBe('stopped');
    expect(cut.said()).toContain('nobody has answered');
    // A directory is no network: what was left by then has arrived.
    expect(await handle.ended).toMatchObject({
      failure_kind: 'worker_lost',
      resume_recommended: true,
    });
    expect(order.begun()).toBe(1);
  });

  it('a stop while it waits for a worker ends it at once, and no process comes', async () => {
    const { worker, executor, order: make } = newCase();
    const order = make();
    const handle = await executor().start(order, deaf);
    await until('the server has it', () => readRecordState(order) === 'placed');
    handle.stop('terminated', 'ask');
    expect(await handle.ended).toMatchObject({ failure_kind: 'interrupted', return_code: null });
    await worker('a');
    const next = make();
    const second = await executor().start(next, deaf);
    next.release();
    expect(await second.ended).toMatchObject(ends);
    expect(order.begun()).toBe(0);
  });

  it('a stop while the server is away goes by the depot', async () => {
    const { worker, executor, order: make } = newCase();
    await worker('a');
    const order = make();
    const handle = await executor().start(order, deaf);
    await untilPrinted(order, 'ready');
    await server.kill();
    try {
      handle.stop('terminated', 'ask');
      expect(await handle.ended).toMatchObject({
        termination_reason: 'terminated',
        failure_kind: 'interrupted',
      });
    } finally {
      await server.restart();
    }
  });

  it('a worker that is told to leave hands back at once, and the next goes on with its attempts', async () => {
    const { worker, executor, order: make } = newCase();
    const first = await worker('a');
    const order = make();
    const handle = await executor().start(order, deaf);
    await untilPrinted(order, 'ready');
    first.kill('SIGTERM');
    await first.gone;
    await worker('a');
    order.release();
    expect(await handle.ended).toMatchObject(ends);
    expect(order.begun()).toBe(1);
  });

  it('a worker that drains waits for its attempts, and takes no more', async () => {
    const { worker, executor, order: make } = newCase();
    const first = await worker('a', { words: ['--drain'] });
    const [order, later] = [make(), make()];
    const engine = executor();
    const handle = await engine.start(order, deaf);
    await untilPrinted(order, 'ready');
    first.kill('SIGTERM');
    await until('it drains', () => first.said().includes('takes no more'));
    const second = await engine.start(later, deaf);
    const other = await worker('b');
    await untilPrinted(later, 'ready');
    expect(other.said()).toContain('begins');
    order.release();
    expect(await handle.ended).toMatchObject(ends);
    await first.gone;
    later.release();
    expect(await second.ended).toMatchObject(ends);
    expect([order.begun(), later.begun()]).toEqual([1, 1]);
  });

  it('as many are at work at once as there are slots, also of those that were found again', async () => {
    const { worker, executor, order: make } = newCase();
    const first = await worker('a', { slots: 1 });
    const [order, later] = [make(), make()];
    const engine = executor();
    const handle = await engine.start(order, deaf);
    await untilPrinted(order, 'ready');
    const second = await engine.start(later, deaf);
    first.kill('SIGKILL');
    await first.gone;
    await worker('a', { slots: 1 });
    await until('the host is asked to take it', () => state(handle) === 'unreachable');
    await until('it has taken it', () => state(handle) === 'running');
    expect(later.begun()).toBe(0);
    order.release();
    expect(await handle.ended).toMatchObject(ends);
    later.release();
    expect(await second.ended).toMatchObject(ends);
    expect([order.begun(), later.begun()]).toEqual([1, 1]);
  });
});

const rounds = cases({ few: 2, many: 200 });

describe.skipIf(problem !== null)('whatever dies, and comes back in time', () => {
  it(
    'no attempt begins twice, and each end arrives',
    async () => {
      const { worker, executor, order: make } = newCase();
      const homes = ['a', 'b'];
      const at = await Promise.all(homes.map((home) => worker(home, { slots: 2 })));
      let engine = executor();
      for (let round = 0; round < rounds; round += 1) {
        const orders = Array.from({ length: 3 }, make);
        let handles = await Promise.all(orders.map((order) => engine.start(order, deaf)));
        const which = Math.floor(Math.random() * homes.length);
        const victim = at[which];
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 1500));
        const fault = ['worker', 'server', 'engine', 'still', 'told'][
          Math.floor(Math.random() * 5)
        ];
        if (victim !== undefined && (fault === 'worker' || fault === 'told')) {
          victim.kill(fault === 'worker' ? 'SIGKILL' : 'SIGTERM');
          await victim.gone;
          at[which] = await worker(homes[which] ?? '', { slots: 2 });
        } else if (fault === 'server') {
          await server.kill();
          await server.restart();
        } else if (fault === 'engine') {
          for (const handle of handles) handle.detach();
          await engine.close();
          engine = executor();
          const found = await Promise.all(orders.map((order) => engine.find(order, deaf)));
          handles = found.map((each) => {
            if (each.kind === 'never_started') throw new Error(`round ${round}: it was asked for`);
            return each.handle;
          });
        } else if (victim !== undefined && fault === 'still') {
          victim.kill('SIGSTOP');
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 7000));
          victim.kill('SIGCONT');
        }
        for (const order of orders) order.release();
        const ended = await Promise.all(handles.map((handle) => handle.ended));
        const told = ended.map(({ return_code: code, failure_kind: kind }) => [fault, code, kind]);
        expect(told, `round ${round}`).toEqual(orders.map(() => [fault, 7, 'task_runtime']));
        expect(orders.map((order) => order.begun())).toEqual([1, 1, 1]);
      }
    },
    rounds * 60_000,
  );
});

/** Between a worker and the server: what is cut is so for good. */
async function startProxy(to: string): Promise<{ address: string; cut(): void }> {
  const [host = '', port = ''] = to.split(':');
  const sockets = new Set<Socket>();
  const proxy = createServer((near) => {
    const far = connect(Number(port), host);
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
  const cut = (): void => {
    proxy.close();
    for (const socket of sockets) socket.destroy();
  };
  return { address: `127.0.0.1:${own}`, cut };
}

function readRecordState(order: AttemptOrder): string {
  const text = readFileSync(path.join(order.controlDir, 'remote.json'), 'utf8');
  return (JSON.parse(text) as { state: string }).state;
}

it('a Temporal server is there to test with, where tests run for others', () => {
  if (process.env['CI'] !== undefined) expect(problem).toBeNull();
});
