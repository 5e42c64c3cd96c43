/**
 * The real codex-acp and claude-agent-acp against local model servers: proves the facts that the `acp` backend relies on.
 * Where one is missing, its tests are skipped, and say why.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalExecutor } from '../../../src/execution/local/executor.ts';
import type { AttemptEnd, AttemptOrder } from '../../../src/model/attempt.ts';
import {
  acpPrompt,
  bubblewrapProblem,
  realAgent,
  realAgentProblem,
  type RealAgent,
} from '../../support/acp.ts';
import { claudeEnvironment } from '../../support/claude.ts';
import { codexHome, sandboxProblem } from '../../support/codex.ts';
import { startModelServer, type ModelServer, type ModelStep } from '../../support/model-server.ts';
import {
  exists,
  newOrder,
  read,
  temporaryDirectory,
  until,
  untilPrinted,
  type OrderChange,
} from '../../execution/local/orders.ts';

const root = temporaryDirectory('acp-real');
let servers: Record<RealAgent, ModelServer>;
beforeAll(async () => {
  servers = {
    'codex-acp': await startModelServer(),
    'claude-agent-acp': await startModelServer(undefined, 'anthropic'),
  };
});
afterAll(() => Promise.all(Object.values(servers).map((server) => server.stop())));

function orderOf(name: RealAgent, steps: ModelStep[], change: OrderChange = {}): AttemptOrder {
  const home = path.join(root, name);
  const { port } = servers[name];
  const agent = { command: [realAgent(name) ?? name], ...change.agent };
  const order = newOrder(root, { backend: 'acp', ...change, agent }, acpPrompt(steps));
  const env = name === 'codex-acp' ? codexHome(home, port) : claudeEnvironment(home, port);
  return { ...order, env: { ...env, HOME: home, ...order.env } };
}

const executor = new LocalExecutor({ env: process.env, launchers: [] });

async function run(order: AttemptOrder): Promise<AttemptEnd> {
  mkdirSync(order.env['HOME'] ?? root, { recursive: true });
  return (await executor.start(order, () => undefined)).ended;
}

function permissions(order: AttemptOrder): Record<string, unknown>[] {
  return read(order, 'events.jsonl')
    .split('\n')
    .filter((line) => line.includes('"permission_answered"'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Until its second command works: what is told of its use by then, and how it ended when it was stopped. */
