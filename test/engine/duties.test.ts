/**
 * What an engine owes to others: to the log before it acts, to agents that it stops or leaves, to an engine
 * that comes after it, and to whoever listens.
 */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { EngineParts } from '../../src/engine/parts.ts';
import type { StopMode } from '../../src/engine/loop.ts';
import type { Play } from '../../src/execution/scripted/executor.ts';
import type { Handle } from '../../src/execution/executor.ts';
import type { AttemptOrder } from '../../src/model/attempt.ts';
import { Refusal } from '../../src/model/refusal.ts';
import { task } from '../support/make.ts';
import { Died, fails, says, settled, Stage, type Change, type Script } from './stage.ts';

/** What waits until it is let go. */
function barrier(): { passed: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open };
}

/** At work until it is told. */
function busy(): Play & { finish(): void } {
  const { passed, open } = barrier();
  const steps: Play['steps'] = [
    { waits: passed },
    { does: { type: 'message', id: 'm', text: 'done' } },
  ];
  return { steps, finish: open };
}

/** A failure that may pass. */
function goesOffline(): Play {
  const { steps, end } = fails();
  return { steps, end: { ...end, failure_kind: 'external_network', resume_recommended: true } };
}

const offlineBefore =
  (last: number): Script =>
  ({ number }) =>
    number < last ? goesOffline() : says('done');

/** Commits wait behind a barrier. */
const behind =
  (passed: Promise<void>): Change =>
  (parts) => {
    const commit = parts.run.commitAsync.bind(parts.run);
    parts.run.commitAsync = async (events) => {
      await passed;
      await commit(events);
    };
    return parts;
  };

/** Handles of agents are changed before the engine has them. */
const handing =
  (change: (handle: Handle, order: AttemptOrder) => Handle): Change =>
  (parts) => ({
    ...parts,
    executor: {
      ...parts.executor,
      start: async (order, heard) => change(await parts.executor.start(order, heard), order),
      find: async (order, heard) => {
        const found = await parts.executor.find(order, heard);
        if (found.kind === 'never_started') return found;
        return { ...found, handle: change(found.handle, order) };
      },
    },
  });

/** Agents hear of a stop only later. */
const stopsBehind = (passed: Promise<void>): Change =>
  handing((handle) => ({
    ...handle,
    stop: (reason, how) => void passed.then(() => handle.stop(reason, how)),
  }));

const attemptsChanged =
  (changes: Partial<EngineParts['attempts']>): Change =>
  (parts) => ({ ...parts, attempts: { ...parts.attempts, ...changes } });

describe('before an engine acts', () => {
  it('its decision is on disk; the attempt is prepared meanwhile', async () => {
    const stage = new Stage([task({ id: 'a' })]);
    const { passed, open } = barrier();
    let briefed = 0;
    const change: Change = (parts) => {
      const { brief } = parts.attempts;
      const counted = attemptsChanged({
        brief: (id, order) => {
          briefed += 1;
          return brief(id, order);
        },
      });
      return counted(behind(passed)(parts));
    };
    const { ended } = stage.drive({ change });
    await settled();
    expect([briefed, stage.begun]).toEqual([1, []]);
    open();
    expect(await ended).toBe('done');
  });

  it('the order is completed by the brief', async () => {
    const stage = new Stage([task({ id: 'a' })]);
    const cwds: string[] = [];
    const brief = attemptsChanged({
      brief: (_id, order) => Promise.resolve({ ok: true, order: { ...order, cwd: '/briefed' } }),
    });
    const seen = handing((handle, { cwd }) => {
      cwds.push(cwd);
      return handle;
    });
    await stage.drive({ change: (parts) => seen(brief(parts)) }).ended;
    expect(cwds).toEqual(['/briefed']);
  });

  it.each([
    ['be ordered', { order: () => ({ order: anything, problem: 'no such workspace' }) }],
    ['be briefed', { brief: () => Promise.resolve({ ok: false, message: 'no such workspace' }) }],
  ] as [string, Partial<EngineParts['attempts']>][])(
    'an attempt that cannot %s has failed, and nothing starts',
    async (_what, changes) => {
      const stage = new Stage([task({ id: 'a' }), task({ id: 'b', depends_on: ['a'] })]);
      expect(await stage.drive({ change: attemptsChanged(changes) }).ended).toBe('failed');
      expect(stage.begun).toEqual([]);
      expect(stage.state.instances.get(stage.idOf('a'))).toMatchObject({
        error: 'no such workspace',
        failure_kind: 'task_runtime',
        resume_recommended: false,
      });
    },
  );

  it('a stop that comes while the decision is flushed keeps the attempt from beginning', async () => {
    const stage = new Stage([task({ id: 'a' })]);
    const { passed, open } = barrier();
    const { ended, stop } = stage.drive({ change: behind(passed) });
    await settled();
    stop('graceful');
    open();
    expect(await ended).toBe('failed');
    expect(stage.begun).toEqual([]);
    expect(stage.state.instances.get(stage.idOf('a'))).toMatchObject({
      failure_kind: 'interrupted',
      resume_recommended: true,
    });
  });
});

