/** What an instance hands on is what its last attempt left, and nothing of an attempt that failed. */
import { describe, expect, it } from 'vitest';
import { resultOf } from '../../../src/core/state/results.ts';
import { task } from '../../support/make.ts';
import { ScriptedRun, sha256Of } from '../scripted-run.ts';

const chain = [task({ id: 'a' }), task({ id: 'b', depends_on: ['a'] })];

/** `a` has left a result and failed all the same, since a file that it publishes is missing. */
function failedWithResult(): ScriptedRun {
  const run = new ScriptedRun(chain);
  run.finish('a', { result: { n: 1 }, missing: 'final.md is missing' });
  expect(run.payloads('result_materialized')).toHaveLength(1);
  expect(run.board()).toEqual(['a failed', 'b skipped']);
  return run;
}

describe('the result of an instance', () => {
  it('is what its attempt left, once it is done', () => {
    const run = new ScriptedRun(chain);
    const { instance_id: a } = run.last('a');
    expect(resultOf(run.state, a)).toBeNull();
    run.finish('a', { result: { n: 1 } });
    expect(resultOf(run.state, a)).toEqual({ attempt: 1, sha256: sha256Of({ n: 1 }) });
  });

  it('is none where none was left', () => {
    const run = new ScriptedRun(chain);
    run.finish('a');
    expect(resultOf(run.state, run.last('a').instance_id)).toBeNull();
  });

  it('is not what a failed attempt left', () => {
    const run = failedWithResult();
    expect(resultOf(run.state, run.last('a').instance_id)).toBeNull();
  });

  it('is the new one after a retry, and no longer the old one', () => {
    const run = failedWithResult();
    run.retry(run.last('a'));
    expect(resultOf(run.state, run.last('a').instance_id)).toBeNull();
    run.finish('a', { result: { n: 2 } });
    expect(run.payloads('result_materialized').map(({ attempt }) => attempt)).toEqual([1, 2]);
    const second = { attempt: 2, sha256: sha256Of({ n: 2 }) };
    expect(resultOf(run.state, run.last('a').instance_id)).toEqual(second);
    run.crashAfter(run.events.length);
    expect(resultOf(run.state, run.last('a').instance_id)).toEqual(second);
  });

  it('is none after a retry that left none, though the log has the old one', () => {
    const run = failedWithResult();
    run.retry(run.last('a'));
    run.finish('a');
    expect(run.board()).toEqual(['a done', 'b running']);
    expect(resultOf(run.state, run.last('a').instance_id)).toBeNull();
  });

  it('is recorded again where a retry leaves the same', () => {
    const run = failedWithResult();
    run.retry(run.last('a'));
    run.finish('a', { result: { n: 1 } });
    expect(resultOf(run.state, run.last('a').instance_id)).toEqual({
      attempt: 2,
      sha256: sha256Of({ n: 1 }),
    });
  });
});

describe('the artifacts of an instance', () => {
  it('are those of the attempt that ended well, where a crash kept those of one that did not', () => {
    const run = new ScriptedRun(chain);
    run.end('a');
    // The power went before `instance_done`; then the attempt's directory turned out to be spoilt.
    run.crashAfter(run.events.findIndex((each) => each.event_type === 'artifacts_published') + 1);
    run.finish('a', { missing: 'final.md is missing' });
    run.retry(run.last('a'));
    expect(run.last('a').published).toEqual([]);
    run.finish('a');
    expect(run.last('a').published).toHaveLength(1);
    expect(run.payloads('artifacts_published').map(({ attempt }) => attempt)).toEqual([1, 2]);
  });
});
