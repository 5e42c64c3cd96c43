/**
 * What goes wrong with assistants, and what happens then: the question stays open with the reason shown,
 * the worker goes on, nothing is written. And that no question is answered twice, whoever dies when.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { builtEntry, until } from '../support/built-program.ts';
import { reply, scriptedProgram, type Scripted } from '../assistants/scripted-role.ts';

const roots: string[] = [];
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

interface Listed {
  run_id: string;
  task_id: string;
  interrupt: { interrupt_id: string; status: string; audience: string };
  reply: { text: string; payload: unknown } | null;
  assistant_problem?: string;
}

/** A program with a run that waits at the questions of all its tasks. */
async function waiting(
  tasks: Parameters<typeof scriptedProgram>[0],
): Promise<{ it: Scripted; runId: string }> {
  const it = scriptedProgram(tasks);
  roots.push(it.root);
  for (const role of Object.keys(tasks)) it.says(role, reply());
  const started = await it.cli(
    'run',
    'start',
    '.',
    ...Object.keys(tasks).flatMap((id) => ['--root', id]),
  );
  expect(started.code, started.stderr).toBe(3);
  return { it, runId: started.stdout.trim() };
}

async function list(it: Scripted): Promise<Listed[]> {
  return JSON.parse((await it.cli('inbox', 'list', '--json')).stdout) as Listed[];
}

async function once(it: Scripted): Promise<Record<string, number>> {
  const ended = await it.cli('inbox', 'worker', '.', '--once', '--json');
  expect(ended.code, ended.stderr).toBe(0);
  return JSON.parse(ended.stdout) as Record<string, number>;
}