const anything = {} as AttemptOrder;

describe('an agent that is stopped', () => {
  it.each([
    ['graceful', 143],
    ['now', 137],
  ] as [StopMode, number][])('%s exits with %i, and is worth resuming', async (mode, code) => {
    const stage = new Stage([task({ id: 'a' })], { a: busy });
    const { ended, stop } = stage.drive();
    await settled();
    stop(mode);
    expect(await ended).toBe('failed');
    const instance = stage.state.instances.get(stage.idOf('a'));
    expect(instance).toMatchObject({ failure_kind: 'interrupted', resume_recommended: true });
    expect(instance?.error).toMatch('stopped by the operator');
    expect(instance?.attempts[0]?.return_code).toBe(code);
  });

  it('and ends of itself before it hears of it has done its work', async () => {
    const work = busy();
    const stage = new Stage([task({ id: 'a' })], { a: () => work });
    const { ended, stop } = stage.drive({ change: stopsBehind(new Promise(() => undefined)) });
    await settled();
    stop('graceful');
    work.finish();
    expect(await ended).toBe('done');
  });
});

describe('an agent that is left at work', () => {
  it('lives on, unwatched, until the next engine takes what it left', async () => {
    const works = { a: busy(), b: busy() };
    const stage = new Stage(
      [task({ id: 'a' }), task({ id: 'b' }), task({ id: 'c', depends_on: ['a'] })],
      { a: () => works.a, b: () => works.b },
    );
    const { ended, leave } = stage.drive();
    await settled();
    leave();
    expect(await ended).toBe('running');
    works.a.finish();
    await settled();
    expect(stage.statuses).toEqual(['a running', 'b running', 'c pending']);
    const next = stage.drive();
    await settled();
    works.b.finish();
    expect(await next.ended).toBe('done');
    expect(stage.begun).toEqual(['a/1', 'b/1', 'c/1']);
  });

  it('and was about to begin does not: the next engine begins it', async () => {
    const { passed, open } = barrier();
    const stage = new Stage([task({ id: 'a' })]);
    const { ended, leave } = stage.drive({ change: behind(passed) });
    await settled();
    leave();
    open();
    expect(await ended).toBe('running');
    expect(stage.begun).toEqual([]);
    expect(await stage.drive().ended).toBe('done');
    expect(stage.begun).toEqual(['a/1']);
  });

  it('is waited for while what it left is being taken', async () => {
    const { passed, open } = barrier();
    const stage = new Stage([task({ id: 'a' })]);
    const change: Change = (parts) => {
      const { harvest } = parts.attempts;
      const slow = attemptsChanged({
        harvest: async (id, end) => {
          await passed;
          return harvest(id, end);
        },
      });
      return slow(parts);
    };
    const { ended, leave } = stage.drive({ change });
    await settled();
    leave();
    open();
    expect(await ended).toBe('done');
    expect(stage.statuses).toEqual(['a done']);
  });
});

