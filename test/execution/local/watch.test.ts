import { existsSync, mkdirSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { realPathOf } from '../../../src/disk/real-path.ts';
import type { AgentActivity } from '../../../src/model/activity.ts';
import {
  newOrder,
  type OrderChange,
  pidOf,
  read,
  shellOrder,
  temporaryDirectory,
  until,
  untilPrinted,
} from './orders.ts';
import { runToEnd, startAttempt } from './start.ts';

const root = temporaryDirectory('supervise');

describe('a command that runs to its end', () => {
  it('gets the prompt on standard input, and its standard output is the final message', async () => {
    const order = newOrder(root, { run: 'cat; echo "in $PWD"; echo oops >&2' }, 'do it\n');
    const end = await runToEnd(order);
    expect(end).toMatchObject({
      termination_reason: 'completed',
      return_code: 0,
      failure_kind: null,
      failure_summary: null,
      resume_recommended: false,
      session_id: null,
      session_lost: false,
      usage: null,
      final_message: { file: path.join(order.controlDir, 'events.jsonl') },
      started_at: order.startedAt,
    });
    expect(read(order, 'events.jsonl')).toBe(`do it\nin ${order.cwd}\n`);
    expect(read(order, 'stderr.log')).toBe('oops\n');
  });

  it.each(['a launcher', 'the engine'])(
    'keeps what is printed to its owner (forked by %s)',
    async (by) => {
      // A variable that a shell would not hand on is for the engine itself to start with.
      const env: Record<string, string> = by === 'a launcher' ? {} : { 'not.a.name': '1' };
      const order = shellOrder(root, 'umask; echo oops >&2; : > made', { env });
      const mask = process.umask();
      await runToEnd(order);
      expect(Number.parseInt(read(order, 'events.jsonl'), 8)).toBe(mask);
      for (const name of ['events.jsonl', 'stderr.log']) {
        expect(statSync(path.join(order.controlDir, name)).mode & 0o777).toBe(0o600);
      }
      expect(statSync(path.join(order.cwd, 'made')).mode & 0o777).toBe(0o666 & ~mask);
    },
  );

  it('reports a failure with the exit status and the last line of standard error', async () => {
    const order = shellOrder(root, 'echo first >&2; echo "no such luck" >&2; exit 7');
    expect(await runToEnd(order)).toMatchObject({
      termination_reason: 'nonzero_exit',
      return_code: 7,
      failure_kind: 'task_runtime',
      failure_summary: 'the command ended with exit status 7: no such luck',
      resume_recommended: false,
    });
  });

  it('prefers the task’s line, then the agent’s argv; args follow', async () => {
    const agent = { command: ['printf', '%s|'], args: ['a b', '$c'] };
    const order = newOrder(root, { agent });
    await runToEnd(order);
    expect(read(order, 'events.jsonl')).toBe('a b|$c|');
    const other = newOrder(root, { agent, run: 'echo "run: $2"' });
    await runToEnd(other);
    expect(read(other, 'events.jsonl')).toBe('run: $c\n');
  });

  it('sees the worker’s environment over the agent’s, and nothing of the wrapper’s', async () => {
    const order = newOrder(root, {
      run: 'echo "$A $B"; env | grep -c _codex_orch; ls /proc/self/fd | wc -l',
      agent: { env: { A: 'agent', B: 'agent' } },
      env: { A: 'worker' },
    });
    await runToEnd(order);
    // Standard input, output, error, and the directory that ls reads.
    const [variables, leaked] = read(order, 'events.jsonl').split('\n');
    expect(variables).toBe('worker agent');
    expect(leaked).toBe('0');
  });

  it.each([
    ['no such program', 127],
    ['not executable', 126],
  ])('tells a command that cannot run: %s', async (what, code) => {
    const file = path.join(root, `tool-${code}`);
    const order = newOrder(root, { agent: { command: [file] } });
    if (what === 'not executable') writeFileSync(file, 'x', { mode: 0o644 });
    expect(await runToEnd(order)).toMatchObject({
      return_code: code,
      failure_kind: 'runner_invocation',
      resume_recommended: false,
    });
  });

  it('ends at once where nothing is to run', async () => {
    expect((await runToEnd(newOrder(root))).failure_summary).toContain('`run` line');
  });

  it('names what to do where Codex is missing', async () => {
    const order = newOrder(root, {
      backend: 'codex',
      env: { CODEX_ORCH_CODEX_BIN: path.join(root, 'no-codex') },
    });
    const end = await runToEnd(order);
    expect(end.failure_kind).toBe('runner_invocation');
    expect(end.failure_summary).toMatch(/no-codex.*CODEX_ORCH_CODEX_BIN.*codex-orch doctor/s);
  });

  it('starts no agent with a prompt that it would not take', async () => {
    const env = { CODEX_ORCH_CODEX_BIN: '/bin/true' };
    const long = newOrder(root, { backend: 'codex', env }, '😀'.repeat(1024 * 1024 + 1));
    expect(await runToEnd(long)).toMatchObject({
      failure_kind: 'runner_invocation',
      failure_summary: expect.stringContaining('has 4194308 bytes, and the agent takes at most'),
    });
    const just = newOrder(root, { backend: 'codex', env }, '😀'.repeat(1024 * 1024));
    expect((await runToEnd(just)).failure_summary).not.toContain('the prompt');
  });

  it('says in its own words that a word or a variable is too long', async () => {
    const end = await runToEnd(shellOrder(root, `: ${'x'.repeat(128 * 1024)}`));
    expect(end.failure_summary).toContain('hand it over in a file');
    const variable = newOrder(root, { run: 'true', env: { BIG: 'x'.repeat(128 * 1024) } });
    expect((await runToEnd(variable)).failure_summary).toContain('the variable BIG has 131076');
  });
});

describe('runtime.json', () => {
  it('tells the pid while it lives, and how it ended afterwards', async () => {
    const line =
      'echo one; echo two; echo err >&2; until [ -e go ]; do sleep 0.01; done; read x < none';
    const order = shellOrder(root, line, { wallTimeoutMs: 60_000, sandbox: 'read-only' });
    const process = await startAttempt(order);
    const runtime = path.join(order.controlDir, 'runtime.json');
    await until('it is reported', () => existsSync(runtime));
    expect(JSON.parse(read(order, 'runtime.json'))).toMatchObject({
      pid: await pidOf(order),
      cwd: order.cwd,
      project_workspace_dir: order.cwd,
      command: ['/bin/sh', '-c', line, 'sh'],
      sandbox: null,
      writable_roots: [order.attemptDir],
      started_at: order.startedAt,
      finished_at: null,
      wall_timeout_sec: 60,
      idle_timeout_sec: null,
      termination_reason: null,
      return_code: null,
      resume_recommended: null,
    });
    writeFileSync(path.join(order.cwd, 'go'), '');
    const end = await process.ended;
    const record = JSON.parse(read(order, 'runtime.json')) as Record<string, unknown>;
    expect(record).toMatchObject({
      return_code: end.return_code,
      termination_reason: 'nonzero_exit',
      failure_kind: 'task_runtime',
      stdout_line_count: 2,
      stderr_line_count: 2,
      last_event_summary: 'two',
      finished_at: end.finished_at,
      usage: null,
    });
    for (const field of ['last_stdout_at', 'last_stderr_at', 'last_event_at', 'last_progress_at']) {
      expect(record[field]).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    }
  });
});

describe('stopping', () => {
  it('does not wait for the grace when forced', async () => {
    const order = shellOrder(root, "trap '' TERM; echo ready; while :; do sleep 0.05; done", {
      graceMs: 60_000,
    });
    const process = await startAttempt(order);
    await untilPrinted(order, 'ready');
    process.stop('terminated', 'ask');
    process.stop('terminated', 'kill');
    expect(await process.ended).toMatchObject({ return_code: 137 });
  });

  it('lets a command clean up, and does not take its exit 0 for success', async () => {
    const order = shellOrder(
      root,
      'trap "echo cleaned; exit 0" TERM; echo ready; while :; do sleep 0.02; done',
    );
    const process = await startAttempt(order);
    await untilPrinted(order, 'ready');
    process.stop('terminated', 'ask');
    expect(await process.ended).toMatchObject({ termination_reason: 'terminated', return_code: 0 });
    expect(read(order, 'events.jsonl')).toContain('cleaned');
  });

  it('asks Codex with full access by INT, and escalates', async () => {
    const fake = path.join(root, 'stubborn-codex');
    const script = `#!/bin/sh
trap 'echo "{\\"type\\":\\"error\\",\\"message\\":\\"INT\\"}"' INT
trap 'echo "{\\"type\\":\\"error\\",\\"message\\":\\"TERM\\"}"' TERM
echo '{"type":"turn.started"}'
while :; do sleep 0.02; done
`;
    writeFileSync(fake, script, { mode: 0o755 });
    const order = newOrder(root, {
      backend: 'codex',
      sandbox: 'danger-full-access',
      graceMs: 4000,
      env: { CODEX_ORCH_CODEX_BIN: fake },
    });
    const seen: string[] = [];
    const process = await startAttempt(order, (all) => {
      for (const activity of all) if (activity.type === 'error') seen.push(activity.message);
    });
    await untilPrinted(order, 'turn.started');
    process.stop('terminated', 'ask');
    await until('it is asked by TERM', () => seen.includes('TERM'));
    process.stop('terminated', 'kill');
    expect(await process.ended).toMatchObject({ return_code: 137 });
    expect(seen).toEqual(['INT', 'TERM']);
  });
});

describe('limits', () => {
  it('takes output on standard error for a sign of life', async () => {
    const line = 'i=0; while [ $((i += 1)) -le 35 ]; do echo . >&2; sleep 0.1; done';
    const order = shellOrder(root, line, { idleTimeoutMs: 3000 });
    expect(await runToEnd(order)).toMatchObject({ termination_reason: 'completed' });
  });

  it('counts the wall limit while it works, whatever the clock says of its start', async () => {
    const order = shellOrder(root, 'while :; do echo busy; sleep 0.05; done', {
      wallTimeoutMs: 1500,
      startedAt: new Date(Date.now() - 60_000).toISOString(),
    });
    const process = await startAttempt(order);
    expect(await process.ended).toMatchObject({
      termination_reason: 'wall_timeout',
      failure_summary: 'the attempt reached its time limit of 1.5 s',
    });
  });
});

describe('what the system does not take', () => {
  it.each<[string, OrderChange, string]>([
    ['a word', { run: `: ${'x'.repeat(1 << 18)}` }, 'argument 2 has 262146 bytes'],
    ['a variable', { env: { BIG: 'x'.repeat(1 << 18) } }, 'the variable BIG has 262148 bytes'],
  ])('%s fails the attempt in our words, before anything starts', async (_, change, words) => {
    const end = await (await startAttempt(newOrder(root, { run: 'true', ...change }))).ended;
    expect(end).toMatchObject({
      failure_kind: 'runner_invocation',
      failure_summary: expect.stringContaining(words) as string,
      resume_recommended: false,
    });
  });
});

describe('a workspace that a neighbour could exchange until the start', () => {
  it('is not begun in where a link leads elsewhere by then', async () => {
    const order = shellOrder(root, 'touch was-here');
    const realCwd = realPathOf(order.cwd);
    const elsewhere = path.join(root, 'elsewhere');
    mkdirSync(elsewhere);
    renameSync(order.cwd, `${order.cwd}.gone`);
    symlinkSync(elsewhere, order.cwd);
    expect(await runToEnd({ ...order, realCwd })).toMatchObject({
      termination_reason: 'nonzero_exit',
      failure_kind: 'runner_invocation',
      failure_summary: expect.stringContaining('its workspace was exchanged') as string,
    });
    expect(existsSync(path.join(elsewhere, 'was-here'))).toBe(false);
  });

  it('is begun in whatever it is called, and nothing of that look is told', async () => {
    const real = path.join(root, ' a\n"$(b)\n');
    const cwd = path.join(root, 'leads-there');
    mkdirSync(real);
    symlinkSync(real, cwd);
    const order = shellOrder(root, 'echo "$0 $PWD" > was-here', { cwd, realCwd: realPathOf(cwd) });
    expect(await runToEnd(order)).toMatchObject({ termination_reason: 'completed' });
    expect(existsSync(path.join(real, 'was-here'))).toBe(true);
    expect(read(order, 'runtime.json')).not.toContain('pwd -P');
  });
});

describe('the shell around an agent', () => {
  it('that is killed by somebody else leaves an orphan: how the agent ended is not known', async () => {
    const order = shellOrder(root, 'kill -KILL $PPID; sleep 0.1; exit 7');
    expect(await (await startAttempt(order)).ended).toMatchObject({
      termination_reason: 'orphaned',
      return_code: null,
    });
  });
});

describe('output', () => {
  it('reads half a line when it is the last, and malformed UTF-8', async () => {
    const order = shellOrder(root, "printf 'whole\\nbad \\377 byte\\nhal'; sleep 0.2; printf 'f'");
    const activities: AgentActivity[] = [];
    const process = await startAttempt(order, (all) => activities.push(...all));
    await process.ended;
    expect(activities).toEqual([
      { type: 'output', text: 'whole' },
      { type: 'output', text: 'bad \uFFFD byte' },
      { type: 'output', text: 'half' },
    ]);
  });

  it('survives a flood with flat memory, and counts its lines', async () => {
    const bytes = 300 << 20;
    const order = shellOrder(root, `yes 0123456789012345678901234567890 | head -c ${bytes}`);
    const before = globalThis.process.memoryUsage().rss;
    let peak = 0;
    const sampling = setInterval(() => {
      peak = Math.max(peak, globalThis.process.memoryUsage().rss - before);
    }, 20);
    const process = await startAttempt(order);
    expect(await process.ended).toMatchObject({ termination_reason: 'completed' });
    clearInterval(sampling);
    expect(statSync(path.join(order.controlDir, 'events.jsonl')).size).toBe(bytes);
    const { stdout_line_count } = JSON.parse(read(order, 'runtime.json')) as Record<
      string,
      unknown
    >;
    expect(stdout_line_count).toBe(Math.floor(bytes / 32));
    expect(peak).toBeLessThan(120 << 20);
  });

  it('leaves out one line of 200 MB of a Codex stream, and goes on', async () => {
    const fake = path.join(root, 'flooding-codex');
    const script = `#!/bin/sh
echo '{"type":"thread.started","thread_id":"0199aaaa-0000-7000-8000-000000000001"}'
echo '{"type":"turn.started"}'
printf '{"type":"item.completed","item":{"id":"x","type":"command_execution","aggregated_output":"'
head -c 209715200 /dev/zero | tr '\\0' x
echo '"}}'
echo '{"type":"item.completed","item":{"id":"y","type":"agent_message","text":"done"}}'
echo '{"type":"turn.completed","usage":{"input_tokens":150,"output_tokens":9}}'
`;
    writeFileSync(fake, script, { mode: 0o755 });
    const order = newOrder(root, {
      backend: 'codex',
      env: { CODEX_ORCH_CODEX_BIN: fake },
      sessionId: '0199aaaa-0000-7000-8000-000000000001',
      previousUsage: {
        input_tokens: 100,
        cached_input_tokens: 0,
        output_tokens: 4,
        reasoning_output_tokens: 0,
      },
    });
    const before = globalThis.process.memoryUsage().rss;
    const omitted: number[] = [];
    const process = await startAttempt(order, (all) => {
      for (const activity of all) if (activity.type === 'truncated') omitted.push(activity.bytes);
    });
    expect(await process.ended).toMatchObject({
      termination_reason: 'completed',
      session_id: '0199aaaa-0000-7000-8000-000000000001',
      final_message: { text: 'done' },
      usage: { input_tokens: 50, output_tokens: 5 },
    });
    expect(omitted.reduce((sum, bytes) => sum + bytes, 0)).toBeGreaterThan(200 << 20);
    expect(globalThis.process.memoryUsage().rss - before).toBeLessThan(120 << 20);
  });
});

describe('a Codex stream that does not end well', () => {
  const fakeCodex = (name: string, body: string): string => {
    const file = path.join(root, name);
    writeFileSync(file, `#!/bin/sh\n${body}`, { mode: 0o755 });
    return file;
  };
  const orderOf = (file: string, sessionId: string | null = null) =>
    newOrder(root, { backend: 'codex', sessionId, env: { CODEX_ORCH_CODEX_BIN: file } });

  it('is no success without turn.completed', async () => {
    const fake = fakeCodex(
      'quitter',
      `echo '{"type":"thread.started","thread_id":"0199aaaa-0000-7000-8000-000000000001"}'`,
    );
    expect(await runToEnd(orderOf(fake))).toMatchObject({
      termination_reason: 'nonzero_exit',
      return_code: 0,
      failure_kind: 'external_protocol',
      resume_recommended: true,
      session_id: '0199aaaa-0000-7000-8000-000000000001',
    });
  });

  it('is stopped at once where another session begins than the one asked for', async () => {
    const fake = fakeCodex(
      'stranger',
      `echo '{"type":"thread.started","thread_id":"0199aaaa-0000-7000-8000-000000000002"}'; sleep 300`,
    );
    expect(await runToEnd(orderOf(fake, '0199aaaa-0000-7000-8000-000000000001'))).toMatchObject({
      failure_kind: 'session_lost',
      session_lost: true,
      session_id: null,
      termination_reason: 'terminated',
    });
  });

  it('is interrupted, and worth resuming, when something outside kills it', async () => {
    const fake = fakeCodex(
      'victim',
      `echo '{"type":"thread.started","thread_id":"0199aaaa-0000-7000-8000-000000000001"}'; kill -KILL $$`,
    );
    expect(await runToEnd(orderOf(fake))).toMatchObject({
      return_code: 137,
      failure_kind: 'interrupted',
      resume_recommended: true,
    });
  });

  it('removes the empty directories that Codex leaves in the attempt directory, only these', async () => {
    const fake = fakeCodex('litterer', `exit 1`);
    const order = orderOf(fake);
    for (const name of ['.git', '.codex', '.agents/kept']) {
      mkdirSync(path.join(order.attemptDir, name), { recursive: true });
    }
    await runToEnd(order);
    expect(existsSync(path.join(order.attemptDir, '.git'))).toBe(false);
    expect(existsSync(path.join(order.attemptDir, '.agents/kept'))).toBe(true);
  });
});
