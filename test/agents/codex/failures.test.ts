import { describe, expect, it } from 'vitest';
import type { FailureEvidence, OutputSummary } from '../../../src/agents/backend.ts';
import { codexBackend } from '../../../src/agents/codex/backend.ts';
import { commandBackend } from '../../../src/agents/command/backend.ts';
import { classifyFailure } from '../../../src/agents/failure.ts';

const silent: OutputSummary = {
  sessionId: null,
  finalMessage: null,
  turn: 'open',
  errorMessage: null,
  errorFields: null,
  usage: null,
  busyWith: null,
};

function evidence(change: Partial<FailureEvidence>): FailureEvidence {
  return {
    termination: 'nonzero_exit',
    returnCode: 1,
    output: silent,
    stderrTail: '',
    requestedSessionId: null,
    timeoutMs: null,
    finishedAtMs: 0,
    isStall: false,
    ...change,
  };
}

const url = 'url: http://127.0.0.1:40129/v1/responses';

describe('the message of a failed turn', () => {
  it.each([
    [`unexpected status 401 Unauthorized: no, ${url}`, 'external_auth', true],
    [`unexpected status 403 Forbidden: no, ${url}`, 'external_auth', true],
    ['Missing environment variable: `OPENAI_API_KEY`.', 'external_auth', true],
    ['Your access token could not be refreshed. Please log in again.', 'external_auth', true],
    // The port is no status.
    [`unexpected status 404 Not Found: no, ${url}`, 'external_protocol', false],
    [`unexpected status 422 Unprocessable Entity: , ${url}`, 'external_protocol', false],
    [
      '{"error":{"message":"fake 400","type":"fake_error","code":null}}',
      'external_protocol',
      false,
    ],
    ['exceeded retry limit, last status: 429 Too Many Requests', 'external_rate_limit', true],
    ['Quota exceeded. Check your plan and billing details.', 'external_rate_limit', true],
    ['You’ve hit your usage limit. Try again later.', 'external_usage_limit', true],
    ['A limit: You’ve hit your usage limit. Try again later.', 'external_rate_limit', true],
    [
      'stream disconnected before completion: Rate limit reached for gpt in organization org',
      'external_rate_limit',
      true,
    ],
    [`unexpected status 503 Service Unavailable: x, ${url}`, 'external_network', true],
    [
      'We’re currently experiencing high demand, which may cause temporary errors.',
      'external_network',
      true,
    ],
    [
      'stream disconnected before completion: stream closed before response.completed',
      'external_protocol',
      true,
    ],
    [
      'stream disconnected before completion: idle timeout waiting for SSE',
      'external_protocol',
      true,
    ],
    ['Connection failed: error sending request', 'external_network', true],
    [
      '{"error":{"message":"Invalid schema for response_format","code":"invalid_json_schema"}}',
      'output_schema',
      false,
    ],
    [
      "Codex ran out of room in the model's context window. Start a new thread or clear earlier history before retrying.",
      'session_lost',
      false,
    ],
    [
      'unexpected status 400 Bad Request: {"error":{"message":"The encrypted content could not be verified.","code":"invalid_encrypted_content"}}',
      'session_lost',
      false,
    ],
    [
      'unexpected status 400 Bad Request: {"error":{"message":"No tool output found for function call call_1.","type":"invalid_request_error"}}',
      'session_lost',
      false,
    ],
    ['{"error":{"message":"No tool call found for function call output"}}', 'session_lost', false],
    [
      '{"error":{"message":"x","type":"invalid_request_error","param":"tools"}}',
      'external_protocol',
      false,
    ],
    ['unexpected status 408 Request Timeout: x', 'external_protocol', true],
    ['Incomplete response returned, reason: max_output_tokens', 'task_runtime', false],
    ['bad prompt', 'task_runtime', false],
  ])('%s', (errorMessage, kind, resume) => {
    const output = { ...silent, sessionId: 's', turn: 'failed' as const, errorMessage };
    const failure = classifyFailure(codexBackend, evidence({ output }));
    expect(failure).toMatchObject({ failure_kind: kind, resume_recommended: resume });
    expect(failure.failure_summary).not.toBe('');
  });

  it('is shown as the API’s own words where it is a whole JSON body', () => {
    const errorMessage = '{"error":{"message":"Invalid schema:\\n no type","code":"x"}}';
    const output = { ...silent, turn: 'failed' as const, errorMessage };
    expect(classifyFailure(codexBackend, evidence({ output })).failure_summary).toBe(
      'Invalid schema: no type',
    );
  });

  it('outranks what stands on standard error', () => {
    const output = { ...silent, turn: 'failed' as const, errorMessage: 'bad prompt' };
    const stderrTail = 'ERROR codex_core: connection reset, no rollout found';
    expect(classifyFailure(codexBackend, evidence({ output, stderrTail })).failure_kind).toBe(
      'task_runtime',
    );
  });
});