describe('an abort', () => {
  it('waits for the agents, starts no other, keeps what ended well, and records every end', async () => {
    const works = { a: busy(), b: busy(), c: busy() };
    const stage = new Stage(
      ['a', 'b', 'c', 'd'].map((id) => task({ id })),
      { a: () => works.a, b: () => works.b, c: () => works.c },
      { slots: 3 },
    );
    const { passed, open } = barrier();
    const slow = handing((handle, { attemptDir }) =>
      attemptDir.includes('/a-')
        ? handle
        : { ...handle, stop: (why, how) => void passed.then(() => handle.stop(why, how)) },
    );
    const { ended } = stage.drive({ change: slow });
    await settled();
    stage.request({ command: 'abort' });
    await settled();
    works.b.finish();
    await settled();
    expect(stage.state.aborted).toBe(false);
    open();
    expect(await ended).toBe('failed');
    expect(stage.statuses).toEqual(['a failed', 'b done', 'c failed', 'd skipped']);
    expect(stage.begun.sort()).toEqual(['a/1', 'b/1', 'c/1']);
    for (const { attempts, failure_kind, resume_recommended } of stage.state.instances.values()) {
      for (const attempt of attempts) expect(attempt.finished_at).not.toBeNull();
      expect([failure_kind, resume_recommended]).toEqual([null, false]);
    }
  });

  it('that an engine dies of is finished by the next', async () => {
    const { passed, open } = barrier();
    const stage = new Stage([task({ id: 'a' })], { a: busy });
    const death = { commit: 2, kept: false };
    const { ended } = stage.drive({ death, change: stopsBehind(passed) });
    await settled();
    stage.request({ command: 'abort' });
    await settled();
    open();
    await expect(ended).rejects.toThrow(Died);
    expect(stage.state.aborted).toBe(false);
    expect(await stage.drive().ended).toBe('failed');
    expect(stage.state.aborted).toBe(true);
  });

  it('that comes with the last commit is not lost', async () => {
    const stage: Stage = new Stage([task({ id: 'a' })], {
      a: ({ id }) => {
        stage.ask(id, 1);
        return says('done');
      },
    });
    expect(await stage.drive().ended).toBe('waiting');
    const { passed, open } = barrier();
    const { ended, abort } = stage.drive({ change: behind(passed) });
    await settled();
    abort();
    open();
    expect(await ended).toBe('failed');
    expect(stage.state.aborted).toBe(true);
  });

  it('stops an agent that was just being started', async () => {
    const stage = new Stage([task({ id: 'a' })], { a: busy });
    const { passed, open } = barrier();
    const change: Change = (parts) => ({
      ...parts,
      executor: {
        ...parts.executor,
        start: async (order, heard) => {
          const handle = await parts.executor.start(order, heard);
          await passed;
          return handle;
        },
      },
    });
    const { ended, abort } = stage.drive({ change });
    await settled();
    abort();
    open();
    expect(await ended).toBe('failed');
    expect(stage.state.aborted).toBe(true);
  });
});

