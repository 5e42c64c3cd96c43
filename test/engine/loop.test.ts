/** The loop that engines and the worker of assistants are, on a clock that a test moves. */
import { expect, it } from 'vitest';
import { later } from '../../src/core/plan/timers.ts';
import { Loop, type StopMode, type Turn } from '../../src/engine/loop.ts';
import { SimulatedClock } from '../../src/engine/simulated-clock.ts';

const asleep: Turn = { isOver: false, wakeAt: null };
const over: Turn = { isOver: true, wakeAt: null };

/** All that can happen without time passing has happened. */
const settled = async (): Promise<void> => {
  // A turn begins in the round after what woke it.
  for (let i = 0; i < 2; i += 1) await new Promise((resolve) => setImmediate(resolve));
};

it('takes no turn before something happens, and one for many things at once', async () => {
  const loop = new Loop(new SimulatedClock());
  let turns = 0;
  const ended = loop.run(() => Promise.resolve(++turns === 3 ? over : asleep));
  await settled();
  expect(turns).toBe(1);
  loop.wake();
  loop.wake();
  await settled();
  expect(turns).toBe(2);
  loop.wake();
  await ended;
  expect(turns).toBe(3);
});

it('does not miss what happens during a turn', async () => {
  const loop = new Loop(new SimulatedClock());
  let turns = 0;
  await loop.run(async () => {
    turns += 1;
    if (turns === 2) return over;
    loop.wake();
    await settled();
    return asleep;
  });
  expect(turns).toBe(2);
});

it('wakes when the moment has come, and not for one that was given up', async () => {
  const clock = new SimulatedClock();
  const loop = new Loop(clock);
  const turns: string[] = [];
  const ended = loop.run(() => {
    turns.push(clock.now());
    const wakeAt = turns.length === 1 ? later(clock.now(), 60_000) : later(clock.now(), 5_000);
    return Promise.resolve({ isOver: turns.length === 3, wakeAt });
  });
  await settled();
  clock.pass(59_000);
  await settled();
  expect(turns).toHaveLength(1);
  // Something happens first: the plan of then counts, not the one before.
  loop.wake();
  await settled();
  clock.pass(1_000);
  await settled();
  expect(turns).toHaveLength(2);
  expect(clock.nextAlarm).toBe('2026-01-01T00:01:04.000Z');
  clock.pass(4_000);
  await ended;
  expect(clock.nextAlarm).toBeNull();
});

it('ends with the defect of what goes on beside it, also where that comes during a turn', async () => {
  const loop = new Loop(new SimulatedClock());
  loop.beside(settled().then(() => Promise.reject(new Error('a defect'))));
  await expect(loop.run(() => Promise.resolve(asleep))).rejects.toThrow('a defect');
  const busy = new Loop(new SimulatedClock());
  const run = busy.run(async () => {
    busy.fail(new Error('meanwhile'));
    await settled();
    return over;
  });
  await expect(run).rejects.toThrow('meanwhile');
});

it('stops what goes on, and what comes after the stop; by force once it is told so, and for good', async () => {
  const loop = new Loop(new SimulatedClock());
  const told: [string, StopMode][] = [];
  const named = (name: string) => ({ stop: (mode: StopMode) => void told.push([name, mode]) });
  const gone = Promise.resolve();
  loop.besideUntilStopped(gone, named('gone'));
  await gone;
  await settled();
  const forever = new Promise(() => undefined);
  loop.besideUntilStopped(forever, named('first'));
  loop.stop('graceful');
  loop.besideUntilStopped(forever, named('late'));
  loop.stop('now');
  loop.stop('graceful');
  expect(told).toEqual([
    ['first', 'graceful'],
    ['late', 'graceful'],
    ['first', 'now'],
    ['late', 'now'],
  ]);
  expect(loop.stopping).toBe('now');
});
