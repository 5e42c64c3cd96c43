/**
 * Section 18 of the contract: an attempt that stands still is found, and one that works without printing is left alone.
 * With real processes, each in a workspace of its own.
 */
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { codexOrch, testDirectory, writeFiles, type Ended } from '../support/built-program.ts';

const root = testDirectory('stalls');
afterAll(() => rmSync(root, { recursive: true, force: true }));

const IDLE_SEC = 3;
/** More than twice the limit. */
const LONG_SEC = 8;

let dir: string;
let count = 0;
beforeEach(() => {
  count += 1;
  dir = path.join(root, String(count));
  mkdirSync(dir);
});

/** A little work now and then: a few hundredths of a core. */
const little = `const end = Date.now() + ${LONG_SEC * 1000};
const step = () => { const t = Date.now() + 15; while (Date.now() < t); if (Date.now() < end) setTimeout(step, 150); };
step();`;
const everySecond = (act: string): string =>
  `const fs = require('node:fs'); let n = 0;
const timer = setInterval(() => { n += 1; ${act}; if (n >= ${LONG_SEC}) clearInterval(timer); }, 1000);`;
const node = (code: string): string => `node -e "${code.replace(/\n/g, ' ')}"`;

/** Shell lines that take longer than the limit, and get on. */
const working: Record<string, string> = {
  w_computes: node(little),
  w_in_a_session: `setsid -w ${node(little)} < /dev/null > /dev/null 2>&1`,
  w_detached: `(setsid ${node(little)} < /dev/null > /dev/null 2>&1 &); node -e "setTimeout(() => {}, ${LONG_SEC * 1000})"`,
  w_short_lived: `for i in $(seq ${LONG_SEC * 2}); do awk 'BEGIN { for (i = 0; i < 400000; i++) x += i }'; sleep 0.4; done`,
  w_writes: node(everySecond(`fs.appendFileSync('log.txt', 'x')`)),
  w_writes_deep: `mkdir -p a/b/c; ${node(everySecond(`fs.writeFileSync('a/b/c/' + n, ''); fs.rmSync('a/b/c/' + (n - 1), { force: true })`))}`,
  w_own_files: node(
    everySecond(`fs.writeFileSync(process.env.CODEX_ORCH_ATTEMPT_DIR + '/notes.txt', String(n))`),
  ),
  w_errors: node(everySecond(`process.stderr.write('.')`)),
  w_dots: node(everySecond(`process.stdout.write('.')`)),
};

/** Lines that never end by themselves, and do nothing. */
const hanging: Record<string, string> = {
  h_sleeps: 'sleep 1000',
  h_socket: node(
    `const net = require('node:net'); const s = net.createServer(() => {}).listen(0, '127.0.0.1', () => net.connect(s.address().port, '127.0.0.1').on('data', () => {}));`,
  ),
  h_deadlock: `flock a sh -c 'sleep 0.5; flock b true' & flock b sh -c 'sleep 0.5; flock a true' & wait`,
  h_atomics: node('Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)'),
  h_input: 'mkfifo f; read x < f',
  h_pipe: 'sleep 1000 | cat | (read x; echo $x)',
  h_stopped: 'kill -STOP $$',
  h_child: 'setsid sleep 1000 & wait',
  h_timer: node('setInterval(() => {}, 500)'),
};

/** A stand-in for Codex that does as its task is called. */
const codex = `#!/usr/bin/env node
const fs = require('node:fs');
const print = (o) => fs.writeSync(1, JSON.stringify(o) + '\\n');
const task = process.env.CODEX_ORCH_TASK_ID;
const attempt = Number(process.env.CODEX_ORCH_ATTEMPT_DIR.slice(-4));
const prompt = fs.readFileSync(0, 'utf8');
fs.appendFileSync(__dirname + '/calls.jsonl', JSON.stringify({ task, attempt, prompt, argv: process.argv }) + '\\n');
print({ type: 'thread.started', thread_id: '00000000-0000-4000-8000-000000000001' });
print({ type: 'turn.started' });
const command = { id: 'item_0', type: 'command_execution', command: 'make test', aggregated_output: '' };
const finish = () => {
  print({ type: 'item.completed', item: { id: 'item_1', type: 'agent_message', text: 'done' } });
  print({ type: 'turn.completed', usage: { input_tokens: 1, cached_input_tokens: 0, output_tokens: 1 } });
  process.exit(0);
};
if (task.includes('command')) print({ type: 'item.started', item: { ...command, status: 'in_progress' } });
if (task === 'w_command') setTimeout(finish, ${LONG_SEC * 1000});
else if (task === 'mends' && attempt > 1) finish();
else if (task === 'asks' && attempt > 3) finish();
else setInterval(() => {}, 1000);
`;

interface TaskFields {
  run?: string;
  [field: string]: unknown;
}

