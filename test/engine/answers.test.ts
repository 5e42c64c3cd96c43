/** Answers beside the loop that wait for time: the engine stays for them, as long as it may. */
import { describe, expect, it } from 'vitest';
import type { Answerer } from '../../src/engine/parts.ts';
import { task } from '../support/make.ts';
import { settled, Stage } from './stage.ts';

const HOUR_MS = 3600_000;

/** Whoever answers may do so in an hour. */
function waiting(stage: Stage): { answerer: Answerer; begun: string[] } {
  const begun: string[] = [];
  const at = new Date(Date.parse(stage.clock.now()) + HOUR_MS).toISOString();
  const stop = (): void => undefined;
  const begin: Answerer['begin'] = () => {
    const now = stage.clock.now();
    if (begun.length > 0) return { answers: [], wakeAt: null };
    if (now < at) return { answers: [], wakeAt: at };
    begun.push(now);
    return { answers: [{ ended: Promise.resolve(), stop }], wakeAt: null };
  };
  return { answerer: { begin }, begun };
}

describe('an answer that waits for time', () => {
  it('is begun when that has come, by the engine that drives the run', async () => {
    const stage = new Stage([task({ id: 'a' })]);
    const { answerer, begun } = waiting(stage);
    const { ended } = stage.drive({ answerer });
    await settled();
    expect([stage.statuses, begun]).toEqual([['a done'], []]);
    expect(stage.clock.nextAlarm).toBe('2026-01-01T01:00:00.000Z');
    stage.clock.pass(HOUR_MS);
    await ended;
    expect(begun).toEqual(['2026-01-01T01:00:00.000Z']);
  });

  it('is left to the next engine where this one must not wait so long, or is stopped', async () => {
    const stage = new Stage([task({ id: 'a' })]);
    const { answerer, begun } = waiting(stage);
    await stage.drive({ answerer, maxWaitSec: 60 }).ended;
    const { ended, stop } = stage.drive({ answerer });
    await settled();
    stop('graceful');
    await ended;
    expect(begun).toEqual([]);
  });
});
