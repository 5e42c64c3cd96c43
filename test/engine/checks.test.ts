/** The engine runs the checks of an instance, and survives its own death at each of them. */
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Attempts } from '../../src/engine/parts.ts';
import type { Executor } from '../../src/execution/executor.ts';
import type { Play } from '../../src/execution/scripted/executor.ts';
import { Refusal } from '../../src/model/refusal.ts';
import { task } from '../support/make.ts';
import { Died, fails, says, Stage, until, type Change, type Death } from './stage.ts';

const checks = ['one', 'two'].map((run) => ({ run, timeout_sec: 600, baseline: run === 'two' }));
const tasks = [task({ id: 'a', repair: 1, checks }), task({ id: 'b', depends_on: ['a'] })];

const anyRetry = {
  on: ['workspace' as const],
  max_attempts: 5,
  delay_sec: 1,
  factor: 1,
  max_delay_sec: 1,
};

/** The first check fails once. */
async function play(death: Death | null): Promise<Stage> {
  let failures = 0;
  const stage: Stage = new Stage(tasks, {
    check: ({ id, number }) =>
      id === 'check-0' && number === 1 && ++failures > 0 ? fails() : says('fine'),
  });
  if (death) {
    const result = await stage.drive({ death }).ended.catch((error: unknown) => error);
    if (!(result instanceof Died)) expect(result).toBe('done');
  }
  expect([await stage.drive({ revive: true }).ended, ...stage.errors]).toEqual(['done']);
  return stage;
}

const receipts = (stage: Stage): unknown[] =>
  stage.events.flatMap((event) => {
    if (event.event_type !== 'check_finished') return [];
    const { attempt, index, exit, baseline = false } = event.payload;
    return [[attempt, index, exit, baseline]];
  });

