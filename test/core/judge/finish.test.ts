/** Section 8.4 of the contract: what the end of an attempt means, in its order. */
import { describe, expect, it } from 'vitest';
import { finishAttempt, type AttemptFacts } from '../../../src/core/judge/finish.ts';
import { loop, NOW, route, task } from '../../support/make.ts';
import {
  broken,
  completed,
  factsOf,
  offline,
  ScriptedRun,
  sessionLost,
  type Ending,
} from '../scripted-run.ts';

const decision = { decision_kind: 'review', audience: 'human', description: 'ship it?' } as const;

describe('the order of what is looked at', () => {
  // Everything is wrong at once; each row mends what the row before it was about.
  const everything = {
    process: broken,
    invalid: 'result.json: /score must be a number',
    missing: 'final.md is missing',
  };
  const worker = () =>
    new ScriptedRun([
      task({
        id: 'gate',
        control: route({ yes: [] }),
        result_schema: 's.json',
        required_decisions: [decision],
      }),
    ]);

  it('an open blocking interrupt comes first', () => {
    const run = worker();
    run.ask(run.running('gate'));
    run.finish('gate', everything);
    expect(run.last('gate')).toMatchObject({
      status: 'waiting',
      waiting_reason: 'interrupts_pending',
      error: null,
      blocking_interrupts: ['int-000000000001'],
    });
    expect(run.status()).toBe('waiting');
  });

  it.each<[string, Ending, string, string | RegExp]>([
    ['then a failed process', everything, 'task_runtime', 'exit status 1'],
    [
      'then the result against its schema',
      { ...everything, process: completed },
      'output_schema',
      'result.json: /score must be a number',
    ],
    [
      'a result that is missing where there is a schema',
      { missing: 'final.md is missing' },
      'output_schema',
      /result\.json is missing: the task has a result_schema \(s\.json\)/,
    ],
    [
      'then the control',
      { result: { score: 1 }, missing: 'final.md is missing' },
      'task_runtime',
      /result\.json has no "control"/,
    ],
    [
      'then the files to publish',
      { result: { control: { kind: 'route', labels: [] } }, missing: 'final.md is missing' },
      'task_runtime',
      'final.md is missing',
    ],
    [
      'then the required decisions',
      { result: { control: { kind: 'route', labels: [] } } },
      'decision_obligation',
      /review \(audience human: ship it\?\)/,
    ],
  ])('%s', (_name, ending, kind, message) => {
    const run = worker();
    run.finish('gate', ending);
    const gate = run.last('gate');
    expect(gate).toMatchObject({ status: 'failed', failure_kind: kind, resume_recommended: false });
    expect(gate.error).toMatch(message);
    expect(run.payloads('control_emitted')).toEqual([]);
    expect(run.payloads('artifacts_published')).toEqual([]);
  });

  it('then it is done: result, artifacts and control, before the end itself', () => {
    const run = new ScriptedRun([task({ id: 'gate', control: route({ yes: [], no: [] }) })]);
    const before = run.events.length;
    run.routes('gate', 'yes');
    expect(run.events.slice(before).map((event) => event.event_type)).toEqual([
      'attempt_finished',
      'result_materialized',
      'artifacts_published',
      'control_emitted',
      'route_selected',
      'route_unselected',
      'instance_done',
      'run_completed',
    ]);
  });

  it('the loop limit comes with the control, before the files', () => {
    const run = new ScriptedRun([
      task({ id: 'a' }),
      task({ id: 'l', depends_on: ['a'], control: loop(['a'], [], 0) }),
    ]);
    run.finish('a');
    run.finish('l', {
      result: { control: { kind: 'loop', action: 'continue', next_inputs: { a: 1 } } },
      missing: 'final.md is missing',
    });
    expect(run.last('l')).toMatchObject({ status: 'failed', failure_kind: 'loop_limit' });
  });

  it('a result whose control is refused is not recorded', () => {
    const run = new ScriptedRun([task({ id: 'gate', control: route({ yes: [] }) })]);
    run.finish('gate', { result: { control: { kind: 'route', labels: ['maybe'] } } });
    expect(run.last('gate').status).toBe('failed');
    expect(run.payloads('result_materialized')).toEqual([]);
  });

  it('what publishes nothing says nothing of files', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    const facts: AttemptFacts = {
      ...factsOf({}),
      artifacts: { kind: 'published', artifacts: [] },
    };
    const events = finishAttempt(run.state, run.running('a').instance_id, facts, NOW);
    expect(events.map((event) => event.event_type)).toEqual(['attempt_finished', 'instance_done']);
  });

  it('ends only what runs', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    const id = run.last('a').instance_id;
    run.finish('a');
    expect(finishAttempt(run.state, id, factsOf({ process: broken }), NOW)).toEqual([]);
    expect(run.last('a').status).toBe('done');
  });
});