describe('an error at the start', () => {
  it.each([
    [
      1,
      'Error: thread/resume: thread/resume failed: no rollout found for thread id 01a2 (code -32600)',
      'session_lost',
      false,
    ],
    [
      1,
      'Error: thread/resume: thread 01a2 already has an active writer',
      'external_protocol',
      true,
    ],
    [1, 'Error loading config.toml: invalid type: string "x"', 'runner_invocation', false],
    [
      1,
      'Not inside a trusted directory and --skip-git-repo-check was not specified.',
      'runner_invocation',
      false,
    ],
    [1, 'Error: Model provider `nope` not found', 'runner_invocation', false],
    [1, 'Error: No such file or directory (os error 2)', 'runner_invocation', false],
    [
      1,
      'Failed to read output schema file /x: No such file or directory (os error 2)',
      'output_schema',
      false,
    ],
    [1, 'Output schema file /x is not valid JSON: EOF', 'output_schema', false],
    [
      2,
      "error: unexpected argument '--nope' found\n\n  tip: …\n\nUsage: codex exec [OPTIONS]\n\nFor more information, try '--help'.",
      'runner_invocation',
      false,
    ],
    [127, 'sh: 10: exec: codex: not found', 'runner_invocation', false],
    [126, 'sh: 10: exec: /x/codex: Permission denied', 'runner_invocation', false],
    [101, "thread 'main' panicked at core/src/x.rs:1:2:\nboom", 'external_protocol', true],
    [1, 'Error: 401 Unauthorized: not logged in', 'external_auth', true],
    [0, '', 'external_protocol', true],
    [137, '', 'interrupted', true],
    [1, '', 'unknown', false],
  ])('%i %s', (returnCode, stderrTail, kind, resume) => {
    expect(classifyFailure(codexBackend, evidence({ returnCode, stderrTail }))).toMatchObject({
      failure_kind: kind,
      resume_recommended: resume,
    });
  });

  it('is summed up by the line that says what is wrong', () => {
    const stderrTail = "\x1b[1merror:\x1b[0m unexpected argument '-z'\n\nUsage: codex exec\n";
    expect(
      classifyFailure(codexBackend, evidence({ returnCode: 2, stderrTail })).failure_summary,
    ).toBe("codex ended with exit status 2: error: unexpected argument '-z'");
  });
});

describe('a timeout', () => {
  it.each([
    ['wall_timeout', 'model', 'task_runtime'],
    ['wall_timeout', 'retrying', 'external_network'],
    ['idle_timeout', 'retrying', 'external_network'],
    ['idle_timeout', 'model', 'external_network'],
    ['idle_timeout', 'command', 'task_runtime'],
    ['idle_timeout', null, 'task_runtime'],
  ] as const)('%s while busy with %s', (termination, busyWith, kind) => {
    const output = { ...silent, busyWith };
    const failure = classifyFailure(
      codexBackend,
      evidence({ termination, output, timeoutMs: 1500 }),
    );
    expect(failure.failure_kind).toBe(kind);
    expect(failure.failure_summary).toContain('1.5 s');
  });
});

it('an orphan is worth resuming exactly where there is a session', () => {
  const orphan = evidence({ termination: 'orphaned', returnCode: null });
  expect(classifyFailure(codexBackend, orphan).resume_recommended).toBe(false);
  const output = { ...silent, sessionId: 's' };
  expect(classifyFailure(codexBackend, { ...orphan, output }).resume_recommended).toBe(true);
});

it('another session than the one asked for is a lost session, whatever else', () => {
  const output = { ...silent, sessionId: 'other', turn: 'completed' as const };
  const failure = classifyFailure(
    codexBackend,
    evidence({ returnCode: 0, output, requestedSessionId: 'mine' }),
  );
  expect(failure).toMatchObject({ failure_kind: 'session_lost', resume_recommended: false });
});

it('a command is never blamed on the network by what it prints', () => {
  const stderrTail = 'connection refused\nTests failed: 401\n';
  expect(classifyFailure(commandBackend, evidence({ stderrTail }))).toEqual({
    failure_kind: 'task_runtime',
    failure_summary: 'the command ended with exit status 1: Tests failed: 401',
    resume_recommended: false,
  });
});

it.each([
  [
    'Node',
    "/p/x.js:2\nthrow new Error('no such ticket');\n^\n\nError: no such ticket\n    at f (/p/x.js:2:7)\n\nNode.js v20.20.2\n",
    'Error: no such ticket',
  ],
  [
    'Node, a code',
    'TypeError [ERR_X]: bad\n    at f\n\nNode.js v24.1.0\n',
    'TypeError [ERR_X]: bad',
  ],
  [
    'Node, no error',
    "/p/x.js:1\nthrow 'boom'\n^\nboom\n(Use `node --trace-uncaught ...` to show where)\n\nNode.js v20.20.2\n",
    'boom',
  ],
  [
    'Python',
    'Traceback (most recent call last):\n  File "x.py", line 1, in <module>\nValueError: no such ticket\n',
    'ValueError: no such ticket',
  ],
  ['git', 'hint: x\nfatal: not a git repository\nhint: y\n', 'fatal: not a git repository'],
  ['sh', 'sh: 1: frobnicate: not found\n', 'sh: 1: frobnicate: not found'],
])('the summary of a failed command holds the line that says why: %s', (_, stderrTail, line) => {
  const failure = classifyFailure(commandBackend, evidence({ stderrTail }));
  expect(failure.failure_summary).toBe(`the command ended with exit status 1: ${line}`);
});
