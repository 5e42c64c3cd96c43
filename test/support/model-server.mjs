#!/usr/bin/env node
// Scriptable fake of the OpenAI Responses API (POST /v1/responses, SSE) for testing the Codex CLI offline.
// Node >= 18, no dependencies. Listens on 127.0.0.1 only.
//
//   PORT=8123 LOG_DIR=/somewhere node model-server.mjs [script.json]   (PORT=0 picks a free one;
//   the first line on standard output is {"port":…})
//
// The next answer is chosen in this order:
//  1. Printed: the newest item is the output of a tool, and a line of it is `FAKE:` followed by one step as JSON.
//  2. Inline script: the newest user message contains `FAKE:` followed by a JSON array of steps up to the end of the
//     line. Step index = number of tool outputs after that message (stateless, safe for concurrent runs).
//  3. Queue: steps from script.json or POST /__script {"steps":[...], "default":{...}}; every POST shifts one.
//  4. The default step ({"text":"hello from fake"}).
//
// A step is one JSON object:
//  {"text":"..."} | {"texts":["a","b"]}            one or several assistant messages (phase: "phase":["commentary","final_answer"])
//  {"exec":"shell command", "args":{...}}            one exec_command call (args merged in)
//  {"calls":[{"name":"..","args":{..}}]}             function calls by name
//  {"custom":{"name":"apply_patch","input":".."}}    one custom tool call
//  {"items":[{...}]}                                 raw response items
//  {"reasoning":"summary text", ...any of the above} a reasoning item first
//  {"http":401,"body":{...},"headers":{...}}         plain HTTP error
//  {"failed":{"code":"..","message":".."}}           SSE response.failed
//  {"incomplete":"max_output_tokens"}                SSE response.incomplete
//  {"cut":"reset"|"end", "afterDeltas":3}            stream begins, then socket reset / clean end with no completed event
//  {"hang":"headers"|"stream"}                       never send headers / send response.created and nothing more
//  {"destroy":true}                                  reset the socket before any byte
//  modifiers: "delayMs" before the answer, "chunkMs" between events, "repeat":N (queue only), "usage":{...}
// Control: POST /__script, POST /__reset, GET /__log (JSON array of {n,t,method,url,thread,step}).
import http from 'node:http';
import fs from 'node:fs';
import path from 'node:path';

const LOG_DIR = process.env.LOG_DIR;
let queue = [],
  dflt = { text: 'hello from fake' },
  log = [],
  n = 0,
  uid = 0;
const load = (s) => {
  queue = (s.steps || []).flatMap((x) => Array(x.repeat || 1).fill(x));
  if (s.default) dflt = s.default;
};
if (process.argv[2]) load(JSON.parse(fs.readFileSync(process.argv[2], 'utf8')));
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
const textOf = (m) =>
  typeof m.content === 'string' ? m.content : (m.content || []).map((c) => c.text || '').join('\n');

