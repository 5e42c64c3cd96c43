/** Sections 5 and 11 of the contract: starts in order, skipping, reviving, retry, abort. */
import { describe, expect, it } from 'vitest';
import { replay } from '../../../src/core/events/evolve.ts';
import { runStatus } from '../../../src/core/state/run-state.ts';
import { loop, route, task } from '../../support/make.ts';
import { broken, offline, ScriptedRun } from '../scripted-run.ts';

const diamond = () => [
  task({ id: 'a' }),
  task({ id: 'b', depends_on: ['a'] }),
  task({ id: 'c', depends_on: ['a'] }),
  task({ id: 'd', depends_on: ['b', 'c'] }),
];

describe('starts', () => {
  const wide = () => ['p', 'q', 'r', 's'].map((id) => task({ id }));

  it('come in creation order, as many as there are slots', () => {
    const run = new ScriptedRun(wide(), { slots: 2 });
    expect(run.board()).toEqual(['p running', 'q running', 'r runnable', 's runnable']);
    run.finish('q');
    expect(run.board()).toEqual(['p running', 'q done', 'r running', 's runnable']);
    expect(run.plan(0)).toEqual([]);
    expect(run.plan(1)).toEqual([]);
    expect(run.plan(3)).toHaveLength(1);
  });

  it('begin the long chains first, whatever the tasks are called', () => {
    const run = new ScriptedRun(
      [
        task({ id: 'alone' }),
        task({ id: 'late-1' }),
        task({ id: 'late-2', depends_on: ['late-1'] }),
        task({ id: 'late-3', depends_on: ['late-2'] }),
        task({ id: 'mid-1' }),
        task({ id: 'mid-2', depends_on: ['mid-1'] }),
      ],
      { slots: 1 },
    );
    const order = ['late-1', 'late-2', 'mid-1', 'alone', 'late-3', 'mid-2'];
    expect(run.board().map((line) => line.split(' ')[0])).toEqual(order);
    for (const id of order) run.finish(id);
    expect(run.board()).toEqual(order.map((id) => `${id} done`));
  });

  it('do not wait for a sibling', () => {
    const run = new ScriptedRun(diamond());
    run.finish('a');
    run.finish('b');
    expect(run.board()).toEqual(['a done', 'b done', 'c running', 'd pending']);
  });

  it('an instance that is retried is as old as it was', () => {
    const run = new ScriptedRun(wide(), { slots: 1 });
    run.finish('p', { process: broken });
    expect(run.board()).toEqual(['p failed', 'q running', 'r runnable', 's runnable']);
    run.retry(run.last('p'));
    run.finish('q');
    expect(run.board()).toEqual(['p running', 'q done', 'r runnable', 's runnable']);
  });

  it('hand each attempt its number and session', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    run.finish('a', { process: offline });
    run.resume();
    expect(run.payloads('attempt_started')).toEqual([
      { attempt: 1, session_id: null, replies: [] },
      { attempt: 2, session_id: 's-1', replies: [] },
    ]);
  });
});

describe('a failure', () => {
  it('skips what is below it, says why, and lets the rest go on', () => {
    const run = new ScriptedRun([...diamond(), task({ id: 'e', depends_on: ['d'] })]);
    run.finish('a');
    run.finish('b', { process: broken });
    expect(run.board()).toEqual(['a done', 'b failed', 'c running', 'd skipped', 'e skipped']);
    expect(run.last('d').error).toBe(`upstream b (${run.last('b').instance_id}) failed`);
    expect(run.last('e').error).toBe(`upstream d (${run.last('d').instance_id}) was skipped`);
    expect(run.status()).toBe('running');
    run.finish('c');
    expect(run.status()).toBe('failed');
    expect(run.payloads('run_completed')).toEqual([{ status: 'failed' }]);
  });

  it('skips an instance that comes to be below it later', () => {
    const run = new ScriptedRun([
      task({ id: 'p' }),
      task({ id: 'gate', control: route({ yes: ['x'] }) }),
      task({ id: 'x', depends_on: ['p', 'gate'] }),
    ]);
    run.finish('p', { process: broken });
    run.routes('gate', 'yes');
    expect(run.board()).toEqual(['p failed', 'gate done', 'x skipped']);
    run.retry(run.last('p'));
    run.finish('p');
    expect(run.board()).toEqual(['p done', 'gate done', 'x running']);
  });

  it('of two above an instance: it revives only when both are retried', () => {
    const run = new ScriptedRun(diamond());
    run.finish('a');
    run.finish('b', { process: broken });
    run.finish('c', { process: broken });
    run.retry(run.last('b'));
    expect(run.board()).toEqual(['a done', 'b running', 'c failed', 'd skipped']);
    run.retry(run.last('c'));
    expect(run.last('d')).toMatchObject({ status: 'pending', error: null, finished_at: null });
    run.finish('b');
    run.finish('c');
    run.finish('d');
    expect(run.status()).toBe('done');
    expect(run.payloads('run_completed').map((one) => one.status)).toEqual(['failed', 'done']);
  });
});