describe('a question of a worker', () => {
  it('is taken while it goes on working, and again in its next attempt', async () => {
    const { passed, open } = barrier();
    const stage: Stage = new Stage([task({ id: 'a' })], {
      a: ({ id, number }) => {
        stage.ask(id, number, { blocking: number === 2 });
        return number === 1 ? { ...fails(), steps: [{ waits: passed }] } : says('done');
      },
    });
    const { ended } = stage.drive();
    await settled();
    stage.clock.pass(1000);
    stage.reply('int-000000000099', 'wakes the engine');
    await settled();
    expect([...stage.state.interrupts.keys()]).toEqual(['int-000000000001']);
    open();
    expect(await ended).toBe('failed');
    stage.request({
      command: 'retry_instance',
      instance_id: stage.idOf('a'),
      granted_iterations: 0,
    });
    expect(await stage.drive().ended).toBe('waiting');
    expect([...stage.state.interrupts.keys()]).toEqual(['int-000000000001', 'int-000000000002']);
  });

  it('says nothing of when, and has its time from the engine', async () => {
    const stage: Stage = new Stage([task({ id: 'a' })], {
      a: ({ id }) => {
        stage.ask(id, 1, { created_at: '1999-12-31T23:59:59.999Z' });
        return says('done');
      },
    });
    expect(await stage.drive().ended).toBe('waiting');
    const [asked] = stage.state.interrupts.values();
    expect(asked?.interrupt.created_at).toBe(stage.clock.now());
  });
});

describe('a resume', () => {
  it('is asked for once, and tries once', async () => {
    const stage = new Stage([task({ id: 'a' })], { a: offlineBefore(4) });
    await stage.drive().ended;
    expect(await stage.drive({ revive: true }).ended).toBe('failed');
    stage.request({ command: 'resume' });
    expect(await stage.drive().ended).toBe('failed');
    expect(stage.begun).toEqual(['a/1', 'a/2', 'a/3']);
    // The request is gone with its effect.
    expect(await stage.drive().ended).toBe('failed');
    expect(stage.begun).toEqual(['a/1', 'a/2', 'a/3']);
  });

  it('is of what failed while nobody watched, too', async () => {
    const { passed, open } = barrier();
    const { end } = goesOffline();
    const stage = new Stage([task({ id: 'a' }), task({ id: 'b' })], {
      a: ({ number }) =>
        number === 1 ? { steps: [{ waits: passed }], ...(end && { end }) } : says('done'),
    });
    const death = { commit: 2, kept: true };
    await expect(stage.drive({ death }).ended).rejects.toThrow(Died);
    open();
    await settled();
    expect(await stage.drive({ revive: true }).ended).toBe('done');
    expect(stage.begun).toEqual(['a/1', 'b/1', 'a/2']);
  });

  it('says what it leaves alone: not what comes back with what it revives', async () => {
    const stage = new Stage(
      [task({ id: 'a' }), task({ id: 'below', depends_on: ['a'] }), task({ id: 'bad' })],
      { a: offlineBefore(2), bad: fails },
    );
    await stage.drive().ended;
    const left: string[] = [];
    const onLeftAlone = (instances: { task_id: string }[]): void =>
      void left.push(...instances.map(({ task_id }) => task_id));
    await stage.drive({ revive: true, onLeftAlone }).ended;
    expect(left).toEqual(['bad']);
  });

  it('says what a request to resume leaves alone', async () => {
    const stage = new Stage([task({ id: 'a' }), task({ id: 'bad' })], {
      a: offlineBefore(2),
      bad: fails,
    });
    await stage.drive().ended;
    stage.request({ command: 'resume' });
    const left: string[] = [];
    const onLeftAlone = (instances: { task_id: string }[]): void =>
      void left.push(...instances.map(({ task_id }) => task_id));
    await stage.drive({ onLeftAlone }).ended;
    expect(left).toEqual(['bad']);
  });
});

