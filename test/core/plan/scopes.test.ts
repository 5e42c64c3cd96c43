/** Sections 5 and 6 of the contract by example: scopes, bindings, routes, loops within loops, limits. */
import { describe, expect, it } from 'vitest';
import type { Instance } from '../../../src/model/run.ts';
import { effectiveValues } from '../../../src/core/state/run-state.ts';
import { loop, route, task } from '../../support/make.ts';
import { offline, ScriptedRun } from '../scripted-run.ts';

/** `a <- up up` of an instance, with the number of the scope of each. */
function place(run: ScriptedRun, instance: Instance): string {
  const number = (id: string) => [...run.state.scopes.keys()].indexOf(id);
  const of = (one: Instance) => `${one.task_id}@${number(one.input_scope_id)}`;
  const up = Object.entries(instance.dependency_instances).map(([name, id]) => {
    const one = run.state.instances.get(id) as Instance;
    return name === one.task_id ? of(one) : `${name}=${of(one)}`;
  });
  return [`${of(instance)}`, ...up].join(' ');
}

function places(run: ScriptedRun, taskId: string): string[] {
  return run.all(taskId).map((one) => place(run, one));
}

describe('routes', () => {
  const program = () => [
    task({ id: 'gate', control: route({ a: ['x'], b: ['y', 'z'], c: [] }) }),
    task({ id: 'x', depends_on: ['gate'] }),
    task({ id: 'y', depends_on: ['gate'] }),
    task({ id: 'z', depends_on: ['gate'] }),
    task({ id: 'join', depends_on: ['x', 'y'] }),
  ];

  it.each([
    [['a'], ['x']],
    [['b'], ['y', 'z']],
    [
      ['b', 'a'],
      ['x', 'y', 'z', 'join'],
    ],
    [['c'], []],
    [[], []],
  ])('%j activates %j', (labels, made) => {
    const run = new ScriptedRun(program());
    run.routes('gate', ...labels);
    const rest = [...run.state.instances.values()].map((one) => one.task_id).slice(1);
    expect(rest).toEqual(made);
    expect(run.payloads('route_selected').map((one) => one.label)).toEqual(labels.toSorted());
    expect(run.payloads('route_unselected').map((one) => one.label)).toEqual(
      ['a', 'b', 'c'].filter((label) => !labels.includes(label)),
    );
  });

  it('a run whose branch was not chosen is done, and leaves no instance of it', () => {
    const run = new ScriptedRun(program());
    run.routes('gate');
    expect(run.board()).toEqual(['gate done']);
    expect(run.status()).toBe('done');
    expect(run.payloads('run_completed')).toEqual([{ status: 'done' }]);
  });

  it('an instance names the controller that activated it', () => {
    const run = new ScriptedRun(program());
    run.routes('gate', 'a');
    const gate = run.last('gate').instance_id;
    expect(run.last('x')).toMatchObject({
      activation_bindings: { gate },
      dependency_instances: { gate },
    });
    expect(run.last('gate').activation_bindings).toEqual({});
  });
});

