/** Section 17 of the contract: what gathers waits for all that leads to what it gathers, in each item. */
import { describe, expect, it } from 'vitest';
import { loop, NOW, route, runPlan, task } from '../../support/make.ts';
import type { RunEvent } from '../../../src/core/events/events.ts';
import { replay } from '../../../src/core/events/evolve.ts';
import { explainInstance } from '../../../src/core/explain/explain.ts';
import { gatheredList, gatheredParts } from '../../../src/core/state/gathered-value.ts';
import { ReferenceModel } from '../reference-model/model.ts';
import { broken, factsOf, ScriptedRun } from '../scripted-run.ts';
import { finishAttempt } from '../../../src/core/judge/finish.ts';
import { plan } from '../../../src/core/plan/plan.ts';
import { runStatus } from '../../../src/core/state/run-state.ts';
import type { Instance } from '../../../src/model/run.ts';

const forEach = (items: string[]) => ({
  ...{ items, as: 'item', key: null, max_parallel: null },
  ...{ ask_above: null, max_items: 10, stop_after: null },
});

/** In each item a rule chooses what is gathered: it comes to be without an attempt's end. */
const tasks = [
  task({ id: 'each', for_each: forEach(['one']) }),
  task({
    id: 'gate',
    depends_on: ['each'],
    control: {
      mode: 'route',
      routes: [{ label: 'on', targets: ['chosen'] }],
      decide: [{ labels: ['on'] }],
    },
  }),
  task({ id: 'chosen', depends_on: ['gate'] }),
  task({
    id: 'again',
    for_each: forEach(['x', 'y']),
    depends_on: [{ task: 'chosen', kind: 'order', consume: [], as: null, gather: 'all' }],
  }),
];

describe('a list that gathers what a rule has chosen', () => {
  it('becomes items when that is done, not when the rule has decided', () => {
    const run = new ScriptedRun(tasks);
    run.finish('each');
    expect(run.board()).toEqual(['again pending', 'each done', 'gate done', 'chosen running']);
    run.finish('chosen');
    expect(run.all('again').map(({ status }) => status)).toEqual(['running', 'running']);
  });

  it('does so for the reference model too', () => {
    const model = new ReferenceModel(runPlan(tasks));
    const end = (id: string): void => {
      const found = model.instances.find((one) => one.task === id);
      if (found === undefined) throw new Error(`no instance of ${id}`);
      model.start(found);
      model.finish(found, {
        ...{ process: 'completed', failureKind: null, resumeRecommended: false, session: null },
        ...{ result: 'none', control: 'refused', published: true, checks: [], value: undefined },
      });
      model.settle();
    };
    model.settle();
    end('each');
    expect(model.instances.filter(({ task: id }) => id === 'again')).toHaveLength(1);
    end('chosen');
    expect(model.instances.filter(({ task: id }) => id === 'again')).toHaveLength(2);
  });
});

/** What a controller outside of the items chooses is what one task of each item waits for to come to be. */
const joined = (gather: 'settled' | 'all') => [
  task({ id: 'each', for_each: forEach(['one']) }),
  task({ id: 'gate', control: route({ on: ['later'], off: [] }) }),
  task({ id: 'later', depends_on: ['gate'] }),
  task({ id: 'join', depends_on: ['each', 'later'] }),
  task({
    id: 'sum',
    depends_on: [{ task: 'join', kind: 'order', consume: [], as: null, gather }],
  }),
];

describe.each(['settled', 'all'] as const)('what gathers %s', (gather) => {
  const begun = (): ScriptedRun => {
    const run = new ScriptedRun(joined(gather));
    run.finish('each');
    return run;
  };

  it('waits while a controller may yet choose what leads to the gathered', () => {
    const run = begun();
    expect(run.last('sum').status).toBe('pending');
    const { why } = explainInstance(run.state, run.last('sum').instance_id, {
      programDir: '.',
      driven: true,
    });
    expect(why).toContain('it waits for gate');
    run.routes('gate', 'on');
    run.finish('later');
    expect(run.last('sum').status).toBe('pending');
    run.finish('join');
    expect(run.last('sum').status).toBe('running');
    expect(run.last('sum').gathered?.['join']).toMatchObject([{ status: 'done' }]);
  });

  it('goes on without where it chose something else, or failed', () => {
    for (const end of ['off', null]) {
      const run = begun();
      if (end === null) run.finish('gate', { process: broken });
      else run.routes('gate', end);
      expect(run.last('sum').status).toBe('running');
      expect(run.last('sum').gathered?.['join']).toEqual([
        { instance_id: null, status: 'skipped' },
      ]);
    }
  });

  it('does so after a crash at any event', () => {
    const whole = begun();
    whole.routes('gate', 'on');
    for (let cut = 3; cut <= whole.events.length; cut += 1) {
      const run = begun();
      run.routes('gate', 'on');
      run.crashAfter(cut);
      run.plan();
      expect(run.last('sum').status).toBe('pending');
    }
  });
});

