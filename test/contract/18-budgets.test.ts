/** Section 18 of the contract: what a run and its instances may use, and how a person allows more. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { InterruptEntry } from '../../src/app/inbox/list.ts';
import { until } from '../support/built-program.ts';
import { after, dir, instancesOf, orch, program, show, statuses } from './shell-program.ts';

const two = { edition: 2, budget: { attempts: 1 } };
const tasks = {
  a: { run: 'true', publish: [] },
  b: { run: 'true', publish: [], depends_on: after('a') },
};

async function questions(): Promise<InterruptEntry[]> {
  const { stdout } = await orch('inbox', 'list', '--unresolved-only', '--json');
  return JSON.parse(stdout) as InterruptEntry[];
}

async function question(): Promise<InterruptEntry['interrupt']> {
  const [entry] = await questions();
  if (!entry) throw new Error('nothing is asked');
  return entry.interrupt;
}

async function sound(): Promise<void> {
  const verified = await orch('run', 'verify', 'latest');
  expect(verified.code, verified.stdout + verified.stderr).toBe(0);
}

describe('18. The budget of a run', () => {
  it('lets nothing more begin where it is used up, and asks; a grant lets it go on', async () => {
    program(tasks, two);
    const started = await orch('run', 'start', '--root', 'b');
    expect(started.code, started.stderr).toBe(3);
    expect(started.stderr).toContain('the run asks you');
    const run = await show();
    expect(run).toMatchObject({ status: 'waiting', waiting_reason: 'budget' });
    expect(statuses(run)).toEqual(['a done', 'b runnable']);
    const asked = await question();
    expect(asked).toMatchObject({
      instance_id: null,
      task_id: null,
      request_kind: 'control_request',
      options: ['grant', 'stop'],
      metadata: { spent: ['attempts'] },
    });
    expect(asked.question).toContain('1 of 1 attempt');
    expect((await orch('inbox', 'list')).stdout).toContain('instance=-');
    expect((await orch('run', 'list')).stdout).toContain('waiting');
    expect((await orch('run', 'explain')).stdout).toContain('the run has used up its budget');
    // Nothing changes by asking again.
    expect((await orch('run', 'resume', 'latest')).code).toBe(3);
    expect(await questions()).toHaveLength(1);
    const granted = await orch('run', 'grant', 'latest', '--attempts', '2', '--json');
    expect(JSON.parse(granted.stdout)).toEqual({ instance_id: null, attempts: 2 });
    expect(await questions()).toEqual([]);
    expect((await orch('run', 'resume', 'latest')).code).toBe(0);
    expect((await orch('run', 'events', 'latest')).stdout).toContain('2 attempts more');
    await sound();
  });

  it('is granted as much again, or stopped, by an answer', async () => {
    program(tasks, two);
    await orch('run', 'start', '--root', 'b');
    const wrong = await orch('inbox', 'reply', (await question()).interrupt_id, '--text', 'ok');
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    const half = ['--text', 'grant attempts 0.5'];
    expect((await orch('inbox', 'reply', (await question()).interrupt_id, ...half)).code).toBe(2);
    const stop = ['--text', 'stop', '--resume'];
    const stopped = await orch('inbox', 'reply', (await question()).interrupt_id, ...stop);
    expect(stopped.code, stopped.stderr).toBe(1);
    const run = await show();
    expect(run.status).toBe('failed');
    expect(instancesOf(run, 'b')).toMatchObject([
      { status: 'failed', failure_kind: 'budget', attempt: 0 },
    ]);
    await sound();
    // A person who wants it to go on after all is asked again, by another question.
    expect((await orch('run', 'resume', 'latest')).code).toBe(3);
    const again = await question();
    const file = path.join(
      dir,
      '.runs',
      (await show()).id,
      'inbox/replies',
      `${again.interrupt_id}.json`,
    );
    writeFileSync(file, JSON.stringify({ text: 'grant' }));
    expect((await orch('run', 'resume', 'latest')).code).toBe(0);
    await sound();
  });

  it('takes ten grants at once as ten, and nonsense not at all', async () => {
    program(tasks, two);
    await orch('run', 'start', '--root', 'b');
    const words = ['run', 'grant', 'latest', '--attempts', '3'];
    const all = await Promise.all(Array.from({ length: 10 }, () => orch(...words)));
    expect(all.map(({ code }) => code)).toEqual(Array(10).fill(0));
    expect((await orch('run', 'resume', 'latest')).code).toBe(0);
    const log = (await orch('run', 'events', 'latest')).stdout;
    expect(log.match(/granted.*3 attempts more/g)).toHaveLength(10);
    const nonsense = [
      ['--attempts', '0'],
      ['--attempts', '1.5'],
      ['--attempts', 'many'],
      ['--attempts', '-3'],
      ['--tokens', '1e3x'],
      ['--tokens', '10'],
      ['--cost-usd', '1'],
      ['--iterations', '1'],
      [],
    ];
    for (const bad of nonsense) {
      expect((await orch('run', 'grant', 'latest', ...bad)).code, bad.join(' ')).toBe(2);
    }
    await sound();
  });

  it('of time is what its attempts were at work', async () => {
    const slow = { run: 'sleep 0.6', publish: [] };
    program(
      { a: slow, b: { ...slow, depends_on: after('a') } },
      { edition: 2, budget: { wall_sec: 0.5 } },
    );
    expect((await orch('run', 'start', '--root', 'b')).code).toBe(3);
    expect((await question()).metadata).toMatchObject({ spent: ['wall_sec'] });
    expect((await orch('run', 'grant', 'latest', '--wall-sec', '60')).code).toBe(0);
    expect((await orch('run', 'resume', 'latest')).code).toBe(0);
  });

  it('may stand in config.toml', async () => {
    program(tasks, { edition: 2 });
    const home = path.join(dir, 'home');
    mkdirSync(home);
    writeFileSync(path.join(home, 'config.toml'), '[budget]\nattempts = 1\n');
    const { codexOrch } = await import('../support/built-program.ts');
    const env = { CODEX_ORCH_GLOBAL_ROOT: home };
    expect((await codexOrch(['run', 'start', '--root', 'b'], { cwd: dir, env })).code).toBe(3);
    expect((await show()).project['budget']).toEqual({ attempts: 1 });
  });
});

describe('18. The budget of an instance', () => {
  const first = '[ "$(basename "$CODEX_ORCH_ATTEMPT_DIR")" = 0001 ]';

  it('stops an attempt at its end, and a person is asked', async () => {
    const run = `if ${first}; then exec sleep 600; fi`;
    program(
      { a: { run, publish: [], budget: { wall_sec: 0.5 } } },
      { node_terminate_grace_sec: 1 },
    );
    const started = await orch('run', 'start', '--root', 'a');
    expect(started.code, started.stderr).toBe(3);
    expect(await show()).toMatchObject({ status: 'waiting', waiting_reason: 'budget' });
    const asked = await question();
    expect(asked).toMatchObject({ task_id: 'a', metadata: { spent: ['wall_sec'], attempt: 1 } });
    expect((await orch('run', 'explain', 'latest', 'a')).stdout).toContain('budget');
    expect((await orch('run', 'grant', 'latest', 'a', '--tokens', '5')).code).toBe(2);
    expect((await orch('run', 'grant', 'latest', 'a', '--wall-sec', '30')).code).toBe(0);
    expect((await orch('run', 'resume', 'latest')).code).toBe(0);
    expect(instancesOf(await show(), 'a')).toMatchObject([{ status: 'done', attempt: 2 }]);
    await sound();
  });

  it('bounds attempts, and stop fails it', async () => {
    const retry = { max_attempts: 5, delay_sec: 0.01, on: ['nonzero_exit'] };
    program({ a: { run: 'exit 3', publish: [], retry, budget: { attempts: 2 } } });
    expect((await orch('run', 'start', '--root', 'a')).code).toBe(3);
    expect(instancesOf(await show(), 'a')).toMatchObject([{ status: 'waiting', attempt: 2 }]);
    const stop = ['--text', 'x', '--payload-json', '{"choice": "stop"}', '--resume'];
    expect((await orch('inbox', 'reply', (await question()).interrupt_id, ...stop)).code).toBe(1);
    expect(instancesOf(await show(), 'a')).toMatchObject([
      { status: 'failed', failure_kind: 'budget', error: 'a person stopped it at its budget' },
    ]);
    await sound();
  });

  it('at work is raised by a grant', async () => {
    const wait = 'until [ -e ../go ]; do sleep 0.1; done';
    program({ a: { run: wait, publish: [], budget: { wall_sec: 30 } } }, { workspace: 'ws' });
    mkdirSync(path.join(dir, 'ws'));
    const run = orch('run', 'start', '--root', 'a');
    await until(() => readdirSync(dir).includes('.runs'));
    await until(async () => ((await show()).status === 'running' ? true : null));
    expect((await orch('run', 'grant', 'latest', 'a', '--wall-sec', '600')).code).toBe(0);
    expect((await orch('run', 'events', 'latest')).stdout).toMatch(/granted.*600 s more/);
    writeFileSync(path.join(dir, 'go'), '');
    expect((await run).code).toBe(0);
  });
});

describe('18. Iterations', () => {
  it('are granted to a loop at its limit, before or after it failed', async () => {
    program({
      step: { run: 'true', publish: [] },
      again: {
        kind: 'controller',
        control: {
          mode: 'loop',
          continue_targets: ['step'],
          stop_targets: ['end'],
          max_iterations: 1,
          decide: [{ action: 'continue', next_inputs: { n: { value: 1 } } }],
        },
        depends_on: after('step'),
      },
      end: { run: 'true', publish: [], depends_on: after('again') },
    });
    expect((await orch('run', 'start', '--root', 'end')).code).toBe(1);
    const failed = instancesOf(await show(), 'again').find(({ status }) => status === 'failed');
    expect(failed).toMatchObject({ failure_kind: 'loop_limit' });
    const id = failed?.instance_id ?? '';
    const [step] = instancesOf(await show(), 'step');
    const none = ['run', 'grant', 'latest', step?.instance_id ?? '', '--iterations', '1'];
    expect((await orch(...none)).code).toBe(2);
    expect((await orch('run', 'grant', 'latest', id, '--iterations', '2')).code).toBe(0);
    expect((await orch('run', 'resume', 'latest')).code).toBe(1);
    expect(instancesOf(await show(), 'again')).toHaveLength(4);
    await sound();
  });
});
