/** Attempts that the server does not know any more: it forgets what is over, and may have lost its database. */
import { existsSync } from 'node:fs';
import { Connection } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import type { Handle } from '../../../src/execution/executor.ts';
import type { TemporalExecutor } from '../../../src/execution/temporal/executor.ts';
import { writeRecord } from '../../../src/execution/temporal/placement/record.ts';
import { until, untilPrinted } from '../local/orders.ts';
import {
  deaf,
  endInDepot,
  endsOnce,
  newCase,
  problem,
  record,
  server,
  state,
  type MadeOrder,
} from './fault-cases.ts';

describe.skipIf(problem !== null)('what the server has forgotten', () => {
  it('is had of its host, or of the depot', async () => {
    const { atWork, order: make, executor } = newCase();
    const { engine, order, handle } = await atWork();
    const over = make();
    const second = await engine.start(over, deaf);
    await untilPrinted(over, 'ready');
    second.detach();
    await server.kill();
    server.forget();
    over.release();
    await until('its end lies in the depot', () => existsSync(endInDepot(over)));
    await server.restart();
    await endsOnce(over, await found(executor(), over));
    await until('its host has it', () => record(order).takes > 0 && state(handle) === 'running');
    order.release();
    await endsOnce(order, handle);
  });

  it('is lost where it may have begun, and nobody else knows it', async () => {
    const { executor, order } = newCase();
    // The namespace of a development server remembers a day.
    const handle = await found(executor(), asked(order(), { hoursAgo: 25 }));
    expect(await handle.ended).toMatchObject({ failure_kind: 'worker_lost' });
  });

  it('is not looked for where the namespace remembers for longer: then it was never asked for', async () => {
    const namespace = 'remembers-for-long';
    await makeNamespace(namespace, { days: 3 });
    const { executor, order } = newCase({ namespace });
    const young = asked(order(), { hoursAgo: 25 });
    const handle = await found(executor(), young);
    await until('it is asked for', () => record(young).state === 'placed');
    handle.stop('terminated', 'ask');
    expect(await handle.ended).toMatchObject({ failure_kind: 'interrupted' });
  });
});

/** Its engine died as it asked the server for it. */
function asked(order: MadeOrder, { hoursAgo }: { hoursAgo: number }): MadeOrder {
  writeRecord(order, { generation: 0, state: 'starting', takes: 0, host: null, end: null });
  return { ...order, startedAt: new Date(Date.now() - hoursAgo * 3_600_000).toISOString() };
}

async function found(engine: TemporalExecutor, order: MadeOrder): Promise<Handle> {
  const known = await engine.find(order, deaf);
  if (known.kind !== 'running') throw new Error(known.kind);
  return known.handle;
}

/** Resolves once the server, which learns of it with time, has it. */
async function makeNamespace(namespace: string, { days }: { days: number }): Promise<void> {
  const connection = await Connection.connect({ address: server.address });
  const { workflowService: service } = connection;
  try {
    const seconds = days * 86_400;
    await service.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: { seconds: seconds as never },
    });
    for (;;) {
      try {
        await service.describeTaskQueue({ namespace, taskQueue: { name: 'q' }, taskQueueType: 2 });
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  } finally {
    await connection.close();
  }
}
