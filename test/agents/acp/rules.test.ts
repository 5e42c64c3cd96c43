/** What an agent over ACP is allowed, what holds it, and what it is taken for. Pure. */
import { describe, expect, it } from 'vitest';
import { answerPermission } from '../../../src/agents/acp/bridge/permissions.ts';
import { turnCost, turnUsage } from '../../../src/agents/acp/bridge/usage.ts';
import { knownProgram, programIn } from '../../../src/agents/acp/known-agents.ts';
import { unheldByAcp } from '../../../src/agents/acp/settings.ts';
import { classifyFailure } from '../../../src/agents/failure.ts';
import { backendOf } from '../../../src/agents/backends.ts';
import { bareAgent } from '../../../src/agents/resolve-agent.ts';
import type { AgentSpec, Sandbox } from '../../../src/model/program.ts';

const options = ['allow_always', 'allow_once', 'reject_once'].map((kind) => ({
  optionId: `id-${kind}`,
  kind,
}));

describe('a request for permission', () => {
  it.each([
    ['inside_sandbox', 'allow_once', { wrapped: true, isHeld: false }, 'execute'],
    ['full_access', 'allow_once', { wrapped: false, isHeld: false }, 'delete'],
    ['leaves_sandbox', 'reject_once', { wrapped: false, isHeld: true }, 'execute'],
    ['changes_mode', 'reject_once', { wrapped: true, isHeld: false }, 'switch_mode'],
  ] as const)('is answered by the rule %s: %s', (rule, optionKind, order, kind) => {
    expect(answerPermission(order, { kind, options, isStopping: false })).toEqual({
      rule,
      optionKind,
      outcome: { outcome: 'selected', optionId: `id-${optionKind}` },
    });
  });

  it('is cancelled where nothing holds for this time alone, or the attempt is stopped', () => {
    const order = { wrapped: true, isHeld: false };
    const forGood = options.slice(0, 1);
    const outcome = { outcome: 'cancelled' };
    for (const offered of [forGood, [], null, 'x', [{ kind: 'allow_once' }]]) {
      const answer = answerPermission(order, { kind: 'edit', options: offered, isStopping: false });
      expect(answer).toMatchObject({ rule: 'no_option', outcome });
    }
    expect(answerPermission(order, { kind: 'edit', options, isStopping: true })).toMatchObject({
      rule: 'stopping',
      outcome,
    });
  });
});

describe('a sandbox', () => {
  const unheld = (command: string[], sandbox: Sandbox, more: Partial<AgentSpec> = {}) =>
    unheldByAcp({ ...bareAgent(backendOf('acp')), command, ...more }, sandbox)?.message ?? null;

  it('is held by ours, by the own one of who is known to have one, or refused', () => {
    for (const sandbox of ['read-only', 'workspace-write'] as const) {
      expect(unheld(['gemini', '--acp'], sandbox)).toContain(
        `holds gemini to "sandbox: ${sandbox}"`,
      );
      expect(unheld(['gemini', '--acp'], sandbox, { wrap: 'sandbox' })).toBeNull();
    }
    expect(unheld(['gemini', '--acp'], 'danger-full-access')).toBeNull();
    expect(unheld(['codex-acp'], 'workspace-write')).toBeNull();
    expect(unheld(['codex-acp'], 'read-only')).toContain('closes the directory of the attempt');
    expect(unheld(['gemini'], 'read-only', { wrap: ['nice'] })).not.toBeNull();
  });
});

describe('a program', () => {
  it.each([
    ['codex-acp', ['/opt/bin/codex-acp']],
    ['codex-acp', ['npx', '-y', '@agentclientprotocol/codex-acp@2.6.0']],
    ['opencode', ['opencode', 'acp']],
    ['my-agent', ['node', '--no-warnings', '/a/my-agent.mjs', '--flag']],
    ['', []],
  ])('is known as %s', (name, argv) => {
    expect(programIn(argv)).toBe(name);
  });

  it('has a home where it says, or where it is the custom', () => {
    const env = { HOME: '/h', CODEX_HOME: '/c', XDG_DATA_HOME: '/data' };
    expect(knownProgram(['codex-acp']).homes(env)).toEqual(['/c']);
    expect(knownProgram(['claude-agent-acp']).homes(env)).toEqual(['/h/.claude']);
    expect(knownProgram(['my-agent']).homes(env)).toEqual(
      expect.arrayContaining(['/h/.my-agent', '/data/my-agent', '/h/.config/my-agent']),
    );
    const openCode = knownProgram(['opencode', 'acp']);
    expect(openCode.homes(env)).toEqual(
      ['/data', '/h/.local/state', '/h/.cache', '/h/.config'].map((base) => `${base}/opencode`),
    );
    expect(openCode.ownHome('/own', env)).toMatchObject({
      env: { HOME: '/own', XDG_DATA_HOME: '/own/.local/share', XDG_CONFIG_HOME: '/own/.config' },
      links: { '/own/.local/share/opencode/auth.json': '/data/opencode/auth.json' },
    });
  });
});