describe('the failure of a process', () => {
  it('keeps its kind, summary and whether trying again can help', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    run.finish('a', { process: offline });
    expect(run.last('a')).toMatchObject({
      status: 'failed',
      error: 'no network',
      failure_kind: 'external_network',
      failure_summary: 'no network',
      termination_reason: 'nonzero_exit',
      resume_recommended: true,
      session_id: 's-1',
    });
    expect(run.last('a').attempts).toMatchObject([
      { attempt: 1, failure_kind: 'external_network', return_code: 1, finished_at: NOW },
    ]);
  });

  it('is not worth another try where the attempt before failed of just this', () => {
    const odd = (text: string) => ({
      ...{ ...offline, failure_kind: 'external_protocol' as const, failure_summary: text },
    });
    const run = new ScriptedRun([task({ id: 'a' })]);
    run.finish('a', { process: odd('an odd answer (request req_0a1b2c3d)') });
    expect(run.last('a').resume_recommended).toBe(true);
    run.retry(run.last('a'));
    run.finish('a', { process: odd('another answer (request req_0a1b2c3d)') });
    expect(run.last('a').resume_recommended).toBe(true);
    run.retry(run.last('a'));
    run.finish('a', { process: odd('another answer (request req_99999999)') });
    expect(run.last('a').resume_recommended).toBe(false);
  });

  it('of a network is worth any number of tries', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    for (let round = 0; round < 3; round += 1) {
      run.finish('a', { process: offline });
      expect(run.last('a').resume_recommended).toBe(true);
      run.retry(run.last('a'));
    }
  });

  it('without a kind is unknown', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    run.finish('a', { process: { ...broken, failure_kind: null, failure_summary: null } });
    expect(run.last('a')).toMatchObject({
      failure_kind: 'unknown',
      error: 'the attempt ended: nonzero_exit',
    });
  });
});

describe('a lost session', () => {
  it('is no failure: the next attempt starts a fresh one, and hears every reply again', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    const first = run.ask(run.running('a'));
    run.finish('a');
    run.reply(first);
    run.plan();
    const second = run.ask(run.running('a'));
    run.finish('a');
    run.reply(second);
    expect(run.plan()).toMatchObject([{ attempt: 3, sessionId: 's-1' }]);
    run.finish('a', { process: sessionLost });
    expect(run.last('a')).toMatchObject({ status: 'running', attempt: 4, session_id: null });
    expect(run.payloads('attempt_started').map((one) => [one.session_id, one.replies])).toEqual([
      [null, []],
      ['s-1', [first]],
      ['s-1', [second]],
      [null, [first, second]],
    ]);
    expect(run.payloads('session_lost')).toEqual([
      { session_id: 's-1', reason: 'no rollout found' },
    ]);
  });

  it('applies each reply once, however many attempts hear it', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    const asked = run.ask(run.running('a'));
    run.finish('a');
    run.reply(asked);
    run.plan();
    run.finish('a', { process: sessionLost });
    expect(run.payloads('attempt_started').map(({ replies }) => replies)).toEqual([
      [],
      [asked],
      [asked],
    ]);
    expect(run.payloads('interrupt_applied')).toEqual([{ interrupt_id: asked, attempt: 2 }]);
  });

  it('waits where a blocking question is open', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    run.finish('a', { process: offline });
    run.resume();
    const id = run.ask(run.running('a'));
    run.finish('a', { process: sessionLost });
    expect(run.board()).toEqual(['a waiting']);
    expect(run.payloads('instance_requeued').map(({ reason }) => reason)).toEqual(['resume']);
    run.reply(id);
    expect(run.plan()).toMatchObject([{ attempt: 3, sessionId: null }]);
  });

  it('of an attempt that had none is a failure, not a start for ever', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    run.finish('a', { process: sessionLost });
    expect(run.last('a')).toMatchObject({ status: 'failed', failure_kind: 'session_lost' });
  });
});

describe('required decisions', () => {
  const review = (audience: 'human' | 'assistant' | 'any') => ({ ...decision, audience });
  const asked = (audience: 'human' | 'assistant', blocking = true, kind = 'review') => ({
    audience,
    blocking,
    decision_kind: kind as 'review',
    resolved_target_role_id: audience === 'assistant' ? 'helper' : null,
  });

  it.each([
    ['human', asked('human'), 'done'],
    ['human', asked('assistant'), 'failed'],
    ['human', asked('human', false), 'failed'],
    ['human', asked('human', true, 'scope'), 'failed'],
    ['assistant', asked('assistant'), 'done'],
    ['assistant', asked('human'), 'failed'],
    ['any', asked('assistant'), 'done'],
    ['any', asked('human'), 'done'],
    ['any', asked('human', false), 'failed'],
  ] as const)('%s: asked by %o: %s', (audience, interrupt, status) => {
    const run = new ScriptedRun([task({ id: 'a', required_decisions: [review(audience)] })]);
    const id = run.ask(run.running('a'), interrupt);
    if (interrupt.blocking) {
      run.finish('a');
      expect(run.last('a').status).toBe('waiting');
      run.reply(id);
      run.plan();
    }
    run.finish('a');
    expect(run.last('a').status).toBe(status);
  });

  it('count when asked in any attempt, also one that failed', () => {
    const run = new ScriptedRun([task({ id: 'a', required_decisions: [review('human')] })]);
    const id = run.ask(run.running('a'), asked('human'));
    run.finish('a');
    run.reply(id);
    run.plan();
    run.finish('a', { process: offline });
    run.resume();
    run.finish('a');
    expect(run.board()).toEqual(['a done']);
  });

  it('names every one that is missing', () => {
    const scope = { decision_kind: 'scope', audience: 'any', description: '' } as const;
    const run = new ScriptedRun([task({ id: 'a', required_decisions: [decision, scope] })]);
    run.finish('a');
    expect(run.last('a').error).toBe(
      'required_decisions: the worker ended without asking, by a blocking interrupt, for ' +
        'review (audience human: ship it?); scope (audience any)',
    );
  });
});

