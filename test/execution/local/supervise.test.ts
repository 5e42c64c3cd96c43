import { statSync, existsSync, readFileSync, writeFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AgentActivity } from '../../../src/model/activity.ts';
import {
  exists,
  newLaunch,
  pidOf,
  read,
  shellLaunch,
  temporaryDirectory,
  until,
  untilPrinted,
} from './launches.ts';
import { runToEnd, startAttempt } from './start.ts';

const root = temporaryDirectory('supervise');

describe('a command that runs to its end', () => {
  it('gets the prompt on standard input, and its standard output is the final message', async () => {
    const launch = newLaunch(root, { run: 'cat; echo "in $PWD"; echo oops >&2' }, 'do it\n');
    const end = await runToEnd(launch);
    expect(end).toMatchObject({
      termination_reason: 'completed',
      return_code: 0,
      failure_kind: null,
      failure_summary: null,
      resume_recommended: false,
      session_id: null,
      session_lost: false,
      usage: null,
      final_message: { file: path.join(launch.attemptDir, 'events.jsonl') },
      started_at: launch.startedAt,
    });
    expect(read(launch, 'events.jsonl')).toBe(`do it\nin ${launch.cwd}\n`);
    expect(read(launch, 'stderr.log')).toBe('oops\n');
  });

  it('reports a failure with the exit status and the last line of standard error', async () => {
    const launch = shellLaunch(root, 'echo first >&2; echo "no such luck" >&2; exit 7');
    expect(await runToEnd(launch)).toMatchObject({
      termination_reason: 'nonzero_exit',
      return_code: 7,
      failure_kind: 'task_runtime',
      failure_summary: 'the command ended with exit status 7: no such luck',
      resume_recommended: false,
    });
  });

  it('reports death by signal as 128 + n, without a word of the wrapping shell', async () => {
    const launch = shellLaunch(root, 'kill -SEGV $$');
    const end = await runToEnd(launch);
    expect(end).toMatchObject({ return_code: 139, termination_reason: 'nonzero_exit' });
    expect(end.failure_summary).toBe('the command was killed by SIGSEGV (exit status 139)');
    expect(read(launch, 'stderr.log')).toBe('');
  });

  it('prefers the task’s line, then the agent’s argv; args follow', async () => {
    const launch = newLaunch(root);
    const agent = { ...launch.agent, command: ['printf', '%s|'], args: ['a b', '$c'] };
    await runToEnd({ ...launch, agent });
    expect(read(launch, 'events.jsonl')).toBe('a b|$c|');
    const other = newLaunch(root);
    await runToEnd({ ...other, agent, run: 'echo "run: $2"' });
    expect(read(other, 'events.jsonl')).toBe('run: $c\n');
  });

  it('sees the worker’s environment over the agent’s, and nothing of the wrapper’s', async () => {
    const launch = newLaunch(root, {
      run: 'echo "$A $B"; env | grep -c _codex_orch; ls /proc/self/fd | wc -l',
      env: { A: 'worker' },
    });
    const agent = { ...launch.agent, env: { A: 'agent', B: 'agent' } };
    await runToEnd({ ...launch, agent });
    // Standard input, output, error, and the directory that ls reads.
    const [variables, leaked] = read(launch, 'events.jsonl').split('\n');
    expect(variables).toBe('worker agent');
    expect(leaked).toBe('0');
  });

  it.each([
    ['no such program', 127],
    ['not executable', 126],
  ])('tells a command that cannot run: %s', async (what, code) => {
    const launch = newLaunch(root);
    const file = path.join(launch.cwd, 'tool');
    if (what === 'not executable') writeFileSync(file, 'x', { mode: 0o644 });
    const agent = { ...launch.agent, command: [file] };
    expect(await runToEnd({ ...launch, agent })).toMatchObject({
      return_code: code,
      failure_kind: 'runner_invocation',
      resume_recommended: false,
    });
  });

  it('ends at once where the workspace is missing, or nothing is to run', async () => {
    const gone = shellLaunch(root, 'true', { cwd: path.join(root, 'nowhere') });
    const process = await startAttempt(gone);
    expect(process.pid).toBeNull();
    const end = await process.ended;
    expect(end).toMatchObject({ return_code: null, failure_kind: 'runner_invocation' });
    expect(end.failure_summary).toContain('nowhere does not exist');
    expect(JSON.parse(read(gone, 'runtime.json'))).toMatchObject({
      pid: null,
      failure_kind: 'runner_invocation',
    });
    expect((await runToEnd(newLaunch(root))).failure_summary).toContain('`run` line');
  });

  it('names what to do where Codex is missing', async () => {
    const launch = newLaunch(root, {
      backend: 'codex',
      env: { CODEX_ORCH_CODEX_BIN: path.join(root, 'no-codex') },
    });
    const end = await runToEnd(launch);
    expect(end.failure_kind).toBe('runner_invocation');
    expect(end.failure_summary).toMatch(/no-codex.*CODEX_ORCH_CODEX_BIN.*codex-orch doctor/s);
  });
});

