/** `run abort`, section 11 of the contract. */
import { describe, expect, it } from 'vitest';
import { loop, task } from '../../support/make.ts';
import { offline, ScriptedRun } from '../scripted-run.ts';

const diamond = () => [
  task({ id: 'a' }),
  task({ id: 'b', depends_on: ['a'] }),
  task({ id: 'c', depends_on: ['a'] }),
  task({ id: 'd', depends_on: ['b', 'c'] }),
];

describe('abort', () => {
  const aborted = () => {
    const run = new ScriptedRun([...diamond(), task({ id: 'w' }), task({ id: 'f' })], {
      slots: 3,
    });
    run.finish('f', { process: offline });
    run.ask(run.running('w'));
    run.finish('w');
    run.finish('a');
    run.abort();
    return run;
  };

  it('fails what had begun, skips what had not, leaves what was done', () => {
    const run = aborted();
    expect(run.board().sort()).toEqual([
      'a done',
      'b failed',
      'c failed',
      'd skipped',
      'f failed',
      'w failed',
    ]);
    expect(run.status()).toBe('failed');
    expect(run.state.aborted).toBe(true);
    expect(run.last('b')).toMatchObject({
      error: 'run aborted by user',
      resume_recommended: false,
      termination_reason: 'terminated',
    });
    expect(run.plan()).toEqual([]);
  });

  it('leaves a run failed also where nothing had begun', () => {
    const run = new ScriptedRun([task({ id: 'a' })], { slots: 0 });
    run.abort();
    expect(run.board()).toEqual(['a skipped']);
    expect(run.status()).toBe('failed');
    expect(run.retry(run.last('a'))).toBeNull();
    run.plan(1);
    run.finish('a');
    expect(run.status()).toBe('done');
  });

  it('is announced as failed where nothing had begun', () => {
    const run = new ScriptedRun([task({ id: 'a' })], { slots: 0 });
    run.abort();
    run.plan(1);
    expect(run.payloads('run_completed')).toEqual([{ status: 'failed' }]);
  });

  it('is settled by deciding again after a crash that kept the end of an attempt', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    const ends = new Map([[run.running('a').instance_id, offline]]);
    run.decide({ command: 'abort', ends });
    run.crashAfter(run.events.findIndex((each) => each.event_type === 'attempt_finished') + 1);
    run.decide({ command: 'abort', ends });
    expect(run.payloads('attempt_finished')).toHaveLength(1);
    expect(run.board()).toEqual(['a failed']);
  });

  it('leaves a run that is done as it is', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    run.finish('a');
    const before = run.events.length;
    run.abort();
    expect(run.events).toHaveLength(before);
    expect(run.status()).toBe('done');
  });

  it('is followed by resume only for what had failed before, for a reason that passes', () => {
    const run = aborted();
    expect(
      run
        .resume()
        .map((one) => one.task_id)
        .sort(),
    ).toEqual(['b', 'c', 'w']);
    expect(run.last('f').status).toBe('running');
  });

  it('is undone instance by instance', () => {
    const run = aborted();
    run.retry(run.last('b'));
    expect(run.state.aborted).toBe(false);
    run.finish('b');
    expect(run.last('d').status).toBe('skipped');
    run.retry(run.last('c'));
    run.finish('c');
    run.finish('d');
    expect(run.last('d').status).toBe('done');
  });

  it('skips also what a last choice made possible', () => {
    const run = new ScriptedRun([
      task({ id: 'a' }),
      task({ id: 'l', depends_on: ['a'], control: loop(['a'], ['end']) }),
      task({ id: 'end', depends_on: ['l'] }),
    ]);
    run.finish('a');
    run.stops('l');
    const done = run.events.findLastIndex((event) => event.event_type === 'instance_done');
    run.crashAfter(done + 1);
    expect(run.all('end')).toEqual([]);
    run.abort();
    expect(run.board()).toEqual(['a done', 'l done', 'end skipped']);
    expect(run.plan()).toEqual([]);
    expect(run.retry(run.last('end'))).toBeNull();
    expect(run.board()).toEqual(['a done', 'l done', 'end running']);
  });
});
