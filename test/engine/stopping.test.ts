/** What an engine owes to agents that it stops or leaves at work. */
import { describe, expect, it } from 'vitest';
import type { StopMode } from '../../src/engine/loop.ts';
import { task } from '../support/make.ts';
import { Died, says, settled, Stage, type Change } from './stage.ts';
import { barrier, busy, behind, handing, stopsBehind, attemptsChanged } from './parts-changed.ts';

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
