/**
 * What an attempt of an agent that speaks the Agent Client Protocol runs: `node acp-bridge.js FILE`, with its order in
 * the file, the prompt on standard input and what the agent does on standard output. A program of its own, so that an
 * attempt that waits costs little. It alone touches the process; what it does is in src/agents/acp/bridge/.
 */
import { readFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { BridgeOrder } from './agents/acp/bridge/bridge-order.ts';
import { knownProgram } from './agents/acp/known-agents.ts';
import { Bridge } from './agents/acp/bridge/bridge.ts';
import { ProtocolLog } from './agents/acp/bridge/protocol-log.ts';
import { attemptFiles, readWallLimit, recordStop } from './execution/local/attempt-files.ts';
import { Limits } from './execution/local/limits.ts';
import { endStrays } from './execution/local/strays.ts';
import { secretsIn } from './text/redact.ts';

/** Between two looks at the clock. */
const LOOK_MS = 500;
/** An engine that lives comes first: it looks more often. */
const ENGINE_MS = 2000;

const order = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as BridgeOrder;
const files = attemptFiles(order);
const secrets = secretsIn(process.env, order.secrets);
const log = new ProtocolLog(path.join(order.controlDir, 'acp.jsonl'), secrets);
const late = (ms: number | null): number | null => (ms === null ? null : ms + ENGINE_MS);
const limits = new Limits({
  ...order,
  wallTimeoutMs: late(order.wallTimeoutMs),
  idleTimeoutMs: late(order.idleTimeoutMs),
});

const bridge = new Bridge(order, {
  prompt: readFileSync(0, 'utf8'),
  env: { ...process.env, ...knownProgram(order.command).around(process.env) },
  emit: (event) => print(`${JSON.stringify(event)}\n`),
  keep: (from, line) => log.keep(from, line),
  onSign: () => limits.sawProgress(),
  endStrays: () => endStrays({ attemptDir: order.attemptDir, env: {} }),
});
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.on(signal, () => bridge.stop());
}
const clock = setInterval(look, LOOK_MS);
void bridge.run().then((status) => {
  clearInterval(clock);
  log.close();
  process.exit(status);
});

function look(): void {
  limits.look();
  const reason = limits.reached();
  if (reason === null) return;
  const granted = reason === 'wall_timeout' ? late(readWallLimit(files)) : null;
  if (granted !== null) limits.limitWall(granted);
  if (limits.reached() === null) return;
  recordStop(files, reason);
  bridge.stop();
}

function print(text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) at += writeSync(1, bytes, at);
}
