/** Section 17 of the contract: what gathers waits for all that leads to what it gathers, in each item. */
import { describe, expect, it } from 'vitest';
import { runPlan, task } from '../../support/make.ts';
import { ReferenceModel } from '../reference-model/model.ts';
import { ScriptedRun } from '../scripted-run.ts';

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