function printed(item) {
  if (!/_output$/.test(item?.type ?? '')) return null;
  const text = typeof item.output === 'string' ? item.output : JSON.stringify(item.output);
  return /^FAKE:(\{.*)$/m.exec(text)?.[1] ?? null;
}

function pick(j) {
  const input = j.input || [];
  const said = printed(input.at(-1));
  if (said !== null) return { step: JSON.parse(said), from: 'printed' };
  for (let i = input.length - 1; i >= 0; i--) {
    if (input[i].type !== 'message' || input[i].role !== 'user') continue;
    const m = /^FAKE:(.*)$/m.exec(textOf(input[i]));
    if (!m) break; // only the newest user message counts
    const idx = input.slice(i + 1).filter((x) => /_output$/.test(x.type)).length;
    const steps = JSON.parse(m[1]);
    return { step: steps[idx] || dflt, from: `inline[${idx}]` };
  }
  if (queue.length) return { step: queue.shift(), from: 'queue' };
  return { step: dflt, from: 'default' };
}

function itemsOf(s) {
  const out = [],
    id = (p) => `${p}_${++uid}`;
  if (s.reasoning)
    out.push({
      type: 'reasoning',
      id: id('rs'),
      summary: [{ type: 'summary_text', text: s.reasoning }],
      encrypted_content: 'ZmFrZQ==',
    });
  const texts = s.texts || (s.text !== undefined ? [s.text] : []);
  texts.forEach((t, i) =>
    out.push({
      type: 'message',
      id: id('msg'),
      role: 'assistant',
      ...(s.phase ? { phase: s.phase[i] } : {}),
      content: [{ type: 'output_text', text: typeof t === 'string' ? t : JSON.stringify(t) }],
    }),
  );
  if (s.exec)
    out.push({
      type: 'function_call',
      id: id('fc'),
      call_id: id('call'),
      name: 'exec_command',
      arguments: JSON.stringify({ cmd: s.exec, ...(s.args || {}) }),
    });
  for (const c of s.calls || [])
    out.push({
      type: 'function_call',
      id: id('fc'),
      call_id: id('call'),
      name: c.name,
      ...(c.namespace ? { namespace: c.namespace } : {}),
      arguments: JSON.stringify(c.args || {}),
    });
  if (s.custom)
    out.push({
      type: 'custom_tool_call',
      id: id('ctc'),
      call_id: id('call'),
      status: 'completed',
      name: s.custom.name,
      input: s.custom.input,
    });
  return out.concat(s.items || []);
}

const server = http.createServer((req, res) => {
  let b = '';
  req.on('data', (d) => (b += d));
  req.on('end', async () => {
    const json = (code, o, h = {}) => {
      res.writeHead(code, { 'content-type': 'application/json', ...h });
      res.end(typeof o === 'string' ? o : JSON.stringify(o));
    };
    if (req.url === '/__script') {
      load(JSON.parse(b));
      return json(200, { ok: true, queued: queue.length });
    }
    if (req.url === '/__reset') {
      queue = [];
      log = [];
      n = 0;
      dflt = { text: 'hello from fake' };
      return json(200, { ok: true });
    }
    if (req.url === '/__log') return json(200, log);
    const entry = { n: ++n, t: Date.now(), method: req.method, url: req.url };
    log.push(entry);
    if (req.method === 'GET' || !/\/responses$/.test(req.url)) {
      entry.step = 'other';
      return json(req.method === 'GET' ? 200 : 404, { models: [], data: [] });
    }
    let j = {};
    try {
      j = JSON.parse(b);
    } catch {
      /* keep {} */
    }
    entry.thread =
      j.client_metadata?.thread_id || req.headers['session_id'] || req.headers['thread-id'];
    if (LOG_DIR)
      fs.writeFileSync(
        path.join(LOG_DIR, `req-${String(n).padStart(3, '0')}.json`),
        JSON.stringify({ headers: req.headers, body: j }, null, 1),
      );
    let s, from;
    try {
      ({ step: s, from } = pick(j));
    } catch (e) {
      s = { http: 400, body: { error: { message: `fake: bad inline script: ${e.message}` } } };
      from = 'error';
    }
    entry.step = from;
    entry.what = JSON.stringify(s).slice(0, 120);
    if (s.delayMs) await sleep(s.delayMs);
    if (s.destroy) return req.socket.destroy();
    if (s.http)
      return json(
        s.http,
        s.body ?? { error: { message: `fake ${s.http}`, type: 'fake_error', code: null } },
        s.headers,
      );
    if (s.hang === 'headers') return;
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    const rid = `resp_${n}`;
    const send = async (ev) => {
      res.write(`event: ${ev.type}\ndata: ${JSON.stringify(ev)}\n\n`);
      if (s.chunkMs) await sleep(s.chunkMs);
    };
    await send({ type: 'response.created', response: { id: rid } });
    if (s.hang === 'stream') return;
    if (s.cut) {
      const mid = `msg_${++uid}`;
      await send({
        type: 'response.output_item.added',
        output_index: 0,
        item: { type: 'message', id: mid, role: 'assistant', content: [] },
      });
      for (let i = 0; i < (s.afterDeltas ?? 3); i++)
        await send({
          type: 'response.output_text.delta',
          item_id: mid,
          output_index: 0,
          content_index: 0,
          delta: `part${i} `,
        });
      await sleep(50);
      return s.cut === 'reset' ? req.socket.destroy() : res.end();
    }
    if (s.failed) {
      await send({
        type: 'response.failed',
        response: { id: rid, status: 'failed', error: s.failed },
      });
      return res.end();
    }
    let oi = 0;
    for (const item of itemsOf(s)) {
      if (item.type === 'message') {
        await send({
          type: 'response.output_item.added',
          output_index: oi,
          item: { ...item, content: [] },
        });
        for (const w of item.content[0].text.match(/[\s\S]{1,40}/g) || [])
          await send({
            type: 'response.output_text.delta',
            item_id: item.id,
            output_index: oi,
            content_index: 0,
            delta: w,
          });
      }
      await send({ type: 'response.output_item.done', output_index: oi++, item });
    }
    if (s.incomplete) {
      await send({
        type: 'response.incomplete',
        response: { id: rid, status: 'incomplete', incomplete_details: { reason: s.incomplete } },
      });
      return res.end();
    }
    const u = {
      input_tokens: 100,
      cached: 40,
      output_tokens: 20,
      reasoning: 5,
      ...(s.usage || {}),
    };
    await send({
      type: 'response.completed',
      response: {
        id: rid,
        usage: {
          input_tokens: u.input_tokens,
          input_tokens_details: { cached_tokens: u.cached },
          output_tokens: u.output_tokens,
          output_tokens_details: { reasoning_tokens: u.reasoning },
          total_tokens: u.input_tokens + u.output_tokens,
        },
      },
    });
    res.end();
  });
});
server.keepAliveTimeout = 60000;
server.requestTimeout = 0;
server.listen(Number(process.env.PORT ?? 8123), '127.0.0.1', () =>
  process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`),
);