function spawnCli(it: Scripted, ...args: string[]): ChildProcess & { printed: () => string } {
  const child = spawn(process.execPath, [builtEntry, ...args], {
    cwd: it.program,
    env: { PATH: process.env['PATH'], HOME: path.join(it.root, 'no-home'), ...it.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return Object.assign(child, { printed: () => text });
}

function ended(child: ChildProcess): Promise<number | null> {
  return child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve(child.exitCode)
    : new Promise((resolve) => child.once('exit', (code) => resolve(code)));
}

describe('10 an answer that cannot be had', () => {
  const cases: [string, (it: Scripted) => void, RegExp][] = [
    [
      'a role that went missing',
      (it) => rmSync(path.join(it.program, 'assistant_roles/one'), { recursive: true }),
      /there is no role one any more/,
    ],
    [
      'a role file that is broken',
      (it) => writeFileSync(path.join(it.program, 'assistant_roles/one/role.yaml'), 'id: [\n'),
      /assistant_roles\/one\/role.yaml/,
    ],
    [
      'instructions that are not UTF-8',
      (it) =>
        writeFileSync(
          path.join(it.program, 'assistant_roles/one/instructions.md'),
          Buffer.from([0x41, 0xff, 0xfe]),
        ),
      /instructions.md is not UTF-8 text/,
    ],
    [
      'instructions that lead out of the program',
      (it) => {
        const file = path.join(it.program, 'assistant_roles/one/instructions.md');
        writeFileSync(path.join(it.root, 'outside.md'), 'secret');
        rmSync(file);
        symlinkSync(path.join(it.root, 'outside.md'), file);
      },
      /symbolic link/,
    ],
    [
      'no operating model',
      (it) => rmSync(path.join(it.program, 'assistant_roles/_shared'), { recursive: true }),
      /operating-model.md does not exist.*assistant-doc install/,
    ],
    ['an answer that is not JSON', (it) => it.says('one', 'Take a.'), /not JSON/],
    ['an answer that is half JSON', (it) => it.says('one', '{"answer": "Take'), /not JSON/],
    ['an answer that is a list', (it) => it.says('one', [reply()]), /not a JSON object/],
    [
      'an answer of an unknown kind',
      (it) => it.says('one', reply({ resolution_kind: 'shrug' })),
      /"resolution_kind" is "shrug"/,
    ],
    ['an empty answer', (it) => it.says('one', reply({ answer: ' ' })), /"answer"/],
    [
      'a payload that breaks the reply schema',
      (it) => it.says('one', reply({ payload: { choice: 'c' } })),
      /payload does not fit schemas\/choice.json: at \/choice/,
    ],
    [
      'a hand-off where no human may be asked',
      (it) => it.says('one', reply({ resolution_kind: 'handoff_to_human' })),
      /does not allow/,
    ],
  ];

  it.each(cases)('%s', async (_name, spoil, reason) => {
    const ask = '--reply-schema schemas/choice.json';
    const { it: scripted, runId } = await waiting({ one: { ask, policy: { allow_human: false } } });
    spoil(scripted);
    expect(await once(scripted)).toEqual({
      scanned: 1,
      processed: 1,
      auto_replied: 0,
      handed_off: 0,
      skipped_no_role: 0,
      failed: 1,
    });
    const [question] = await list(scripted);
    expect(question).toMatchObject({ interrupt: { status: 'open' }, reply: null });
    expect(question?.assistant_problem).toMatch(reason);
    const shown = await scripted.cli('inbox', 'list');
    expect(shown.stderr).toMatch(reason);
    expect(existsSync(path.join(scripted.program, '.runs', runId, 'proposals', 'x'))).toBe(false);

    // Mended, the same question is answered by the next try, and the reason is gone.
    if (!/role|instructions|operating/.test(_name)) {
      scripted.says(
        'one',
        `Here it is:\n\n\`\`\`json\n${JSON.stringify(reply({ payload: { choice: 'a', note: null } }))}\n\`\`\`\n`,
      );
      expect(await once(scripted)).toMatchObject({ auto_replied: 1, failed: 0 });
      const [after] = await list(scripted);
      expect(after).toMatchObject({
        interrupt: { status: 'applied' },
        reply: { payload: { choice: 'a' } },
      });
      expect(after?.assistant_problem).toBeUndefined();
    }
  });

  it('does not stop the worker', async () => {
    const { it: scripted } = await waiting({ bad: {}, good: {} });
    scripted.says('bad', 'no JSON');
    expect(await once(scripted)).toMatchObject({
      scanned: 2,
      processed: 2,
      auto_replied: 1,
      failed: 1,
    });
    const all = await list(scripted);
    expect(all.find(({ task_id }) => task_id === 'good')?.interrupt.status).toBe('applied');
    expect(all.find(({ task_id }) => task_id === 'bad')?.interrupt.status).toBe('open');
  });
});

describe('10 proposals that go too far', () => {
  it('are dropped with a reason, and block nothing', async () => {
    const { it: scripted, runId } = await waiting({ one: {}, two: {} });
    const { program } = scripted;
    mkdirSync(path.join(scripted.root, 'elsewhere'));
    symlinkSync(path.join(scripted.root, 'elsewhere'), path.join(program, 'link'));
    const suggestion = (kind: string, target: Record<string, unknown>) => ({
      kind,
      summary: 'Change it',
      rationale: 'Why not',
      suggested_content_mode: 'full_replacement',
      suggested_content: 'x\n',
      target,
    });
    scripted.says(
      'one',
      reply({
        proposed_updates: [
          suggestion('program_asset_update', { program_asset_path: '../x' }),
          suggestion('program_asset_update', { program_asset_path: 'link/x' }),
          suggestion('program_asset_update', { program_asset_path: `.runs/${runId}/events.jsonl` }),
          suggestion('program_asset_update', { program_asset_path: '/etc/passwd' }),
          suggestion('program_asset_update', { program_asset_path: './.codex-orch/x' }),
          suggestion('instruction_update', { role_id: 'two' }),
          suggestion('managed_asset_update', { role_id: 'one', managed_asset_path: 'x.md' }),
          suggestion('routing_policy_update', {
            task_id: 'two',
            routing_section: 'assistant_hints',
          }),
          suggestion('routing_policy_update', { task_id: 'one', routing_section: 'title' }),
          'nonsense',
          suggestion('instruction_update', { role_id: 'one' }),
        ],
      }),
    );
    expect(await once(scripted)).toMatchObject({ auto_replied: 2, failed: 0 });
    const events = JSON.parse(
      (await scripted.cli('run', 'events', '.', runId, '--json')).stdout,
    ) as {
      event_type: string;
      payload: { reason: string };
    }[];
    const reasons = events
      .filter((e) => e.event_type === 'proposal_dropped')
      .map((e) => e.payload.reason);
    expect(reasons).toHaveLength(10);
    for (const [index, part] of [
      '..',
      'symbolic link',
      '.runs',
      'relative',
      '.codex-orch',
      'role',
      'managed asset',
      'task',
      'routing_section',
      'object',
    ].entries()) {
      expect(reasons[index]).toContain(part);
    }
    const listed = await scripted.cli('proposal', 'list', '--status', 'proposed');
    expect(listed.stdout.trim().split('\n')).toHaveLength(1);
    expect(listed.stdout).toContain('target=assistant_roles/one/instructions.md');
    expect(existsSync(path.join(scripted.root, 'x'))).toBe(false);
    expect(
      readFileSync(path.join(program, 'assistant_roles/one/instructions.md'), 'utf8'),
    ).not.toBe('x\n');
    expect((await scripted.cli('run', 'verify', '.', runId)).code).toBe(0);
  });
});

describe('10 one answer to each question', () => {
  it('whoever else is at it', async () => {
    const { it: scripted } = await waiting({ one: {}, two: {}, three: {} });
    for (const role of ['one', 'two', 'three']) scripted.hold(role);
    const workers = [1, 2, 3].map(() =>
      spawnCli(scripted, 'inbox', 'worker', '.', '--once', '--json', '--concurrency', '3'),
    );
    await until(() =>
      ['one', 'two', 'three'].every((role) => scripted.starts(role) === 1) ? true : null,
    );
    // Those that find everything taken end at once.
    await until(() =>
      workers.filter((w) => w.exitCode !== null).length >= 2 ||
      workers.every((w) => w.printed() !== '')
        ? true
        : null,
    );
    for (const role of ['one', 'two', 'three']) scripted.release(role);
    for (const one of workers) expect(await ended(one), one.printed()).toBe(0);
    for (const role of ['one', 'two', 'three']) expect(scripted.starts(role)).toBe(1);
    expect((await list(scripted)).every(({ interrupt }) => interrupt.status !== 'open')).toBe(true);
  });

  it('also when a worker is killed while its agent works', async () => {
    const { it: scripted } = await waiting({ one: {} });
    scripted.hold('one');
    const killed = spawnCli(scripted, 'inbox', 'worker', '.', '--once');
    await until(() => (scripted.starts('one') === 1 ? true : null));
    killed.kill('SIGKILL');
    await ended(killed);
    const next = spawnCli(scripted, 'inbox', 'worker', '.', '--once', '--json');
    await until(() => (next.printed().includes('is answering') ? true : null));
    scripted.release('one');
    expect(await ended(next), next.printed()).toBe(0);
    expect(scripted.starts('one')).toBe(1);
    expect(next.printed()).toContain('"auto_replied": 1');
    const [question] = await list(scripted);
    expect(question).toMatchObject({
      interrupt: { status: 'applied' },
      reply: { text: 'Take a.' },
    });
  });

  it('and a worker that is stopped leaves the question open, without its agent', async () => {
    const { it: scripted, runId } = await waiting({ one: {} });
    scripted.hold('one');
    const stopped = spawnCli(scripted, 'inbox', 'worker', '.');
    await until(() => (scripted.starts('one') === 1 ? true : null));
    stopped.kill('SIGINT');
    expect(await ended(stopped), stopped.printed()).toBe(130);
    const [question] = await list(scripted);
    expect(question?.interrupt.status).toBe('open');
    expect(question?.assistant_problem).toBeUndefined();
    const attempt = path.join(
      scripted.program,
      '.runs',
      runId,
      'assistants',
      question?.interrupt.interrupt_id ?? '',
      '0001',
    );
    expect(JSON.parse(readFileSync(path.join(attempt, 'outcome.json'), 'utf8'))).toMatchObject({
      outcome: 'stopped',
    });
    scripted.release('one');
    expect(await once(scripted)).toMatchObject({ auto_replied: 1 });
    expect(scripted.starts('one')).toBe(2);
  });
});

describe('10 a worker for ever', () => {
  it('answers what comes, and has the run go on', async () => {
    const { it: scripted, runId } = await waiting({ one: {} });
    const worker = spawnCli(
      scripted,
      'inbox',
      'worker',
      '.',
      '--poll-interval-sec',
      '0.2',
      '--json',
    );
    await until(async () => {
      const { stdout } = await scripted.cli('run', 'show', '.', runId, '--json');
      return (JSON.parse(stdout) as { status: string }).status === 'done' ? true : null;
    });
    worker.kill('SIGTERM');
    expect(await ended(worker)).toBe(130);
    expect(worker.printed()).toContain('"outcome":"auto_replied"');
  });
});

describe('4 run start --assistants', () => {
  it('is one command for a run that asks assistants', async () => {
    const scripted = scriptedProgram({ one: {}, two: {} });
    roots.push(scripted.root);
    for (const role of ['one', 'two']) scripted.says(role, reply());
    const started = await scripted.cli('run', 'start', '.', '--root', 'one', 'two', '--assistants');
    expect(started.code, started.stderr).toBe(0);
    expect(scripted.starts('one')).toBe(1);
  });

  it('as `assistants: inline` in project.yaml; a failed answer leaves the run waiting, and says why', async () => {
    const scripted = scriptedProgram({ one: {} }, { assistants: 'inline' });
    roots.push(scripted.root);
    scripted.says('one', 'no JSON');
    const started = await scripted.cli('run', 'start', '.', '--root', 'one');
    expect(started.code, started.stderr).toBe(3);
    expect(started.stderr).toMatch(/not answered: int-[0-9a-f]{12}: the answer is not JSON/);
    scripted.says('one', reply());
    const resumed = await scripted.cli('run', 'resume', '.', 'latest');
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(scripted.starts('one')).toBe(2);
  });

  it('stops its assistants with the run', async () => {
    const scripted = scriptedProgram({ one: {} });
    roots.push(scripted.root);
    scripted.says('one', reply());
    scripted.hold('one');
    const run = spawnCli(scripted, 'run', 'start', '.', '--root', 'one', '--assistants');
    await until(() => (scripted.starts('one') === 1 ? true : null));
    run.kill('SIGINT');
    expect(await ended(run), run.printed()).toBe(130);
    scripted.release('one');
    const resumed = await scripted.cli('run', 'resume', '.', 'latest');
    expect(resumed.code, resumed.stderr).toBe(0);
  });
});
