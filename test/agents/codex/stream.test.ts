import { describe, expect, it } from 'vitest';
import type { AgentActivity } from '../../../src/model/activity.ts';
import { createCodexReader } from '../../../src/agents/codex/stream.ts';

const SESSION = '0199aaaa-0000-7000-8000-000000000001';

function readAll(lines: (string | object)[]) {
  const reader = createCodexReader();
  const activities: AgentActivity[] = [];
  for (const line of lines) {
    activities.push(...reader.push(typeof line === 'string' ? line : JSON.stringify(line)));
  }
  return { activities, summary: reader.summary() };
}

const completed = (item: object) => ({ type: 'item.completed', item });

describe('the session of a Codex stream', () => {
  const begins = (id: unknown) => ({ type: 'thread.started', thread_id: id });
  const other = '0199aaaa-0000-7000-8000-000000000002';

  it('is taken once, from the first line that may carry it', () => {
    const { activities, summary } = readAll([begins(SESSION), begins(other)]);
    expect(summary.sessionId).toBe(SESSION);
    expect(activities).toEqual([{ type: 'session_started', sessionId: SESSION }]);
  });

  it('does not come once a turn has begun', () => {
    expect(readAll([{ type: 'turn.started' }, begins(other)]).summary.sessionId).toBeNull();
  });

  it.each([
    '',
    'x',
    '--last',
    '-c mcp_servers.x.command="/tmp/x"',
    ` ${SESSION}`,
    `${SESSION}\n-c`,
    7,
  ])('is a UUID, and never %j', (id) => {
    const { activities, summary } = readAll([begins(id)]);
    expect([activities, summary.sessionId]).toEqual([[], null]);
  });
});

describe('a stand-in that speaks of no turns', () => {
  const created = { type: 'session.created', session_id: SESSION };
  const says = completed({ id: 'item_1', type: 'agent_message', text: 'hello' });

  it('has its session, and an exit status that tells', () => {
    const { activities, summary } = readAll([created, says]);
    expect(activities[0]).toEqual({ type: 'session_started', sessionId: SESSION });
    expect(summary).toMatchObject({ turn: 'untold', sessionId: SESSION, finalMessage: 'hello' });
    expect(readAll([created]).summary.turn).toBe('untold');
    expect(readAll([says]).summary.turn).toBe('untold');
    expect(readAll([{ type: 'session.created', session_id: 'session-123' }]).summary).toMatchObject(
      { turn: 'untold', sessionId: null },
    );
  });

  it('may fail its turn all the same, or turn out to be Codex', () => {
    const failed = { type: 'turn.failed', error: { message: 'no' } };
    expect(readAll([created, failed]).summary.turn).toBe('failed');
    const thread = { type: 'thread.started', thread_id: SESSION };
    for (const lines of [[thread], [thread, says], [{ type: 'turn.started' }, says], []]) {
      expect(readAll(lines).summary.turn).toBe('open');
    }
    expect(readAll([created, { type: 'turn.started' }, says]).summary.turn).toBe('open');
  });
});

