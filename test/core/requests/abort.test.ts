/** `run abort`, section 11 of the contract. */
import { describe, expect, it } from 'vitest';
import { FORMAT_VERSION } from '../../../src/model/run.ts';
import { loop, task } from '../../support/make.ts';
import { offline, ScriptedRun } from '../scripted-run.ts';

const diamond = () => [
  task({ id: 'a' }),
  task({ id: 'b', depends_on: ['a'] }),
  task({ id: 'c', depends_on: ['a'] }),
  task({ id: 'd', depends_on: ['b', 'c'] }),
];

describe('abort', () => {
  const aborted = (formatVersion = FORMAT_VERSION) => {
    const run = new ScriptedRun([...diamond(), task({ id: 'w' }), task({ id: 'f' })], {
      slots: 3,
      formatVersion,
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
  });

  it('is for good', () => {
    const run = aborted();
    const before = run.events.length;
    for (const id of ['b', 'd', 'f']) {
      expect(run.retry(run.last(id))).toMatch(/was aborted: nothing in it can go on/);
    }
    expect(run.resume()).toEqual([]);
    expect(run.plan()).toEqual([]);
    expect(run.events).toHaveLength(before);
    expect(run.status()).toBe('failed');
  });

  it('closes what is open, after all else and before its own word, and takes no question', () => {
    const run = aborted();
    const [id = ''] = run.state.interrupts.keys();
    expect(run.state.interrupts.get(id)).toMatchObject({
      interrupt: { status: 'closed' },
      closedBecause: 'run_aborted',
    });
    expect(run.last('w').blocking_interrupts).toEqual([]);
    const types = run.events.map(({ event_type }) => event_type).slice(-3);
    expect(types).toEqual(['interrupt_closed', 'run_aborted', 'run_completed']);
    expect(run.reply(id)).toMatchObject({ ok: false, code: 'interrupt-closed' });
    const late = run.decide({ command: 'ask', interrupt: run.question(run.last('w')) });
    expect(late).toMatchObject({ ok: false, code: 'run-over' });
  });

  it('that a crash cut short leaves nothing that goes on without an answer', () => {
    const run = new ScriptedRun([task({ id: 'w' }), task({ id: 'x' })]);
    run.ask(run.running('w'));
    run.finish('w');
    const from = run.events.length;
    run.abort();
    const all = run.events.length;
    for (let length = all - 1; length >= from; length -= 1) {
      run.crashAfter(length);
      run.plan(0);
      expect(run.board()).not.toContain('w runnable');
      run.crashAfter(length);
    }
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

  it('of a run of format 1 is followed by resume only for what had failed before, for a reason that passes', () => {
    const run = aborted(1);
    expect(
      run
        .resume()
        .map((one) => one.task_id)
        .sort(),
    ).toEqual(['b', 'c', 'w']);
    expect(run.last('f').status).toBe('running');
  });

  it('of a run of format 1 is undone instance by instance', () => {
    const run = aborted(1);
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
  });
});
