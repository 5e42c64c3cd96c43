/** What the log tells of attempts that are carried out on other machines. */
import { expect, it } from 'vitest';
import type { Whereabouts } from '../../src/model/whereabouts.ts';
import { instanceOf } from '../../src/core/state/run-state.ts';
import { RUN_ID, task } from '../support/make.ts';
import { busy, handing } from './parts-changed.ts';
import { settled, Stage, type Change } from './stage.ts';

const since = '2026-01-01T00:00:00.000Z';

/** Attempts that are elsewhere, moved by hand. */
function elsewhere(first: string | null): { change: Change; move(where: Partial<Remote>): void } {
  let now: Remote = { kind: 'remote', queue: 'q', host: first, state: 'queued', since };
  const listeners: ((now: Whereabouts) => void)[] = [];
  const remote = {
    whereabouts: () => now,
    onMoved: (listener: (now: Whereabouts) => void) => void listeners.push(listener),
  };
  const change = handing((handle) => ({
    ended: handle.ended,
    pid: null,
    remote,
    stop: (...args) => handle.stop(...args),
    limitWall: (ms) => handle.limitWall(ms),
    limitUse: (budget) => handle.limitUse(budget),
    used: () => handle.used(),
    detach: () => handle.detach(),
  }));
  const move = (where: Partial<Remote>): void => {
    now = { ...now, ...where };
    for (const listener of listeners) listener(now);
  };
  return { change, move };
}

type Remote = Extract<Whereabouts, { kind: 'remote' }>;

function placed(stage: Stage): unknown[] {
  const found: unknown[] = [];
  stage.store.view(RUN_ID, (event) => {
    if (event.event_type === 'attempt_placed') found.push(event.payload);
  });
  return found;
}

it('who has it is on record once, and again where another takes it', async () => {
  const work = busy();
  const stage = new Stage([task({ id: 'a' })], { a: () => work });
  const { change, move } = elsewhere(null);
  const { ended } = stage.drive({ change });
  await settled();
  expect(placed(stage)).toEqual([]);
  move({ host: 'h1', state: 'running' });
  move({ state: 'unreachable' });
  move({ state: 'running' });
  await settled();
  move({ host: 'h2' });
  await settled();
  expect(placed(stage)).toEqual([
    { attempt: 1, queue: 'q', host: 'h1' },
    { attempt: 1, queue: 'q', host: 'h2' },
  ]);
  work.finish();
  expect(await ended).toBe('done');
  const { attempts } = instanceOf(stage.state, stage.idOf('a'));
  expect(attempts[0]?.placed).toEqual({ queue: 'q', host: 'h2' });
});

it('an engine that finds it records who has had it meanwhile', async () => {
  const work = busy();
  const stage = new Stage([task({ id: 'a' })], { a: () => work });
  const first = stage.drive({ change: elsewhere(null).change });
  await settled();
  first.leave();
  expect(await first.ended).toBe('running');
  const { ended } = stage.drive({ change: elsewhere('h1').change });
  await settled();
  expect(placed(stage)).toEqual([{ attempt: 1, queue: 'q', host: 'h1' }]);
  work.finish();
  expect(await ended).toBe('done');
});

it('of an attempt of this machine nothing is on record', async () => {
  const stage = new Stage([task({ id: 'a' })]);
  expect(await stage.drive().ended).toBe('done');
  expect(placed(stage)).toEqual([]);
});
