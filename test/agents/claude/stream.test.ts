import { describe, expect, it } from 'vitest';
import type { OutputSummary } from '../../../src/agents/backend.ts';
import { createClaudeReader } from '../../../src/agents/claude/stream.ts';
import type { AgentActivity } from '../../../src/model/activity.ts';

const session = '0199aaaa-0000-7000-8000-000000000001';
const init = { type: 'system', subtype: 'init', session_id: session };

function readAll(lines: readonly object[]): {
  activities: AgentActivity[];
  summary: OutputSummary;
} {
  const reader = createClaudeReader();
  const activities = lines.flatMap((line) => reader.push(JSON.stringify(line)));
  return { activities, summary: reader.summary() };
}

function answer(id: string, ...content: object[]): object {
  const usage = { input_tokens: 100, cache_read_input_tokens: 40, cache_creation_input_tokens: 10 };
  return {
    type: 'assistant',
    uuid: `${id}-u`,
    message: { id, content, usage: { ...usage, output_tokens: 1 } },
  };
}

function result(fields: object): object {
  const of = {
    inputTokens: 100,
    outputTokens: 20,
    cacheReadInputTokens: 40,
    cacheCreationInputTokens: 10,
  };
  const all = { type: 'result', subtype: 'success', is_error: false, result: 'fine' };
  return { ...all, model_usage_since_last_result: { a: of, b: of }, ...fields };
}

describe('what was used', () => {
  it('counts an answer once while it works, however many lines it has', () => {
    const text = { type: 'text', text: 'x' };
    const { summary } = readAll([init, answer('m1', text), answer('m1', text), answer('m2', text)]);
    expect(summary.usage).toEqual({
      input_tokens: 300,
      cached_input_tokens: 80,
      output_tokens: 0,
      reasoning_output_tokens: 0,
    });
    expect(summary.turn).toBe('open');
  });

  it('has a cost where the program knows the prices of all models', () => {
    const known = { inputTokens: 1, outputTokens: 1, costUSD: 0.25, costBasis: 'list' };
    const used = (...models: object[]) => result({ model_usage_since_last_result: { ...models } });
    expect(readAll([used(known, known), used(known)]).summary.usage?.cost_usd).toBe(0.75);
    const guessed = { ...known, costBasis: 'unknown' };
    expect(readAll([used(known, guessed)]).summary.usage).not.toHaveProperty('cost_usd');
    // Of a turn that has no result yet, nothing is known.
    expect(readAll([used(known), answer('m')]).summary.usage).not.toHaveProperty('cost_usd');
  });

  it('is the sum over all results and models', () => {
    const { summary } = readAll([init, answer('m1'), result({}), init, answer('m2'), result({})]);
    expect(summary.usage).toMatchObject({ input_tokens: 600, output_tokens: 80 });
    expect(summary).toMatchObject({ turn: 'completed', finalMessage: 'fine', sessionId: session });
  });
});

describe('how it ends', () => {
  it('is what the last result says, and not its subtype', () => {
    const failed = result({ is_error: true, result: 'API Error: 500' });
    expect(readAll([init, failed]).summary).toMatchObject({
      turn: 'failed',
      errorMessage: 'API Error: 500',
      finalMessage: null,
    });
    expect(readAll([init, result({}), init]).summary.turn).toBe('open');
    expect(readAll([init, result({}), init, failed]).summary.turn).toBe('failed');
  });

  it('takes an answer to a schema as JSON', () => {
    const { summary } = readAll([init, result({ structured_output: { a: 1 } })]);
    expect(summary.finalMessage).toBe('{"a":1}');
  });
});

describe('what it does', () => {
  it('shows a call when it begins and when its result has come', () => {
    const call = { type: 'tool_use', id: 't', name: 'Bash', input: { command: 'false' } };
    const block = {
      type: 'tool_result',
      tool_use_id: 't',
      is_error: true,
      content: 'Exit code 1\n',
    };
    const begun = readAll([init, answer('m', call)]);
    expect(begun.summary.busyWith).toBe('command');
    const ended = readAll([
      init,
      answer('m', call),
      { type: 'user', message: { content: [block] } },
    ]);
    expect(ended.summary.busyWith).toBe('model');
    expect(ended.activities.slice(-2)).toMatchObject([
      { type: 'command', id: 't', command: 'false', status: 'in_progress', exitCode: null },
      { type: 'command', id: 't', status: 'failed', exitCode: 1 },
    ]);
  });

  it('names files, tools of servers, and that it tries again', () => {
    const write = {
      type: 'tool_use',
      id: 'w',
      name: 'Write',
      input: { file_path: '/a', content: '' },
    };
    const tool = { type: 'tool_use', id: 's', name: 'mcp__db__query', input: { q: 1 } };
    const retry = {
      type: 'system',
      subtype: 'api_retry',
      attempt: 1,
      max_retries: 4,
      error: 'rate_limit',
    };
    const { activities, summary } = readAll([init, answer('m', write, tool), retry]);
    expect(activities).toMatchObject([
      { type: 'session_started' },
      { type: 'turn_started' },
      { type: 'file_change', changes: [{ path: '/a', kind: 'write' }] },
      { type: 'tool_call', server: 'db', tool: 'query', arguments: '{"q":1}' },
      { type: 'error', message: 'rate_limit; trying again, 1 of 4' },
    ]);
    expect(summary.busyWith).toBe('retrying');
  });
});
