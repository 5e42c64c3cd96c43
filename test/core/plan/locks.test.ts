/** Locks of section 18: taken all at once, in order of creation, and given back with the attempt. */
import { describe, expect, it } from 'vitest';
import { plan } from '../../../src/core/plan/plan.ts';
import type { LockSpec } from '../../../src/model/program.ts';
import { runStatus } from '../../../src/core/state/run-state.ts';
import { NOW, task } from '../../support/make.ts';
import { broken, ScriptedRun } from '../scripted-run.ts';

const lock = (name: string, more: Partial<LockSpec> = {}): LockSpec => ({
  ...{ name, scope: 'run' as const, slots: 1 },
  ...more,
});

describe('a lock of the run', () => {
  it('is held by one at a time; who waits is named, and next by age', () => {
    const run = new ScriptedRun([
      task({ id: 'a', locks: [lock('db')] }),
      task({ id: 'b', locks: [lock('db')] }),
      task({ id: 'c', locks: [lock('db')] }),
      task({ id: 'free' }),
    ]);
    expect(run.board()).toEqual(['a running', 'b waiting', 'c waiting', 'free running']);
    expect(run.last('b').waiting_reason).toBe('lock');
    run.finish('a', { process: broken });
    expect(run.board()).toEqual(['a failed', 'b running', 'c waiting', 'free running']);
    expect(run.last('b').waiting_reason).toBeNull();
    run.finish('b');
    run.finish('c');
    run.finish('free');
    expect(run.board()).toEqual(['a failed', 'b done', 'c done', 'free done']);
  });

  it('with slots has as many holders', () => {
    const two = [lock('licence', { slots: 2 })];
    const run = new ScriptedRun(['a', 'b', 'c'].map((id) => task({ id, locks: two })));
    expect(run.board()).toEqual(['a running', 'b running', 'c waiting']);
    run.finish('b');
    expect(run.board()).toEqual(['a running', 'b done', 'c running']);
  });

  it('is taken with all others or not, and nobody younger passes who waits for it', () => {
    const run = new ScriptedRun([
      task({ id: 'a', locks: [lock('x')] }),
      task({ id: 'b', locks: [lock('x'), lock('y')] }),
      task({ id: 'c', locks: [lock('y')] }),
      task({ id: 'd', locks: [lock('z')] }),
    ]);
    expect(run.board()).toEqual(['a running', 'b waiting', 'c waiting', 'd running']);
    run.finish('a');
    expect(run.board()).toEqual(['a done', 'b running', 'c waiting', 'd running']);
  });

  it('costs no slot while it is waited for, and a retried instance is as old as it was', () => {
    const locks = [lock('x')];
    const run = new ScriptedRun(
      [task({ id: 'a', locks }), task({ id: 'b', locks }), task({ id: 'c' })],
      { slots: 2 },
    );
    expect(run.board()).toEqual(['a running', 'b waiting', 'c running']);
    run.finish('a', { process: broken });
    expect(run.board()).toEqual(['a failed', 'b running', 'c running']);
    run.retry(run.last('a'));
    expect(run.board()).toEqual(['a runnable', 'b running', 'c running']);
    run.finish('c');
    expect(run.board()).toEqual(['a waiting', 'b running', 'c done']);
  });

  it('costs each instance two events at most, however many wait', () => {
    const locks = [lock('x')];
    const ids = Array.from({ length: 50 }, (_, n) => `t${String(n).padStart(2, '0')}`);
    const run = new ScriptedRun(ids.map((id) => task({ id, locks })));
    for (const id of ids) run.finish(id);
    expect(run.payloads('instance_waiting')).toHaveLength(49);
    expect(run.payloads('instance_resumed')).toHaveLength(49);
  });
});

describe('a lock of the user', () => {
  const locks = [lock('port', { scope: 'user' })];

  it('is asked for before its instance starts, by the oldest alone', () => {
    const run = new ScriptedRun(['a', 'b'].map((id) => task({ id, locks })));
    const [a = ''] = run.state.instances.keys();
    const asked = plan(run.state, { slots: 9, now: NOW });
    expect(asked).toMatchObject({
      starts: [],
      events: [],
      wanted: [{ instanceId: a }],
      wakeAt: null,
    });
    const got = plan(run.state, { slots: 9, now: NOW, taken: new Map([[a, true]]) });
    expect(got.starts).toMatchObject([{ instanceId: a }]);
    expect(run.board()).toEqual(['a running', 'b waiting']);
  });

  it('that another run has is tried again after a second, without a further event', () => {
    const run = new ScriptedRun([task({ id: 'a', locks })]);
    const [a = ''] = run.state.instances.keys();
    const refused = { slots: 9, now: NOW, taken: new Map([[a, false]]) };
    const first = plan(run.state, refused);
    expect(first.events.map(({ event_type }) => event_type)).toEqual(['instance_waiting']);
    expect(first.wakeAt).toBe('2026-01-01T00:00:01.000Z');
    expect(runStatus(run.state)).toBe('waiting');
    expect(plan(run.state, { slots: 9, now: NOW })).toMatchObject({
      wanted: [{ instanceId: a }],
      events: [],
    });
    expect(plan(run.state, refused).events).toEqual([]);
    expect(plan(run.state, { ...refused, taken: new Map([[a, true]]) }).starts).toHaveLength(1);
  });

  it('does not let a younger one take what the asking one takes with it', () => {
    const both = [lock('port', { scope: 'user' as const }), lock('x')];
    const run = new ScriptedRun([
      task({ id: 'a', locks: both }),
      task({ id: 'b', locks: [lock('x')] }),
    ]);
    expect(run.board()).toEqual(['a runnable', 'b runnable']);
    const [a = ''] = run.state.instances.keys();
    plan(run.state, { slots: 9, now: NOW, taken: new Map([[a, true]]) });
    expect(run.board()).toEqual(['a running', 'b waiting']);
  });
});
