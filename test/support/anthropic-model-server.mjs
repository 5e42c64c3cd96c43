#!/usr/bin/env node
// A scriptable stand-in for the Anthropic Messages API, to run the real Claude Code CLI offline and without an account.
// Node >= 18, no dependencies. Listens on 127.0.0.1 only.
//
//   PORT=8124 LOG_DIR=/somewhere node anthropic-model-server.mjs [script.json]
//   ANTHROPIC_BASE_URL=http://127.0.0.1:8124 ANTHROPIC_API_KEY=dummy claude -p ...
//
// PORT=0 picks a free port; the first line of standard output is {"port":N,"pid":N}. SIGTERM or the end of the process that
// holds its standard input open (only with EXIT_ON_STDIN_END=1) stops it.
//
// Answers POST /v1/messages (SSE with "stream":true, one JSON object otherwise) and POST /v1/messages/count_tokens.
// Anything else is logged and gets {} (HEAD, GET) or 404 (POST).
//
// The next answer is chosen in this order:
//  1. Inline script: the newest user text of the conversation contains `FAKE:` followed by a JSON array of steps up to the end
//     of that line. Step index = number of assistant messages after it (stateless, so safe for concurrent runs). A retry of a
//     request therefore gets the same step again; {"tries":[step, step, ...]} chooses by how often this very request
//     (conversation + index) was seen, the last one repeating.
//  2. Queue: steps from script.json or POST /__script {"steps":[...], "default":{...}}; every POST /v1/messages shifts one.
//  3. The default step ({"text":"hello from fake"}).
// Requests without tools that are not part of the conversation (session titles, summaries, probes) are recognised by having no
// tools at all; {"aux":false} in POST /__script makes them consume steps too.
//
// A step is one JSON object:
//  {"text":"..."} | {"texts":["a","b"]}               one or several text blocks
//  {"thinking":"..."}                                 a thinking block first
//  {"bash":"shell command", "args":{...}}             tool_use Bash {command, description, ...args}
//  {"write":["path","content"]} | {"read":"path"} | {"edit":["path","old","new"]}
//  {"tools":[{"name":"..","input":{..}}]}             tool_use blocks by name (several: parallel calls)
//  {"output":{...}}                                   tool_use StructuredOutput with that input
//  {"blocks":[{...}]}                                 raw content blocks
//  {"http":401,"body":{...},"headers":{...}}          error before the stream; body defaults to the API's error shape
//  {"limit":"five_hour","resetsIn":3600}              429 with the anthropic-ratelimit-unified-* headers of a used-up subscription
//  {"sse_error":{"type":"overloaded_error","message":".."}}   200, then an `error` event in the stream
//  {"cut":"reset"|"end","afterDeltas":3}              stream begins, then the socket is reset / ends with no message_stop
//  {"hang":"headers"|"stream"}                        never send headers / send message_start and nothing more (pings: "pingMs")
//  {"destroy":true}                                   reset the socket before any byte
//  {"raw":"..."}                                      200 with this body (malformed JSON, HTML), "type":"text/html"
//  modifiers: "delayMs" before the answer, "chunkMs" between events, "repeat":N (queue only), "usage":{...}, "stop":"max_tokens",
//  "model":"..", "headers":{...} (added to a good answer too)
// Control: POST /__script, POST /__reset, GET /__log (JSON array of {n,t,method,url,step,what,model,msgs,tools,session}).
import http from 'node:http';
import fs from 'node:fs';
import path from 'node:path';
import crypto from 'node:crypto';

const LOG_DIR = process.env.LOG_DIR;
const DEFAULT = { text: 'hello from fake' };
let queue = [],
  dflt = DEFAULT,
  aux = true,
  log = [],
  n = 0,
  uid = 0,
  seen = new Map();
const load = (s) => {
  if (s.steps) queue = s.steps.flatMap((x) => Array(x.repeat || 1).fill(x));
  if (s.default) dflt = s.default;
  if (s.aux !== undefined) aux = s.aux;
};
if (process.argv[2]) load(JSON.parse(fs.readFileSync(process.argv[2], 'utf8')));
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
const id = (p) => `${p}_${String(++uid).padStart(6, '0')}${crypto.randomBytes(4).toString('hex')}`;
const textsOf = (m) =>
  typeof m.content === 'string'
    ? [m.content]
    : (m.content || []).filter((c) => c.type === 'text').map((c) => c.text);
const KINDS = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  529: 'overloaded_error',
};

