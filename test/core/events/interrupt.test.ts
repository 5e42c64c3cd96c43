/** A reply is applied by the first attempt that receives it, and by no later one. */
import { expect, it } from 'vitest';
import { replay } from '../../../src/core/events/evolve.ts';
import type { RunEvent } from '../../../src/core/events/events.ts';
import { task } from '../../support/make.ts';
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
