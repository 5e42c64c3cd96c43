/** Section 17 of the contract: what gathers waits for all that leads to what it gathers, in each item. */
import { describe, expect, it } from 'vitest';
import { route, runPlan, task } from '../../support/make.ts';
import { explainInstance } from '../../../src/core/explain/explain.ts';
import { ReferenceModel } from '../reference-model/model.ts';
import { broken, ScriptedRun } from '../scripted-run.ts';

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