describe('runtime.json', () => {
  it('tells the pid while it lives, and how it ended afterwards', async () => {
    const launch = shellLaunch(
      root,
      'echo one; echo two; echo err >&2; until [ -e go ]; do sleep 0.01; done; read x < none',
      {
        wallTimeoutMs: 60_000,
        sandbox: 'read-only',
      },
    );
    const process = await startAttempt(launch);
    const runtime = path.join(launch.attemptDir, 'runtime.json');
    await until('it is reported', () => existsSync(runtime));
    expect(JSON.parse(read(launch, 'runtime.json'))).toMatchObject({
      pid: process.pid,
      cwd: launch.cwd,
      project_workspace_dir: launch.cwd,
      command: ['/bin/sh', '-c', launch.run, 'sh'],
      sandbox: null,
      writable_roots: [launch.attemptDir, launch.inboxDir],
      started_at: launch.startedAt,
      finished_at: null,
      wall_timeout_sec: 60,
      idle_timeout_sec: null,
      termination_reason: null,
      return_code: null,
      resume_recommended: null,
    });
    writeFileSync(path.join(launch.cwd, 'go'), '');
    const end = await process.ended;
    const record = JSON.parse(read(launch, 'runtime.json')) as Record<string, unknown>;
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
  it('asks the whole group, and reports the first reason', async () => {
    const launch = shellLaunch(root, 'sleep 300 & echo "child $!"; wait');
    const process = await startAttempt(launch);
    const child = Number(/child (\d+)\n/.exec(await untilPrinted(launch, /child \d+\n/))?.[1]);
    process.stop('idle_timeout');
    process.stop('terminated');
    expect(await process.ended).toMatchObject({
      termination_reason: 'idle_timeout',
      return_code: 143,
    });
    expect(exists(child)).toBe(false);
    expect(exists(pidOf(process))).toBe(false);
  });

  it('kills after the grace what ignores the question', async () => {
    const launch = shellLaunch(root, "trap '' TERM; echo ready; while :; do sleep 0.05; done", {
      graceMs: 300,
    });
    const process = await startAttempt(launch);
    await untilPrinted(launch, 'ready');
    const asked = Date.now();
    process.stop('terminated');
    expect(await process.ended).toMatchObject({
      termination_reason: 'terminated',
      failure_kind: 'interrupted',
      resume_recommended: true,
      return_code: 137,
    });
    expect(Date.now() - asked).toBeGreaterThanOrEqual(290);
  });

  it('does not wait for the grace when forced', async () => {
    const launch = shellLaunch(root, "trap '' TERM; echo ready; while :; do sleep 0.05; done", {
      graceMs: 60_000,
    });
    const process = await startAttempt(launch);
    await untilPrinted(launch, 'ready');
    process.stop('terminated');
    process.stop('terminated', { force: true });
    expect(await process.ended).toMatchObject({ return_code: 137 });
  });

  it('lets a command clean up, and does not take its exit 0 for success', async () => {
    const launch = shellLaunch(
      root,
      'trap "echo cleaned; exit 0" TERM; echo ready; while :; do sleep 0.02; done',
    );
    const process = await startAttempt(launch);
    await untilPrinted(launch, 'ready');
    process.stop('terminated');
    expect(await process.ended).toMatchObject({ termination_reason: 'terminated', return_code: 0 });
    expect(read(launch, 'events.jsonl')).toContain('cleaned');
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
    const launch = newLaunch(root, {
      backend: 'codex',
      sandbox: 'danger-full-access',
      graceMs: 600,
      env: { CODEX_ORCH_CODEX_BIN: fake },
    });
    const process = await startAttempt(launch);
    const seen: string[] = [];
    process.onActivity((all) => {
      for (const activity of all) if (activity.type === 'error') seen.push(activity.message);
    });
    await untilPrinted(launch, 'turn.started');
    process.stop('terminated');
    expect(await process.ended).toMatchObject({ return_code: 137 });
    expect(seen).toEqual(['INT', 'TERM']);
  });

  it('ends what the leader left in its group, even when that ignores TERM', async () => {
    const launch = shellLaunch(
      root,
      `sh -c 'trap "" TERM; echo "left $$"; while :; do sleep 0.05; done' & ` +
        'until [ -s "$CODEX_ORCH_ATTEMPT_DIR/events.jsonl" ]; do sleep 0.01; done; exit 0',
      { graceMs: 200 },
    );
    const end = await runToEnd(launch);
    expect(end).toMatchObject({ termination_reason: 'completed', return_code: 0 });
    const left = Number(/left (\d+)/.exec(read(launch, 'events.jsonl'))?.[1]);
    expect(left).toBeGreaterThan(1);
    expect(exists(left)).toBe(false);
  });
});

describe('limits', () => {
  it('ends a silent agent at the idle limit', async () => {
    const launch = shellLaunch(root, 'echo hello; sleep 300', { idleTimeoutMs: 300 });
    expect(await runToEnd(launch)).toMatchObject({
      termination_reason: 'idle_timeout',
      failure_kind: 'task_runtime',
      failure_summary: 'the agent printed nothing for its idle limit of 0.3 s',
      resume_recommended: false,
    });
  });

  it('takes output on standard error for a sign of life', async () => {
    const launch = shellLaunch(
      root,
      'for i in 1 2 3 4 5 6 7 8 9 0; do echo . >&2; sleep 0.1; done',
      {
        idleTimeoutMs: 600,
      },
    );
    expect(await runToEnd(launch)).toMatchObject({ termination_reason: 'completed' });
  });

  it('counts the wall limit from the start of the attempt', async () => {
    const launch = shellLaunch(root, 'while :; do echo busy; sleep 0.05; done', {
      wallTimeoutMs: 60_000,
      startedAt: new Date(Date.now() - 59_700).toISOString(),
    });
    const process = await startAttempt(launch);
    expect(await process.ended).toMatchObject({
      termination_reason: 'wall_timeout',
      failure_summary: 'the attempt reached its time limit of 60 s',
    });
  });
});

describe('output', () => {
  it('does not take closed output for the end', async () => {
    const launch = shellLaunch(
      root,
      'exec >&- 2>&-; until [ -e go ]; do sleep 0.01; done; touch done; exit 5',
    );
    const process = await startAttempt(launch);
    let over = false;
    void process.ended.then(() => (over = true));
    await new Promise((resolve) => setTimeout(resolve, 250)); // two polls: it must not have ended
    expect(over).toBe(false);
    writeFileSync(path.join(launch.cwd, 'go'), '');
    expect(await process.ended).toMatchObject({ return_code: 5 });
    expect(existsSync(path.join(launch.cwd, 'done'))).toBe(true);
  });

  it('reads half a line when it is the last, and malformed UTF-8', async () => {
    const launch = shellLaunch(
      root,
      "printf 'whole\\nbad \\377 byte\\nhal'; sleep 0.2; printf 'f'",
    );
    const activities: AgentActivity[] = [];
    const process = await startAttempt(launch);
    process.onActivity((all) => activities.push(...all));
    await process.ended;
    expect(activities).toEqual([
      { type: 'output', text: 'whole' },
      { type: 'output', text: 'bad \uFFFD byte' },
      { type: 'output', text: 'half' },
    ]);
  });

  it('survives a flood with flat memory, and counts its lines', async () => {
    const bytes = 300 << 20;
    const launch = shellLaunch(root, `yes 0123456789012345678901234567890 | head -c ${bytes}`);
    const before = globalThis.process.memoryUsage().rss;
    let peak = 0;
    const sampling = setInterval(() => {
      peak = Math.max(peak, globalThis.process.memoryUsage().rss - before);
    }, 20);
    const started = Date.now();
    const process = await startAttempt(launch);
    expect(await process.ended).toMatchObject({ termination_reason: 'completed' });
    clearInterval(sampling);
    expect(statSync(path.join(launch.attemptDir, 'events.jsonl')).size).toBe(bytes);
    expect(process.progress().stdoutLineCount).toBe(Math.floor(bytes / 32));
    expect(peak).toBeLessThan(120 << 20);
    expect(Date.now() - started).toBeLessThan(20_000);
  });

  it('leaves out one line of 200 MB of a Codex stream, and goes on', async () => {
    const fake = path.join(root, 'flooding-codex');
    const script = `#!/bin/sh
echo '{"type":"thread.started","thread_id":"t-1"}'
echo '{"type":"turn.started"}'
printf '{"type":"item.completed","item":{"id":"x","type":"command_execution","aggregated_output":"'
head -c 209715200 /dev/zero | tr '\\0' x
echo '"}}'
echo '{"type":"item.completed","item":{"id":"y","type":"agent_message","text":"done"}}'
echo '{"type":"turn.completed","usage":{"input_tokens":150,"output_tokens":9}}'
`;
    writeFileSync(fake, script, { mode: 0o755 });
    const launch = newLaunch(root, {
      backend: 'codex',
      env: { CODEX_ORCH_CODEX_BIN: fake },
      sessionId: 't-1',
      previousUsage: {
        input_tokens: 100,
        cached_input_tokens: 0,
        output_tokens: 4,
        reasoning_output_tokens: 0,
      },
    });
    const before = globalThis.process.memoryUsage().rss;
    const omitted: number[] = [];
    const process = await startAttempt(launch);
    process.onActivity((all) => {
      for (const activity of all) if (activity.type === 'truncated') omitted.push(activity.bytes);
    });
    expect(await process.ended).toMatchObject({
      termination_reason: 'completed',
      session_id: 't-1',
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
  const launchOf = (file: string, sessionId: string | null = null) =>
    newLaunch(root, { backend: 'codex', sessionId, env: { CODEX_ORCH_CODEX_BIN: file } });

  it('is no success without turn.completed', async () => {
    const fake = fakeCodex('quitter', `echo '{"type":"thread.started","thread_id":"a"}'`);
    expect(await runToEnd(launchOf(fake))).toMatchObject({
      termination_reason: 'nonzero_exit',
      return_code: 0,
      failure_kind: 'external_protocol',
      resume_recommended: true,
      session_id: 'a',
    });
  });

  it('is stopped at once where another session begins than the one asked for', async () => {
    const fake = fakeCodex(
      'stranger',
      `echo '{"type":"thread.started","thread_id":"other"}'; sleep 300`,
    );
    expect(await runToEnd(launchOf(fake, 'mine'))).toMatchObject({
      failure_kind: 'session_lost',
      session_lost: true,
      session_id: null,
      termination_reason: 'terminated',
    });
  });

  it('is interrupted, and worth resuming, when something outside kills it', async () => {
    const fake = fakeCodex(
      'victim',
      `echo '{"type":"thread.started","thread_id":"a"}'; kill -KILL $$`,
    );
    expect(await runToEnd(launchOf(fake))).toMatchObject({
      return_code: 137,
      failure_kind: 'interrupted',
      resume_recommended: true,
    });
  });

  it('removes the empty directories that Codex leaves in the attempt directory, only these', async () => {
    const fake = fakeCodex('litterer', `exit 1`);
    const launch = launchOf(fake);
    for (const name of ['.git', '.codex', '.agents/kept']) {
      mkdirSync(path.join(launch.attemptDir, name), { recursive: true });
    }
    await runToEnd(launch);
    expect(existsSync(path.join(launch.attemptDir, '.git'))).toBe(false);
    expect(existsSync(path.join(launch.attemptDir, '.agents/kept'))).toBe(true);
  });
});

it('takes up what was started, and starts nothing again', async () => {
  const launch = shellLaunch(root, 'echo begun; exit 3');
  await runToEnd(launch);
  const { ended } = await startAttempt(launch);
  expect(await ended).toMatchObject({ return_code: 3 });
  expect(readFileSync(path.join(launch.attemptDir, 'events.jsonl'), 'utf8')).toBe('begun\n');
});
