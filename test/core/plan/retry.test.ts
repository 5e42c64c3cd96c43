/** Section 18 of the contract: what has failed is made again after a while, as often as the program says. */
import { describe, expect, it } from 'vitest';
import { plan } from '../../../src/core/plan/plan.ts';
import { waitingUntil } from '../../../src/core/state/standing.ts';
import type { RetrySpec } from '../../../src/model/policies.ts';
import { NOW, task } from '../../support/make.ts';
import { broken, offline, ScriptedRun } from '../scripted-run.ts';

const spec: RetrySpec = { max_attempts: 3, on: null, delay_sec: 30, factor: 2, max_delay_sec: 50 };
const after = (seconds: number): string => new Date(Date.parse(NOW) + seconds * 1000).toISOString();

function runOf(retry: Partial<RetrySpec> = {}, more = {}): ScriptedRun {
  return new ScriptedRun([task({ id: 'a', retry: { ...spec, ...retry }, ...more })]);
}

/** Plans at another time. */
function planAt(run: ScriptedRun, seconds: number) {
  const next = plan(run.state, { slots: 5, now: after(seconds) });
  run.events.push(...next.events);
  return next;
}

describe('a retry', () => {
  it('waits, and goes on in the same session', () => {
    const run = runOf();
    run.finish('a', { process: offline });
    expect(run.last('a')).toMatchObject({
      status: 'waiting',
      waiting_reason: 'delay',
      waiting_until: after(30),
      error: 'no network',
    });
    expect(run.status()).toBe('waiting');
    expect(waitingUntil(run.state)).toBe(after(30));
    expect(planAt(run, 29.9)).toMatchObject({ starts: [], wakeAt: after(30) });
    expect(planAt(run, 30)).toMatchObject({
      starts: [{ attempt: 2, sessionId: 's-1' }],
      wakeAt: null,
    });
    expect(run.last('a')).toMatchObject({ status: 'running', waiting_reason: null });
    expect(run.last('a')).not.toHaveProperty('waiting_until');
  });

  it('waits longer each time, up to the longest, and ends with the last attempt', () => {
    const run = runOf({ max_attempts: 4 });
    for (const [attempt, delay] of [30, 50, 50].entries()) {
      run.finish('a', { process: offline });
      expect(run.last('a')).toMatchObject({ attempt: attempt + 1, waiting_until: after(delay) });
      planAt(run, delay);
    }
    run.finish('a', { process: offline });
    expect(run.last('a')).toMatchObject({ status: 'failed', attempt: 4, resume_recommended: true });
  });

  it('is for what is worth it, or for what the program names', () => {
    const other = runOf();
    other.finish('a', { process: broken });
    expect(other.board()).toEqual(['a failed']);
    for (const on of [['task_runtime'], ['nonzero_exit']]) {
      const named = runOf({ on });
      named.finish('a', { process: broken });
      expect(named.board()).toEqual(['a waiting']);
    }
    const unnamed = runOf({ on: ['external_auth'] });
    unnamed.finish('a', { process: offline });
    expect(unnamed.board()).toEqual(['a failed']);
    const result = runOf({ on: ['output_schema'] }, { result_schema: 's.json' });
    result.finish('a', { invalid: 'no' });
    expect(result.board()).toEqual(['a waiting']);
  });

  it('is not for what a person stopped', () => {
    const run = runOf({ on: ['interrupted', 'terminated'] });
    const process = { ...offline, failure_kind: 'interrupted', termination_reason: 'terminated' };
    run.finish('a', { process: process as typeof offline });
    expect(run.board()).toEqual(['a failed']);
  });

  it('is kept by a resume and by the next engine, and ended by run retry-instance', () => {
    const run = runOf();
    run.finish('a', { process: offline });
    expect(run.resume()).toEqual([]);
    run.crashAfter(run.events.length);
    expect(run.plan()).toEqual([]);
    expect(run.last('a').waiting_until).toBe(after(30));
    expect(run.retry(run.last('a'), 0, true)).toBeNull();
    expect(run.last('a')).toMatchObject({ status: 'running', attempt: 2 });
    expect(run.payloads('attempt_started').at(-1)?.session_id).toBeNull();
    expect(planAt(run, 30).events).toEqual([]);
    run.finish('a', { process: offline });
    expect(run.last('a').waiting_until).toBe(after(30));
  });

  it('can be aborted', () => {
    const run = runOf();
    run.finish('a', { process: offline });
    run.abort();
    expect(run.board()).toEqual(['a failed']);
    expect(planAt(run, 60)).toMatchObject({ starts: [], wakeAt: null });
  });

  it('does not wait where nothing may start', () => {
    const run = runOf();
    run.finish('a', { process: offline });
    expect(plan(run.state, { slots: 0, now: after(60) })).toMatchObject({
      events: [],
      wakeAt: null,
    });
  });
});
