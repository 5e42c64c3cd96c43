/** Attempts of agents over ACP, by the built bridge and an agent that does what real ones were seen to do. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { LocalExecutor } from '../../../src/execution/local/executor.ts';
import type { AgentActivity } from '../../../src/model/activity.ts';
import type { AttemptEnd, AttemptOrder } from '../../../src/model/attempt.ts';
import type { AgentSpec } from '../../../src/model/program.ts';
import { acpPrompt, bubblewrapProblem, scriptedAgent } from '../../support/acp.ts';
import type { ModelStep } from '../../support/model-server.ts';
import {
  exists,
  newOrder,
  pidOf,
  read,
  temporaryDirectory,
  until,
  untilPrinted,
  type OrderChange,
} from '../../execution/local/orders.ts';

const root = temporaryDirectory('acp');
const home = path.join(root, 'home', '.acp-agent');

interface Given extends OrderChange {
  flags?: string[];
}

function acpOrder(steps: ModelStep[], { flags = [], agent, ...change }: Given = {}): AttemptOrder {
  const order = newOrder(
    root,
    {
      backend: 'acp',
      sandbox: 'danger-full-access',
      agent: { command: scriptedAgent(...flags), ...agent },
      ...change,
    },
    acpPrompt(steps),
  );
  return { ...order, env: { HOME: path.dirname(home), ACP_AGENT_HOME: home, ...order.env } };
}

const executor = new LocalExecutor({ env: process.env, launchers: [] });

async function run(order: AttemptOrder, heard: AgentActivity[] = []): Promise<AttemptEnd> {
  return (await executor.start(order, (all) => heard.push(...all))).ended;
}

function entries(order: AttemptOrder, type: string): Record<string, unknown>[] {
  return read(order, 'events.jsonl')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((entry) => entry['type'] === type);
}

const message = (end: AttemptEnd): string | null =>
  end.final_message !== null && 'text' in end.final_message ? end.final_message.text : null;

describe('a turn', () => {
  it('ends with what was said after the last tool call, and shows all of it', async () => {
    const heard: AgentActivity[] = [];
    const order = acpOrder([
      { noise: 'starting up …' },
      { say: 'I will look.', id: 'm1' },
      { think: 'hm' },
      { plan: ['look'] },
      { run: 'echo seen; exit 2' },
      { say: 'a warning' },
      { say: '{"ok":true}', id: 'm2' },
    ]);
    const end = await run(order, heard);
    expect(end).toMatchObject({ termination_reason: 'completed', failure_kind: null });
    expect(message(end)).toBe('{"ok":true}');
    expect(end.usage).toMatchObject({ input_tokens: 110, cached_input_tokens: 40 });
    expect(heard).toContainEqual({ type: 'message', id: 'm1', text: 'I will look.' });
    expect(heard).toContainEqual({
      type: 'todo',
      id: 'plan',
      items: [{ text: 'look', completed: true }],
    });
    const commands = heard.filter(({ type }) => type === 'command');
    expect(commands.map((each) => 'status' in each && each.status)).toEqual([
      'in_progress',
      'failed',
    ]);
    expect(commands[1]).toMatchObject({
      command: 'echo seen; exit 2',
      output: 'seen\n',
      exitCode: 2,
    });
    const log = readFileSync(path.join(order.controlDir, 'acp.jsonl'), 'utf8');
    expect(log).toContain('"method":"session/prompt"');
    expect(log).toContain('"sessionUpdate":"agent_message_chunk"');
  });

  it('shows what a command printed, also where that comes in pieces alone', async () => {
    const heard: AgentActivity[] = [];
    const line = 'echo one; sleep 0.1; echo two; exit 3';
    await run(acpOrder([{ run: line, live: true }, { say: 'done' }]), heard);
    const shown = {
      status: 'failed',
      exitCode: 3,
      output: expect.stringContaining('one\ntwo') as string,
    };
    expect(heard).toContainEqual(expect.objectContaining(shown));
  });

  it('chooses a model where the agent lets it, and says so where it does not', async () => {
    const chosen = acpOrder([{ model: true }], {
      flags: ['--models', 'small,large'],
      model: 'large',
    });
    expect(message(await run(chosen))).toBe('large');
    const end = await run(acpOrder([], { model: 'large' }));
    expect(end).toMatchObject({ failure_kind: 'runner_invocation' });
    expect(end.failure_summary).toContain('large');
  });

  it('offers no files and no terminals, and says so to who asks all the same', async () => {
    const order = acpOrder([{ fs: '/tmp/not-written' }]);
    expect(message(await run(order))).toBe('the client answered -32601');
  });

  it('is over by name where a message nests without end, whatever the agent goes on to do', async () => {
    const end = await run(acpOrder([{ deep: 400 }, { say: 'after it' }]));
    expect(end.termination_reason).toBe('completed');
    for (const deep of [501, 200_000]) {
      const order = acpOrder([{ deep }, { hang: true }]);
      const nested = await run(order);
      expect(nested.termination_reason).not.toBe('completed');
      expect(nested.failure_summary).toContain('nested more than 500 levels deep');
    }
  });

  it('takes a tool call of 30 MB, and keeps the beginning', async () => {
    const order = acpOrder([{ big: 30 << 20 }, { say: 'after it' }]);
    expect(message(await run(order))).toBe('after it');
    for (const name of ['events.jsonl', 'acp.jsonl']) {
      expect(statSync(path.join(order.controlDir, name)).size).toBeLessThan(1 << 20);
    }
  });

  it('sends a prompt of a megabyte', async () => {
    const order = newOrder(
      root,
      { backend: 'acp', sandbox: 'danger-full-access', agent: { command: scriptedAgent() } },
      `${'x'.repeat(1 << 20)}\n${acpPrompt([{ say: 'read it' }])}`,
    );
    const env = { ACP_AGENT_HOME: home, ...order.env };
    expect(message(await run({ ...order, env }))).toBe('read it');
  });
});

describe('sessions', () => {
  const before = (sessionId: string, cwd: string): OrderChange => ({ sessionId, cwd });

  it.each([
    ['resume', []],
    ['load', ['--load']],
    ['load, replayed after the answer', ['--load', '--late']],
    ['resume, written a while after the answer', ['--lazy']],
  ])('go on by %s, and what is replayed counts for nothing', async (_, flags) => {
    const first = acpOrder([{ say: 'first' }], { flags });
    const { session_id: id } = await run(first);
    const order = acpOrder([{ run: 'true' }, { say: 'second' }], {
      flags,
      ...before(id ?? '', first.cwd),
    });
    const end = await run(order);
    expect(end).toMatchObject({ termination_reason: 'completed', session_id: id });
    expect(message(end)).toBe('second');
    expect(read(order, 'events.jsonl')).not.toContain('first');
  });

  it('are lost where the agent keeps none, or loads them with harm', async () => {
    const first = await run(acpOrder([{ say: 'first' }], { flags: ['--load'] }));
    for (const flags of [['--no-sessions'], ['--load', '--name', 'gemini-cli']]) {
      const order = acpOrder([{ say: 'never' }], { flags, sessionId: first.session_id });
      expect(await run(order)).toMatchObject({ failure_kind: 'session_lost', session_lost: true });
    }
  });
});

describe('an end', () => {
  const cases: [string, ModelStep[], object, Given?][] = [
    [
      'without use, though the model failed',
      [{ say: 'last status: 429' }, { stop: 'end_turn', usage: null }],
      { failure_kind: 'external_rate_limit', failure_summary: 'last status: 429' },
    ],
    ['with nothing said or done', [{ stop: 'end_turn' }], { failure_kind: 'external_protocol' }],
    [
      'at the limit of tokens',
      [{ say: 'half' }, { stop: 'max_tokens' }],
      { failure_kind: 'task_runtime' },
    ],
    ['by a refusal of the model', [{ stop: 'refusal' }], { failure_kind: 'task_runtime' }],
    ['with a word that is none', [{ stop: 'tired' }], { failure_kind: 'task_runtime' }],
    ['cancelled by nobody', [{ stop: 'cancelled' }], { failure_kind: 'interrupted' }],
    [
      'without a login',
      [{ error: { code: -32000, message: 'log in' } }],
      { failure_kind: 'external_auth', resume_recommended: true },
    ],
    [
      'with a status of HTTP',
      [{ error: { code: 401, message: 'no' } }],
      { failure_kind: 'external_auth' },
    ],
    [
      'with a kind of error',
      [{ error: { code: -32603, message: 'no', data: { errorKind: 'rate_limit' } } }],
      { failure_kind: 'external_rate_limit' },
    ],
    [
      'at a limit of the plan, as the service behind the agent tells it',
      [
        { limits: { status: 'rejected', resetsAt: 4_000_000_000 } },
        { error: { code: -32603, message: 'no', data: { errorKind: 'rate_limit' } } },
      ],
      { failure_kind: 'external_usage_limit', retry_at: '2096-10-02T07:06:40.000Z' },
      { knowsUsageLimits: true },
    ],
    [
      'of its process',
      [{ die: 9 }],
      {
        failure_kind: 'agent_lost',
        resume_recommended: true,
        failure_summary: 'the agent is gone: it ended with exit status 9',
      },
    ],
    [
      'before its first line',
      [],
      {
        failure_kind: 'agent_lost',
        failure_summary: 'the agent is gone: it ended with exit status 3: Error: no licence',
      },
      { flags: ['--mute'] },
    ],
    ['in another version', [], { failure_kind: 'runner_invocation' }, { flags: ['--v2'] }],
    [
      'that prints what is no message, without end',
      [],
      { failure_kind: 'external_protocol' },
      { flags: ['--garbage'] },
    ],
    ['that asks for the same again and again', [{ asks: true }], { failure_kind: 'task_runtime' }],
    [
      'that is none, for it does not start',
      [],
      { failure_kind: 'runner_invocation' },
      { agent: { command: ['/no/such/agent'] } },
    ],
  ];
  it.each(cases)('%s', async (_, steps, expected, change = {}) => {
    const end = await run(acpOrder(steps, change));
    expect(end).toMatchObject({ termination_reason: 'nonzero_exit', ...expected });
  });

  it('without use is none where an earlier turn of the session told some', async () => {
    const first = acpOrder([{ say: 'first' }]);
    const { session_id: sessionId, usage: previousUsage } = await run(first);
    const steps = [{ say: 'it failed' }, { stop: 'end_turn' }];
    expect(await run(acpOrder(steps))).toMatchObject({ termination_reason: 'completed' });
    const end = await run(acpOrder(steps, { sessionId, previousUsage, cwd: first.cwd }));
    expect(end).toMatchObject({ failure_kind: 'external_protocol', failure_summary: 'it failed' });
  });

  it('of a turn that was refused something is a failure, and not what was asked for', async () => {
    const order = acpOrder([{ mode: 'yolo' }, { stop: 'end_turn', usage: { totalTokens: 1 } }]);
    const end = await run(order);
    expect(end).toMatchObject({ failure_kind: 'task_runtime' });
    expect(end.failure_summary).toContain('yolo');
    expect(entries(order, 'permission_answered')).toEqual([
      {
        type: 'permission_answered',
        tool: 'yolo',
        kind: 'switch_mode',
        option_kind: 'reject_once',
        rule: 'changes_mode',
      },
    ]);
  });
});

describe('use', () => {
  it('is of the attempt, and unknown where the agent tells a part of it', async () => {
    const told = await run(acpOrder([{ cost: 0.25 }, { say: 'x' }]));
    expect(told.usage).toMatchObject({ input_tokens: 110, output_tokens: 20, cost_usd: 0.25 });
    const part = await run(acpOrder([{ say: 'x' }], { flags: ['--name', 'OpenCode'] }));
    expect(part).toMatchObject({ termination_reason: 'completed', usage: null });
  });
});

describe('the bridge', () => {
  it('outlives the engine, and is found again', async () => {
    const order = acpOrder([
      { run: `until [ -e go ]; do sleep 0.05; done; echo went` },
      { say: 'done' },
    ]);
    const handle = await executor.start(order, () => undefined);
    await untilPrinted(order, '"tool_call"');
    handle.detach();
    const again = new LocalExecutor({ env: process.env, launchers: [] });
    const found = await again.find(order, () => undefined);
    expect(found.kind).toBe('running');
    writeFileSync(path.join(order.cwd, 'go'), '');
    if (found.kind === 'never_started') throw new Error('it ran');
    const end = await found.handle.ended;
    expect(end.termination_reason).toBe('completed');
    expect(message(end)).toBe('done');
  });

  it.each([
    ['idle', { idleTimeoutMs: 500 }, 'idle_timeout', 'external_network'],
    ['wall', { wallTimeoutMs: 500 }, 'wall_timeout', 'task_runtime'],
  ] as const)('keeps the %s limit without an engine', async (_, limit, reason, kind) => {
    const order = acpOrder([{ hang: true }], { ...limit, graceMs: 2000 });
    const handle = await executor.start(order, () => undefined);
    const pid = await pidOf(order);
    handle.detach();
    await until('it has ended by itself', () => !exists(pid));
    const found = await executor.find(order, () => undefined);
    if (found.kind !== 'ended') throw new Error(found.kind);
    expect(await found.handle.ended).toMatchObject({
      termination_reason: reason,
      failure_kind: kind,
    });
  });

  it('ends an agent that never answers, and says that no session began', async () => {
    const end = await run(
      acpOrder([], { flags: ['--silent'], idleTimeoutMs: 1000, graceMs: 2000 }),
    );
    expect(end).toMatchObject({ termination_reason: 'idle_timeout', session_id: null });
    expect(end.failure_summary).toContain('before it had begun a session');
  });

  it('obeys a time limit that was raised meanwhile', async () => {
    const line = 'until [ -e go ]; do sleep 0.05; done';
    const order = acpOrder([{ run: line }, { say: 'done' }], { wallTimeoutMs: 60_000 });
    const handle = await executor.start(order, () => undefined);
    await untilPrinted(order, '"tool_call"');
    handle.limitWall(90_000);
    expect(readFileSync(path.join(order.controlDir, 'wall'), 'utf8')).toBe('90000\n');
    handle.stop('terminated', 'ask');
    await handle.ended;
  });

  it('leaves nothing of an agent that neither hears nor leaves, nor of what that has started', async () => {
    const order = acpOrder(
      [{ runs_on: 'echo $$ > stray; exec sleep 300' }, { run: 'echo $$ > own; exec sleep 300' }],
      { flags: ['--stays', '--deaf'], graceMs: 2000 },
    );
    const handle = await executor.start(order, () => undefined);
    const pids = await until('both run', () => {
      const files = ['stray', 'own'].map((name) => path.join(order.cwd, name));
      const texts = files.flatMap((file) => (existsSync(file) ? [readFileSync(file, 'utf8')] : []));
      return texts.length === 2 && texts.every((text) => text !== '') && texts.map(Number);
    });
    handle.stop('terminated', 'ask');
    expect(await handle.ended).toMatchObject({
      failure_kind: 'interrupted',
      resume_recommended: true,
    });
    for (const pid of pids) expect(exists(pid), `${pid}`).toBe(false);
  });

  it('that is killed takes its agent with it, and its session goes on', async () => {
    const order = acpOrder([{ run: 'echo $$ > own; exec sleep 300' }]);
    const handle = await executor.start(order, () => undefined);
    const own = path.join(order.cwd, 'own');
    await until('it works', () => existsSync(own) && readFileSync(own, 'utf8') !== '');
    handle.stop('terminated', 'kill');
    const end = await handle.ended;
    expect(end.session_id).toMatch(/^s-/);
    expect(exists(Number(readFileSync(own, 'utf8')))).toBe(false);
  });
});

describe.skipIf(bubblewrapProblem() !== null)('our sandbox', () => {
  const agent: Partial<AgentSpec> = { command: scriptedAgent(), wrap: 'sandbox' };

  it('allows each time what stays inside, and never for good', async () => {
    const outside = path.join(root, 'outside');
    const line = `echo in > inside; echo out > ${outside}`;
    const order = acpOrder([{ run: line, ask: true }, { say: 'done' }], {
      sandbox: 'workspace-write',
      agent,
      env: { ACP_AGENT_HOME: home },
    });
    expect((await run(order)).termination_reason).toBe('completed');
    expect(existsSync(path.join(order.cwd, 'inside'))).toBe(true);
    expect(existsSync(outside)).toBe(false);
    expect(entries(order, 'permission_answered')).toEqual([
      {
        type: 'permission_answered',
        tool: line,
        kind: 'execute',
        option_kind: 'allow_once',
        rule: 'inside_sandbox',
      },
    ]);
  });
});

describe('an agent with a home of its own', () => {
  it('finds no way out of it for its next attempt, where it has left a link', async () => {
    const programDir = path.join(root, 'own-home');
    const program = path.join(programDir, 'gemini');
    const outside = path.join(root, 'outside');
    for (const directory of [programDir, outside]) mkdirSync(directory);
    const words = scriptedAgent().map((word) => `"${word}"`);
    writeFileSync(program, `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`, { mode: 0o755 });
    const login = path.join(root, 'persons');
    mkdirSync(path.join(login, '.gemini'), { recursive: true });
    writeFileSync(path.join(login, '.gemini/oauth_creds.json'), '{}');
    const order = (steps: ModelStep[]): AttemptOrder => {
      const made = acpOrder(steps, { agent: { command: [program], ambient: 'none' } });
      return { ...made, programDir, env: { ...made.env, HOME: login } };
    };
    const link = `rm -r "$HOME/.gemini"; ln -s ${outside} "$HOME/.gemini"`;
    expect(await run(order([{ run: link }, { say: 'linked' }]))).toMatchObject({
      failure_kind: null,
    });
    const next = await run(order([{ say: 'here' }]));
    expect(next.failure_summary).toContain('.gemini cannot be used');
    expect(readdirSync(outside)).toEqual([]);
  });
});
