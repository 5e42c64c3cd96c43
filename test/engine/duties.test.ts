/** What an engine owes to the log before it acts, and to an engine that comes after it. */
import { describe, expect, it } from 'vitest';
import type { EngineParts } from '../../src/engine/parts.ts';
import { task } from '../support/make.ts';
import { Died, fails, says, settled, Stage, type Change } from './stage.ts';
import {
  barrier,
  busy,
  goesOffline,
  offlineBefore,
  behind,
  handing,
  attemptsChanged,
  anything,
} from './parts-changed.ts';

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
