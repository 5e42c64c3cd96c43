/** One entry for each type of event: what the state, the records and the words of the log are made of. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { catalogue, isEventType, recordsOf, wordsOf } from '../../../src/core/events/catalogue.ts';
import type { RunEvent } from '../../../src/core/events/events.ts';
import { FORMAT_VERSION } from '../../../src/model/run.ts';
import { task } from '../../support/make.ts';
import { broken, ScriptedRun } from '../scripted-run.ts';

/** A run in which a question is asked and answered, an attempt fails, and a result is left. */
function eventful(): ScriptedRun {
  const run = new ScriptedRun([task({ id: 'a' }), task({ id: 'b', depends_on: ['a'] })]);
  const id = run.ask(run.running('a'), { question: 'which\none?' });
  run.finish('a');
  run.reply(id);
  run.plan();
  run.finish('a', { process: broken });
  run.retry(run.last('a'));
  run.finish('a', { result: { n: 1 } });
  return run;
}

function first(run: ScriptedRun, type: RunEvent['event_type']): RunEvent {
  const event = run.events.find((each) => each.event_type === type);
  if (!event) throw new Error(`no ${type}`);
  return event;
}

describe('the catalogue', () => {
  it('knows every type by a version of the format that this program writes', () => {
    for (const [type, { since }] of Object.entries(catalogue)) {
      expect(isEventType(type)).toBe(true);
      expect(since).toBeLessThanOrEqual(FORMAT_VERSION);
    }
  });

  it('is told of, as far as version 2 brought it, where a run on disk is described', () => {
    const page = readFileSync('docs/run-directory.md', 'utf8');
    const untold = Object.entries(catalogue)
      .filter(([type, { since }]) => since === 2 && !page.includes(`\`${type}\``))
      .map(([type]) => type);
    expect(untold).toEqual([]);
  });

  it('knows no other word, also none that every object has', () => {
    expect(['', 'instance_gone', 'toString', '__proto__'].filter(isEventType)).toEqual([]);
  });

  it('names the records that an event changes, its instance first', () => {
    const run = eventful();
    const instance = { kind: 'instance', id: run.last('a').instance_id };
    const question = { kind: 'interrupt', id: 'int-000000000001' };
    expect(recordsOf(first(run, 'run_created'))).toEqual([
      { kind: 'task', id: 'a' },
      { kind: 'task', id: 'b' },
    ]);
    expect(recordsOf(first(run, 'input_scope_created'))).toMatchObject([{ kind: 'inputs' }]);
    expect(recordsOf(first(run, 'instance_runnable'))).toEqual([instance]);
    expect(recordsOf(first(run, 'interrupt_requested'))).toEqual([instance, question]);
    expect(recordsOf(first(run, 'interrupt_applied'))).toEqual([instance, question]);
    expect(recordsOf(first(run, 'result_materialized'))).toEqual([
      instance,
      { ...instance, kind: 'result' },
    ]);
  });

  it('has words for what happened, as they were written', () => {
    const run = eventful();
    expect(wordsOf(first(run, 'attempt_started'))).toBe('attempt 1');
    expect(wordsOf(first(run, 'interrupt_requested'))).toBe(
      'int-000000000001 asks a human: which\none?',
    );
    expect(wordsOf(first(run, 'instance_failed'))).toBe('exit status 1');
    expect(wordsOf(first(run, 'instance_requeued'))).toBe('retry');
    expect(wordsOf(first(run, 'instance_done'))).toBe('');
  });
});