function newProgram(tasks: Record<string, TaskFields>, project: Record<string, unknown>): void {
  const files: Record<string, unknown> = {
    'project.yaml': {
      ...{ name: 'p', workspace: '.', edition: 2, max_concurrency: 50 },
      ...{ node_idle_timeout_sec: IDLE_SEC, node_terminate_grace_sec: 1, ...project },
    },
  };
  for (const [id, fields] of Object.entries(tasks)) {
    const agent = fields.run === undefined ? {} : { agent: 'shell', publish: [] };
    files[`tasks/${id}.yaml`] = {
      ...{ id, title: id, status: 'ready', workspace: `ws/${id}`, ...agent },
      ...(fields.run === undefined ? { compose: [{ kind: 'literal', text: 'Go.' }] } : {}),
      ...fields,
    };
    mkdirSync(path.join(dir, 'ws', id), { recursive: true });
  }
  writeFiles(dir, files);
  writeFileSync(path.join(dir, 'codex.cjs'), codex);
  chmodSync(path.join(dir, 'codex.cjs'), 0o755);
}

const orch = (...words: string[]): Promise<Ended> =>
  codexOrch(words, {
    cwd: dir,
    env: { CODEX_ORCH_CODEX_BIN: path.join(dir, 'codex.cjs'), CODEX_HOME: path.join(dir, 'home') },
  });
const instances = async () => {
  const { stdout } = await orch('run', 'show', 'latest', '--json');
  const shown = JSON.parse(stdout) as { instances: Record<string, Record<string, unknown>> };
  return Object.values(shown.instances);
};
interface Call {
  task: string;
  attempt: number;
  prompt: string;
  argv: string[];
}
const calls = (): Call[] =>
  readFileSync(path.join(dir, 'calls.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Call);

describe('18. Stalls', () => {
  it('tells twenty attempts that work from those that hang', async () => {
    const lines = Object.entries({ ...working, ...hanging });
    const tasks: Record<string, TaskFields> = {
      ...Object.fromEntries(lines.map(([id, run]) => [id, { run }])),
      w_command: {},
      // A model that has been asked, and sends nothing.
      h_model: {},
      h_command: { command_timeout_sec: IDLE_SEC },
    };
    newProgram(tasks, { on_stall: 'fail', repair: 0 });
    const roots = Object.keys(tasks).flatMap((id) => ['--root', id]);
    const started = await orch('run', 'start', ...roots);
    expect(started.code, started.stderr).toBe(1);
    const verdicts = (await instances()).map(({ task_id: id, status, termination_reason: why }) =>
      status === 'done' ? `${String(id)} works` : `${String(id)} ${String(why)}`,
    );
    expect(verdicts.sort()).toEqual(
      Object.keys(tasks)
        .map((id) => (id.startsWith('w_') ? `${id} works` : `${id} idle_timeout`))
        .sort(),
    );
    expect(verdicts.length).toBeGreaterThanOrEqual(20);
  }, 240_000);

  it('goes on in the same session, told what happened', async () => {
    newProgram({ mends: {} }, {});
    const started = await orch('run', 'start', '--root', 'mends');
    expect(started.code, started.stderr).toBe(0);
    const [first, second] = calls();
    expect(first?.argv).not.toContain('resume');
    expect(second?.argv).toContain('resume');
    expect(second?.prompt).toContain('no sign of progress');
    expect(await instances()).toMatchObject([
      {
        status: 'done',
        attempt: 2,
        attempts: [{ termination_reason: 'idle_timeout', progressed: false }, {}],
      },
    ]);
    expect((await orch('run', 'events', 'latest')).stdout).toContain('instance_continued');
    expect((await orch('run', 'verify', 'latest')).code).toBe(0);
  }, 240_000);

  it('asks a person after two in a row, and obeys what they say', async () => {
    newProgram({ asks: {} }, {});
    const started = await orch('run', 'start', '--root', 'asks');
    expect(started.code, started.stderr).toBe(3);
    expect(calls()).toHaveLength(2);
    const open = async () => {
      const listed = await orch('inbox', 'list', '--json', '--unresolved-only');
      const [entry] = JSON.parse(listed.stdout) as { interrupt: Record<string, unknown> }[];
      return entry?.interrupt ?? {};
    };
    const asked = await open();
    expect(asked['options']).toEqual(['continue', 'fresh session', 'give up']);
    await orch('inbox', 'reply', String(asked['interrupt_id']), '--text', 'continue');
    expect((await orch('run', 'resume', 'latest')).code).toBe(3);
    expect(calls()[2]?.argv).toContain('resume');
    const again = await open();
    await orch('inbox', 'reply', String(again['interrupt_id']), '--text', 'fresh session');
    const resumed = await orch('run', 'resume', 'latest');
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(calls()[3]?.argv).not.toContain('resume');
    expect((await orch('run', 'verify', 'latest')).code).toBe(0);
  }, 240_000);

  it('is by output alone in edition 1, and fails', async () => {
    const run = working['w_computes'] ?? '';
    newProgram({ a: { run } }, { edition: 1, node_idle_timeout_sec: 1 });
    expect((await orch('run', 'start', '--root', 'a')).code).toBe(1);
    const [a] = await instances();
    expect(a).toMatchObject({ termination_reason: 'idle_timeout', attempt: 1 });
    expect(a?.['error']).toBe('the agent printed nothing for its idle limit of 1 s');
  }, 240_000);
});
