/** What is left standing when something in an engine, or beside it, goes wrong; and who is told. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Play } from '../../src/execution/scripted/executor.ts';
import { Refusal } from '../../src/model/refusal.ts';
import { task } from '../support/make.ts';
import { settled, Stage, type Change } from './stage.ts';
import { barrier, busy, behind, handing, attemptsChanged } from './parts-changed.ts';

describe('a defect', () => {
  it('in an attempt ends the engine: agents are left at work, and nothing goes on', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const work = busy();
    const stage = new Stage([task({ id: 'a' }), task({ id: 'b' })], { a: () => work });
    const heard: string[] = [];
    let watching = 0;
    const change: Change = (parts) => {
      const watch = parts.inbox.watch.bind(parts.inbox);
      parts.inbox.watch = (listener) => {
        watching += 1;
        const unwatch = watch(listener);
        return () => {
          watching -= 1;
          unwatch();
        };
      };
      return attemptsChanged({ harvest: () => Promise.reject(new Error('a defect')) })(parts);
    };
    const onActivity = (_id: string, activities: { type: string }[]): void =>
      void heard.push(...activities.map(({ type }) => type));
    await expect(stage.drive({ change, onActivity }).ended).rejects.toThrow('a defect');
    expect(heard).toEqual(['message']);
    work.finish();
    await settled();
    expect(heard).toEqual(['message']);
    expect([watching, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it('during a commit is thrown before answers are begun', async () => {
    const stage = new Stage([task({ id: 'a' })]);
    const { passed, open } = barrier();
    const broken = attemptsChanged({ brief: () => Promise.reject(new Error('a defect')) });
    let looks = 0;
    const { ended } = stage.drive({
      change: (parts) => broken(behind(passed)(parts)),
      answerer: {
        begin: () => {
          looks += 1;
          return { answers: [], wakeAt: null };
        },
      },
    });
    await settled();
    open();
    await expect(ended).rejects.toThrow('a defect');
    expect(looks).toBe(0);
  });
});

describe('whoever listens', () => {
  it('hears what agents do, and their sessions are noted', async () => {
    const session: Play = { steps: [{ does: { type: 'session_started', sessionId: 's-7' } }] };
    const stage = new Stage([task({ id: 'a' })], { a: () => session });
    const heard: unknown[] = [];
    const noted: string[][] = [];
    await stage.drive({
      onActivity: (id, activities) => heard.push([id, ...activities.map(({ type }) => type)]),
      change: (parts) => {
        parts.run.noteSession = (...given) => void noted.push(given);
        return parts;
      },
    }).ended;
    expect(heard).toEqual([[stage.idOf('a'), 'session_started']]);
    expect(noted).toEqual([[stage.idOf('a'), 's-7']]);
  });

  it('hears once of what is refused in the inbox', async () => {
    const stage = new Stage([task({ id: 'a' }), task({ id: 'b', depends_on: ['a'] })]);
    stage.reply('int-000000000009', 'to what?');
    const refused: string[] = [];
    await stage.drive({ onRefused: (_file, reason) => refused.push(reason) }).ended;
    expect(refused).toEqual(['the run has no such interrupt']);
  });
});

describe('the cache', () => {
  afterEach(() => void vi.useRealTimers());

  it('is written in arrears while the engine drives, and is at most a second late, the writing included', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const work = busy();
    const stage = new Stage([task({ id: 'a' })], { a: () => work });
    let flushes = 0;
    let tookMs = 0;
    const { ended } = stage.drive({
      change: (parts) => {
        parts.run.flushCache = () => {
          flushes += 1;
          stage.clock.pass(tookMs);
        };
        return parts;
      },
    });
    /** Has another turn taken, and lets so much time pass. */
    const flushesAfter = async (ms: number): Promise<number> => {
      stage.reply('int-000000000009', 'to what?');
      await settled();
      vi.advanceTimersByTime(ms);
      return flushes;
    };
    await settled();
    expect(await flushesAfter(899)).toBe(0);
    tookMs = 100;
    expect(await flushesAfter(1)).toBe(1);
    stage.request({ command: 'resume' });
    await settled();
    vi.advanceTimersByTime(799);
    expect(flushes).toBe(1);
    tookMs = 60_000;
    vi.advanceTimersByTime(1);
    expect(flushes).toBe(2);
    stage.request({ command: 'resume' });
    await settled();
    vi.advanceTimersByTime(199);
    expect(flushes).toBe(2);
    vi.advanceTimersByTime(1);
    expect(flushes).toBe(3);
    work.finish();
    expect(await ended).toBe('done');
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('what one instance alone is in the way of', () => {
  const forbidden = (): NodeJS.ErrnoException =>
    Object.assign(new Error('EACCES: permission denied, open'), {
      code: 'EACCES',
      syscall: 'open',
    });
  const onlyA =
    <Rest extends unknown[], T>(work: (id: string, ...rest: Rest) => T) =>
    (id: string, ...rest: Rest): T => {
      if (id.startsWith('a-')) throw forbidden();
      return work(id, ...rest);
    };
  const ways: [string, Change][] = [
    ['its order', (parts) => attemptsChanged({ order: onlyA(parts.attempts.order) })(parts)],
    ['its brief', (parts) => attemptsChanged({ brief: onlyA(parts.attempts.brief) })(parts)],
    ['its harvest', (parts) => attemptsChanged({ harvest: onlyA(parts.attempts.harvest) })(parts)],
    [
      'its end',
      handing((handle, { attemptDir }) =>
        attemptDir.includes('/a-')
          ? { ...handle, ended: handle.ended.then(() => Promise.reject(forbidden())) }
          : handle,
      ),
    ],
  ];

  it.each(ways)('%s fails that instance by name, and no other', async (_, change) => {
    const stage = new Stage([task({ id: 'a' }), task({ id: 'b' })]);
    expect(await stage.drive({ change }).ended).toBe('failed');
    expect(stage.statuses).toEqual(['a failed', 'b done']);
    expect(stage.errors).toEqual([expect.stringContaining('EACCES: permission denied')]);
  });

  it('has no command run again that nobody wants repaired', async () => {
    const stage = new Stage([task({ id: 'a' })], {}, { project: { edition: 2 } });
    const harvest = (): never => {
      throw forbidden();
    };
    const change = attemptsChanged({ harvest, takesPrompt: () => false });
    expect(await stage.drive({ change }).ended).toBe('failed');
    expect(stage.state.instances.get(stage.idOf('a'))?.attempt).toBe(1);
  });

  it('a full disk ends the engine all the same', async () => {
    const full = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'write' });
    const stage = new Stage([task({ id: 'a' })]);
    const change = attemptsChanged({ brief: () => Promise.reject(full) });
    await expect(stage.drive({ change }).ended).rejects.toBe(full);
  });
});

it('an engine whose run is gone starts nothing more, and names the agents that are at work', async () => {
  const works = { a: busy(), b: busy() };
  const tasks = [task({ id: 'a' }), task({ id: 'b' }), task({ id: 'c', depends_on: ['b'] })];
  const stage = new Stage(tasks, { a: () => works.a, b: () => works.b });
  let isGone = false;
  const named = handing((handle) => ({ ...handle, pid: 4711 }));
  const change: Change = (parts) => {
    parts.run.checkPlace = () => {
      if (isGone) throw new Refusal('run-gone', 'There is no file any more.', { exit: 1 });
    };
    return named(parts);
  };
  const { ended } = stage.drive({ change });
  await settled();
  isGone = true;
  works.b.finish();
  await expect(ended).rejects.toMatchObject({
    code: 'run-gone',
    exit: 1,
    message: expect.stringMatching(/still at work: a-\w+ \(pid 4711\)/) as string,
  });
  expect(stage.begun.sort()).toEqual(['a/1', 'b/1']);
});
