// An agent of the Agent Client Protocol that does what its prompt says, and every awkward thing that real ones were seen
// to do. A prompt scripts it: `FAKE:[{"say":"done"}]` on one line.
//
//   node acp-agent.mjs [--name NAME] [--load] [--no-sessions] [--late] [--lazy] [--stays] [--deaf] [--mute] [--v2]
//                      [--models a,b] [--garbage] [--silent]
//
// Steps: {say, id?} a message in two pieces; {think}; {run} a shell line, after asking {ask: true}, {live: true} with what it prints as it comes and not at its end; {runs_on} one that
// goes on in a session of its own; {mode} asks to switch its mode; {noise} a line that is no JSON; {deep: levels} a
// message that nests; {big: bytes} a tool call with so much output; {fs: path} asks the client to write; {cost: sum};
// {asks: true} asks for the same permission again and again; {limits} what a service says of them; {plan: [text]}; {env: NAME} says its value.
// They end with {stop, usage}, {error}, {die: code} or {hang: true}; without, with `end_turn` and its usage.
//
// Sessions lie in ACP_AGENT_HOME. --load: it takes them up by session/load alone, and replays them; --late: it goes on
// replaying after its answer; --lazy: it writes a session a while after its answer, and lists those that it has written;
// --stays: it does not end with its input; --deaf: it does not hear of a cancellation; --mute: it ends before its first
// line; --v2: it speaks version 2 alone; --garbage: it prints what is no message, without end; --silent: it answers nothing.
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

const flag = { type: 'boolean', default: false };
const { values: is } = parseArgs({
  options: {
    name: { type: 'string', default: 'scripted' },
    models: { type: 'string' },
    ...{ load: flag, 'no-sessions': flag, late: flag, lazy: flag, stays: flag, deaf: flag },
    ...{ mute: flag, v2: flag, garbage: flag, silent: flag },
  },
});
if (is.mute) {
  process.stderr.write('Error: no licence\n');
  process.exit(3);
}
const garble = () => process.stdout.write('no message of it\n'.repeat(1000), garble);
if (is.garbage) garble();
const home = process.env.ACP_AGENT_HOME ?? path.join(process.env.HOME ?? '.', '.acp-agent');
const usage = { totalTokens: 130, inputTokens: 70, outputTokens: 20, cachedReadTokens: 40 };
const open = new Map();
let count = 0;
let model = is.models?.split(',')[0] ?? null;
let cancelled = () => undefined;
let place = process.cwd();
/** Of a lazy agent: what it has said and not yet written. */
let unwritten = '';

const send = (message) =>
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const ask = (method, params) =>
  new Promise((resolve) => {
    count += 1;
    open.set(`a${count}`, resolve);
    send({ id: `a${count}`, method, params });
  });
const fileOf = (session) => path.join(home, `${session}.jsonl`);
const update = (sessionId, fields) =>
  send({ method: 'session/update', params: { sessionId, update: fields } });

createInterface({ input: process.stdin })
  .on('line', (line) => void take(JSON.parse(line)))
  .on('close', () => (is.stays ? setInterval(() => undefined, 1000) : process.exit(0)));

async function take({ id, method, params, result, error }) {
  if (is.silent || is.garbage) return;
  if (method === undefined) {
    open.get(id)?.(result ?? { error });
    return;
  }
  if (method === 'session/cancel') return is.deaf ? undefined : cancelled();
  try {
    send({ id, result: await answer(method, params) });
  } catch (fault) {
    send({ id, error: { code: fault.code ?? -32603, message: fault.message, data: fault.data } });
  }
}

const fault = (code, message, data) => Object.assign(new Error(message), { code, data });

async function answer(method, params) {
  switch (method) {
    case 'initialize': {
      const sessionCapabilities = {
        ...(is.load || is['no-sessions'] ? {} : { resume: {} }),
        ...(is.lazy ? { list: {} } : {}),
        additionalDirectories: {},
      };
      return {
        protocolVersion: is.v2 ? 2 : 1,
        agentInfo: { name: is.name, version: '1.2.3' },
        agentCapabilities: { loadSession: is.load && !is['no-sessions'], sessionCapabilities },
        authMethods: [],
      };
    }
    case 'session/new': {
      const sessionId = `s-${process.pid}-${Date.now()}`;
      mkdirSync(home, { recursive: true });
      if (!is.lazy) writeFileSync(fileOf(sessionId), '');
      await startServers(params.mcpServers);
      place = params.cwd;
      return { sessionId, ...setup() };
    }
    case 'session/resume':
    case 'session/load': {
      const file = fileOf(params.sessionId);
      if (!existsSync(file)) throw fault(-32002, `Resource not found: ${params.sessionId}`);
      place = params.cwd;
      if (method === 'session/load') replay(params.sessionId, readFileSync(file, 'utf8'));
      return setup();
    }
    case 'session/list':
      return { sessions: readdirSync(home).map((name) => ({ sessionId: path.parse(name).name })) };
    case 'session/set_config_option':
      model = params.value;
      return setup();
    case 'session/set_mode':
      return {};
    case 'session/prompt':
      return prompt(params);
    default:
      throw fault(-32601, `Method not found: ${method}`);
  }
}

function setup() {
  if (model === null) return {};
  const options = is.models.split(',').map((value) => ({ value, name: value }));
  const option = { id: 'm', category: 'model', type: 'select', currentValue: model, options };
  return { configOptions: [option] };
}

async function startServers(servers) {
  for (const { command, args, env } of servers) {
    const variables = Object.fromEntries(env.map(({ name, value }) => [name, value]));
    const server = spawn(command, args, { env: { ...process.env, ...variables } });
    const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: {} };
    server.stdin.write(
      `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })}\n`,
    );
    await new Promise((resolve) => server.stdout.once('data', resolve));
  }
}