describe('of a loop in an item, what gathers', () => {
  const looping = [
    task({ id: 'each', for_each: forEach(['one', 'two']) }),
    task({ id: 'judge', depends_on: ['each'], control: loop(['each'], ['done'], 1) }),
    task({ id: 'done', depends_on: ['judge'] }),
    task({
      id: 'sum',
      depends_on: [{ task: 'done', kind: 'order', consume: [], as: null, gather: 'settled' }],
    }),
  ];

  function given(run: ScriptedRun): object[] {
    const parts = gatheredParts(run.state, run.last('sum'), 'done') ?? [];
    return gatheredList(run.state, parts, () => null);
  }

  /** The loop of the item `two` stops. */
  function begun(): { run: ScriptedRun; each: string } {
    const run = new ScriptedRun(looping);
    const [one, two] = run.all('each').map(({ instance_id: id }) => id) as [string, string];
    run.finish('each', {}, two);
    run.stops('judge');
    run.finish('done');
    return { run, each: one };
  }

  it('is told that its body failed, and why', () => {
    const { run, each } = begun();
    run.finish('each', { process: broken }, each);
    expect(run.last('sum').gathered?.['done']).toMatchObject([
      { instance_id: each, status: 'failed' },
      { status: 'done' },
    ]);
    const error = `each (${each}) failed: exit status 1`;
    expect(given(run)).toMatchObject([
      { key: '0', item: 'one', status: 'failed', result: null, error },
      { key: '1', item: 'two', status: 'done', error: null },
    ]);
    // What was gathered stays, and says of which attempt it tells.
    run.finish('sum');
    expect(run.retry(run.all('each').find(({ instance_id: id }) => id === each)!)).toBeNull();
    expect(given(run)[0]).toMatchObject({ status: 'failed', error });
  });

  it('is told that its controller came to its limit', () => {
    const { run, each } = begun();
    run.finish('each', {}, each);
    const judge = run.last('judge').instance_id;
    run.continues('judge');
    run.finish('each');
    run.continues('judge');
    expect(run.last('judge')).toMatchObject({ failure_kind: 'loop_limit' });
    const [first] = given(run);
    expect(first).toMatchObject({ status: 'failed', result: null });
    expect((first as { error: string }).error).toBe(
      `judge (${run.last('judge').instance_id}) failed: ${run.last('judge').error}`,
    );
    expect(run.last('judge').instance_id).not.toBe(judge);
  });

  it('reads a log of an engine that named nothing there', () => {
    const { run, each } = begun();
    run.finish('each', { process: broken }, each);
    const log = JSON.parse(JSON.stringify(run.events)) as RunEvent[];
    for (const event of log) {
      if (event.event_type !== 'items_gathered') continue;
      event.payload.gathered['done']![0] = { instance_id: null, status: 'skipped' };
    }
    const state = replay(log)!;
    const sum = [...state.instances.values()].find(({ task_id: id }) => id === 'sum')!;
    const parts = gatheredParts(state, sum, 'done') ?? [];
    expect(gatheredList(state, parts, () => null)[0]).toMatchObject({
      status: 'skipped',
      error: 'nothing led to it in this item',
    });
  });
});

describe('items of which one is let in at a time', () => {
  const after = (task: string) => ({
    ...{ task, kind: 'order' as const, consume: [], as: null },
    optional: true,
  });
  const run = new ScriptedRun([
    task({
      id: 'each',
      for_each: { ...forEach(['one', 'two']), max_parallel: 1 },
      when: [{ ref: 'inputs.never', matches: { const: 1 }, missing: false }],
    }),
    task({ id: 'left', depends_on: [after('each')] }),
    task({ id: 'right', depends_on: [after('each')] }),
  ]);
  const isOver = (): boolean => run.state.counts.running === 0;
  while (!isOver())
    for (const { instance_id: id, task_id } of running(run)) run.finish(task_id, {}, id);

  // What a run begins with is on disk as one.
  const ends = run.events.map((event, at) => [at + 1, event.event_type] as const).slice(1);
  it.each(ends)('all come to their end, where the log ended with its event %i, %s', (count) => {
    const state = replay(run.events.slice(0, count));
    if (state === null) throw new Error('no state');
    for (let turns = 0; turns < 10; turns += 1) {
      plan(state, { slots: 100, now: NOW });
      for (const { instance_id: id } of running({ state })) {
        finishAttempt(state, id, factsOf({}), NOW);
      }
    }
    expect(runStatus(state)).toBe('done');
    expect(state.counts).toMatchObject({ done: 4, skipped: 2 });
  });
});

function running({ state }: Pick<ScriptedRun, 'state'>): Instance[] {
  return [...state.instances.values()].filter(({ status }) => status === 'running');
}
