/** Attempts that the server has handed out and that nobody began: the network lost them, or their worker died too soon. */
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { hostedPlace, type HostedPlace } from '../../../src/execution/temporal/worker/places.ts';
import { Random } from '../../core/random.ts';
import { cases } from '../../support/cases.ts';
import { until } from '../local/orders.ts';
import {
  deaf,
  endsOnce,
  newCase,
  problem,
  record,
  server,
  startProxy,
  type MadeOrder,
} from './fault-cases.ts';
import type { TestWorker } from './workers.ts';

describe.skipIf(problem !== null)('what was handed out and reached nobody', () => {
  it('begins once, under the next generation, where the network has lost it', async () => {
    const { worker, executor, order: make } = newCase();
    const proxy = await startProxy(server.address);
    const first = await worker('a', { address: proxy.address });
    proxy.swallow();
    const order = make();
    const handle = await executor().start(order, deaf);
    await until('its host is asked for it', () => record(order).takes > 0);
    expect(record(order)).toMatchObject({ generation: 0, host: first.host });
    expect(keptBy(first, order).claim).toBeNull();
    proxy.heal();
    await until('it begins', () => order.begun() > 0);
    expect(record(order).generation).toBe(1);
    expect(keptBy(first, order).claim).toBe('void');
    order.release();
    await endsOnce(order, handle);
  });

  it.each<[string, (kept: HostedPlace) => boolean, number]>([
    ['has claimed it', (kept) => kept.claim !== null, 0],
    ['has laid it out', (kept) => kept.order !== null, 0],
    ...laterMoments(cases({ few: 1, many: 20 })),
  ])('begins once where its worker is killed when it %s', async (_, hasCome, thenMs) => {
    const { worker, executor, order: make } = newCase();
    const first = await worker('a');
    const order = make();
    const handle = await executor().start(order, deaf);
    const kept = keptBy(first, order);
    while (!hasCome(kept)) await new Promise(setImmediate);
    if (thenMs > 0) await new Promise((resolve) => setTimeout(resolve, thenMs));
    first.kill('SIGKILL');
    await first.gone;
    const wasLaidOut = kept.order !== null;
    await worker('a');
    await until('it begins', () => order.begun() > 0);
    if (!wasLaidOut) expect(record(order).generation).toBe(1);
    order.release();
    await endsOnce(order, handle);
  });
});

/** From the claim to the first line of the agent it takes some 70 ms. */
function laterMoments(count: number): [string, (kept: HostedPlace) => boolean, number][] {
  const random = new Random(1);
  return Array.from({ length: count }, () => {
    const ms = 1 + random.below(100);
    return [`has had it for ${ms} ms`, (kept) => kept.claim !== null, ms];
  });
}

/** What a worker keeps of the first generation. */
function keptBy({ home }: TestWorker, { remote }: MadeOrder): HostedPlace {
  const root = path.join(home, '.codex-orch', 'worker', remote?.queue ?? '', 'attempts');
  return hostedPlace(root, `${remote?.id}.0`);
}