function pick(j) {
  const ms = j.messages || [];
  for (let i = ms.length - 1; i >= 0; i--) {
    if (ms[i].role !== 'user') continue;
    const m = textsOf(ms[i])
      .map((t) => /^FAKE:(.*)$/m.exec(t))
      .filter(Boolean)
      .pop();
    if (!m) continue;
    const idx = ms.slice(i + 1).filter((x) => x.role === 'assistant').length;
    let step = JSON.parse(m[1])[idx] || dflt;
    if (step.tries) {
      const key = crypto
        .createHash('sha1')
        .update(JSON.stringify(ms.slice(i).map((x) => [x.role, textsOf(x)])) + j.metadata?.user_id)
        .digest('hex');
      const k = seen.get(key) || 0;
      seen.set(key, k + 1);
      step = step.tries[Math.min(k, step.tries.length - 1)];
    }
    return { step, from: `inline[${idx}]` };
  }
  if (aux && !(j.tools || []).length)
    return { step: { text: '{"title":"fake title"}' }, from: 'aux' };
  if (queue.length) return { step: queue.shift(), from: 'queue' };
  return { step: dflt, from: 'default' };
}

function blocksOf(s) {
  const out = [],
    tool = (name, input) => out.push({ type: 'tool_use', id: id('toolu'), name, input });
  if (s.thinking !== undefined)
    out.push({ type: 'thinking', thinking: s.thinking, signature: 'ZmFrZQ==' });
  for (const t of s.texts || (s.text !== undefined ? [s.text] : []))
    out.push({ type: 'text', text: typeof t === 'string' ? t : JSON.stringify(t) });
  if (s.bash !== undefined)
    tool('Bash', { command: s.bash, description: 'scripted', ...(s.args || {}) });
  if (s.write) tool('Write', { file_path: s.write[0], content: s.write[1] ?? '' });
  if (s.read) tool('Read', { file_path: s.read });
  if (s.edit) tool('Edit', { file_path: s.edit[0], old_string: s.edit[1], new_string: s.edit[2] });
  if (s.output !== undefined) tool('StructuredOutput', s.output);
  for (const t of s.tools || []) tool(t.name, t.input || {});
  return out.concat(s.blocks || []);
}

const limitHeaders = (s) => {
  const reset = Math.floor(Date.now() / 1000) + (s.resetsIn ?? 3600);
  return {
    'anthropic-ratelimit-unified-status': 'rejected',
    'anthropic-ratelimit-unified-reset': String(reset),
    'anthropic-ratelimit-unified-representative-claim': s.limit,
    'anthropic-ratelimit-unified-overage-status': 'rejected',
    'anthropic-ratelimit-unified-overage-disabled-reason': 'overage_not_provisioned',
    'retry-after': String(s.resetsIn ?? 3600),
    'x-should-retry': 'false',
  };
};

async function answer(req, res, j, s) {
  const rid = id('req');
  const json = (code, o, h = {}) => {
    res.writeHead(code, { 'content-type': 'application/json', 'request-id': rid, ...h });
    res.end(typeof o === 'string' ? o : JSON.stringify(o));
  };
  const err = (code, message, type) => ({
    type: 'error',
    error: { type: type || KINDS[code] || 'api_error', message },
    request_id: rid,
  });
  if (s.delayMs) await sleep(s.delayMs);
  if (s.destroy) return req.socket.destroy();
  if (s.limit)
    return json(
      429,
      err(
        429,
        s.message || "This request would exceed your account's rate limit. Please try again later.",
      ),
      { ...limitHeaders(s), ...(s.headers || {}) },
    );
  if (s.http)
    return json(s.http, s.body ?? err(s.http, s.message || `fake ${s.http}`, s.kind), s.headers);
  if (s.raw !== undefined) {
    res.writeHead(200, { 'content-type': s.type || 'application/json', ...(s.headers || {}) });
    return res.end(s.raw);
  }
  if (s.hang === 'headers') return;
  const blocks = blocksOf(s);
  const u = {
    input_tokens: 100,
    cache_creation_input_tokens: 10,
    cache_read_input_tokens: 40,
    output_tokens: 20,
    ...(s.usage || {}),
  };
  const stop = s.stop || (blocks.some((b) => b.type === 'tool_use') ? 'tool_use' : 'end_turn');
  const msg = {
    id: id('msg'),
    type: 'message',
    role: 'assistant',
    model: s.model || j.model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { ...u, output_tokens: 1 },
  };
  if (!j.stream)
    return json(200, { ...msg, content: blocks, stop_reason: stop, usage: u }, s.headers);
  res.writeHead(200, {
    'content-type': 'text/event-stream',
    'request-id': rid,
    ...(s.headers || {}),
  });
  const send = async (ev) => {
    res.write(`event: ${ev.type}\ndata: ${JSON.stringify(ev)}\n\n`);
    if (s.chunkMs) await sleep(s.chunkMs);
  };
  await send({ type: 'message_start', message: msg });
  if (s.hang === 'stream') {
    if (s.pingMs) {
      const t = setInterval(
        () => (res.writableEnded || res.destroyed ? clearInterval(t) : send({ type: 'ping' })),
        s.pingMs,
      );
    }
    return;
  }
  if (s.sse_error) {
    await send({ type: 'error', error: s.sse_error });
    return res.end();
  }
  if (s.cut) {
    await send({
      type: 'content_block_start',
      index: 0,
      content_block: { type: 'text', text: '' },
    });
    for (let i = 0; i < (s.afterDeltas ?? 3); i++)
      await send({
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'text_delta', text: `part${i} ` },
      });
    await sleep(50);
    return s.cut === 'reset' ? req.socket.destroy() : res.end();
  }
  for (const [index, b] of blocks.entries()) {
    const chunk = (t) => t.match(/[\s\S]{1,40}/g) || [];
    if (b.type === 'text') {
      await send({ type: 'content_block_start', index, content_block: { type: 'text', text: '' } });
      for (const t of chunk(b.text))
        await send({ type: 'content_block_delta', index, delta: { type: 'text_delta', text: t } });
    } else if (b.type === 'thinking') {
      await send({
        type: 'content_block_start',
        index,
        content_block: { type: 'thinking', thinking: '', signature: '' },
      });
      for (const t of chunk(b.thinking))
        await send({
          type: 'content_block_delta',
          index,
          delta: { type: 'thinking_delta', thinking: t },
        });
      await send({
        type: 'content_block_delta',
        index,
        delta: { type: 'signature_delta', signature: b.signature },
      });
    } else if (b.type === 'tool_use') {
      await send({ type: 'content_block_start', index, content_block: { ...b, input: {} } });
      const raw = typeof b.input === 'string' ? b.input : JSON.stringify(b.input); // a string goes out as is: broken JSON on purpose
      for (const t of chunk(raw))
        await send({
          type: 'content_block_delta',
          index,
          delta: { type: 'input_json_delta', partial_json: t },
        });
    } else await send({ type: 'content_block_start', index, content_block: b });
    await send({ type: 'content_block_stop', index });
  }
  await send({
    type: 'message_delta',
    delta: { stop_reason: stop, stop_sequence: null },
    usage: u,
  });
  await send({ type: 'message_stop' });
  res.end();
}