describe('a crash that keeps a part of the end', () => {
  const controllers = {
    route: [
      task({ id: 'r', control: route({ no: [], left: ['x'], never: [], right: ['y'] }) }),
      task({ id: 'x', depends_on: ['r'] }),
      task({ id: 'y', depends_on: ['r'] }),
    ],
    continue: [
      task({ id: 'a' }),
      task({ id: 'r', depends_on: ['a'], control: loop(['a'], ['x']) }),
      task({ id: 'x', depends_on: ['r'] }),
    ],
    stop: [
      task({ id: 'a' }),
      task({ id: 'r', depends_on: ['a'], control: loop(['a'], ['x']) }),
      task({ id: 'x', depends_on: ['r'] }),
    ],
  };
  const choices = {
    route: { kind: 'route', labels: ['left', 'right'] },
    continue: { kind: 'loop', action: 'continue', next_inputs: { a: 1 } },
    stop: { kind: 'loop', action: 'stop' },
  };

  it.each(['route', 'continue', 'stop'] as const)('is settled by deciding again: %s', (name) => {
    const begin = () => {
      const run = new ScriptedRun(controllers[name]);
      if (name !== 'route') run.finish('a');
      return run;
    };
    const whole = begin();
    const from = whole.events.length;
    whole.finish('r', { result: { control: choices[name] } });
    const to = whole.events.findIndex(
      (event, index) => index >= from && event.event_type === 'instance_done',
    );
    for (let cut = from; cut <= to; cut += 1) {
      for (const planFirst of [false, true]) {
        const run = begin();
        run.finish('r', { result: { control: choices[name] } });
        run.crashAfter(cut);
        if (planFirst) run.plan();
        run.finish('r', { result: { control: choices[name] } });
        expect(run.board().sort()).toEqual(whole.board().sort());
        expect([...run.state.scopes.keys()]).toEqual([...whole.state.scopes.keys()]);
        for (const type of [
          'attempt_finished',
          'result_materialized',
          'artifacts_published',
          'control_emitted',
          'route_selected',
          'route_unselected',
          'loop_continued',
          'loop_stopped',
        ] as const) {
          expect(run.payloads(type)).toEqual(whole.payloads(type));
        }
      }
    }
  });
});

it('a retry chooses anew, whatever a crash kept of the choice before', () => {
  const choice = { result: { control: { kind: 'route', labels: ['left'] } } };
  const begin = () =>
    new ScriptedRun([
      task({ id: 'r', control: route({ left: ['l'], right: [] }) }),
      task({ id: 'l', depends_on: ['r'] }),
    ]);
  const kept = begin();
  kept.finish('r', choice);
  const from = kept.events.findIndex((event) => event.event_type === 'control_emitted');
  for (const cut of [1, 2, 3]) {
    const run = begin();
    run.finish('r', choice);
    run.crashAfter(from + cut);
    run.end('r', { missing: 'final.md is missing' });
    expect(run.retry(run.last('r'))).toBeNull();
    const before = run.events.length;
    run.finish('r', choice);
    const chosen = run.events.slice(before).map((event) => event.event_type);
    expect(chosen.filter((type) => /^(control|route)_/.test(type))).toEqual([
      'control_emitted',
      'route_selected',
      'route_unselected',
    ]);
    run.crashAfter(run.events.length);
    expect(run.last('r').status).toBe('done');
    expect(run.all('l')).toHaveLength(1);
  }
});

it('a retry goes on in the scope that it opened, not in one of an attempt before', () => {
  const next = (n: number) => ({
    result: { control: { kind: 'loop', action: 'continue', next_inputs: { n } } },
  });
  const run = new ScriptedRun([
    task({ id: 'a' }),
    task({ id: 'c', control: loop(['a']), depends_on: ['a'] }),
  ]);
  run.finish('a');
  const controller = run.running('c').instance_id;
  const opened = () =>
    run.events.findLastIndex((each) => each.event_type === 'input_scope_created');
  run.end('c', next(1), controller);
  run.crashAfter(opened() + 1);
  run.end('c', { missing: 'final.md is missing' }, controller);
  expect(run.retry(run.last('c'))).toBeNull();
  run.end('c', next(2), controller);
  run.crashAfter(opened() + 1);
  run.end('c', next(2), controller);
  const scopes = run.payloads('input_scope_created').map((each) => each.input_scope_id);
  expect(scopes).toHaveLength(3);
  expect(run.payloads('loop_continued')).toMatchObject([{ input_scope_id: scopes[2] }]);
});
