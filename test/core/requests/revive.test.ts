/** Section 11 of the contract: what a resume brings back, and what it leaves alone. */
import { describe, expect, it } from 'vitest';
import type { Instance } from '../../../src/model/run.ts';
import { leftAlone } from '../../../src/core/requests/revive.ts';
import { loop, task } from '../../support/make.ts';
import { broken, offline, ScriptedRun } from '../scripted-run.ts';

const names = (instances: Instance[]): string[] => instances.map(({ task_id }) => task_id);

const diamond = () => [
  task({ id: 'a' }),
  task({ id: 'b', depends_on: ['a'] }),
  task({ id: 'c', depends_on: ['a'] }),
  task({ id: 'd', depends_on: ['b', 'c'] }),
];

describe('a resume', () => {
  it('tries again what may pass, and lists what it leaves alone', () => {
    const run = new ScriptedRun(diamond());
    run.finish('a');
    run.finish('b', { process: offline });
    run.finish('c', { process: broken });
    expect(names(run.resume())).toEqual(['c']);
    expect(run.board()).toEqual(['a done', 'b running', 'c failed', 'd skipped']);
    expect(run.last('b')).toMatchObject({ attempt: 2, error: null, failure_kind: null });
  });

  it('brings back what is worth another try, and with it what was skipped below', () => {
    const run = new ScriptedRun([
      task({ id: 'a' }),
      task({ id: 'b', depends_on: ['a'] }),
      task({ id: 'c', depends_on: ['b'] }),
      task({ id: 'z' }),
    ]);
    run.finish('a', { process: offline });
    run.finish('z', { process: broken });
    expect(run.board()).toEqual(['a failed', 'b skipped', 'c skipped', 'z failed']);
    // What is skipped below `a` follows it: that is nothing to force.
    expect(names(run.resume())).toEqual(['z']);
    expect(run.board()).toEqual(['a running', 'b pending', 'c pending', 'z failed']);
  });
});

describe('a resume after an abort, in a run of format 1,', () => {
  /** One task in each status, with those that stand below it. */
  function inAllStatuses(): ScriptedRun {
    const run = new ScriptedRun(
      [
        task({ id: 'done' }),
        task({ id: 'broken' }),
        task({ id: 'below-broken', depends_on: ['broken'] }),
        task({ id: 'offline' }),
        task({ id: 'below-offline', depends_on: ['offline'] }),
        task({ id: 'waiting' }),
        task({ id: 'running' }),
        task({ id: 'below-running', depends_on: ['running'] }),
      ],
      { slots: 8, formatVersion: 1 },
    );
    run.finish('done');
    run.finish('broken', { process: broken });
    run.finish('offline', { process: offline });
    run.ask(run.running('waiting'));
    run.finish('waiting');
    return run;
  }

  const statuses = (run: ScriptedRun): Record<string, string> =>
    Object.fromEntries(run.board().map((line) => line.split(' ')));

  it('leaves what the abort ended alone, whatever it was before', () => {
    const run = inAllStatuses();
    const before = statuses(run);
    run.abort();
    const aborted = statuses(run);
    const left = names(run.resume());
    const after = statuses(run);
    const table = Object.keys(before).map((id) => [id, before[id], aborted[id], after[id]]);
    expect(table).toEqual(
      expect.arrayContaining([
        ['done', 'done', 'done', 'done'],
        ['broken', 'failed', 'failed', 'failed'],
        ['below-broken', 'skipped', 'skipped', 'skipped'],
        ['offline', 'failed', 'failed', 'running'],
        ['below-offline', 'skipped', 'skipped', 'pending'],
        ['waiting', 'waiting', 'failed', 'failed'],
        ['running', 'running', 'failed', 'failed'],
        ['below-running', 'pending', 'skipped', 'skipped'],
      ]),
    );
    expect(table).toHaveLength(8);
    expect(left.sort()).toEqual(['broken', 'running', 'waiting']);
    // The run is aborted no longer, since something moves again.
    expect(run.state.aborted).toBe(false);
  });

  it('leaves an instance that never began for a retry', () => {
    const run = new ScriptedRun([task({ id: 'p' }), task({ id: 'q' })], {
      slots: 1,
      formatVersion: 1,
    });
    run.abort();
    expect(run.board()).toEqual(['p failed', 'q skipped']);
    expect(names(run.resume())).toEqual(['p', 'q']);
    expect(run.board()).toEqual(['p failed', 'q skipped']);
    expect(run.status()).toBe('failed');
    expect(run.retry(run.last('q'))).toBeNull();
    expect(run.board()).toEqual(['p failed', 'q running']);
  });

  it('asks again what a retried instance waited for, before it goes on', () => {
    const run = inAllStatuses();
    run.abort();
    expect(run.retry(run.last('waiting'))).toBeNull();
    expect(run.last('waiting').status).toBe('waiting');
  });
});

it('orphans come back all at once where a person says so', () => {
  const run = new ScriptedRun([task({ id: 'a' }), task({ id: 'b' }), task({ id: 'c' })]);
  const orphan = { ...broken, termination_reason: 'orphaned', failure_kind: 'unknown' } as const;
  run.finish('a', { process: orphan });
  run.finish('b', { process: orphan });
  run.finish('c', { process: broken });
  expect(names(run.resume())).toEqual(['a', 'b', 'c']);
  expect(names(leftAlone(run.state, true))).toEqual(['c']);
  run.decide({ command: 'resume', orphaned: true });
  run.plan();
  expect(run.board()).toEqual(['a running', 'b running', 'c failed']);
});

it('a loop at its limit is left alone', () => {
  const run = new ScriptedRun([
    task({ id: 'a' }),
    task({ id: 'l', depends_on: ['a'], control: loop(['a'], [], 0) }),
  ]);
  run.finish('a');
  run.continues('l');
  expect(run.last('l').failure_kind).toBe('loop_limit');
  expect(names(run.resume())).toEqual(['l']);
});
