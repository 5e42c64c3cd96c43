/** Sections 5 and 11 of the contract: starts in order, and what a failure skips and its retry brings back. */
import { describe, expect, it } from 'vitest';
import { route, task } from '../../support/make.ts';
import { broken, offline, ScriptedRun } from '../scripted-run.ts';

const diamond = () => [
  task({ id: 'a' }),
  task({ id: 'b', depends_on: ['a'] }),
  task({ id: 'c', depends_on: ['a'] }),
  task({ id: 'd', depends_on: ['b', 'c'] }),
];

describe('starts', () => {
  const wide = () => ['p', 'q', 'r', 's'].map((id) => task({ id }));

  it('come in creation order, as many as there are slots', () => {
    const run = new ScriptedRun(wide(), { slots: 2 });
    expect(run.board()).toEqual(['p running', 'q running', 'r runnable', 's runnable']);
    run.finish('q');
    expect(run.board()).toEqual(['p running', 'q done', 'r running', 's runnable']);
    expect(run.plan(0)).toEqual([]);
    expect(run.plan(1)).toEqual([]);
    expect(run.plan(3)).toHaveLength(1);
  });

  it('are still possible while a failure is not announced: not by an engine that may start nothing', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    run.end('a', { process: broken });
    run.plan(0);
    expect(run.payloads('run_completed')).toEqual([]);
    run.plan();
    expect(run.payloads('run_completed')).toEqual([{ status: 'failed' }]);
  });

  it('begin the long chains first, whatever the tasks are called', () => {
    const run = new ScriptedRun(
      [
        task({ id: 'alone' }),
        task({ id: 'late-1' }),
        task({ id: 'late-2', depends_on: ['late-1'] }),
        task({ id: 'late-3', depends_on: ['late-2'] }),
        task({ id: 'mid-1' }),
        task({ id: 'mid-2', depends_on: ['mid-1'] }),
      ],
      { slots: 1 },
    );
    const order = ['late-1', 'late-2', 'mid-1', 'alone', 'late-3', 'mid-2'];
    expect(run.board().map((line) => line.split(' ')[0])).toEqual(order);
    for (const id of order) run.finish(id);
    expect(run.board()).toEqual(order.map((id) => `${id} done`));
  });

  it('do not wait for a sibling', () => {
    const run = new ScriptedRun(diamond());
    run.finish('a');
    run.finish('b');
    expect(run.board()).toEqual(['a done', 'b done', 'c running', 'd pending']);
  });

  it('an instance that is retried is as old as it was', () => {
    const run = new ScriptedRun(wide(), { slots: 1 });
    run.finish('p', { process: broken });
    expect(run.board()).toEqual(['p failed', 'q running', 'r runnable', 's runnable']);
    run.retry(run.last('p'));
    run.finish('q');
    expect(run.board()).toEqual(['p running', 'q done', 'r runnable', 's runnable']);
  });

  it('hand each attempt its number and session', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    run.finish('a', { process: offline });
    run.resume();
    expect(run.payloads('attempt_started')).toEqual([
      { attempt: 1, session_id: null, replies: [] },
      { attempt: 2, session_id: 's-1', replies: [] },
    ]);
  });
});

describe('a failure', () => {
  it('skips what is below it, says why, and lets the rest go on', () => {
    const run = new ScriptedRun([...diamond(), task({ id: 'e', depends_on: ['d'] })]);
    run.finish('a');
    run.finish('b', { process: broken });
    expect(run.board()).toEqual(['a done', 'b failed', 'c running', 'd skipped', 'e skipped']);
    expect(run.last('d').error).toBe(`upstream b (${run.last('b').instance_id}) failed`);
    expect(run.last('e').error).toBe(`upstream d (${run.last('d').instance_id}) was skipped`);
    expect(run.status()).toBe('running');
    run.finish('c');
    expect(run.status()).toBe('failed');
    expect(run.payloads('run_completed')).toEqual([{ status: 'failed' }]);
  });

  it('skips an instance that comes to be below it later', () => {
    const run = new ScriptedRun([
      task({ id: 'p' }),
      task({ id: 'gate', control: route({ yes: ['x'] }) }),
      task({ id: 'x', depends_on: ['p', 'gate'] }),
    ]);
    run.finish('p', { process: broken });
    run.routes('gate', 'yes');
    expect(run.board()).toEqual(['p failed', 'gate done', 'x skipped']);
    run.retry(run.last('p'));
    run.finish('p');
    expect(run.board()).toEqual(['p done', 'gate done', 'x running']);
  });

  it('of two above an instance: it revives only when both are retried', () => {
    const run = new ScriptedRun(diamond());
    run.finish('a');
    run.finish('b', { process: broken });
    run.finish('c', { process: broken });
    run.retry(run.last('b'));
    expect(run.board()).toEqual(['a done', 'b running', 'c failed', 'd skipped']);
    run.retry(run.last('c'));
    expect(run.last('d')).toMatchObject({ status: 'pending', error: null, finished_at: null });
    run.finish('b');
    run.finish('c');
    run.finish('d');
    expect(run.status()).toBe('done');
    expect(run.payloads('run_completed').map((one) => one.status)).toEqual(['failed', 'done']);
  });
});