describe('a loop', () => {
  const program = (limit: number | null = null) => [
    task({ id: 'base' }),
    task({ id: 'try', depends_on: ['base', 'plan=base'] }),
    task({ id: 'gate', depends_on: ['try'], control: loop(['try'], ['end'], limit) }),
    task({ id: 'end', depends_on: ['gate', 'base'] }),
  ];

  it('repeats its body in a new scope, bound to what is outside of it', () => {
    const run = new ScriptedRun(program(), { inputs: { goal: 'g', n: 0 } });
    run.finish('base');
    run.finish('try');
    run.continues('gate', { n: { deep: [1] } });
    run.finish('try');
    run.continues('gate', { more: null });
    run.finish('try');
    run.stops('gate');
    expect(places(run, 'base')).toEqual(['base@0']);
    expect(places(run, 'try')).toEqual([
      'try@0 base@0 plan=base@0',
      'try@1 base@0 plan=base@0',
      'try@2 base@0 plan=base@0',
    ]);
    expect(places(run, 'gate')).toEqual(['gate@0 try@0', 'gate@1 try@1', 'gate@2 try@2']);
    expect(places(run, 'end')).toEqual(['end@2 gate@2 base@0']);
    const values = [...run.state.scopes.keys()].map((id) => effectiveValues(run.state, id));
    expect(values).toEqual([
      { goal: 'g', n: 0 },
      { goal: 'g', n: { deep: [1] } },
      { goal: 'g', n: { deep: [1] }, more: null },
    ]);
    expect(run.payloads('loop_continued').map((one) => one.iteration)).toEqual([1, 2]);
  });

  it('the iteration names the controller that opened it', () => {
    const run = new ScriptedRun(program());
    run.finish('base');
    run.finish('try');
    run.continues('gate');
    const [opener] = run.all('gate');
    expect(run.last('try').activation_bindings).toEqual({ gate: opener?.instance_id });
    expect(run.last('try').input_scope_id).not.toBe(run.state.baseScopeId);
  });

  it.each([0, 1, 3])('max_iterations %i allows as many continues', (limit) => {
    const run = new ScriptedRun(program(limit));
    run.finish('base');
    for (let i = 0; i < limit; i += 1) {
      run.finish('try');
      run.continues('gate');
    }
    run.finish('try');
    run.continues('gate');
    expect(run.all('try')).toHaveLength(limit + 1);
    expect(run.last('gate')).toMatchObject({ status: 'failed', failure_kind: 'loop_limit' });
    expect(run.last('gate').error).toMatch(`limit of ${limit} iteration`);
    expect(run.last('gate').error).toMatch('--grant-iterations');
    expect(run.status()).toBe('failed');
  });

  it('goes on past its limit by as much as is granted, and may always stop', () => {
    const run = new ScriptedRun(program(1));
    run.finish('base');
    run.finish('try');
    run.continues('gate');
    run.finish('try');
    run.continues('gate');
    expect(run.retry(run.last('gate'), 2)).toBeNull();
    for (let i = 0; i < 2; i += 1) {
      run.continues('gate');
      run.finish('try');
    }
    run.continues('gate');
    expect(run.last('gate').failure_kind).toBe('loop_limit');
    expect(run.retry(run.last('gate'))).toBeNull();
    run.continues('gate');
    expect(run.last('gate').failure_kind).toBe('loop_limit');
    expect(run.retry(run.last('gate'))).toBeNull();
    run.stops('gate');
    run.finish('end');
    expect(run.status()).toBe('done');
    expect(run.payloads('loop_continued').map((one) => one.iteration)).toEqual([1, 2, 3]);
  });

  it('takes grants only where it is a loop', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    run.finish('a', { process: offline });
    expect(run.retry(run.last('a'), 1)).toMatch('task a is no loop controller');
    expect(run.board()).toEqual(['a failed']);
  });
});

describe('a loop in a loop', () => {
  const program = () => [
    task({ id: 'scan' }),
    task({ id: 'work', depends_on: ['scan'] }),
    task({ id: 'inner', depends_on: ['work'], control: loop(['work'], ['review'], 1) }),
    task({ id: 'review', depends_on: ['inner', 'scan'] }),
    task({ id: 'outer', depends_on: ['review'], control: loop(['scan'], ['end'], 2) }),
    task({ id: 'end', depends_on: ['outer'] }),
  ];
  const round = (run: ScriptedRun) => {
    run.finish('scan');
    run.finish('work');
    run.continues('inner');
    run.finish('work');
    run.stops('inner');
    run.finish('review');
  };

  it('binds to the nearest iteration, and begins its count anew', () => {
    const run = new ScriptedRun(program());
    round(run);
    run.continues('outer');
    round(run);
    run.continues('outer');
    round(run);
    run.stops('outer');
    run.finish('end');
    expect(run.status()).toBe('done');
    expect(places(run, 'scan')).toEqual(['scan@0', 'scan@2', 'scan@4']);
    expect(places(run, 'work')).toEqual([
      'work@0 scan@0',
      'work@1 scan@0',
      'work@2 scan@2',
      'work@3 scan@2',
      'work@4 scan@4',
      'work@5 scan@4',
    ]);
    expect(places(run, 'review')).toEqual([
      'review@1 inner@1 scan@0',
      'review@3 inner@3 scan@2',
      'review@5 inner@5 scan@4',
    ]);
    expect(run.payloads('loop_continued').map((one) => one.iteration)).toEqual([1, 1, 1, 2, 1]);
  });

  it('a grant to the outer loop lasts through the inner one, not the other way round', () => {
    const run = new ScriptedRun(program());
    round(run);
    run.continues('outer');
    round(run);
    run.continues('outer');
    round(run);
    run.continues('outer');
    expect(run.last('outer').failure_kind).toBe('loop_limit');
    run.retry(run.last('outer'), 2);
    run.continues('outer');
    run.finish('scan');
    run.finish('work');
    run.continues('inner');
    run.finish('work');
    run.continues('inner');
    expect(run.last('inner').failure_kind).toBe('loop_limit');
    run.retry(run.last('inner'), 1);
    run.continues('inner');
    run.finish('work');
    run.stops('inner');
    run.finish('review');
    run.continues('outer');
    run.finish('scan');
    run.finish('work');
    run.continues('inner');
    run.finish('work');
    run.continues('inner');
    expect(run.last('inner').failure_kind).toBe('loop_limit');
    expect(run.all('scan')).toHaveLength(5);
  });
});