async function cutOff(order: AttemptOrder): Promise<AttemptEnd> {
  mkdirSync(order.env['HOME'] ?? root, { recursive: true });
  const handle = await executor.start(order, () => undefined);
  const begun = path.join(order.cwd, 'begun');
  await until('its second command works', () => existsSync(begun));
  await untilPrinted(order, /"type":"usage","usage":\{"input_tokens":(?:200|300),/);
  handle.stop('terminated', 'ask');
  return handle.ended;
}

function skipped(name: RealAgent, problem: string | null): boolean {
  const told = realAgentProblem(name) ?? problem;
  if (told !== null) process.stderr.write(`\n*** SKIPPED: ${told}\n\n`);
  return told !== null;
}

/** On a busy machine the two attempts of a check take most of a minute. */
const SLOWEST_MS = 240_000;
const patient = { args: { yield_time_ms: 30_000 } };
const noSandbox = sandboxProblem(path.join(root, 'probe'));

describe.skipIf(skipped('codex-acp', noSandbox))('codex-acp', () => {
  it('holds workspace-write itself: workspace, attempt and roots, and nothing else', async () => {
    const place = path.join(root, 'a-root');
    const outside = path.join(root, 'outside');
    mkdirSync(place);
    const line = `touch in; touch "$CODEX_ORCH_ATTEMPT_DIR/mine" ${place}/in; touch ${outside}; true`;
    const order = orderOf('codex-acp', [{ exec: line, ...patient }, { text: 'done' }], {
      writableRoots: [place],
    });
    expect(await run(order)).toMatchObject({ termination_reason: 'completed' });
    const made = [
      path.join(order.cwd, 'in'),
      path.join(order.attemptDir, 'mine'),
      path.join(place, 'in'),
    ];
    for (const file of made) expect(existsSync(file), file).toBe(true);
    expect(existsSync(outside)).toBe(false);
  });

  it('is refused what leaves its sandbox, on record, and the attempt says so', async () => {
    const outside = path.join(root, 'escalated');
    const ask = { sandbox_permissions: 'require_escalated', justification: 'please' };
    const steps = [{ exec: `touch ${outside}`, args: ask }, { text: 'done' }];
    const order = orderOf('codex-acp', steps);
    const end = await run(order);
    expect(existsSync(outside)).toBe(false);
    expect(permissions(order)).toMatchObject([{ kind: 'execute', rule: 'leaves_sandbox' }]);
    expect(end).toMatchObject({ failure_kind: 'task_runtime' });
    expect(end.failure_summary).toContain('refused');
  });

  it.each([
    [429, 'external_rate_limit'],
    [400, 'external_protocol'],
  ])('is not believed that its turn ended well after HTTP %i', async (http, kind) => {
    expect(await run(orderOf('codex-acp', [{ http }]))).toMatchObject({ failure_kind: kind });
  });

  it('says of a missing login that it is one', async () => {
    const end = await run(orderOf('codex-acp', [{ http: 401 }]));
    expect(end).toMatchObject({ failure_kind: 'external_auth', resume_recommended: true });
  });

  it(
    'tells what it uses while it works, also of a turn that is cut off, of each attempt alone',
    { timeout: SLOWEST_MS },
    async () => {
      const steps = [{ exec: 'true' }, { exec: 'touch begun; exec sleep 300', ...patient }];
      const first = orderOf('codex-acp', steps, { metered: true, graceMs: 5000 });
      const end = await cutOff(first);
      const used = { input_tokens: 200, cached_input_tokens: 80, output_tokens: 40 };
      expect(end).toMatchObject({ failure_kind: 'interrupted', usage: used });
      const { session_id: sessionId, usage: previousUsage } = end;
      const change = {
        metered: true,
        graceMs: 5000,
        sessionId,
        previousUsage,
        cwd: first.cwd,
      } as const;
      rmSync(path.join(first.cwd, 'begun'));
      expect((await cutOff(orderOf('codex-acp', steps, change))).usage).toMatchObject(used);
    },
  );

  it('tells a usage limit by a field, with its end', async () => {
    const resets_at = Math.floor(Date.now() / 1000) + 7200;
    const body = { error: { type: 'usage_limit_reached', plan_type: 'plus', resets_at } };
    const end = await run(orderOf('codex-acp', [{ http: 429, body }], { knowsUsageLimits: true }));
    expect(end).toMatchObject({ failure_kind: 'external_usage_limit', resume_recommended: true });
    // It is told in minutes.
    const toldMs = Date.parse(end.retry_at ?? '');
    expect(Math.abs(toldMs - resets_at * 1000)).toBeLessThan(61_000);
  });

  it('leaves nothing of a command that goes on after a cancellation', async () => {
    const line = 'echo $$ > own; exec sleep 300';
    const order = orderOf('codex-acp', [{ exec: line, ...patient }], {
      sandbox: 'danger-full-access',
      graceMs: 5000,
    });
    mkdirSync(order.env['HOME'] ?? root, { recursive: true });
    const handle = await executor.start(order, () => undefined);
    const own = path.join(order.cwd, 'own');
    const pid = await until('it runs', () => existsSync(own) && Number(readFileSync(own, 'utf8')));
    handle.stop('terminated', 'ask');
    expect(await handle.ended).toMatchObject({ failure_kind: 'interrupted' });
    expect(exists(pid)).toBe(false);
  });
});

describe.skipIf(skipped('claude-agent-acp', bubblewrapProblem()))('claude-agent-acp', () => {
  it('asks for each command, is allowed it in our sandbox, and tells what it cost', async () => {
    const outside = path.join(root, 'claude-outside');
    const line = `touch in; touch ${outside}; true`;
    const order = orderOf('claude-agent-acp', [{ bash: line }, { text: 'done' }], {
      agent: { wrap: 'sandbox' },
    });
    const end = await run(order);
    expect(end).toMatchObject({ termination_reason: 'completed' });
    expect(end.usage?.cost_usd).toBeGreaterThan(0);
    expect(permissions(order)).toMatchObject([
      { kind: 'execute', option_kind: 'allow_once', rule: 'inside_sandbox' },
    ]);
    expect(existsSync(path.join(order.cwd, 'in'))).toBe(true);
    expect(existsSync(outside)).toBe(false);
  });

  it(
    'tells what it uses while it works, also of a turn that is cut off, of each attempt alone',
    { timeout: SLOWEST_MS },
    async () => {
      const steps = [{ bash: 'true' }, { bash: 'touch begun; exec sleep 300' }];
      const given = { metered: true, graceMs: 5000, agent: { wrap: 'sandbox' } } as const;
      const first = orderOf('claude-agent-acp', steps, given);
      const end = await cutOff(first);
      // What is read from the cache, or written to it, is part of the input.
      const used = { input_tokens: 300, cached_input_tokens: 80 };
      expect(end).toMatchObject({ failure_kind: 'interrupted', usage: used });
      const { session_id: sessionId, usage: previousUsage } = end;
      const change = { ...given, sessionId, previousUsage, cwd: first.cwd };
      rmSync(path.join(first.cwd, 'begun'));
      expect((await cutOff(orderOf('claude-agent-acp', steps, change))).usage).toMatchObject(used);
    },
  );

  it.each([
    ['at once', [], false],
    ['after an answer, with its end', [{ bash: 'true' }], true],
  ])('tells a usage limit of a subscription: %s', async (_, before, isTimed) => {
    const steps = [...before, { limit: 'five_hour', resetsIn: 7200 }];
    const order = orderOf('claude-agent-acp', steps, {
      knowsUsageLimits: true,
      agent: { wrap: 'sandbox' },
    });
    delete order.env['ANTHROPIC_API_KEY'];
    order.env['CLAUDE_CODE_OAUTH_TOKEN'] = 'sk-ant-oat01-test';
    const end = await run(order);
    expect(end).toMatchObject({ failure_kind: 'external_usage_limit', resume_recommended: true });
    expect(typeof end.retry_at).toBe(isTimed ? 'string' : 'object');
  });
});
