import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/agents/backend.ts';
import { claudeBackend } from '../../../src/agents/claude/backend.ts';
import { classifyFailure } from '../../../src/agents/failure.ts';

const session = '0199aaaa-0000-7000-8000-000000000001';

/** What the end of a process means that printed these lines. */
function meaningOf(
  lines: readonly object[],
  more: { returnCode?: number; requested?: string; stderr?: string } = {},
): Failure {
  const reader = claudeBackend.reader();
  for (const line of lines) reader.push(JSON.stringify(line));
  return classifyFailure(claudeBackend, {
    termination: 'nonzero_exit',
    returnCode: more.returnCode ?? 1,
    output: reader.summary(),
    stderrTail: more.stderr ?? '',
    requestedSessionId: more.requested ?? null,
    timeoutMs: null,
    finishedAtMs: Date.parse('2026-11-26T12:00:00Z'),
    isStall: false,
  });
}

function result(fields: object): object {
  return { type: 'result', subtype: 'success', is_error: true, result: 'it said so', ...fields };
}

function apiError(error: string, fields: object = {}): object {
  const content = [{ type: 'text', text: 'API Error' }];
  return { type: 'assistant', message: { content }, is_api_error_message: true, error, ...fields };
}

describe('the fields of a failed turn', () => {
  it.each([
    ['authentication_failed', { api_error_status: 401 }, 'external_auth', true],
    ['authentication_failed', { api_error_status: null }, 'external_auth', true],
    ['model_not_found', { api_error_status: 404 }, 'external_protocol', false],
    ['unknown', { api_error_status: 400 }, 'external_protocol', false],
    ['unknown', { api_error_status: null }, 'external_protocol', true],
    ['billing_error', { api_error_status: 400 }, 'external_rate_limit', true],
    ['rate_limit', { api_error_status: 429 }, 'external_rate_limit', true],
    ['server_error', { api_error_status: 529 }, 'external_network', true],
    ['server_error', { api_error: 'connection_failed' }, 'external_network', true],
    ['', { api_error_status: 503 }, 'external_network', true],
    ['invalid_request', { api_error_status: 413 }, 'external_protocol', false],
  ] as const)('%s %j: %s', (error, fields, kind, isWorthRetrying) => {
    expect(meaningOf([apiError(error), result(fields)])).toEqual({
      failure_kind: kind,
      failure_summary: 'it said so',
      resume_recommended: isWorthRetrying,
    });
  });

  it('knows a usage limit by its fields, and when it ends', () => {
    const at = Date.parse('2026-11-26T17:00:00Z') / 1000;
    const limit = { status: 'rejected', resetsAt: at, rateLimitType: 'five_hour' };
    const failed = { api_error_status: 429, api_error: 'usage_limit_reached' };
    const told = apiError('rate_limit', { api_error_params: { rate_limit_info: limit } });
    const known = { failure_kind: 'external_usage_limit', retry_at: '2026-11-26T17:00:00.000Z' };
    expect(meaningOf([told, result(failed)])).toMatchObject(known);
    // Version 2.1.197 says it before the answer, and there alone.
    const event = { type: 'rate_limit_event', rate_limit_info: limit };
    const earlier = [event, apiError('rate_limit'), result({ api_error_status: 429 })];
    expect(meaningOf(earlier)).toMatchObject(known);
    const past = { type: 'rate_limit_event', rate_limit_info: { ...limit, resetsAt: 1 } };
    expect(meaningOf([past, apiError('rate_limit'), result(failed)])).toMatchObject({
      retry_at: null,
    });
    const allowed = { type: 'rate_limit_event', rate_limit_info: { ...limit, status: 'allowed' } };
    const plain = meaningOf([allowed, apiError('rate_limit'), result({ api_error_status: 429 })]);
    expect(plain.failure_kind).toBe('external_rate_limit');
  });

  it.each([
    ['error_max_structured_output_retries', 'output_schema'],
    ['error_max_turns', 'task_runtime'],
    ['error_during_execution', 'external_protocol'],
  ] as const)('%s: %s', (subtype, kind) => {
    const failed = meaningOf([result({ subtype, result: undefined, errors: ['[ede] x'] })]);
    expect(failed).toMatchObject({ failure_kind: kind, failure_summary: '[ede] x' });
  });

  it('tells a prompt that is too long from a history that is', () => {
    const lines = [result({ terminal_reason: 'prompt_too_long', api_error_status: 400 })];
    expect(meaningOf(lines).failure_kind).toBe('task_runtime');
    expect(meaningOf(lines, { requested: session }).failure_kind).toBe('session_lost');
  });

  it('knows a session that is not there, where one was asked for', () => {
    const errors = [`No conversation found with session ID: ${session}`];
    const lines = [result({ subtype: 'error_during_execution', errors })];
    expect(meaningOf(lines, { requested: session }).failure_kind).toBe('session_lost');
    expect(meaningOf(lines).failure_kind).toBe('external_protocol');
  });

  it('does not take an exit status of 0 for success', () => {
    const aborted = result({ subtype: 'error_during_execution', terminal_reason: 'aborted_tools' });
    expect(meaningOf([aborted], { returnCode: 0 }).failure_kind).toBe('interrupted');
    expect(meaningOf([], { returnCode: 0 }).failure_kind).toBe('external_protocol');
  });
});

describe('an end without a result', () => {
  it.each([
    [1, 'Error: Input must be provided', 'runner_invocation', 'Error: Input must be provided'],
    [74, '', 'external_protocol', 'the session is open in another attempt'],
    [127, 'claude: not found', 'runner_invocation', 'claude: not found'],
    [143, '', 'interrupted', 'SIGTERM'],
  ] as const)('%i %s: %s', (returnCode, stderr, kind, summary) => {
    const failed = meaningOf([], { returnCode, stderr });
    expect(failed.failure_kind).toBe(kind);
    expect(failed.failure_summary).toContain(summary);
  });
});
