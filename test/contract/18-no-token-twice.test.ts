/**
 * Section 18 of the contract: no token twice. For each way in which an attempt can end early, with the real Codex CLI: what
 * the model server saw, before and after. docs/reliability.md has the table.
 */
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  builtEntry,
  codexOrch,
  testDirectory,
  until,
  writeFiles,
} from '../support/built-program.ts';
import { codexHome, sandboxProblem } from '../support/codex.ts';
import {
  modelScript,
  startModelServer,
  type ModelServer,
  type ModelStep,
} from '../support/model-server.ts';

const root = testDirectory('no-token-twice');
const problem = sandboxProblem(path.join(root, 'probe-home'));
if (problem !== null) process.stderr.write(`\n*** SKIPPED: no Codex sandbox here: ${problem}\n\n`);

let server: ModelServer;
let env: Record<string, string>;
beforeAll(async () => {
  server = await startModelServer();
  env = codexHome(path.join(root, 'codex-home'), server.port);
});
afterAll(async () => {
  await server.stop();
  rmSync(root, { recursive: true, force: true });
});

/** One answer and its command are done; the second command is under way until the attempt ends. */
const working: ModelStep[] = [
  { exec: 'echo one' },
  { exec: 'sleep 600', args: { yield_time_ms: 600_000 } },
];
/** The same, however long it takes: Codex looks after a command again after half a minute. */
const endless: ModelStep[] = [
  ...working.slice(0, 1),
  ...Array.from({ length: 20 }, () => working.slice(1)).flat(),
];
/** One answer and its command are done; the second request gets this. */
const answered = (second: ModelStep): ModelStep[] => [{ exec: 'echo one' }, second];

interface Shown {
  id: string;
  status: string;
  instances: Record<string, { instance_id: string; session_id: string; attempts: Attempt[] }>;
}
interface Attempt {
  termination_reason: string;
  usage: { input_tokens: number } | null;
}

class Case {
  readonly directory: string;
  #before = 0;

  constructor(name: string, steps: ModelStep[], fields: { project?: object; task?: object } = {}) {
    this.directory = path.join(root, name);
    const compose = [{ kind: 'literal', text: `Do it.\n${modelScript(steps)}` }];
    writeFiles(this.directory, {
      'project.yaml': {
        ...{ name, workspace: 'ws', edition: 2, node_terminate_grace_sec: 2 },
        ...fields.project,
      },
      'ws/README.md': 'workspace',
      'tasks/a.yaml': { id: 'a', title: 'a', status: 'ready', compose, ...fields.task },
    });
  }

  cli(...words: string[]) {
    return codexOrch(words, { cwd: this.directory, env });
  }

  /** A foreground engine, to be done something to. */
  async engine(): Promise<ReturnType<typeof spawn>> {
    this.#before = (await server.requests()).length;
    const { PATH } = process.env;
    return spawn(process.execPath, [builtEntry, 'run', 'start', '--root', 'a'], {
      cwd: this.directory,
      env: { PATH, HOME: path.join(this.directory, 'no-home'), ...env },
      stdio: 'ignore',
    });
  }

  async start(...options: string[]): Promise<number> {
    this.#before = (await server.requests()).length;
    return (await this.cli('run', 'start', '--root', 'a', ...options)).code;
  }

  /** What the model answered, or refused to, so far: which step of the script, or `default`. */
  async seen(): Promise<string[]> {
    const all = (await server.requests()).slice(this.#before);
    return all.flatMap(({ step }) => (step === undefined || step === 'other' ? [] : [step]));
  }

  /** Until its second command is under way. */
  async atWork(): Promise<void> {
    await until(async () => ((await this.seen()).length === 2 ? true : null));
    await until(() => (this.output().includes('sleep 600') ? true : null));
  }

  output(): string {
    const runs = path.join(this.directory, '.runs');
    const [run = ''] = readdirSync(runs);
    const control = path.join(runs, run, 'control');
    const files = readdirSync(control, { recursive: true, encoding: 'utf8' });
    return files
      .filter((file) => file.endsWith('events.jsonl'))
      .map((file) => readFileSync(path.join(control, file), 'utf8'))
      .join('');
  }

  async show(): Promise<Shown> {
    return JSON.parse((await this.cli('run', 'show', 'latest', '--json')).stdout) as Shown;
  }

  async attempts(): Promise<Attempt[]> {
    return Object.values((await this.show()).instances)[0]?.attempts ?? [];
  }

  pids(): { agent: number } {
    const runs = path.join(this.directory, '.runs');
    const [run = ''] = readdirSync(runs);
    const control = path.join(runs, run, 'control');
    const files = readdirSync(control, { recursive: true, encoding: 'utf8' });
    const file = files.find((each) => each.endsWith('runtime.json')) ?? '';
    return {
      agent: (JSON.parse(readFileSync(path.join(control, file), 'utf8')) as { pid: number }).pid,
    };
  }

  /** Done, in one session, each answer once; with as many requests in all, and as many of them charged. */
  async isWhole(steps: readonly string[], charged: number): Promise<void> {
    const shown = await this.show();
    expect(shown.status).toBe('done');
    expect(await this.seen()).toEqual(steps);
    const used = (await this.attempts()).map(({ usage }) => usage?.input_tokens ?? 0);
    expect(used.reduce((a, b) => a + b, 0)).toBe(charged * 100);
    const verified = await this.cli('run', 'verify', 'latest');
    expect(verified.code, verified.stdout).toBe(0);
  }

  /** Done as above, however far it came before it was ended: on a busy machine that varies. */
  async hasAskedOnce(): Promise<void> {
    const seen = await this.seen();
    expect(new Set(seen).size, seen.join()).toBe(seen.length);
    expect(seen.at(-1)).toBe('default');
    await this.isWhole(seen, seen.length);
  }
}

const gone = (child: ReturnType<typeof spawn>): Promise<unknown> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => child.once('exit', resolve));