describe('the checks of an instance', () => {
  it.each([false, true])(
    'are in the log before it is done, whenever an engine dies (of which the log keeps all: %s)',
    async (kept) => {
      const expected = await play(null);
      expect(receipts(expected)).toEqual([
        [1, 1, 0, true],
        [1, 0, 1, false],
        [1, 1, 0, false],
        [2, 0, 0, false],
        [2, 1, 0, false],
      ]);
      expect(expected.begun.filter((each) => /^[ab]/.test(each))).toEqual([
        'baseline/1',
        ...['a/1', 'a/2', 'b/1'],
      ]);
      let commit = 0;
      for (let hasDied = true; hasDied;) {
        commit += 1;
        const stage = await play({ commit, kept });
        hasDied = stage.hasDied;
        expect(stage.statuses, `commit ${commit}`).toEqual(expected.statuses);
        expect(receipts(stage), `commit ${commit}`).toEqual(receipts(expected));
        expect(stage.begun.filter((each) => /^[ab]\//.test(each))).toEqual(['a/1', 'a/2', 'b/1']);
      }
      expect(commit).toBeGreaterThan(8);
    },
  );

  it('do not keep a run from being stopped, and are run by the next engine', async () => {
    let isHeld = true;
    let begun = 0;
    const stage = new Stage([task({ id: 'a', checks: checks.slice(0, 1) })], {
      check: () => {
        begun += 1;
        return isHeld ? { steps: [{ waits: new Promise(() => undefined) }] } : says('fine');
      },
    });
    const first = stage.drive();
    await until(() => begun === 1);
    first.stop('graceful');
    expect(await first.ended).toBe('running');
    expect(receipts(stage)).toEqual([]);
    isHeld = false;
    expect(stage.begun.filter((each) => each.startsWith('a/'))).toEqual(['a/1']);
  });

  /** An engine on it, where checks are in a tree, into which `restore` puts it again. */
  function inTree(stage: Stage, restore: (tree: string) => Promise<void>): Promise<string> {
    const change: Change = (parts) => {
      const { receipt } = parts.attempts;
      const attempts: Attempts = {
        ...parts.attempts,
        receipt: async (...of) => ({ ...(await receipt(...of)), tree: 'before' }),
        restoreTree: (_id, tree) => restore(tree),
      };
      return { ...parts, attempts };
    };
    return stage.drive({ change }).ended;
  }

  it('fail the instance by name where what they have left cannot be taken away', async () => {
    const stage = new Stage(
      [task({ id: 'a', repair: 1, retry: anyRetry, checks: checks.slice(0, 1) })],
      { check: fails },
    );
    const stuck = new Refusal('git-failed', 'git clean cannot remove litter');
    expect(await inTree(stage, () => Promise.reject(stuck))).toBe('failed');
    expect(stage.begun.filter((each) => each.startsWith('a/'))).toEqual(['a/1']);
    const [instance] = stage.state.instances.values();
    expect(instance).toMatchObject({ status: 'failed', failure_kind: 'workspace' });
    expect(instance?.error).toMatch(
      /left in its tree cannot be .*: git clean .*\nthe check failed/,
    );
  });

  it('leave nothing to an instance that has passed them, and is asked something meanwhile', async () => {
    let asked = '';
    const stage: Stage = new Stage([task({ id: 'a', checks: checks.slice(0, 1) })], {
      check: () => {
        if (asked === '') asked = stage.ask(stage.idOf('a'), 1);
        return says('fine');
      },
    });
    const restored: string[] = [];
    const restore = (tree: string): Promise<void> => {
      restored.push(`${tree}, ${stage.begun.filter((each) => each.startsWith('a/')).join(' ')}`);
      return Promise.resolve();
    };
    expect(await inTree(stage, restore)).toBe('waiting');
    expect(stage.statuses).toEqual(['a waiting']);
    expect(restored).toEqual(['before, a/1']);
    stage.reply(asked, 'go on');
    expect(await inTree(stage, restore)).toBe('done');
    expect(stage.begun.filter((each) => each.startsWith('a/'))).toEqual(['a/1', 'a/2']);
  });

  it('end with an abort', async () => {
    let begun = 0;
    const stage = new Stage([task({ id: 'a', checks: checks.slice(0, 1) })], {
      check: () => {
        begun += 1;
        return { steps: [{ waits: new Promise(() => undefined) }] };
      },
    });
    const drive = stage.drive();
    await until(() => begun === 1);
    drive.abort();
    expect(await drive.ended).toBe('failed');
    expect(stage.statuses).toEqual(['a failed']);
  });

  it.each([
    ['check-0', false, 3],
    ['baseline-0', true, 2],
  ])('that an engine left at work end with an abort, too: %s', async (name, baseline, commit) => {
    let begin = (): void => undefined;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const holds: Play = { steps: [{ waits: new Promise(() => undefined) }] };
    const stage = new Stage(
      [task({ id: 'a', checks: [{ run: 'one', timeout_sec: 600, baseline }] }), task({ id: 'b' })],
      {
        [name.slice(0, -2)]: () => {
          begin();
          return holds;
        },
        b: () => ({ steps: [{ waits: begun }] }),
      },
    );
    // It dies as `b` ends, with the check at work.
    const first = stage.drive({ death: { commit, kept: true } });
    await expect(first.ended).rejects.toThrow(Died);
    const ends: string[] = [];
    const second = stage.drive({
      change: (parts) => {
        const { executor } = parts;
        const find: Executor['find'] = async (order, heard) => {
          const found = await executor.find(order, heard);
          if (found.kind === 'never_started') return found;
          void found.handle.ended.then(({ termination_reason: reason }) =>
            ends.push(`${path.basename(path.dirname(order.attemptDir))} ${reason}`),
          );
          return found;
        };
        return { ...parts, executor: { ...executor, find } };
      },
    });
    second.abort();
    expect(await second.ended).toBe('failed');
    expect(stage.statuses).toEqual(['a failed', 'b done']);
    expect(ends).toEqual([`${name} terminated`]);
  });
});