const server = http.createServer((req, res) => {
  const parts = [];
  req.on('data', (d) => parts.push(d));
  req.on('end', async () => {
    const b = Buffer.concat(parts).toString('utf8'),
      url = req.url.split('?')[0];
    const json = (code, o) => {
      res.writeHead(code, { 'content-type': 'application/json' });
      res.end(req.method === 'HEAD' ? '' : JSON.stringify(o));
    };
    if (url === '/__script') {
      load(JSON.parse(b));
      return json(200, { ok: true, queued: queue.length });
    }
    if (url === '/__reset') {
      queue = [];
      log = [];
      n = 0;
      dflt = DEFAULT;
      aux = true;
      seen = new Map();
      return json(200, { ok: true });
    }
    if (url === '/__log') return json(200, log);
    const entry = { n: ++n, t: Date.now(), method: req.method, url: req.url };
    log.push(entry);
    let j = {};
    try {
      j = JSON.parse(b);
    } catch {
      /* keep {} */
    }
    if (LOG_DIR)
      fs.writeFileSync(
        path.join(LOG_DIR, `req-${String(n).padStart(4, '0')}.json`),
        JSON.stringify(
          {
            method: req.method,
            url: req.url,
            headers: req.headers,
            body: b ? (Object.keys(j).length ? j : b) : null,
          },
          null,
          1,
        ),
      );
    Object.assign(entry, {
      model: j.model,
      msgs: j.messages?.length,
      tools: j.tools?.length,
      stream: j.stream,
      retry: req.headers['x-stainless-retry-count'],
    });
    try {
      const u = JSON.parse(j.metadata?.user_id || '{}');
      entry.session = u.session_id;
    } catch {
      entry.session = /session_(.*)$/.exec(j.metadata?.user_id || '')?.[1];
    }
    if (req.method !== 'POST') {
      entry.step = 'other';
      return json(200, {});
    }
    if (url === '/v1/messages/count_tokens') {
      entry.step = 'count';
      return json(200, { input_tokens: Math.ceil(b.length / 4) });
    }
    if (url !== '/v1/messages') {
      entry.step = 'other';
      return json(404, {
        type: 'error',
        error: { type: 'not_found_error', message: 'fake: no such path' },
      });
    }
    let s, from;
    try {
      ({ step: s, from } = pick(j));
    } catch (e) {
      s = { http: 400, message: `fake: bad inline script: ${e.message}` };
      from = 'error';
    }
    entry.step = from;
    entry.what = JSON.stringify(s).slice(0, 120);
    try {
      await answer(req, res, j, s);
    } catch (e) {
      entry.error = e.message;
      req.socket.destroy();
    }
    res.on('close', () => {
      entry.ms = Date.now() - entry.t;
    });
  });
});
server.keepAliveTimeout = 60000;
server.requestTimeout = 0;
server.listen(+(process.env.PORT ?? 8124), '127.0.0.1', () =>
  console.log(JSON.stringify({ port: server.address().port, pid: process.pid })),
);
if (process.env.EXIT_ON_STDIN_END === '1') process.stdin.on('end', () => process.exit(0)).resume();
process.on('SIGTERM', () => process.exit(0));
