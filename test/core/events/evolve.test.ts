/** What the log alone says of a run. */
import { describe, expect, it } from 'vitest';
import { replay } from '../../../src/core/events/evolve.ts';
import { runStatus } from '../../../src/core/state/run-state.ts';
import { task } from '../../support/make.ts';
import { broken, offline, ScriptedRun } from '../scripted-run.ts';

const diamond = () => [
  task({ id: 'a' }),
  task({ id: 'b', depends_on: ['a'] }),
  task({ id: 'c', depends_on: ['a'] }),
  task({ id: 'd', depends_on: ['b', 'c'] }),
];

describe('a log that ends early', () => {
  it('never tells of a run that is done, whichever its last event', () => {
    const run = new ScriptedRun(diamond());
    for (const id of ['a', 'b', 'c', 'd']) run.finish(id);
    expect(run.status()).toBe('done');
    const early = run.events.slice(0, -1).map((_, index) => run.events.slice(0, index + 1));
    const statusAfter = (events: typeof run.events): string | null => {
      const state = replay(events);
      return state && runStatus(state);
    };
    expect(early.map(statusAfter)).not.toContain('done');
    expect(statusAfter(run.events)).toBe('done');
  });
});

it('the state never writes into the events that it came from', () => {
  // Format 1, in which an abort can be taken back.
  const tasks = [...diamond(), task({ id: 'e', depends_on: ['d'] })];
  const run = new ScriptedRun(tasks, { formatVersion: 1 });
  const again = (): void => {
    const log = JSON.parse(JSON.stringify(run.events), (_, value: unknown) =>
      Object.freeze(value),
    ) as typeof run.events;
    const state = replay(log);
    if (state) run.state = state;
  };
  const steps: (() => void)[] = [
    () => run.ask(run.running('a')),
    () => run.finish('a'),
    () => run.reply(run.last('a').blocking_interrupts[0] ?? ''),
    () => run.plan(),
    () => run.finish('a', { process: offline }),
    () => run.resume(),
    () => run.finish('a'),
    () => run.finish('b', { process: broken }),
    () => run.retry(run.last('b')),
    () => run.finish('b'),
    () => run.finish('c'),
    () => run.abort(),
    () => run.retry(run.last('d')),
    () => run.finish('d'),
  ];
  for (const step of steps) {
    again();
    step();
  }
  expect(run.last('d').status).toBe('done');
});
