/** An agent that prints a lot: what the engine keeps of it in memory, and whether all of it is there. */
import { chmodSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cliArgv, latestRun, row, type Bench, type Row } from './bench.ts';
import { watchProcess } from './measure.ts';
import { begin, task } from './programs.ts';

export async function output(bench: Bench): Promise<Row[]> {
  const directory = path.join(bench.directory, 'output');
  begin(directory, '');
  task(
    directory,
    'talk',
    ':',
    'agent: talker\npublish: []\ncompose: [{kind: literal, text: Talk.}]\n',
  );
  // A task of Codex has no line to run.
  const file = path.join(directory, 'tasks', 'talk.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^run: .*\n/m, ''));
  const [total, longest] = bench.quick ? [8 << 20, 2 << 20] : [1 << 30, 200 << 20];
  const codex = path.join(directory, 'talker.mjs');
  writeFileSync(codex, talker(total, longest));
  chmodSync(codex, 0o755);
  const words = ['run', 'start', directory, '--root', 'talk', '--wait'];
  const env = { ...process.env, CODEX_ORCH_CODEX_BIN: codex };
  const { status, peakMb } = await watchProcess(cliArgv(bench, ...words), { env });
  const instances = path.join(latestRun(directory), 'instances');
  const attempt = path.join(instances, readdirSync(instances)[0] ?? '', 'attempts', '0001');
  const printed = JSON.parse(readFileSync(path.join(directory, 'printed.json'), 'utf8')) as {
    bytes: number;
    lines: number;
  };
  const runtime = JSON.parse(readFileSync(path.join(attempt, 'runtime.json'), 'utf8')) as {
    stdout_line_count: number;
    session_id: string | null;
  };
  const whole =
    status === 0 &&
    statSync(path.join(attempt, 'events.jsonl')).size === printed.bytes &&
    runtime.stdout_line_count === printed.lines &&
    runtime.session_id === '0199aaaa-0000-7000-8000-000000000001';
  const gb = (printed.bytes / 2 ** 30).toFixed(2);
  return [
    row(
      `output: ${gb} GB of JSONL, one line of ${longest >> 20} MB: memory of the engine`,
      `${Math.round(peakMb)} MB, ${whole ? 'nothing lost' : 'SOMETHING LOST'}`,
      'at most 100 MB, nothing lost',
      whole && peakMb <= 100,
    ),
  ];
}

/** Speaks as `codex exec --json` does. */
function talker(total: number, longest: number): string {
  return `#!/usr/bin/env node
import { writeFileSync, writeSync } from 'node:fs';
let bytes = 0, lines = 0;
const say = (value) => {
  const line = Buffer.from(JSON.stringify(value) + '\\n');
  for (let at = 0; at < line.length;) at += writeSync(1, line, at, Math.min(1 << 20, line.length - at));
  bytes += line.length;
  lines += 1;
};
const item = (id, text) => ({ type: 'item.completed', item: { id, type: 'agent_message', text } });
say({ type: 'thread.started', thread_id: '0199aaaa-0000-7000-8000-000000000001' });
say({ type: 'turn.started' });
for (let i = 0; bytes < ${total >> 1}; i += 1) say(item('a' + i, 'x'.repeat(4000)));
say(item('long', 'y'.repeat(${longest})));
for (let i = 0; bytes < ${total}; i += 1) say(item('b' + i, 'x'.repeat(4000)));
say(item('last', 'done'));
say({ type: 'turn.completed', usage: { input_tokens: 1, cached_input_tokens: 0, output_tokens: 1 } });
writeFileSync(new URL('printed.json', import.meta.url), JSON.stringify({ bytes, lines }));
`;
}
