/** Section 13: keys of `--json` that scripts written for the Python tool read. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { dir, orch, program, show } from './shell-program.ts';

const parse = (text: string) => JSON.parse(text) as Record<string, unknown>;

it('inbox reply prints the keys of the reply, and the interrupt beside', async () => {
  const ask = 'codex-orch interrupt create --audience human --kind question --question Why?';
  program({ a: { run: ask } });
  expect((await orch('run', 'start', '--root', 'a')).code).toBe(3);
  const [id = ''] = (await orch('inbox', 'list')).stdout.split('\t');
  const words = ['--text', 'So.', '--rationale', 'R', '--confidence', 'high', '--citation', 'c1'];
  const replied = parse((await orch('inbox', 'reply', id, ...words, '--json')).stdout);
  const reply = {
    interrupt_id: id,
    audience: 'human',
    reply_kind: 'answer',
    text: 'So.',
    payload: {},
    rationale: 'R',
    confidence: 'high',
    citations: ['c1'],
    created_at: expect.any(String) as string,
  };
  expect(replied).toMatchObject({
    ...reply,
    reply,
    interrupt: { interrupt_id: id, status: 'resolved' },
    run_id: (await show()).id,
    task_id: 'a',
  });
});

it('assistant-doc install names the file', async () => {
  program({ a: { run: 'true' } });
  const { installed_path: file } = parse((await orch('assistant-doc', 'install', '--json')).stdout);
  expect(file).toBe(path.join(dir, 'assistant_roles/_shared/operating-model.md'));
  expect(existsSync(String(file))).toBe(true);
});

it('skill export and install name the skill and where it went', async () => {
  const id = 'operate-codex-orch';
  const exported = parse((await orch('skill', 'export', id, 'out', '--json')).stdout);
  expect(exported).toMatchObject({ skill_id: id, exported_path: path.join(dir, 'out', id) });
  const installed = parse((await orch('skill', 'install', id, '--repo-dir', '.', '--json')).stdout);
  expect(installed).toMatchObject({ skill_id: id });
  for (const at of [exported['exported_path'], installed['installed_path']]) {
    expect(existsSync(path.join(String(at), 'SKILL.md'))).toBe(true);
  }
});

it('interrupt recommend says what was asked for, also of a human', async () => {
  program({ a: { run: 'true' } });
  await orch('run', 'start', '--root', 'a');
  const { id } = await show();
  const words = ['--run-id', id, '--task-id', 'a', '--audience', 'human', '--kind', 'approval'];
  const { stdout } = await orch('interrupt', 'recommend', '--program-dir', '.', ...words, '--json');
  expect(parse(stdout)).toMatchObject({
    audience: 'human',
    request_kind: 'approval',
    decision_kind: null,
    allow_human: true,
  });
});
