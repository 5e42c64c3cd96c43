/** Locks and slots of section 18, with real runs; test/races/locks.test.ts has the races. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { until, writeFiles } from '../support/built-program.ts';
import { dir, lives, orch, program, show, statuses } from './shell-program.ts';

/** Leaves a mark while it is inside, and fails where another is. */
const alone =
  'mkdir inside && sleep 0.2 && rmdir inside && echo $CODEX_ORCH_SLOT > slot-$CODEX_ORCH_TASK_ID';
const holds = (...locks: unknown[]) => ({ locks, publish: [] });
const text = (name: string) => readFileSync(path.join(dir, name), 'utf8').trim();

it('no two instances hold a lock at the same time, and each attempt has a slot', async () => {
  program(
    Object.fromEntries(['a', 'b', 'c', 'd'].map((id) => [id, { run: alone, ...holds('db') }])),
    { max_concurrency: 4 },
  );
  const roots = ['a', 'b', 'c', 'd'].flatMap((id) => ['--root', id]);
  const { code, stderr } = await orch('run', 'start', ...roots, '--wait');
  expect(code, stderr).toBe(0);
  expect(statuses(await show())).toEqual(['a done', 'b done', 'c done', 'd done']);
  for (const id of ['a', 'b', 'c', 'd']) expect(text(`slot-${id}`)).toBe('1');
  expect((await orch('run', 'verify', 'latest')).code).toBe(0);
});

it('an agent’s locks are its tasks’, unless a task says otherwise; slots tell them apart', async () => {
  const run =
    'echo $CODEX_ORCH_SLOT > slot-$CODEX_ORCH_TASK_ID; until [ -e go ]; do sleep 0.05; done';
  program(
    {
      a: { agent: 'sh', publish: [] },
      b: { agent: 'sh', publish: [] },
      c: { agent: 'sh', ...holds() },
    },
    { max_concurrency: 3, agents: { sh: { backend: 'command', run, locks: ['db'] } } },
  );
  const ended = orch('run', 'start', '--root', 'a', '--root', 'b', '--root', 'c', '--wait');
  await until(
    () => (existsSync(path.join(dir, 'slot-c')) && existsSync(path.join(dir, 'slot-a'))) || null,
  );
  await until(async () => (statuses(await show()).includes('b waiting') ? true : null));
  const shown = await show();
  const a = Object.values(shown.instances).find(({ task_id }) => task_id === 'a');
  const explained = (await orch('run', 'explain', 'latest')).stdout;
  expect(explained).toContain(`it waits for the lock "db", which ${a?.instance_id} holds`);
  writeFiles(dir, { go: '' });
  expect((await ended).code).toBe(0);
  expect([text('slot-a'), text('slot-c')].sort()).toEqual(['1', '2']);
});

it('a lock of the user holds over runs, outlives its engine, and ends with its agent', async () => {
  const user = holds({ name: 'port:5432', scope: 'user' });
  const run =
    'echo $$ > pid-$CODEX_ORCH_TASK_ID; until [ -e go-$CODEX_ORCH_TASK_ID ]; do sleep 0.05; done';
  program({ a: { run, ...user }, b: { run: 'echo in > b', ...user } });
  const first = orch('run', 'start', '--root', 'a', '--no-wait');
  const id = (await first).stdout.trim();
  await until(() => existsSync(path.join(dir, 'pid-a')) || null);
  const second = orch('run', 'start', '--root', 'b', '--wait');
  const why = await until(async () => {
    const { stdout } = await orch('run', 'explain', 'latest');
    return stdout.includes('port:5432') ? stdout : null;
  });
  expect(why).toMatch(new RegExp(`the lock "port:5432", which a-[0-9a-f]+ of run ${id} holds`));
  const lock = JSON.parse((await orch('run', 'list', '--json')).stdout) as { status: string }[];
  expect(lock[0]?.status).toBe('waiting');
  // Its engine dies; the agent lives on, and holds what it has.
  const engine = /pid (\d+)/.exec((await orch('run', 'explain', id, '--json')).stdout)?.[1] ?? '';
  process.kill(Number(engine), 'SIGKILL');
  await until(() => (lives(engine) ? null : true));
  expect((await orch('run', 'explain', 'latest')).stdout).toContain(`of run ${id} holds`);
  expect(existsSync(path.join(dir, 'b'))).toBe(false);
  writeFiles(dir, { 'go-a': '' });
  expect((await second).code).toBe(0);
  expect(text('b')).toBe('in');
  expect((await orch('run', 'resume', id, '--wait')).code).toBe(0);
});

it('validation names locks that say different things, and what is no lock', async () => {
  program({
    a: { run: 'true', ...holds('db', 'db') },
    b: { run: 'true', ...holds({ name: 'db', slots: 2 }) },
    c: { run: 'true', ...holds({ name: '', slots: 0 }, { slot: 1 }) },
  });
  const { code, stdout } = await orch('project', 'validate');
  expect(code).toBe(2);
  expect(stdout).toContain('the lock "db" is named twice');
  expect(stdout).toContain(
    'the lock "db" has 2 slots in the run here, and has 1 slot in the run for task a',
  );
  for (const field of [
    '"name" must not be empty',
    '"slots" must be a whole number',
    '"name" is missing',
  ])
    expect(stdout).toContain(field);
});

it('a directory of the user that cannot be written to is named', async () => {
  program({ a: { run: 'true', ...holds({ name: 'x', scope: 'user' }) } });
  mkdirSync(path.join(dir, 'no-home'));
  writeFiles(dir, { 'no-home/.codex-orch': 'a file' });
  const { code, stderr } = await orch('run', 'start', '--root', 'a', '--wait');
  expect(code).not.toBe(0);
  expect(stderr).toContain('.codex-orch');
});