describe('two loops side by side', () => {
  it('a grant counts in every scope below, whenever that was opened', () => {
    const program = [
      task({ id: 'a' }),
      task({ id: 'b', depends_on: ['a'] }),
      task({ id: 'l', depends_on: ['b'], control: loop(['a'], [], 0) }),
      task({ id: 'm', depends_on: ['b'], control: loop(['b'], []) }),
    ];
    for (const grantFirst of [true, false]) {
      const run = new ScriptedRun(program);
      run.finish('a');
      run.finish('b');
      run.continues('l');
      const failed = run.last('l');
      if (grantFirst) expect(run.retry(failed, 1)).toBeNull();
      run.continues('m');
      if (!grantFirst) expect(run.retry(failed, 1)).toBeNull();
      run.finish('b');
      const [first, second] = run.all('l') as [Instance, Instance];
      const control = { kind: 'loop', action: 'continue', next_inputs: { n: 1 } };
      run.finish('l', { result: { control } }, second.instance_id);
      run.finish('l', { result: { control } }, first.instance_id);
      expect(run.all('l').map((one) => one.status)).toEqual(['done', 'done', 'pending', 'pending']);
    }
  });

  const again = {
    result: { control: { kind: 'loop', action: 'continue', next_inputs: { n: 1 } } },
  };

  it('a grant ends where the loop begins anew', () => {
    const run = new ScriptedRun([
      task({ id: 'a' }),
      task({ id: 'b', depends_on: ['a'] }),
      task({ id: 'l', depends_on: ['b'], control: loop(['a'], []) }),
      task({ id: 'm', depends_on: ['b'], control: loop(['b'], [], 0) }),
    ]);
    run.finish('a');
    run.finish('b');
    run.continues('m');
    const first = run.last('m');
    run.continues('l');
    expect(run.retry(first, 1)).toBeNull();
    run.finish('a');
    run.finish('b');
    run.finish('m', again, run.last('m').instance_id);
    expect(run.last('m').failure_kind).toBe('loop_limit');
    run.finish('m', again, first.instance_id);
    expect(first.status).toBe('done');
  });

  it('a grant reaches the iterations of its own loop that other branches have opened', () => {
    const run = new ScriptedRun([
      task({ id: 'a' }),
      task({ id: 'b', depends_on: ['a'] }),
      task({ id: 'l', depends_on: ['b'], control: loop(['a'], [], 1) }),
      task({ id: 'm', depends_on: ['b'], control: loop(['b'], []) }),
    ]);
    run.finish('a');
    run.finish('b');
    run.finish('l', { process: offline });
    const failed = run.last('l');
    run.continues('m');
    run.finish('b');
    run.continues('l');
    expect(run.retry(failed, 1)).toBeNull();
    run.finish('a');
    run.finish('b');
    const latest = run.last('l');
    run.finish('l', again, latest.instance_id);
    expect(latest).toMatchObject({ status: 'done', failure_kind: null });
  });
});