describe('the activities of a Codex stream', () => {
  it('are typed, item by item', () => {
    const command = {
      id: 'item_2',
      type: 'command_execution',
      command: "/bin/bash -c 'echo hi'",
      aggregated_output: '',
      exit_code: null,
      status: 'in_progress',
    };
    const { activities, summary } = readAll([
      { type: 'thread.started', thread_id: SESSION },
      { type: 'turn.started' },
      completed({ id: 'item_0', type: 'reasoning', text: 'thinking hard' }),
      completed({ id: 'item_1', type: 'agent_message', text: 'first note' }),
      { type: 'item.started', item: command },
      completed({ ...command, aggregated_output: 'hi\n', exit_code: 3, status: 'failed' }),
      completed({
        id: 'item_3',
        type: 'file_change',
        changes: [{ path: '/x/a.txt', kind: 'add' }],
        status: 'completed',
      }),
      {
        type: 'item.updated',
        item: { id: 'item_4', type: 'todo_list', items: [{ text: 'one', completed: true }] },
      },
      '{"type":"item.completed","item":{"id":"item_5","type":"web_search","id":"ws_1","query":"q"}}',
      completed({
        id: 'item_6',
        type: 'mcp_tool_call',
        server: 't',
        tool: 'echo',
        arguments: { a: 1 },
        result: {},
        error: { message: 'refused' },
        status: 'failed',
      }),
      completed({ id: 'item_7', type: 'error', message: 'Model metadata not found' }),
      completed({ id: 'item_8', type: 'hologram', text: 'new' }),
      completed({ id: 'item_9', type: 'agent_message', text: 'the end' }),
      {
        type: 'turn.completed',
        usage: {
          input_tokens: 300,
          cached_input_tokens: 120,
          cache_write_input_tokens: 0,
          output_tokens: 60,
          reasoning_output_tokens: 15,
        },
      },
    ]);
    const usage = {
      input_tokens: 300,
      cached_input_tokens: 120,
      output_tokens: 60,
      reasoning_output_tokens: 15,
    };
    expect(activities).toEqual([
      { type: 'session_started', sessionId: SESSION },
      { type: 'turn_started' },
      { type: 'reasoning', id: 'item_0', text: 'thinking hard' },
      { type: 'message', id: 'item_1', text: 'first note' },
      {
        type: 'command',
        id: 'item_2',
        command: "/bin/bash -c 'echo hi'",
        output: '',
        exitCode: null,
        status: 'in_progress',
      },
      {
        type: 'command',
        id: 'item_2',
        command: "/bin/bash -c 'echo hi'",
        output: 'hi\n',
        exitCode: 3,
        status: 'failed',
      },
      {
        type: 'file_change',
        id: 'item_3',
        changes: [{ path: '/x/a.txt', kind: 'add' }],
        status: 'completed',
      },
      { type: 'todo', id: 'item_4', items: [{ text: 'one', completed: true }] },
      { type: 'web_search', id: 'ws_1', query: 'q' },
      {
        type: 'tool_call',
        id: 'item_6',
        server: 't',
        tool: 'echo',
        arguments: '{"a":1}',
        error: 'refused',
        status: 'failed',
      },
      { type: 'error', message: 'Model metadata not found' },
      { type: 'other', id: 'item_8', kind: 'hologram', text: 'new' },
      { type: 'message', id: 'item_9', text: 'the end' },
      { type: 'turn_ended', outcome: 'completed', message: null, usage },
    ]);
    expect(summary).toEqual({
      sessionId: SESSION,
      finalMessage: 'the end',
      turn: 'completed',
      errorMessage: null,
      errorFields: null,
      usage,
      busyWith: null,
    });
  });
});

describe('the summary', () => {
  it('does not take an error line for the end', () => {
    const { summary } = readAll([
      { type: 'turn.started' },
      { type: 'error', message: 'Reconnecting... 1/5 (stream disconnected)' },
    ]);
    expect(summary).toMatchObject({ turn: 'open', busyWith: 'retrying' });
    expect(
      readAll([
        { type: 'error', message: 'Reconnecting... 1/5 (stream disconnected)' },
        { type: 'error', message: 'gone' },
        { type: 'turn.failed', error: { message: 'gone' } },
      ]).summary,
    ).toMatchObject({ turn: 'failed', errorMessage: 'gone' });
  });

  it('tells a busy command from a silent model', () => {
    const started = { type: 'item.started', item: { id: 'a', type: 'command_execution' } };
    expect(readAll([{ type: 'turn.started' }, started]).summary.busyWith).toBe('command');
    expect(
      readAll([{ type: 'turn.started' }, started, completed({ id: 'a', type: 'x' })]).summary
        .busyWith,
    ).toBe('model');
  });

  it.each([
    'not json',
    '',
    '{"type":"thread.started"',
    '[]',
    'null',
    '{}',
    '{"type":7}',
    '{"type":"item.completed"}',
    '{"type":"item.completed","item":null}',
    '{"type":"thread.started","thread_id":5}',
    '{"type":"turn.completed","usage":"many"}',
    '{"type":"turn.failed"}',
    '{"type":"error"}',
    '{"type":"from.the.future"}',
  ])('survives the line %s', (line) => {
    expect(() => readAll([line, { type: 'thread.started', thread_id: SESSION }])).not.toThrow();
    expect(readAll([line, { type: 'thread.started', thread_id: SESSION }]).summary.sessionId).toBe(
      SESSION,
    );
  });
});
