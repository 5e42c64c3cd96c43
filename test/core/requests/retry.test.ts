/** `run retry-instance`, section 11 of the contract. */
import { describe, expect, it } from 'vitest';
import { task } from '../../support/make.ts';
import { broken, ScriptedRun } from '../scripted-run.ts';

const diamond = () => [
  task({ id: 'a' }),
  task({ id: 'b', depends_on: ['a'] }),
  task({ id: 'c', depends_on: ['a'] }),
  task({ id: 'd', depends_on: ['b', 'c'] }),
];

describe('retry', () => {
  it('goes on with the session, unless a new one is asked for', () => {
    for (const newSession of [false, true]) {
      const run = new ScriptedRun([task({ id: 'a' })]);
      run.finish('a', { process: { ...broken, session_id: 's-1' } });
      run.retry(run.last('a'), 0, newSession);
      const { session_id: session } = run.payloads('attempt_started').at(-1) ?? {};
      expect(session).toBe(newSession ? null : 's-1');
      expect(run.payloads('session_lost')).toEqual(
        newSession ? [{ session_id: 's-1', reason: 'a new one was asked for' }] : [],
      );
    }
  });

  it('is refused for what has not failed', () => {
    const run = new ScriptedRun(diamond());
    run.finish('a');
    run.finish('b', { process: broken });
    expect(run.retry(run.last('a'))).toMatch('is done, not failed');
    expect(run.retry(run.last('c'))).toMatch('is running, not failed');
    const { instance_id: b } = run.last('b');
    expect(run.retry(run.last('d'))).toMatch(`is skipped, not failed; retry ${b} above it`);
  });
});