/** What an attempt has failed of whose bridge said so. */
function failureOf(ended: object, termination: 'orphaned' | 'nonzero_exit' = 'nonzero_exit') {
  const reader = backendOf('acp').reader();
  reader.push('{"type":"session_started","session_id":"s-1"}');
  reader.push(JSON.stringify({ type: 'turn_ended', outcome: 'failed', ...ended }));
  return classifyFailure(backendOf('acp'), {
    termination,
    returnCode: 1,
    output: reader.summary(),
    stderrTail: '',
    requestedSessionId: null,
    timeoutMs: null,
    finishedAtMs: Date.UTC(2030, 0, 1),
    isStall: false,
  });
}

it('what an attempt used is what the end of its turn says, whatever comes after', () => {
  const reader = backendOf('acp').reader();
  const usage = { input_tokens: 7, cached_input_tokens: 0, output_tokens: 5 };
  const push = (event: object): void => void reader.push(JSON.stringify(event));
  push({ type: 'usage', usage: { ...usage, input_tokens: 3 } });
  push({ type: 'turn_ended', outcome: 'completed', usage: { ...usage, cost_usd: 0.5 } });
  push({ type: 'usage', usage: { ...usage, input_tokens: 4 } });
  expect(reader.summary().usage).toMatchObject({ input_tokens: 7, cost_usd: 0.5 });
});

describe('a usage limit', () => {
  const error = { cause: 'error', code: -32603 };
  const at = Date.UTC(2030, 0, 1, 2) / 1000;

  it.each([
    [{ data: { errorKind: 'rate_limit' }, limits: { status: 'rejected', resetsAt: at } }, 'no', at],
    [{ data: { errorKind: 'rate_limit' }, limits: { status: 'rejected' } }, 'no', null],
    [
      { data: { errorKind: 'rate_limit' }, limits: { resetsAt: 1 } },
      'You’ve hit your weekly limit',
      null,
    ],
    [{ data: { errorKind: 'rate_limit' } }, "You've hit your 5-hour limit · resets 2am", null],
    [{ data: { codexErrorInfo: 'usageLimitExceeded', message: 'Wait.' } }, 'Internal error', null],
  ])('is one by its fields: %j', (fields, message, resetsAt) => {
    expect(failureOf({ ...error, ...fields, message })).toMatchObject({
      failure_kind: 'external_usage_limit',
      resume_recommended: true,
      retry_at: resetsAt === null ? null : new Date(resetsAt * 1000).toISOString(),
    });
  });

  it.each([
    [{ data: { errorKind: 'rate_limit' } }, 'slow down'],
    [{ data: { errorKind: 'rate_limit' }, limits: { status: 'allowed_warning' } }, 'slow down'],
    [{ limits: { status: 'rejected', resetsAt: at } }, 'no'],
    [{}, 'You’ve hit your usage limit. Try again at 3:05 PM.'],
    [{ data: { codexErrorInfo: 'serverOverloaded' } }, 'You’ve hit your usage limit.'],
  ])('is none without: %j, %s', (fields, message) => {
    const { failure_kind: kind } = failureOf({ ...error, ...fields, message });
    expect(kind).not.toBe('external_usage_limit');
  });
});

describe('a bridge that is gone', () => {
  it('has lost its agent, whose session goes on', () => {
    const reader = backendOf('acp').reader();
    reader.push('{"type":"session_started","session_id":"s-1"}');
    const evidence = {
      returnCode: null,
      output: reader.summary(),
      stderrTail: '',
      requestedSessionId: null,
      timeoutMs: null,
      finishedAtMs: 0,
      isStall: false,
    };
    for (const [termination, returnCode] of [
      ['orphaned', null],
      ['nonzero_exit', 137],
    ] as const) {
      const failure = classifyFailure(backendOf('acp'), { ...evidence, termination, returnCode });
      expect(failure).toMatchObject({ failure_kind: 'agent_lost', resume_recommended: true });
    }
  });
});

describe('use', () => {
  const counts = { inputTokens: 100, outputTokens: 20, cachedReadTokens: 40, cachedWriteTokens: 0 };

  it('has the cache as a part of its input, whichever way it is told', () => {
    const expected = { input_tokens: 100, cached_input_tokens: 40, output_tokens: 20 };
    expect(turnUsage({ usage: { ...counts, totalTokens: 120 } })).toMatchObject(expected);
    const beside = { ...counts, inputTokens: 60, totalTokens: 120 };
    expect(turnUsage({ usage: beside })).toMatchObject(expected);
    const quota = { input_tokens: 100, cached_input_tokens: 40, output_tokens: 20 };
    expect(turnUsage({ _meta: { quota: { token_count: quota } } })).toMatchObject(expected);
    expect(turnUsage({ usage: null, _meta: { quota: { token_count: null } } })).toBeNull();
  });

  it('costs what the sum grew by, where that is known', () => {
    expect(turnCost(0.5, 0.2)).toEqual({ cost_usd: 0.3 });
    expect(turnCost(null, 0)).toEqual({});
    expect(turnCost(0.5, null)).toEqual({});
  });
});