describe('an engine that settles only', () => {
  it('starts nothing, receives questions, and leaves requests', async () => {
    const stage = new Stage([task({ id: 'a' }), task({ id: 'b', depends_on: ['a'] })], {
      a: offlineBefore(2),
    });
    expect(await stage.drive({ settleOnly: true }).ended).toBe('pending');
    expect(stage.begun).toEqual([]);
    stage.ask(stage.idOf('a'), 1, { blocking: false });
    expect(await stage.drive({ settleOnly: true }).ended).toBe('pending');
    expect(stage.state.interrupts.size).toBe(1);
    await stage.drive().ended;
    stage.request({ command: 'resume' });
    expect(await stage.drive({ settleOnly: true }).ended).toBe('failed');
    expect(await stage.drive().ended).toBe('done');
    expect(stage.begun).toEqual(['a/1', 'a/2', 'b/1']);
  });

  it('says of what never began that the engine died', async () => {
    const stage = new Stage([task({ id: 'a' })]);
    await expect(stage.drive({ death: { commit: 1, kept: true } }).ended).rejects.toThrow(Died);
    await stage.drive({ settleOnly: true }).ended;
    expect(stage.state.instances.get(stage.idOf('a'))).toMatchObject({
      error: 'the engine died before it could start this attempt',
      failure_kind: 'unknown',
      resume_recommended: true,
    });
  });

  it('lets go of what is at work, but waits for what is overdue', async () => {
    const work = busy();
    const stage = new Stage([task({ id: 'a' }), task({ id: 'b' })], { a: () => work });
    await expect(stage.drive({ death: { commit: 2, kept: true } }).ended).rejects.toThrow(Died);
    const detached: string[] = [];
    const change = handing((handle, { attemptDir }) => ({
      ...handle,
      detach: () => void detached.push(attemptDir),
    }));
    expect(await stage.drive({ settleOnly: true, change }).ended).toBe('running');
    expect(detached).toHaveLength(1);
    const overdue: Change = (parts) => ({
      ...parts,
      executor: {
        ...parts.executor,
        find: async (order, heard) => ({
          ...(await parts.executor.find(order, heard)),
          isOverdue: true,
        }),
      },
    });
    const { ended } = stage.drive({ settleOnly: true, change: overdue });
    await settled();
    work.finish();
    expect(await ended).toBe('done');
  });
});

it('what never began is started under the generation that the executor names', async () => {
  const stage = new Stage([task({ id: 'a' })]);
  await expect(stage.drive({ death: { commit: 1, kept: true } }).ended).rejects.toThrow(Died);
  const generations: number[] = [];
  const change = handing((handle, { generation }) => {
    generations.push(generation);
    return handle;
  });
  expect(await stage.drive({ change }).ended).toBe('done');
  expect(generations).toEqual([1]);
});

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
          return [];
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

describe('answers beside the loop', () => {
  const answering = (): {
    stops: StopMode[];
    end(): void;
    answerer: { begin(): { ended: Promise<void>; stop(mode: StopMode): void }[] };
  } => {
    const { passed, open } = barrier();
    const stops: StopMode[] = [];
    const begun = [{ ended: passed, stop: (mode: StopMode): void => void stops.push(mode) }];
    return { stops, end: open, answerer: { begin: () => begun.splice(0) } };
  };

  it('are waited for, and told of a stop; none is begun after it', async () => {
    const stage = new Stage([task({ id: 'a' })]);
    const { answerer, end, stops } = answering();
    let looks = 0;
    const { ended, stop } = stage.drive({
      answerer: {
        begin: () => {
          looks += 1;
          return answerer.begin();
        },
      },
    });
    let isOver = false;
    void ended.then(() => (isOver = true));
    await settled();
    expect([stage.statuses, isOver]).toEqual([['a done'], false]);
    const before = looks;
    stop('graceful');
    await settled();
    expect(stops).toEqual(['graceful']);
    end();
    expect(await ended).toBe('done');
    expect(looks).toBe(before);
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

describe('the record of a question', () => {
  it('is written before the attempt that asked is put away, where a dead engine left it to be found', async () => {
    const work = busy();
    const stage = new Stage([task({ id: 'a' })], { a: () => work });
    const done: string[] = [];
    const { ended } = stage.drive({
      change: (parts) => {
        const flush = parts.run.flushCache.bind(parts.run);
        parts.run.flushCache = () => {
          done.push('written');
          flush();
        };
        parts.attempts.putAway = () => void done.push('put away');
        return parts;
      },
    });
    await settled();
    stage.ask(stage.idOf('a'), 1);
    work.finish();
    await ended;
    expect(done.slice(0, 2)).toEqual(['written', 'put away']);
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
