/** What moves with an instance: the run's status, and what it tells of itself. */
import { describe, expect, it } from 'vitest';
import { linksOf } from '../../../src/core/state/run-state.ts';
import { loop, task } from '../../support/make.ts';
import { broken, ScriptedRun } from '../scripted-run.ts';

describe('an instance that goes back', () => {
  it('takes what was announced of the run with it: it ends again, and says so', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    for (const times of [1, 2]) {
      run.finish('a', { process: broken });
      expect(run.payloads('run_completed')).toHaveLength(times);
      run.retry(run.last('a'));
    }
    run.finish('a');
    const said = run.payloads('run_completed').map(({ status }) => status);
    expect(said).toEqual(['failed', 'failed', 'done']);
  });

  it('leaves a run that was done pending, until it is done again', () => {
    const run = new ScriptedRun([task({ id: 'p' }), task({ id: 'q' })], {
      slots: 0,
      formatVersion: 1,
    });
    run.abort();
    expect(run.retry(run.last('p'))).toBeNull();
    run.plan(1);
    run.finish('p');
    expect([run.board(), run.status()]).toEqual([['p done', 'q skipped'], 'done']);
    expect(run.retry(run.last('q'))).toBeNull();
    expect([run.board(), run.status()]).toEqual([['p done', 'q runnable'], 'pending']);
  });

  it('knows what it was granted for this try alone', () => {
    const run = new ScriptedRun([
      task({ id: 'a' }),
      task({ id: 'l', depends_on: ['a'], control: loop(['a'], [], 0) }),
    ]);
    const granted = () => linksOf(run.state, run.last('l').instance_id).newlyGranted;
    run.finish('a');
    run.continues('l');
    run.retry(run.last('l'), 2);
    expect(granted()).toBe(2);
    run.finish('l', { process: broken });
    run.retry(run.last('l'));
    expect(granted()).toBe(0);
  });
});

it('an instance that ends while it waits, waits for nothing any more', () => {
  const run = new ScriptedRun([task({ id: 'a' })]);
  run.ask(run.running('a'));
  run.finish('a');
  expect(run.last('a').waiting_reason).toBe('interrupts_pending');
  run.abort();
  expect(run.last('a')).toMatchObject({ status: 'failed', waiting_reason: null });
});
