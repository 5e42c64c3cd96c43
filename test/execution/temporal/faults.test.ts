/** What happens when what dies, row by row of docs/distributed.md, with a real server, real workers and times of seconds. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Handle } from '../../../src/execution/executor.ts';
import { Random } from '../../core/random.ts';
import { cases } from '../../support/cases.ts';
import { read, until, untilPrinted } from '../local/orders.ts';
import {
  deaf,
  endsOnce,
  newCase,
  problem,
  record,
  server,
  startProxy,
  state,
  whileServerIsDead,
} from './fault-cases.ts';
import { FaultRounds, ROUND_MS } from './fault-rounds.ts';

describe.skipIf(problem !== null)('attempts on other machines', () => {
  it('a worker that is killed and comes back goes on with its attempt', async () => {
    const { worker, atWork } = newCase();
    const { first, order, handle, seen } = await atWork();
    first.kill('SIGKILL');
    await first.gone;
    await worker('a');
    await until('the host is asked to take it', () => seen.includes('unreachable'));
    order.release();
    await endsOnce(order, handle);
    expect(read(order, 'events.jsonl')).toBe('ready\nmore\n');
  });

  it('an attempt that ended while its worker was dead is told of by the next one', async () => {
    const { worker, atWork } = newCase();
    const { first, order, handle } = await atWork();
    first.kill('SIGKILL');
    await first.gone;
    order.release();
    await worker('a');
    await endsOnce(order, handle);
  });

  it('a host that never comes back has lost it, and says which', async () => {
    const { worker, atWork } = newCase({ lost_after_sec: 12 });
    const { first, order, handle } = await atWork();
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
    const { executor, atWork } = newCase();
    const { engine, order, handle } = await atWork();
    handle.detach();
    await engine.close();
    order.release();
    const found = await executor().find(order, deaf);
    if (found.kind !== 'running') throw new Error(found.kind);
    await endsOnce(order, found.handle);
  });

  it('two engines attach: one of them has the end, which the depot gives once', async () => {
    const { executor, atWork } = newCase();
    const { order, handle } = await atWork();
    const found = await executor().find(order, deaf);
    if (found.kind !== 'running') throw new Error(found.kind);
    const both = [handle, found.handle];
    order.release();
    await Promise.any(both.map((each) => endsOnce(order, each)));
    for (const each of both) each.detach();
  });

  it('a server that is killed and comes back has lost nothing', async () => {
    const { atWork } = newCase();
    const { order, handle } = await atWork();
    await server.kill();
    await server.restart();
    order.release();
    await endsOnce(order, handle);
  });

  it('a server that stands still loses nothing, and begins nothing twice', async () => {
    const { atWork, order: make } = newCase();
    const { engine, order, handle } = await atWork();
    const meanwhile = make();
    server.freeze();
    const second = await engine.start(meanwhile, deaf);
    await until('the server is missed', () => state(second) === 'unreachable');
    expect(meanwhile.begun()).toBe(0);
    order.release();
    await endsOnce(order, handle);
    server.thaw();
    meanwhile.release();
    await endsOnce(meanwhile, second);
  });

  it('an attempt that ends while the server is dead is told of by the depot', async () => {
    const { atWork } = newCase();
    const { order, handle } = await atWork();
    await whileServerIsDead(async () => {
      order.release();
      await endsOnce(order, handle);
    });
    expect(order.begun()).toBe(1);
  });

  it('a server that is away is waited for, and nothing begins here instead', async () => {
    const { worker, executor, order: make } = newCase();
    await worker('a');
    const order = make();
    const started: Handle[] = [];
    await whileServerIsDead(async () => {
      const handle = await executor().start(order, deaf);
      started.push(handle);
      await until('the server is missed', () => state(handle) === 'unreachable');
      expect(order.begun()).toBe(0);
    });
    order.release();
    for (const handle of started) await endsOnce(order, handle);
  });

  it('a worker that stands still is joined again', async () => {
    const { atWork } = newCase();
    const { first, order, handle } = await atWork();
    first.kill('SIGSTOP');
    await until('the server misses it', () => state(handle) === 'unreachable');
    first.kill('SIGCONT');
    order.release();
    await endsOnce(order, handle);
  });

  it('a worker that is cut off stops its agent before the attempt counts as lost', async () => {
    // Later than its fence, however slowly it stops.
    const { atWork } = newCase({ lost_after_sec: 25 });
    const proxy = await startProxy(server.address);
    const cut = await atWork({ address: proxy.address, fenceMs: 10_000 });
    proxy.cut();
    const first = await Promise.race([
      until('its agent is asked to stop', () => cut.order.wasAsked()).then(() => 'stopped'),
      cut.handle.ended.then(() => 'over'),
    ]);
    expect(first).toBe('stopped');
    expect(cut.first.said()).toContain('nobody has answered');
    // A directory is no network: what was left by then has arrived.
    expect(await cut.handle.ended).toMatchObject({
      failure_kind: 'worker_lost',
      resume_recommended: true,
    });
    expect(cut.order.begun()).toBe(1);
  });

  it('a queue that nobody serves is said to be so, until a worker comes', async () => {
    const { worker, executor, order: make } = newCase();
    const order = make();
    const handle = await executor().start(order, deaf);
    const waiting = handle.remote?.whereabouts();
    await until('it is said', () => state(handle) === 'unserved');
    expect(handle.remote?.whereabouts()).toMatchObject({ ...waiting, state: 'unserved' });
    await worker('a');
    await untilPrinted(order, 'ready');
    await until('that is said, too', () => state(handle) === 'running');
    order.release();
    await endsOnce(order, handle);
  });

  it('a stop while it waits for a worker ends it at once, and no process comes', async () => {
    const { worker, executor, order: make } = newCase();
    const order = make();
    const handle = await executor().start(order, deaf);
    await until('the server has it', () => record(order).state === 'placed');
    const report = path.join(order.controlDir, 'runtime.json');
    const { where } = JSON.parse(readFileSync(report, 'utf8')) as { where?: unknown };
    expect(where).toMatchObject({ kind: 'remote', host: null, state: 'queued' });
    handle.stop('terminated', 'ask');
    expect(await handle.ended).toMatchObject({ failure_kind: 'interrupted', return_code: null });
    await worker('a');
    const next = make();
    const second = await executor().start(next, deaf);
    next.release();
    await endsOnce(next, second);
    expect(order.begun()).toBe(0);
  });

  it('a stop while it waits for a worker ends it also where the server is dead, and no process comes', async () => {
    const { worker, executor, order: make } = newCase();
    const order = make();
    const engine = executor();
    const handle = await engine.start(order, deaf);
    await until('the server has it', () => record(order).state === 'placed');
    await whileServerIsDead(async () => {
      handle.stop('terminated', 'ask');
      expect(await handle.ended).toMatchObject({ failure_kind: 'interrupted', return_code: null });
    });
    // The server still hands it out: the depot has nothing of it any more.
    const first = await worker('a');
    await until('it comes to nothing', () => first.said().includes('not wanted any more'));
    expect(order.begun()).toBe(0);
  });

  it('a stop while the server is away goes by the depot', async () => {
    const { atWork } = newCase();
    const { handle } = await atWork();
    await whileServerIsDead(async () => {
      handle.stop('terminated', 'ask');
      expect(await handle.ended).toMatchObject({
        termination_reason: 'terminated',
        failure_kind: 'interrupted',
      });
    });
  });

  it('a worker that is told to leave hands back at once, and the next goes on with its attempts', async () => {
    // The server would miss it after an hour.
    const { worker, atWork } = newCase({ heartbeat_timeout_sec: 3600 });
    const { first, order, handle, seen } = await atWork();
    first.kill('SIGTERM');
    expect(await first.gone).toBe(0);
    await until('it is handed back', () => seen.includes('unreachable'));
    await worker('a');
    order.release();
    await endsOnce(order, handle);
  });

  it('a worker that is told to leave from its terminal says with its status that it was interrupted', async () => {
    const { worker } = newCase();
    const first = await worker('a');
    first.kill('SIGINT');
    expect(await first.gone).toBe(130);
  });

  it('a worker that drains waits for its attempts, and takes no more', async () => {
    const { worker, order: make, atWork } = newCase();
    const { first, engine, order, handle } = await atWork({ words: ['--drain'] });
    first.kill('SIGTERM');
    await until('it drains', () => first.said().includes('takes no more'));
    const later = make();
    const second = await engine.start(later, deaf);
    const other = await worker('b');
    await untilPrinted(later, 'ready');
    expect(other.said()).toContain('begins');
    order.release();
    await endsOnce(order, handle);
    expect(await first.gone).toBe(0);
    later.release();
    await endsOnce(later, second);
    expect(order.begun()).toBe(1);
  });

  it('as many are at work at once as there are slots, also of those that were found again', async () => {
    const { worker, order: make, atWork } = newCase();
    const { first, engine, order, handle, seen } = await atWork({ slots: 1 });
    const later = make();
    const second = await engine.start(later, deaf);
    first.kill('SIGKILL');
    await first.gone;
    await worker('a', { slots: 1 });
    await until('the host is asked to take it', () => seen.includes('unreachable'));
    await until('it has taken it', () => state(handle) === 'running');
    expect(later.begun()).toBe(0);
    order.release();
    await endsOnce(order, handle);
    later.release();
    await endsOnce(later, second);
    expect(order.begun()).toBe(1);
  });
});

/**
 * CODEX_ORCH_CASES: how many rounds (2 before it lands, 200 in the long tier).
 * CODEX_ORCH_SEED: of the first round (1); the rounds take the seeds that follow it.
 */
const rounds = Number(process.env['CODEX_ORCH_CASES'] ?? cases({ few: 2, many: 200 }));
const firstSeed = Number(process.env['CODEX_ORCH_SEED'] ?? 1);

describe.skipIf(problem !== null)('whatever dies, and comes back in time', () => {
  it(
    `no attempt begins twice, and each end arrives (${rounds} rounds from seed ${firstSeed})`,
    async () => {
      const all = await FaultRounds.begin();
      for (let seed = firstSeed; seed < firstSeed + rounds; seed += 1) {
        try {
          await all.play(new Random(seed));
        } catch (error) {
          const again = `seed ${seed} (CODEX_ORCH_SEED=${seed} CODEX_ORCH_CASES=1)`;
          throw new Error(`${again}: ${all.now}: ${(error as Error).message}`, { cause: error });
        }
      }
      const counted = { firstSeed, rounds, ...all.counts, ...all.handOuts };
      process.stdout.write(`${JSON.stringify(counted)}\n`);
      expect(all.handOuts.attempts).toBe(3 * rounds);
    },
    (rounds + 1) * ROUND_MS,
  );
});

it('a Temporal server is there to test with, where tests run for others', () => {
  if (process.env['CI'] !== undefined) expect(problem).toBeNull();
});