describe('joins', () => {
  it('bind no two iterations of one task', () => {
    const run = new ScriptedRun([
      task({ id: 'a' }),
      task({ id: 'c', depends_on: ['a'], control: route({ yes: ['x'] }) }),
      task({ id: 'x', depends_on: ['c'] }),
      task({ id: 'd', depends_on: ['a'] }),
      task({ id: 'inner', depends_on: ['d'], control: loop(['d']) }),
      task({ id: 'e', depends_on: ['d', 'x'] }),
      task({ id: 'outer', depends_on: ['a'], control: loop(['a']) }),
    ]);
    run.finish('a');
    run.routes('c', 'yes');
    run.continues('outer');
    run.finish('a');
    run.finish('d', {}, run.last('d').instance_id);
    const inner = run.last('inner').instance_id;
    const again = { control: { kind: 'loop', action: 'continue', next_inputs: { n: 1 } } };
    run.finish('inner', { result: again }, inner);
    // The nearest x is still that of the first round, and it comes of another a than this d does.
    expect(places(run, 'd').at(-1)).toBe('d@2 a@1');
    expect(places(run, 'e')).toEqual(['e@0 d@0 x@0']);
    run.routes('c', 'yes');
    expect(places(run, 'e')).toEqual(['e@0 d@0 x@0', 'e@1 d@1 x@1', 'e@2 d@2 x@1']);
  });

  it('stay when a nearer upstream comes later, and are made once more with it', () => {
    const run = new ScriptedRun([
      task({ id: 'a' }),
      task({ id: 'd0' }),
      task({ id: 'c', depends_on: ['a'], control: route({ yes: ['x'] }) }),
      task({ id: 'x', depends_on: ['c'] }),
      task({ id: 'd', depends_on: ['d0'] }),
      task({ id: 'inner', depends_on: ['d'], control: loop(['d']) }),
      task({ id: 'e', depends_on: ['d', 'x'] }),
      task({ id: 'outer', depends_on: ['a', 'd0'], control: loop(['a', 'd0']) }),
    ]);
    run.finish('a');
    run.finish('d0');
    run.routes('c', 'yes');
    run.continues('outer');
    run.finish('d0');
    run.finish('d', {}, run.last('d').instance_id);
    const again = { control: { kind: 'loop', action: 'continue', next_inputs: { n: 1 } } };
    run.finish('inner', { result: again }, run.last('inner').instance_id);
    run.finish('a');
    expect(places(run, 'e')).toEqual(['e@0 d@0 x@0', 'e@2 d@2 x@0']);
    run.routes('c', 'yes');
    expect(places(run, 'e').slice(2).sort()).toEqual(['e@1 d@1 x@1', 'e@2 d@2 x@1']);
  });

  it('bind what was nearest when their time came, also where more is known when they are made', () => {
    const run = new ScriptedRun([
      task({ id: 'a' }),
      task({ id: 'd0' }),
      task({ id: 'c', depends_on: ['a'], control: route({ yes: ['x'] }) }),
      task({ id: 'x', depends_on: ['c'] }),
      task({ id: 'd', depends_on: ['d0'] }),
      task({ id: 'inner', depends_on: ['d'], control: loop(['d']) }),
      task({ id: 'e', depends_on: ['d', 'x'] }),
      task({ id: 'outer', depends_on: ['a', 'd0'], control: loop(['a', 'd0']) }),
    ]);
    run.finish('a');
    run.finish('d0');
    run.routes('c', 'yes');
    run.continues('outer');
    run.finish('a');
    run.finish('d0');
    run.finish('d', {}, run.last('d').instance_id);
    // Both choices are in the log before the planner looks at either.
    const again = { control: { kind: 'loop', action: 'continue', next_inputs: { n: 1 } } };
    run.end('inner', { result: again }, run.last('inner').instance_id);
    run.end('c', { result: { control: { kind: 'route', labels: ['yes'] } } });
    run.plan();
    expect(places(run, 'e').slice(1).sort()).toEqual(['e@1 d@1 x@1', 'e@2 d@2 x@0', 'e@2 d@2 x@1']);
  });
});
