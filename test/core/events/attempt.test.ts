/** What attempts leave in the record of their instance, and what the next one clears away. */
import { describe, expect, it } from 'vitest';
import { recordsOf } from '../../../src/core/events/catalogue.ts';
import { evolve, replay } from '../../../src/core/events/evolve.ts';
import type { RunEvent } from '../../../src/core/events/events.ts';
import { task } from '../../support/make.ts';
import { broken, offline, ScriptedRun } from '../scripted-run.ts';

describe('how an attempt ended', () => {
  it('stands in its instance while that waits, and goes with the next attempt', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    const id = run.ask(run.running('a'));
    run.finish('a', { process: offline });
    expect(run.last('a')).toMatchObject({
      status: 'waiting',
      termination_reason: 'nonzero_exit',
      failure_kind: 'external_network',
      failure_summary: 'no network',
      resume_recommended: true,
      error: null,
      session_id: 's-1',
    });
    run.reply(id);
    run.plan();
    expect(run.last('a')).toMatchObject({
      status: 'running',
      termination_reason: null,
      failure_kind: null,
      failure_summary: null,
      resume_recommended: false,
      session_id: 's-1',
    });
  });

  it('stands in its own record, with the error that its instance failed with', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    run.finish('a', { missing: 'final.md is missing' });
    run.retry(run.last('a'));
    run.finish('a', { process: broken });
    expect(run.last('a').attempts).toMatchObject([
      {
        termination_reason: 'completed',
        error: 'final.md is missing',
        failure_kind: 'task_runtime',
      },
      { termination_reason: 'nonzero_exit', error: 'exit status 1', return_code: 1 },
    ]);
  });

  it('without a session leaves the one that is known', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    run.finish('a', { process: offline });
    run.resume();
    run.finish('a', { process: { ...broken, session_id: null } });
    expect(run.last('a')).toMatchObject({ session_id: 's-1' });
    expect(run.last('a').attempts[1]).toMatchObject({ session_id: 's-1' });
  });
});

it('the result of an earlier attempt has its record changed by a later one, not by the first', () => {
  const run = new ScriptedRun([task({ id: 'a' })]);
  run.finish('a', { result: { n: 1 }, missing: 'final.md is missing' });
  run.retry(run.last('a'));
  const kinds = run.events
    .filter(({ event_type: type }) => type === 'attempt_started')
    .map((event) => recordsOf(event).map(({ kind }) => kind));
  expect(kinds).toEqual([['instance'], ['instance', 'result']]);
});

it('an attempt is started when all else has been looked at: a replay leaves nothing of it to do', () => {
  const run = new ScriptedRun([task({ id: 'a' }), task({ id: 'b', depends_on: ['a'] })]);
  run.finish('a');
  expect(run.events.at(-1)?.event_type).toBe('attempt_started');
  const { agenda } = replay(run.events) ?? run.state;
  const left = [agenda.choices, agenda.created, agenda.unsettled].map((queue) => queue.take());
  expect(left).toEqual([undefined, undefined, undefined]);
});

it('moments in the records are those of the events that brought them', () => {
  const run = new ScriptedRun([
    task({ id: 'a' }),
    task({ id: 'b' }),
    task({ id: 'below', depends_on: ['b'] }),
  ]);
  const id = run.ask(run.running('a'));
  run.finish('a');
  run.reply(id);
  run.plan();
  run.finish('a');
  run.finish('b', { process: broken });
  const log = run.events.map((event, index): RunEvent => ({
    ...event,
    created_at: new Date(index * 1000).toISOString(),
  }));
  const state = log.reduce(evolve, null as ReturnType<typeof replay>) ?? run.state;
  const at = (type: RunEvent['event_type'], instance: string): string | undefined =>
    log.findLast((event) => event.event_type === type && event.instance_id === instance)
      ?.created_at;
  const [a, b, below] = ['a', 'b', 'below'].map((name) => run.last(name).instance_id) as [
    string,
    string,
    string,
  ];
  const moments = (of: string) => state.instances.get(of);
  expect(moments(a)).toMatchObject({
    started_at: at('attempt_started', a),
    finished_at: at('instance_done', a),
  });
  expect(moments(b)?.finished_at).toBe(at('instance_failed', b));
  expect(moments(b)?.attempts[0]?.finished_at).toBe(at('attempt_finished', b));
  expect(moments(below)).toMatchObject({
    started_at: null,
    finished_at: at('instance_skipped', below),
  });
  expect(state.interrupts.get(id)?.interrupt.resolved_at).toBe(at('interrupt_resolved', a));
  expect(state.updatedAt).toBe(log.at(-1)?.created_at);
});
