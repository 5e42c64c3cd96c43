/** What is pending is moved by what moves that for which it waits, and by no resume where a person is asked. */
import { expect, it } from 'vitest';
import { explainUnfinished } from '../../../src/core/explain/explain.ts';
import { task } from '../../support/make.ts';
import { ScriptedRun } from '../scripted-run.ts';

/** By task, the words of the command that would move its first unfinished instance, without program and run. */
function moves(run: ScriptedRun, driven = false): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { task_id: id, command } of explainUnfinished(run.state, {
    programDir: '.',
    driven,
  })) {
    found[id] ??= command === null ? 'nothing' : command.filter((word) => word !== '.').join(' ');
  }
  const resume = `run resume ${run.state.runId}`;
  return Object.fromEntries(
    Object.entries(found).map(([id, words]) => [id, words === resume ? 'resume' : words]),
  );
}

/** Ends the running attempt of a task with a question of it open. Returns how that is answered. */
function asks(run: ScriptedRun, id: string): string {
  const question = run.ask(run.running(id));
  run.finish(id);
  return `inbox reply ${question} --resume`;
}

const region = (change: object) =>
  task({
    id: 'each',
    for_each: {
      ...{ items: ['a', 'b', 'c'], as: 'item', key: null, max_parallel: null },
      ...{ ask_above: null, max_items: 10, stop_after: null, ...change },
    },
  });
const gathers = task({
  id: 'sum',
  depends_on: [{ task: 'each', kind: 'order', consume: [], as: null, gather: 'settled' }],
});

it('what waits for an answer, and all below it', () => {
  const run = new ScriptedRun([
    task({ id: 'a' }),
    task({ id: 'b', depends_on: ['a'] }),
    task({ id: 'c', depends_on: ['b'] }),
  ]);
  expect(moves(run)).toEqual({ a: 'resume', b: 'resume', c: 'resume' });
  expect(moves(run, true)).toEqual({ a: 'nothing', b: 'nothing', c: 'nothing' });
  const reply = asks(run, 'a');
  for (const driven of [false, true]) {
    expect(moves(run, driven)).toEqual({ a: reply, b: reply, c: reply });
  }
});

it('of several the resume first, while it moves one of them', () => {
  const run = new ScriptedRun([
    task({ id: 'a' }),
    task({ id: 'b' }),
    task({ id: 'c', depends_on: ['a', 'b'] }),
  ]);
  const reply = asks(run, 'a');
  expect(moves(run)).toEqual({ a: reply, b: 'resume', c: 'resume' });
  expect(moves(run, true)).toEqual({ a: reply, b: 'nothing', c: reply });
  run.finish('b');
  expect(moves(run)).toEqual({ a: reply, c: reply });
});

it('a list of which a person is asked, and what gathers it', () => {
  const run = new ScriptedRun([region({ ask_above: 1 }), gathers]);
  const [question] = run.state.runQuestions;
  const reply = `inbox reply ${question} --resume`;
  expect(moves(run)).toEqual({ each: reply, sum: reply });
});

it('what gathers items, and items that wait for a place', () => {
  const run = new ScriptedRun([region({ max_parallel: 1 }), gathers]);
  expect(moves(run)).toEqual({ each: 'resume', sum: 'resume' });
  const reply = asks(run, 'each');
  const all = explainUnfinished(run.state, { programDir: '.', driven: false });
  expect(all.map(({ task_id: id, status }) => `${id} ${status}`)).toEqual([
    'sum pending',
    'each waiting',
    'each pending',
    'each pending',
  ]);
  expect(new Set(all.map(({ command }) => command?.slice(0, 2).join(' ')))).toEqual(
    new Set(['inbox reply']),
  );
  expect(moves(run)).toEqual({ each: reply, sum: reply });
});

it('a long chain at no great cost', () => {
  const run = new ScriptedRun([
    task({ id: 't0' }),
    ...Array.from({ length: 3000 }, (_, at) => task({ id: `t${at + 1}`, depends_on: [`t${at}`] })),
  ]);
  const reply = asks(run, 't0');
  expect(new Set(Object.values(moves(run)))).toEqual(new Set([reply]));
  const { why, command } = explainUnfinished(run.state, { programDir: '.', driven: true }).at(-1)!;
  expect(why).toContain('it needs t2999');
  expect(command?.[1]).toBe('reply');
});