describe.skipIf(problem !== null)('18. No token twice', () => {
  const once = ['inline[0]', 'inline[1]', 'default'];

  it('after its budget: it goes on where it was, once it is granted more', async () => {
    // Each answer counts 120: the second passes it.
    const run = new Case('budget', working, { task: { budget: { tokens: 130 } } });
    expect(await run.start()).toBe(3);
    expect(await run.seen()).toEqual(once.slice(0, 2));
    expect(await run.attempts()).toMatchObject([
      { termination_reason: 'budget', usage: { input_tokens: 200 } },
    ]);
    expect((await run.cli('run', 'grant', 'latest', 'a', '--tokens', '1000')).code).toBe(0);
    expect((await run.cli('run', 'resume', 'latest')).code).toBe(0);
    await run.isWhole(once, 3);
  });

  it('after its time limit', async () => {
    const run = new Case('wall', endless, { project: { node_wall_timeout_sec: 10 } });
    expect(await run.start()).toBe(3);
    expect((await run.cli('run', 'grant', 'latest', 'a', '--wall-sec', '600')).code).toBe(0);
    expect((await run.cli('run', 'resume', 'latest')).code).toBe(0);
    await run.hasAskedOnce();
    expect(await run.attempts()).toMatchObject([{ termination_reason: 'wall_timeout' }, {}]);
  });

  it('after it stood still: it goes on by itself, where it was', async () => {
    const run = new Case('stall', endless, { project: { command_timeout_sec: 6 } });
    expect(await run.start()).toBe(0);
    await run.hasAskedOnce();
    expect(await run.attempts()).toMatchObject([{ termination_reason: 'idle_timeout' }, {}]);
  });

  it('after a usage limit that it waits for: with one attempt, once it is over', async () => {
    const limit = { type: 'usage_limit_reached', message: 'used up' };
    const run = new Case('waits', answered({ http: 429, body: { error: limit } }));
    expect(await run.start('--max-wait', '1')).toBe(3);
    const before = await run.seen();
    expect(before).toEqual(['inline[0]', 'inline[1]']);
    await run.cli('limits', 'clear');
    expect((await run.cli('run', 'resume', 'latest')).code).toBe(0);
    await run.isWhole([...before, 'default'], 2);
    expect(await run.attempts()).toHaveLength(2);
  });

  it('after Ctrl-C', async () => {
    const run = new Case('ctrl-c', working);
    const engine = await run.engine();
    await run.atWork();
    engine.kill('SIGINT');
    await gone(engine);
    expect((await run.cli('run', 'resume', 'latest')).code).toBe(0);
    await run.isWhole(once, 3);
  });

  it('after the death of its engine, whose agent works on', async () => {
    const steps = [
      { exec: 'echo one' },
      {
        exec: 'until [ -e go ]; do sleep 0.1; done; echo sleep 600',
        args: { yield_time_ms: 600_000 },
      },
    ];
    const run = new Case('engine', steps);
    const engine = await run.engine();
    await run.atWork();
    engine.kill('SIGKILL');
    await gone(engine);
    writeFiles(run.directory, { 'ws/go': '' });
    expect((await run.cli('run', 'resume', 'latest')).code).toBe(0);
    // All in one turn.
    await run.isWhole([...once.slice(0, 2), 'inline[2]'], 3);
    expect(await run.attempts()).toHaveLength(1);
  });

  it('after the death of the agent', async () => {
    const retry = { max_attempts: 2, delay_sec: 0.1 };
    const run = new Case('agent', working, { project: { retry } });
    const engine = await run.engine();
    await run.atWork();
    process.kill(-run.pids().agent, 'SIGKILL');
    await gone(engine);
    if ((await run.show()).status !== 'done') await run.cli('run', 'resume', 'latest');
    await run.isWhole(once, 3);
  });

  it('after the death of both, as when the machine restarts', async () => {
    const run = new Case('machine', working);
    const engine = await run.engine();
    await run.atWork();
    engine.kill('SIGKILL');
    process.kill(-run.pids().agent, 'SIGKILL');
    await gone(engine);
    await run.cli('run', 'resume', 'latest', '--orphaned');
    if ((await run.show()).status !== 'done')
      await run.cli('run', 'resume', 'latest', '--orphaned');
    await run.isWhole(once, 3);
  });

  it.each([
    ['a rate limit', { http: 429, body: { error: { message: 'slow down' } } }],
    [
      'a usage limit',
      { http: 429, body: { error: { type: 'usage_limit_reached', message: 'used up' } } },
    ],
    ['a network that breaks', { cut: 'reset' }],
  ])('after %s: what was answered is not asked again', async (what, second) => {
    const run = new Case(what.replaceAll(' ', '-'), answered(second), {
      project: { usage_limit: { on: 'fail' } },
    });
    expect(await run.start()).toBe(1);
    const before = await run.seen();
    expect(before[0]).toBe('inline[0]');
    // It tries again by itself, what is not answered.
    expect(new Set(before.slice(1))).toEqual(new Set(['inline[1]']));
    // Nothing of a limited account begins before a person, or time, says that it is over.
    await run.cli('limits', 'clear');
    expect((await run.cli('run', 'resume', 'latest')).code).toBe(0);
    await run.isWhole([...before, 'default'], 2);
  });
});