describe('resume', () => {
  it('tries again what may pass, and lists what it leaves alone', () => {
    const run = new ScriptedRun(diamond());
    run.finish('a');
    run.finish('b', { process: offline });
    run.finish('c', { process: broken });
    expect(run.resume().map((one) => one.task_id)).toEqual(['c']);
    expect(run.board()).toEqual(['a done', 'b running', 'c failed', 'd skipped']);
    expect(run.last('b')).toMatchObject({ attempt: 2, error: null, failure_kind: null });
  });
});

describe('retry', () => {
  it('is refused for what has not failed', () => {
    const run = new ScriptedRun(diamond());
    run.finish('a');
    run.finish('b', { process: broken });
    expect(run.retry(run.last('a'))).toMatch('is done, not failed');
    expect(run.retry(run.last('c'))).toMatch('is running, not failed');
    const { instance_id: b } = run.last('b');
    expect(run.retry(run.last('d'))).toMatch(`is skipped, not failed; retry ${b} above it`);
  });
});

describe('abort', () => {
  const aborted = () => {
    const run = new ScriptedRun([...diamond(), task({ id: 'w' }), task({ id: 'f' })], {
      slots: 3,
    });
    run.finish('f', { process: offline });
    run.ask(run.running('w'));
    run.finish('w');
    run.finish('a');
    run.abort();
    return run;
  };

  it('fails what had begun, skips what had not, leaves what was done', () => {
    const run = aborted();
    expect(run.board().sort()).toEqual([
      'a done',
      'b failed',
      'c failed',
      'd skipped',
      'f failed',
      'w failed',
    ]);
    expect(run.status()).toBe('failed');
    expect(run.state.aborted).toBe(true);
    expect(run.last('b')).toMatchObject({
      error: 'run aborted by user',
      resume_recommended: false,
      termination_reason: 'terminated',
    });
    expect(run.plan()).toEqual([]);
  });

  it('leaves a run failed also where nothing had begun', () => {
    const run = new ScriptedRun([task({ id: 'a' })], { slots: 0 });
    run.abort();
    expect(run.board()).toEqual(['a skipped']);
    expect(run.status()).toBe('failed');
    expect(run.retry(run.last('a'))).toBeNull();
    run.plan(1);
    run.finish('a');
    expect(run.status()).toBe('done');
  });

  it('leaves a run that is done as it is', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    run.finish('a');
    const before = run.events.length;
    run.abort();
    expect(run.events).toHaveLength(before);
    expect(run.status()).toBe('done');
  });

  it('is followed by resume only for what had failed before, for a reason that passes', () => {
    const run = aborted();
    expect(
      run
        .resume()
        .map((one) => one.task_id)
        .sort(),
    ).toEqual(['b', 'c', 'w']);
    expect(run.last('f').status).toBe('running');
  });

  it('is undone instance by instance', () => {
    const run = aborted();
    run.retry(run.last('b'));
    expect(run.state.aborted).toBe(false);
    run.finish('b');
    expect(run.last('d').status).toBe('skipped');
    run.retry(run.last('c'));
    run.finish('c');
    run.finish('d');
    expect(run.last('d').status).toBe('done');
  });

  it('skips also what a last choice made possible', () => {
    const run = new ScriptedRun([
      task({ id: 'a' }),
      task({ id: 'l', depends_on: ['a'], control: loop(['a'], ['end']) }),
      task({ id: 'end', depends_on: ['l'] }),
    ]);
    run.finish('a');
    run.stops('l');
    const done = run.events.findLastIndex((event) => event.event_type === 'instance_done');
    run.crashAfter(done + 1);
    expect(run.all('end')).toEqual([]);
    run.abort();
    expect(run.board()).toEqual(['a done', 'l done', 'end skipped']);
    expect(run.plan()).toEqual([]);
    expect(run.retry(run.last('end'))).toBeNull();
    expect(run.board()).toEqual(['a done', 'l done', 'end running']);
  });
});

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
  const run = new ScriptedRun([...diamond(), task({ id: 'e', depends_on: ['d'] })]);
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
