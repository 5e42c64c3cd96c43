/**
 * What goes wrong with assistants, and what happens then: the question stays open with the reason shown,
 * the worker goes on, nothing is written. And that no question is answered twice, whoever dies when.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { until } from '../support/built-program.ts';
import {
  ended,
  reply,
  scriptedProgram,
  spawnCli,
  type Scripted,
} from '../support/scripted-role.ts';

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

describe('10 an answer that cannot be had', () => {
  /** What goes wrong, how, and the reason shown. Each is a task and a role of one run. */
  const cases: Record<string, [spoil: (it: Scripted, role: string) => void, reason: RegExp]> = {
    'role-missing': [
      (it, role) => rmSync(path.join(it.program, 'assistant_roles', role), { recursive: true }),
      /there is no role role-missing any more/,
    ],
    'role-broken': [
      (it, role) =>
        writeFileSync(path.join(it.program, 'assistant_roles', role, 'role.yaml'), 'id: [\n'),
      /assistant_roles\/role-broken\/role.yaml/,
    ],
    'not-utf8': [
      (it, role) =>
        writeFileSync(
          path.join(it.program, 'assistant_roles', role, 'instructions.md'),
          Buffer.from([0x41, 0xff, 0xfe]),
        ),
      /instructions.md is not UTF-8 text/,
    ],
    outside: [
      (it, role) => {
        const file = path.join(it.program, 'assistant_roles', role, 'instructions.md');
        writeFileSync(path.join(it.root, 'outside.md'), 'secret');
        rmSync(file);
        symlinkSync(path.join(it.root, 'outside.md'), file);
      },
      /symbolic link/,
    ],
    prose: [(it, role) => it.says(role, 'Take a.'), /not JSON/],
    'half-json': [(it, role) => it.says(role, '{"answer": "Take'), /not JSON/],
    list: [(it, role) => it.says(role, [reply()]), /not a JSON object/],
    'unknown-kind': [
      (it, role) => it.says(role, reply({ resolution_kind: 'shrug' })),
      /"resolution_kind" is "shrug"/,
    ],
    empty: [(it, role) => it.says(role, reply({ answer: ' ' })), /"answer"/],
    'wrong-payload': [
      (it, role) => it.says(role, reply({ payload: { choice: 'c' } })),
      /payload does not fit schemas\/choice.json: at \/choice/,
    ],
    'no-human': [
      (it, role) => it.says(role, reply({ resolution_kind: 'handoff_to_human' })),
      /does not allow/,
    ],
  };
  const names = Object.keys(cases);

  it('leaves the question open, says why, does not stop the worker, and can be mended', async () => {
    const ask = '--reply-schema schemas/choice.json';
    const task = { ask, policy: { allow_human: false } };
    const { it: scripted } = await waiting({
      ...Object.fromEntries(names.map((name) => [name, task])),
      sound: {},
    });
    for (const [name, [spoil]] of Object.entries(cases)) spoil(scripted, name);
    expect(await once(scripted)).toEqual({
      scanned: names.length + 1,
      processed: names.length + 1,
      auto_replied: 1,
      handed_off: 0,
      skipped_no_role: 0,
      failed: names.length,
    });
    const { stderr } = await scripted.cli('inbox', 'list');
    for (const question of await list(scripted)) {
      const [, reason] = cases[question.task_id] ?? [];
      if (!reason) {
        expect(question).toMatchObject({ task_id: 'sound', interrupt: { status: 'applied' } });
        continue;
      }
      expect(question).toMatchObject({ interrupt: { status: 'open' }, reply: null });
      expect(question.assistant_problem, question.task_id).toMatch(reason);
      expect(stderr).toMatch(reason);
    }

    // In a fence, with prose around it, and with the null that the output schema had to ask for.
    const mended = JSON.stringify(reply({ payload: { choice: 'a', note: null } }));
    scripted.says('prose', `Here it is:\n\n\`\`\`json\n${mended}\n\`\`\`\n`);
    scripted.says('wrong-payload', mended);
    expect(await once(scripted)).toMatchObject({ auto_replied: 2, failed: names.length - 2 });
    for (const question of await list(scripted)) {
      if (question.task_id !== 'prose' && question.task_id !== 'wrong-payload') continue;
      expect(question).toMatchObject({ interrupt: { status: 'applied' } });
      expect(question.reply?.payload).toEqual({ choice: 'a' });
      expect(question.assistant_problem).toBeUndefined();
    }
  });

  it('needs the operating model', async () => {
    const { it: scripted } = await waiting({ one: {} });
    rmSync(path.join(scripted.program, 'assistant_roles/_shared'), { recursive: true });
    expect(await once(scripted)).toMatchObject({ failed: 1 });
    const [question] = await list(scripted);
    expect(question?.assistant_problem).toMatch(
      /operating-model.md does not exist.*assistant-doc install/,
    );
    expect(await scripted.cli('assistant-doc', 'install')).toMatchObject({ code: 0 });
    expect(await once(scripted)).toMatchObject({ auto_replied: 1 });
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
