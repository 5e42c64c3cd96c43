/**
 * A stand-in for the Codex program, for what does not need the real one: each task, and each role, runs a
 * shell script of the test, whose output is the final message. It keeps how it was called.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const source = `#!/usr/bin/env node
const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const prompt = fs.readFileSync(0, 'utf8');
const print = (o) => fs.writeSync(1, JSON.stringify(o) + '\\n');
const { env } = process;
const who = env.CODEX_ORCH_TASK_ID || env.CODEX_ORCH_ROLE_ID;
const call = { who, argv: process.argv.slice(2), cwd: process.cwd(), env, prompt };
fs.appendFileSync(path.join(__dirname, 'calls.jsonl'), JSON.stringify(call) + '\\n');
print({ type: 'thread.started', thread_id: '00000000-0000-4000-8000-000000000001' });
print({ type: 'turn.started' });
const script = path.join(__dirname, 'scripts', who + '.sh');
const ran = spawnSync('sh', [script], { stdio: ['ignore', 'pipe', 'inherit'] });
const text = ran.stdout.toString();
// 75: what it printed is what the service says.
if (text !== '' && ran.status !== 75) print({ type: 'item.completed', item: { id: 'item_0', type: 'agent_message', text } });
const usage = { input_tokens: 1, cached_input_tokens: 0, output_tokens: 1, reasoning_output_tokens: 0 };
if (ran.status === 0) print({ type: 'turn.completed', usage });
else {
  const message = ran.status === 75 ? text.trim() : 'the script failed';
  print({ type: 'error', message });
  print({ type: 'turn.failed', error: { message } });
}
process.exitCode = ran.status;
`;

export interface StandInCall {
  /** The task, or the role. */
  who: string;
  argv: string[];
  cwd: string;
  env: Record<string, string>;
  prompt: string;
}

export interface StandIn {
  /** What the built program is to be run with. */
  env: { CODEX_ORCH_CODEX_BIN: string };
  /** In the order in which they came. */
  calls(): StandInCall[];
}

/** `scripts`: by task or role; one that says nothing ends without a final message. */
export function standInCodex(directory: string, scripts: Record<string, string>): StandIn {
  const program = path.join(directory, 'codex.cjs');
  mkdirSync(path.join(directory, 'scripts'), { recursive: true });
  writeFileSync(program, source);
  chmodSync(program, 0o755);
  for (const [who, script] of Object.entries(scripts)) {
    writeFileSync(path.join(directory, 'scripts', `${who}.sh`), script);
  }
  const log = path.join(directory, 'calls.jsonl');
  return {
    env: { CODEX_ORCH_CODEX_BIN: program },
    calls: () =>
      existsSync(log)
        ? readFileSync(log, 'utf8')
            .trimEnd()
            .split('\n')
            .map((line) => JSON.parse(line) as StandInCall)
        : [],
  };
}
