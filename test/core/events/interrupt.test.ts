/** Questions: who applies a reply, and when nobody is asked any more. */
import { describe, expect, it } from 'vitest';
import { replay } from '../../../src/core/events/evolve.ts';
import type { RunEvent } from '../../../src/core/events/events.ts';
import { Recorder } from '../../../src/core/state/recorder.ts';
import { NOW, reply, task } from '../../support/make.ts';
import { offline, ScriptedRun } from '../scripted-run.ts';

it('applied_at stands from the first attempt, though a later one is told the reply again', () => {
  const run = new ScriptedRun([task({ id: 'a' })]);
  const id = run.ask(run.running('a'));
  run.finish('a');
  run.reply(id);
  run.plan();
  run.finish('a', { process: offline });
  run.resume();
  expect(run.payloads('attempt_started').map(({ replies }) => replies)).toEqual([[], [id], [id]]);
  // Each event at its own time: the log's are all at one.
  const log = run.events.map((event, index): RunEvent => ({
    ...event,
    created_at: new Date(index * 1000).toISOString(),
  }));
  const second = log.filter((event) => event.event_type === 'attempt_started')[1];
  expect(replay(log)?.interrupts.get(id)).toMatchObject({
    interrupt: { status: 'applied', applied_at: second?.created_at },
    appliedInAttempt: 2,
  });
});

describe('a closed question', () => {
  it('waits for nothing, and takes no answer', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    const id = run.ask(run.running('a'));
    run.finish('a');
    const recorder = new Recorder(run.state, NOW);
    const { instance_id: asker } = run.last('a');
    recorder.emit('interrupt_closed', asker, { interrupt_id: id, reason: 'run_completed' });
    expect(run.state.interrupts.get(id)).toMatchObject({
      interrupt: { status: 'closed', resolved_at: null },
      closedBecause: 'run_completed',
    });
    expect(run.last('a').blocking_interrupts).toEqual([]);
    expect(run.reply(id)).toEqual({
      ok: false,
      code: 'interrupt-closed',
      reason: 'the question is closed: the run is over',
    });
  });

  it('is no decision that the task had to ask for', () => {
    const required = { decision_kind: 'review', audience: 'human', description: '' } as const;
    const run = new ScriptedRun([task({ id: 'a', required_decisions: [required] })]);
    const id = run.ask(run.running('a'), { decision_kind: 'review' });
    const recorder = new Recorder(run.state, NOW);
    const { instance_id: asker } = run.last('a');
    recorder.emit('interrupt_closed', asker, { interrupt_id: id, reason: 'run_aborted' });
    run.finish('a');
    expect(run.last('a')).toMatchObject({
      status: 'failed',
      failure_kind: 'decision_obligation',
    });
  });
});

describe('a run of format 1, whose log does not say what is closed', () => {
  it('asks nothing while it is aborted, and anew what is tried again', () => {
    const run = new ScriptedRun([task({ id: 'a' })], { formatVersion: 1 });
    const id = run.ask(run.running('a'));
    run.finish('a');
    run.decide({ command: 'abort' });
    const late = run.ask(run.last('a'), { blocking: false });
    for (const each of [id, late]) {
      expect(run.state.interrupts.get(each)?.interrupt.status).toBe('closed');
      expect(run.reply(each)).toMatchObject({ ok: false, code: 'interrupt-closed' });
    }
    expect(run.retry(run.last('a'))).toBeNull();
    expect(run.last('a')).toMatchObject({ status: 'waiting', blocking_interrupts: [id] });
    expect(run.state.interrupts.get(late)).toMatchObject({
      interrupt: { status: 'open' },
      closedBecause: null,
    });
    expect(run.reply(id).ok).toBe(true);
    run.plan();
    expect(run.last('a').status).toBe('running');
  });

  it('keeps an answer that an earlier engine took after the abort', () => {
    const run = new ScriptedRun([task({ id: 'a' })], { formatVersion: 1 });
    const id = run.ask(run.running('a'));
    run.finish('a');
    run.decide({ command: 'abort' });
    const { instance_id: asker } = run.last('a');
    const recorder = new Recorder(run.state, NOW);
    recorder.emit('interrupt_resolved', asker, {
      interrupt_id: id,
      reply: reply({ interrupt_id: id }),
    });
    expect(run.state.interrupts.get(id)).toMatchObject({
      interrupt: { status: 'resolved' },
      closedBecause: null,
    });
    expect(run.retry(run.last('a'))).toBeNull();
    expect(run.last('a').status).toBe('running');
  });
});
