/** Lines that no agent prints who means well: whatever reads them goes on, and what it makes of them can be written down. */
import { expect, it } from 'vitest';
import { createUpdates } from '../../../src/agents/acp/bridge/updates.ts';
import { backendOf } from '../../../src/agents/backends.ts';

const deep = `${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`;
const session = '01a2b3c4-0000-7000-8000-000000000000';

it.each([
  ['codex', `{"type":"item.completed","item":{"type":"mcp_tool_call","arguments":${deep}}}`],
  ['claude', `{"type":"assistant","message":{"content":[{"type":"tool_use","input":${deep}}]}}`],
  ['claude', `{"type":"result","is_error":false,"structured_output":${deep}}`],
  ['acp', `{"type":"tool_call","id":"1","kind":"other","input":${deep}}`],
])('a line of %s that nests without end says nothing', (backend, line) => {
  const reader = backendOf(backend).reader();
  expect(reader.push(line)).toEqual([]);
  expect(reader.summary().finalMessage).toBeNull();
});

it.each([
  ['codex', '{"type":"turn.completed","usage":{"input_tokens":1e308,"output_tokens":1e309}}'],
  [
    'claude',
    '{"type":"result","is_error":false,"usage":{"input_tokens":1e308,"cache_read_input_tokens":1e308}}',
  ],
  [
    'claude',
    '{"type":"result","is_error":false,"model_usage_since_last_result":{"a":{"costUSD":1e308},"b":{"costUSD":1e308}}}',
  ],
  [
    'acp',
    '{"type":"turn_ended","outcome":"completed","usage":{"input_tokens":1e308,"cost_usd":1e308}}',
  ],
])('amounts that %s tells stay numbers in sums of many', (backend, line) => {
  const reader = backendOf(backend).reader();
  reader.push(line);
  const { usage } = reader.summary();
  for (const amount of Object.values(usage ?? { nothing: NaN })) {
    expect(Number.isSafeInteger(Math.ceil(amount * 1000))).toBe(true);
  }
});

it.each(['', '-c mcp_servers.x', 'a b', 'x'.repeat(201), '\u001b[2J'])(
  'a session over ACP is not called %j',
  (id) => {
    const reader = backendOf('acp').reader();
    const line = (session_id: string): string =>
      JSON.stringify({ type: 'session_started', session_id });
    expect(reader.push(line(id))).toEqual([]);
    expect(reader.push(line(session))).toHaveLength(1);
    expect(reader.summary().sessionId).toBe(session);
  },
);

it('what an agent over ACP sends in pieces, or of calls without number, is bounded', () => {
  const lengths: number[] = [];
  const updates = createUpdates((event) => {
    if (event.type === 'message' || event.type === 'tool_call')
      lengths.push(JSON.stringify(event).length);
  });
  const content = { text: 'x'.repeat(600_000) };
  for (let count = 0; count < 5; count += 1) {
    updates.take({ sessionUpdate: 'agent_message_chunk', content });
  }
  const long = 'y'.repeat(3_000_000);
  for (let count = 0; count < 10_100; count += 1) {
    updates.take({ sessionUpdate: 'tool_call', toolCallId: `${count}`, title: 't' });
  }
  updates.take({
    ...{ sessionUpdate: 'tool_call', toolCallId: long, title: long, kind: long, status: long },
    ...{ rawInput: { long }, locations: [{ path: long }] },
  });
  expect(Math.max(...lengths)).toBeLessThan(1_100_000);
  expect(updates.toolOf({ toolCallId: '0' }).title).toBe('');
  expect(updates.toolOf({ toolCallId: '10099' }).title).toBe('t');
});
