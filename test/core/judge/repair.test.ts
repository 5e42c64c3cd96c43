/** Section 18 of the contract: work that is not accepted goes on in the same session, told what is wrong with it. */
import { describe, expect, it } from 'vitest';
import { explainInstance } from '../../../src/core/explain/explain.ts';
import { finishAttempt } from '../../../src/core/judge/finish.ts';
import { loop, NOW, task } from '../../support/make.ts';
import { broken, completed, factsOf, offline, ScriptedRun, sessionLost } from '../scripted-run.ts';

const schema = { result_schema: 's.json' };
const wrong = { invalid: 'result.json: /score must be a number' };
const retry = { max_attempts: 2, on: null, delay_sec: 30, factor: 2, max_delay_sec: 60 };

describe('a repair', () => {
  it('goes on in the same session, and keeps what is wrong', () => {
    const run = new ScriptedRun([task({ id: 'a', repair: 1, ...schema })]);
    run.finish('a', wrong);
    expect(run.payloads('instance_continued')).toEqual([
      { attempt: 1, reason: 'repair', message: wrong.invalid, failure_kind: 'output_schema' },
    ]);
    expect(run.last('a')).toMatchObject({ status: 'running', attempt: 2, error: null });
    expect(run.payloads('attempt_started').at(-1)).toMatchObject({ session_id: 's-1' });
    expect(run.last('a').attempts[0]).toMatchObject({
      error: null,
      continued: { reason: 'repair', message: wrong.invalid },
    });
    const { why } = explainInstance(run.state, run.last('a').instance_id, {
      programDir: '.',
      driven: true,
    });
    expect(why).toContain('it goes on (repair) after attempt 1: result.json: /score must be');
    run.finish('a', { result: { score: 1 } });
    expect(run.board()).toEqual(['a done']);
  });

  it('tells all that is wrong at once', () => {
    const decision = { decision_kind: 'review', audience: 'human', description: '' } as const;
    const more = { required_decisions: [decision], ...schema };
    const run = new ScriptedRun([task({ id: 'a', repair: 1, ...more })]);
    run.finish('a', { ...wrong, missing: 'final.md is missing' });
    expect(run.payloads('instance_continued')[0]?.message.split('\n\n')).toEqual([
      wrong.invalid,
      'final.md is missing',
      expect.stringContaining('required_decisions'),
    ]);
  });

  it('comes as often as is said, is no retry, and fails as it would have without', () => {
    const run = new ScriptedRun([task({ id: 'a', repair: 2, retry, ...schema })]);
    for (let attempt = 1; attempt <= 3; attempt += 1) run.finish('a', wrong);
    expect(run.last('a')).toMatchObject({
      status: 'failed',
      attempt: 3,
      failure_kind: 'output_schema',
      error: wrong.invalid,
    });
    expect(run.payloads('instance_delayed')).toEqual([]);
    expect(run.retry(run.last('a'))).toBeNull();
    run.finish('a', wrong);
    expect(run.last('a'), 'a person wants it tried: from the start').toMatchObject({
      status: 'running',
      attempt: 5,
    });
  });

  it('is counted apart from retries', () => {
    const run = new ScriptedRun([task({ id: 'a', repair: 1, retry, ...schema })]);
    run.finish('a', wrong);
    run.finish('a', { process: offline });
    expect(run.last('a')).toMatchObject({ status: 'waiting', waiting_reason: 'delay' });
  });

  it('is there in edition 2, and where the nearest says so', () => {
    const boards = [
      [{}, {}, 'failed'],
      [{ edition: 2 }, {}, 'running'],
      [{ edition: 2, repair: 0 }, {}, 'failed'],
      [{ edition: 2 }, { repair: 0 }, 'failed'],
      [{ repair: 1 }, {}, 'running'],
    ] as const;
    for (const [project, spec, status] of boards) {
      const run = new ScriptedRun([task({ id: 'a', ...schema, ...spec })], { project });
      run.finish('a', wrong);
      expect(run.board(), JSON.stringify([project, spec])).toEqual([`a ${status}`]);
    }
  });

  it('ends where two in a row have changed nothing', () => {
    const run = new ScriptedRun([task({ id: 'a', repair: 5, ...schema })]);
    const finish = (left: string): void => {
      const facts = { ...factsOf(wrong), left };
      run.events.push(...finishAttempt(run.state, run.running('a').instance_id, facts, NOW));
      run.plan();
    };
    for (const left of ['one', 'one', 'two', 'two']) finish(left);
    expect(run.board()).toEqual(['a running']);
    finish('two');
    expect(run.last('a')).toMatchObject({ status: 'failed', attempt: 5 });
  });

  it('is for an agent that takes no prompt only where that is said of it', () => {
    const boards = [
      [{ edition: 2, repair: 3 }, {}, 'failed'],
      [{}, { repair: 1 }, 'runnable'],
    ] as const;
    for (const [project, spec, status] of boards) {
      const run = new ScriptedRun([task({ id: 'a', ...schema, ...spec })], { project });
      const facts = { ...factsOf(wrong), isUntold: true } as const;
      finishAttempt(run.state, run.running('a').instance_id, facts, NOW);
      expect(run.board()).toEqual([`a ${status}`]);
    }
  });

  it('is not for what ended badly, nor for a loop that may not go on', () => {
    const run = new ScriptedRun([task({ id: 'a', repair: 1 })]);
    run.finish('a', { process: broken });
    expect(run.board()).toEqual(['a failed']);
    const looping = new ScriptedRun([
      task({ id: 'a' }),
      task({ id: 'c', depends_on: ['a'], control: loop(['a'], [], 0), repair: 1 }),
    ]);
    looping.finish('a');
    looping.continues('c');
    expect(looping.last('c')).toMatchObject({ status: 'failed', failure_kind: 'loop_limit' });
  });

  it('survives the loss of its session, and the engine', () => {
    const run = new ScriptedRun([task({ id: 'a', repair: 1, ...schema })]);
    run.end('a', wrong);
    run.crashAfter(run.events.length);
    run.plan();
    expect(run.last('a')).toMatchObject({ status: 'running', attempt: 2 });
    run.finish('a', { process: sessionLost });
    expect(run.last('a')).toMatchObject({ status: 'running', attempt: 3, session_id: null });
    run.finish('a', { process: completed, ...wrong });
    expect(run.board()).toEqual(['a failed']);
  });
});
