/** Section 18 of the contract: "done" stands on receipts of checks. */
import { describe, expect, it } from 'vitest';
import { recordCheck } from '../../../src/core/judge/checks.ts';
import { awaitsChecks, dueBaseline, dueCheck } from '../../../src/core/state/checks.ts';
import type { RunEvent } from '../../../src/core/events/events.ts';
import { replay } from '../../../src/core/events/evolve.ts';
import { argvOf, type CheckReceipt, type CheckSpec } from '../../../src/model/checks.ts';
import { NOW, task } from '../../support/make.ts';
import { ScriptedRun, type Ending } from '../scripted-run.ts';

const check = (run: string, baseline = false): CheckSpec => ({ run, timeout_sec: 600, baseline });

/** Ends the attempt, and has its checks end with these. */
function finish(run: ScriptedRun, exits: readonly (number | null)[], ending: Ending = {}): void {
  run.end('a', ending);
  const id = run.last('a').instance_id;
  for (const exit of exits) receive(run, { exit });
  if (awaitsChecks(run.last('a')) && dueCheck(run.state, id) === null) run.end('a', ending);
  run.plan();
}

function receive(run: ScriptedRun, receipt: Partial<CheckReceipt>): void {
  const id = run.last('a').instance_id;
  const due = receipt.baseline === true ? dueBaseline(run.state, id) : dueCheck(run.state, id);
  if (due === null) throw new Error('no check is due');
  const { index, spec } = due;
  const argv = argvOf(spec);
  const whole = { index, argv, exit: 0, output_sha256: 'c'.repeat(64), tree: null, ...receipt };
  run.events.push(...recordCheck(run.state, id, whole, NOW));
}

/** The log as it would be without these, numbered anew. */
function without({ events }: ScriptedRun, type: RunEvent['event_type']): RunEvent[] {
  return events
    .filter((event) => event.event_type !== type)
    .map((event, at) => ({
      ...event,
      seq: at + 1,
      event_id: `${String(at + 1).padStart(6, '0')}-${event.event_type}`,
    }));
}

describe('checks', () => {
  it('keep an instance from being done until each has a receipt', () => {
    const run = new ScriptedRun([task({ id: 'a', checks: [check('one'), check('two')] })]);
    run.end('a');
    expect(run.last('a')).toMatchObject({ status: 'running' });
    expect(awaitsChecks(run.last('a'))).toBe(true);
    receive(run, {});
    run.end('a');
    expect(run.board(), 'the second has none').toEqual(['a running']);
    receive(run, {});
    run.end('a');
    expect(run.board()).toEqual(['a done']);
    expect(run.last('a').attempts[0]?.checks?.map(({ argv }) => argv.at(-1))).toEqual([
      'one',
      'two',
    ]);
    const types = run.events.map((event) => event.event_type);
    expect(types.indexOf('attempt_finished')).toBeLessThan(types.indexOf('check_finished'));
    expect(types.lastIndexOf('check_finished')).toBeLessThan(types.indexOf('instance_done'));
    replay(run.events);
  });

  it('that fail are told to the same session, all of them, and then fail the instance', () => {
    const spec = { repair: 1, checks: [check('lint'), check('test'), check('build')] };
    const run = new ScriptedRun([task({ id: 'a', ...spec })]);
    run.end('a');
    receive(run, { exit: 1, said: '3 errors' });
    receive(run, {});
    receive(run, { exit: null, said: 'it took longer than timeout_sec (600)' });
    run.end('a');
    const [told] = run.payloads('instance_continued');
    expect(told).toMatchObject({ reason: 'repair', failure_kind: 'check_failed' });
    expect(told?.message).toContain('check 1 of 3 failed: lint (exit status 1)\n3 errors');
    expect(told?.message).toContain('check 3 of 3 failed: build (did not end by itself)');
    expect(told?.message).not.toContain('check 2');
    run.plan();
    expect(dueCheck(run.state, run.last('a').instance_id)?.index, 'of the new attempt').toBe(0);
    finish(run, [1, 0, 0]);
    expect(run.last('a')).toMatchObject({ status: 'failed', failure_kind: 'check_failed' });
  });

  it('are not run where something else is wrong', () => {
    const run = new ScriptedRun([task({ id: 'a', result_schema: 's', checks: [check('one')] })]);
    run.end('a', { invalid: 'no' });
    expect(run.board()).toEqual(['a failed']);
  });

  it('that failed before the first attempt already, and fail again, are known', () => {
    const spec = { checks: [check('flaky', true), check('test', true), check('lint')] };
    const run = new ScriptedRun([task({ id: 'a', ...spec })]);
    receive(run, { exit: 1, baseline: true });
    receive(run, { exit: 0, baseline: true });
    expect(dueBaseline(run.state, run.last('a').instance_id), 'of those without').toBeNull();
    finish(run, [1, 0, 0]);
    expect(run.board()).toEqual(['a done']);
    const other = new ScriptedRun([task({ id: 'a', ...spec })]);
    receive(other, { exit: 1, baseline: true });
    receive(other, { exit: 0, baseline: true });
    finish(other, [1, 2, 0]);
    expect(other.last('a')).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('check 2 of 3 failed: test (exit status 2)') as string,
    });
  });

  it('have a baseline only while nothing has begun to work', () => {
    const run = new ScriptedRun([task({ id: 'a', repair: 1, checks: [check('test', true)] })]);
    const id = run.last('a').instance_id;
    expect(dueBaseline(run.state, id)).toMatchObject({ isBaseline: true, index: 0 });
    run.end('a');
    expect(dueBaseline(run.state, id)).toBeNull();
    receive(run, { exit: 1 });
    run.end('a');
    run.plan();
    expect(dueBaseline(run.state, id)).toBeNull();
  });

  it('cannot be forged, doubled or left out in a log', () => {
    const run = new ScriptedRun([task({ id: 'a', checks: [check('one')] })]);
    const started = run.events.length;
    run.end('a');
    receive(run, {});
    run.end('a');
    const done = run.events.at(-1);
    expect(done?.event_type).toBe('instance_done');
    expect(() => replay(without(run, 'check_finished'))).toThrow('has no receipt');
    expect(started).toBeGreaterThan(0);
  });

  it('have failed nothing in a log that does not hold what they judged, or how', () => {
    const run = new ScriptedRun([task({ id: 'a', checks: [check('one')] })]);
    finish(run, [1]);
    expect(run.last('a')).toMatchObject({ status: 'failed', failure_kind: 'check_failed' });
    replay(run.events);
    expect(() => replay(without(run, 'check_finished'))).toThrow('no check of it has failed');
    expect(() => replay(without(run, 'artifacts_published'))).toThrow('it published nothing');
  });
});
