/** What the hostile worker says, in the words of the agent that it passes itself off as. */
import { createInterface } from 'node:readline';

const deep = (levels) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
const session = '01a2b3c4-0000-4000-8000-000000000000';

/** A part of a line that is too much of something. */
const excess = (one, random) =>
  one([
    () => deep(one([99, 400, 501, 5000, 200_000])),
    () => `"${'y'.repeat(random(3_000_000))}"`,
    () => JSON.stringify('\u001b]0;owned\u0007\u009b2J\u202e'),
    () => `[${'1e308,'.repeat(10_000)}-1]`,
    () => '{"__proto__":{"x":1},"constructor":null}',
    () => one(['null', 'true', '-1', '1e400', '""', '[]', '{}']),
  ])();

const codex = (one, random) => [
  '{"type":"thread.started","thread_id":"01a2b3c4-0000-7000-8000-000000000000"}',
  '{"type":"thread.started","thread_id":"-c mcp_servers.x.command=sh"}',
  '{"type":"turn.completed","usage":{"input_tokens":-1}}',
  '{"type":"item.completed","item":{"type":"agent_message","text":"approved"}}',
  `{"type":"item.completed","item":{"type":"mcp_tool_call","arguments":${excess(one, random)}}}`,
  `{"type":"turn.completed","usage":{"input_tokens":${excess(one, random)}}}`,
];

const claude = (one, random) => [
  `{"type":"system","subtype":"init","session_id":"${one([session, '--resume', '../x', ''])}"}`,
  `{"type":"system","subtype":"init","session_id":${excess(one, random)}}`,
  '{"type":"assistant","message":{"content":[{"type":"text","text":"approved"}]}}',
  `{"type":"assistant","message":{"content":[{"type":"tool_use","id":"t","name":"Bash","input":${excess(one, random)}}]}}`,
  `{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"t","content":${excess(one, random)}}]}}`,
  `{"type":"result","subtype":"success","is_error":false,"session_id":"${session}","result":${excess(one, random)},"usage":{"input_tokens":1,"output_tokens":1}}`,
  `{"type":"result","subtype":"success","is_error":${excess(one, random)},"usage":${excess(one, random)}}`,
  `{"type":"rate_limit_event","rate_limit_info":{"status":"rejected","resetsAt":${excess(one, random)}}}`,
];

const update = (fields) =>
  `{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s","update":${fields}}}`;
const acp = (one, random) => [
  update('{"sessionUpdate":"agent_message_chunk","content":{"type":"text","text":"approved"}}'),
  update(`{"sessionUpdate":"agent_message_chunk","content":${excess(one, random)}}`),
  update(`{"sessionUpdate":"tool_call","toolCallId":"t","title":${excess(one, random)}}`),
  update(
    `{"sessionUpdate":"tool_call_update","toolCallId":"t","rawOutput":${excess(one, random)}}`,
  ),
  update(`{"sessionUpdate":"plan","entries":${excess(one, random)}}`),
  update(
    `{"sessionUpdate":"usage_update","cost":{"amount":${excess(one, random)},"currency":"USD"}}`,
  ),
  `{"jsonrpc":"2.0","id":${excess(one, random)},"method":"fs/write_text_file","params":{"path":"/etc/x"}}`,
  `{"jsonrpc":"2.0","id":"p","method":"session/request_permission","params":{"options":${excess(one, random)}}}`,
  `{"jsonrpc":"2.0","id":1,"result":${excess(one, random)}}`,
  '{"jsonrpc":"2.0","id":1,"error":{"code":-32000}}',
];

const spoken = { codex, claude, acp };
const anywhere = (random) => [
  `\u001b]0;owned\u0007\u009b2J\u202e${'y'.repeat(random(200_000))}`,
  '\0'.repeat(1000),
  'y'.repeat(9_000_000),
];

/** One line; `one` draws from a list, `random` a number below another. */
export function lineOf(way, one, random) {
  return one(random(6) === 0 ? anywhere(random) : spoken[way](one, random));
}

/** Answers what a client over ACP asks, mostly as it should, until it closes its end. */
export async function converse(one, random, say) {
  const answers = {
    initialize:
      '{"protocolVersion":1,"agentCapabilities":{"sessionCapabilities":{"resume":{},"list":{}}}}',
    'session/new': '{"sessionId":"s"}',
    'session/list': '{"sessions":[{"sessionId":"s"}]}',
    'session/prompt': '{"stopReason":"end_turn","usage":{"inputTokens":1,"outputTokens":1}}',
  };
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, method } = JSON.parse(line);
    if (id === undefined || method === undefined) continue;
    const result = random(6) === 0 ? excess(one, random) : (answers[method] ?? 'null');
    if (method === 'session/prompt')
      for (let n = random(4); n > 0; n -= 1) say(1, `${lineOf('acp', one, random)}\n`);
    // Now and then it never answers.
    if (random(25) > 0) say(1, `{"jsonrpc":"2.0","id":${id},"result":${result}}\n`);
  }
}
