/** A worker whose disk is full: what it cannot do fails by name, and it goes on with others. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { smallDisk, type SmallDisk } from '../../support/small-disk.ts';
import { until } from '../local/orders.ts';
import { deaf, endsOnce, newCase, problem, type Case } from './fault-cases.ts';

const disks: SmallDisk[] = [];
afterEach(() => {
  for (const disk of disks.splice(0)) disk.unmount();
});

/** Of the worker `a`. */
function diskOf({ home }: Case): SmallDisk | null {
  const disk = smallDisk(path.join(home, 'a', '.codex-orch', 'worker'), '16m');
  if (disk !== null) disks.push(disk);
  return disk;
}

describe.skipIf(problem !== null)('a worker whose disk is full', () => {
  it('hands in what an agent has left that has filled it, and has room again', async (context) => {
    const made = newCase();
    if (diskOf(made) === null) return context.skip();
    const worker = await made.worker('a');
    const engine = made.executor();
    const greedy = made.order('head -c 100M /dev/zero >"$CODEX_ORCH_ATTEMPT_DIR/scratch/all"');
    const handle = await engine.start(greedy, deaf);
    greedy.release();
    await endsOnce(greedy, handle);
    expect(worker.said()).toContain('ENOSPC');
    const next = made.order();
    next.release();
    await endsOnce(next, await engine.start(next, deaf));
  });

  it('asks for nothing, and begins what waits for it once there is room', async (context) => {
    const made = newCase();
    const disk = diskOf(made);
    if (disk === null) return context.skip();
    const worker = await made.worker('a');
    const engine = made.executor();
    const filled = disk.fill();
    const order = made.order();
    const handle = await engine.start(order, deaf);
    await until('no more is asked for', () => worker.said().includes('takes no attempt'));
    rmSync(filled);
    order.release();
    await endsOnce(order, handle);
    await until('it asks again', () => worker.said().includes('takes attempts again'));
  });
});