function replay(sessionId, history) {
  const messages = history.split('\n').filter((line) => line !== '');
  const all = () => {
    for (const text of messages) {
      update(sessionId, { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text } });
    }
  };
  if (is.late) setTimeout(all, 300);
  else all();
}

async function prompt({ sessionId, prompt: [{ text }] }) {
  const steps = JSON.parse(/^FAKE:(.*)$/m.exec(text)?.[1] ?? '[{"say":"hello"}]');
  const stopped = new Promise(
    (resolve) => (cancelled = () => resolve({ stopReason: 'cancelled' })),
  );
  const ended = await Promise.race([stopped, carryOut(sessionId, steps)]);
  if (is.lazy) setTimeout(() => appendFileSync(fileOf(sessionId), unwritten), 300);
  return ended;
}

async function carryOut(sessionId, steps) {
  const tell = (fields) => update(sessionId, fields);
  for (const step of steps) {
    if (step.error) throw fault(step.error.code, step.error.message, step.error.data);
    if (step.die !== undefined) process.exit(step.die);
    if (step.hang) await new Promise(() => undefined);
    if (step.stop)
      return { stopReason: step.stop, ...('usage' in step ? { usage: step.usage } : {}) };
    if (step.say !== undefined) say(sessionId, step.say, step.id);
    if (step.model) say(sessionId, String(model));
    if (step.env) say(sessionId, `${step.env}=${process.env[step.env]}`);
    if (step.think) tell({ sessionUpdate: 'agent_thought_chunk', content: textOf(step.think) });
    if (step.deep) {
      const nested = `${'{"a":'.repeat(step.deep)}1${'}'.repeat(step.deep)}`;
      process.stdout.write(`{"jsonrpc":"2.0","method":"session/update","params":${nested}}\n`);
    }
    if (step.noise) process.stdout.write(`${step.noise}\n`);
    if (step.cost !== undefined) {
      const cost = { amount: step.cost, currency: 'USD' };
      tell({ sessionUpdate: 'usage_update', used: 1, size: 2, cost });
    }
    if (step.limits) {
      const meta = { '_claude/rateLimit': step.limits };
      tell({ sessionUpdate: 'usage_update', used: 1, size: 2, _meta: meta });
    }
    while (step.asks) await isAllowed(sessionId, 'again', 'execute', 'again');
    if (step.plan) {
      const entries = step.plan.map((content) => ({ content, status: 'completed' }));
      tell({ sessionUpdate: 'plan', entries });
    }
    if (step.big) tell(callOf('big', 'other', 'completed', 'x'.repeat(step.big)));
    if (step.fs) {
      const params = { sessionId, path: step.fs, content: 'written' };
      const { error } = await ask('fs/write_text_file', params);
      say(sessionId, `the client answered ${error?.code}`);
    }
    if (step.runs_on)
      spawn('sh', ['-c', step.runs_on], { cwd: place, detached: true, stdio: 'ignore' });
    if (step.mode && !(await isAllowed(sessionId, 'mode', 'switch_mode', step.mode))) continue;
    if (step.run && !(await run(sessionId, step)))
      return { stopReason: step.refused ?? 'end_turn', usage };
  }
  return { stopReason: 'end_turn', usage };
}

function say(sessionId, text, messageId) {
  if (is.lazy) unwritten += `${text}\n`;
  else appendFileSync(fileOf(sessionId), `${text}\n`);
  const half = Math.ceil(text.length / 2);
  for (const piece of [text.slice(0, half), text.slice(half)]) {
    update(sessionId, {
      sessionUpdate: 'agent_message_chunk',
      content: textOf(piece),
      ...(messageId ? { messageId } : {}),
    });
  }
}

/** Asks for leave, and resolves with whether it has it. */
async function isAllowed(sessionId, toolCallId, kind, title) {
  const options = ['allow_always', 'allow_once', 'reject_once'];
  const { outcome } = await ask('session/request_permission', {
    sessionId,
    toolCall: { toolCallId, kind, title },
    options: options.map((each) => ({ optionId: `o-${each}`, name: each, kind: each })),
  });
  return outcome.optionId === 'o-allow_once';
}

/** A tool call of which nothing is told before it is asked for. */
async function run(sessionId, { run: line, ask: asks, live }) {
  count += 1;
  const id = `call-${count}`;
  if (asks && !(await isAllowed(sessionId, id, 'execute', line))) return false;
  update(sessionId, callOf(id, 'execute', 'in_progress', '', line));
  const { code, output } = await new Promise((resolve) => {
    let printed = '';
    // In a session of its own, as some run their commands.
    const child = spawn('sh', ['-c', line], { cwd: place, detached: true });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data) => {
        printed += data;
        const _meta = { terminal_output_delta: { terminal_id: id, data: String(data) } };
        if (live) update(sessionId, { sessionUpdate: 'tool_call_update', toolCallId: id, _meta });
      });
    child.once('close', (status) => resolve({ code: status, output: printed }));
  });
  update(sessionId, {
    ...callOf(id, 'execute', code === 0 ? 'completed' : 'failed', live ? '' : output, line),
    ...(live
      ? { _meta: { terminal_exit: { exit_code: code } } }
      : { rawOutput: { exit_code: code } }),
  });
  return true;
}

function callOf(toolCallId, kind, status, output, title = toolCallId) {
  const content = output === '' ? [] : [{ type: 'content', content: textOf(output) }];
  const fields = { toolCallId, kind, status, title, content };
  return { sessionUpdate: 'tool_call_update', ...fields, rawInput: { command: title } };
}

function textOf(text) {
  return { type: 'text', text };
}
