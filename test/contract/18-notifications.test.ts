/** Notifications of section 18: to a real server on this machine, which refuses, hangs, and answers 500. */
import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { codexOrch, until, writeFiles } from '../support/built-program.ts';
import { dir, program, show } from './shell-program.ts';

interface Told {
  kind: string;
  title: string;
  text: string;
  command: string;
  task_id: string | null;
  seq: number;
  options: string[];
}

let server: Server | null = null;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = null;
});

/** Answers with what `answer` says; null: never. Returns its address, and what was taken. */
async function listen(answer: () => number | null, port = 0) {
  const told: Told[] = [];
  const signatures: boolean[] = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
    request.on('end', () => {
      const status = answer();
      if (status === null) return;
      const hmac = createHmac('sha256', 'sesame').update(body).digest('hex');
      signatures.push(request.headers['x-codex-orch-signature'] === `sha256=${hmac}`);
      if (status === 200) told.push(JSON.parse(body) as Told);
      response.writeHead(status).end('x');
    });
  });
  const open = server;
  await new Promise<void>((resolve) => open.listen(port, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(open.address() as AddressInfo).port}/hook`, told, signatures };
}

const orch = (...words: string[]) =>
  codexOrch(words, {
    cwd: dir,
    env: { HOOK_SECRET: 'sesame', CODEX_ORCH_GLOBAL_ROOT: path.join(dir, 'home') },
  });
const all = ['question', 'failed', 'done'];
const ask =
  'test -e asked || { touch asked; codex-orch interrupt create --kind question --audience human --question "Ship it?" --option yes --option no; }';
const left = () => {
  const [run = ''] = readdirSync(path.join(dir, '.runs'));
  const outbox = path.join(dir, '.runs', run, 'outbox');
  return existsSync(outbox) ? readdirSync(outbox).filter((name) => name !== 'mark.json') : [];
};

it('tell the story in order, signed, with the command that answers, and leave no secret', async () => {
  const { url, told, signatures } = await listen(() => 200);
  const to = { webhook: url, secret_env: 'HOOK_SECRET' };
  program(
    { a: { run: ask, publish: [] }, b: { run: 'exit 3', publish: [] } },
    { max_concurrency: 1, notify: [{ on: all, to }] },
  );
  const first = await orch('run', 'start', '.', '--root', 'a', '--wait');
  expect(first.code, first.stderr).toBe(3);
  expect(told).toMatchObject([{ kind: 'question', text: 'Ship it?', options: ['yes', 'no'] }]);
  const words = told[0]?.command.replace("'…'", 'yes').split(' ').slice(1) ?? [];
  expect((await orch(...words)).code).toBe(0);
  expect(told.map(({ kind }) => kind)).toEqual(['question', 'done']);
  const second = await orch('run', 'start', '.', '--root', 'b', '--wait');
  expect(second.code).toBe(1);
  expect(told.slice(2)).toMatchObject([
    { kind: 'failed', task_id: 'b', text: expect.stringContaining('exit') as string },
    { kind: 'failed', task_id: null },
  ]);
  expect(new Set(signatures)).toEqual(new Set([true]));
  expect(left()).toEqual([]);
  for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
    const file = path.join(dir, name);
    if (name.includes('stderr') || !/\.(json|jsonl|yaml)$/.test(name)) continue;
    expect(readFileSync(file, 'utf8').includes('sesame'), name).toBe(false);
  }
});

it('an endpoint that answers 500 gets it again, in the same drive, without holding up the run', async () => {
  let failures = 2;
  const { url, told } = await listen(() => (failures-- > 0 ? 500 : 200));
  program(
    {
      a: { run: ask, publish: [] },
      b: { run: 'until [ -e go ]; do sleep 0.05; done', publish: [] },
    },
    { notify: [{ on: all, to: { webhook: url } }] },
  );
  const ended = orch('run', 'start', '.', '--root', 'a', '--root', 'b', '--wait');
  await until(() => (told.length > 0 ? true : null));
  expect(told[0]?.kind).toBe('question');
  writeFiles(dir, { go: '' });
  await ended;
});

it('what a dead or hanging endpoint did not take is sent by the next drive, and others are told meanwhile', async () => {
  const tell = path.join(dir, 'tell.sh');
  const { url } = await listen(() => null);
  program(
    { a: { run: ask, publish: [] } },
    {
      notify: [
        { on: all, to: { webhook: url } },
        { on: ['question'], to: { webhook: 'http://127.0.0.1:9/nobody' } },
        { on: all, to: { command: ['sh', tell] } },
      ],
    },
  );
  writeFiles(dir, { 'tell.sh': 'cat >> told.jsonl; echo >> told.jsonl\n' });
  const first = await orch('run', 'start', '.', '--root', 'a', '--wait');
  expect(first.code, first.stderr).toBe(3);
  const lines = readFileSync(path.join(dir, 'told.jsonl'), 'utf8').trim().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as Told).kind)).toEqual(['question']);
  expect(left()).toHaveLength(2);
  const { port } = server?.address() as AddressInfo;
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve));
  const { told } = await listen(() => 200, port);
  const [id = ''] = Object.keys((await show()).instances);
  expect(id).not.toBe('');
  const question = (JSON.parse(lines[0] ?? '') as Told).command.split(' ')[4] ?? '';
  expect((await orch('inbox', 'reply', '.', question, '--text', 'yes', '--resume')).code).toBe(0);
  expect(told.map(({ kind }) => kind)).toEqual(['question', 'done']);
  expect(left()).toHaveLength(1);
});

it('an engine that is killed loses none', async () => {
  const { url, told } = await listen(() => (existsSync(path.join(dir, 'up')) ? 200 : 500));
  program(
    {
      a: { run: ask, publish: [] },
      b: { run: 'until [ -e go ]; do sleep 0.05; done', publish: [] },
    },
    { notify: [{ on: all, to: { webhook: url } }] },
  );
  const id = (
    await orch('run', 'start', '.', '--root', 'a', '--root', 'b', '--no-wait')
  ).stdout.trim();
  await until(() => (existsSync(path.join(dir, '.runs')) && left().length > 0 ? true : null));
  const explained = (await orch('run', 'explain', '.', id, '--json')).stdout;
  process.kill(Number(/pid (\d+)/.exec(explained)?.[1]), 'SIGKILL');
  writeFiles(dir, { up: '', go: '' });
  await until(async () => {
    await orch('run', 'resume', '.', id, '--wait');
    return told.length > 0 ? true : null;
  });
  expect(told[0]).toMatchObject({ kind: 'question', text: 'Ship it?' });
});

it('notify test says who was told, and validation what goes nowhere', async () => {
  const { url, told } = await listen(() => 200);
  const to = (target: unknown) => ({ on: ['done'], to: target });
  program(
    { a: { run: 'true', publish: [] } },
    {
      notify: [
        to({ webhook: url, secret_env: 'NOT_SET' }),
        to({ webhook: url }),
        to({ slack: 'NO_URL' }),
      ],
    },
  );
  const { code, stdout } = await orch('notify', 'test', '.');
  expect(code).toBe(1);
  expect(stdout).toContain('not sent: NOT_SET is not set');
  expect(stdout).toMatch(/webhook http:\/\/127\.0\.0\.1:\d+\tsent/);
  expect(stdout).toContain('slack (NO_URL)\tnot sent: NO_URL holds no URL');
  expect(told.map(({ kind }) => kind)).toEqual(['test']);
  const bad = [
    to('everywhere'),
    to({ webhook: 'ftp://x' }),
    to({ command: ['a'], slack: 'B' }),
    to({}),
  ];
  program(
    { a: { run: 'true', publish: [] } },
    { notify: [...bad, { on: ['asked'], to: 'desktop' }] },
  );
  const validated = (await orch('project', 'validate', '.')).stdout;
  for (const words of [
    'must be one of desktop, not "everywhere"',
    'must be a URL with http:// or https://',
    'not command and slack',
    'takes one of command, webhook, slack, desktop',
    'must be one of question, failed, done, budget, usage_limit, stalled, not "asked"',
  ])
    expect(validated).toContain(words);
});
