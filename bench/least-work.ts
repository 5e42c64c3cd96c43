/**
 * The yardstick: what an engine must do for each attempt if it did nothing else. It makes the directories and
 * files of section 8 of the contract and a line in the log, flushes that before the process may start,
 * lets `xargs -P2` start it, and copies the output to where it is published. It decides, checks, watches
 * and reports nothing.
 */
import { spawn } from 'node:child_process';
import { closeSync, fdatasyncSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { time } from './measure.ts';

/** In a process of its own, as an engine is: this file is bundled for it. */
export function leastWork(directory: string, count: number): number {
  const script = process.argv[1];
  if (script === undefined) throw new Error('no script');
  return time([process.execPath, script, '--least', directory, String(count)]).wallMs;
}

export async function doLeastWork(directory: string, count: number): Promise<void> {
  mkdirSync(path.join(directory, 'state'), { recursive: true });
  const log = openSync(path.join(directory, 'events.jsonl'), 'a');
  const attempt = [
    'cd "$1/attempt" && : >.process/agent && : >.process/claim',
    '/bin/sh -c : <prompt.md >>events.jsonl 2>>stderr.log',
    'echo 0 >.process/exit',
  ].join('; ');
  const words = ['-P2', '-I{}', '/bin/sh', '-c', attempt, 'sh', '{}'];
  const xargs = spawn('xargs', words, { stdio: ['pipe', 'ignore', 'inherit'] });
  const line = `${'x'.repeat(500)}\n`;
  for (let i = 0; i < count; i += 1) {
    const instance = path.join(directory, String(i));
    const dir = path.join(instance, 'attempt');
    for (const each of ['scratch', '.process', 'context/interrupt']) {
      mkdirSync(path.join(dir, each), { recursive: true });
    }
    mkdirSync(path.join(instance, 'published'));
    for (const each of ['prompt.md', 'context/interrupt/requesting-help.md']) {
      writeFileSync(path.join(dir, each), line.repeat(4));
    }
    for (const each of [
      'context/manifest.json',
      'runtime.json',
      'final.md',
      '../published/final.md',
    ]) {
      writeFileSync(path.join(dir, each), line);
    }
    writeFileSync(path.join(directory, 'state', `${i}.json`), line);
    writeSync(log, line.repeat(4));
    fdatasyncSync(log);
    if (!xargs.stdin.write(`${instance}\n`)) {
      await new Promise((resolve) => xargs.stdin.once('drain', resolve));
    }
  }
  closeSync(log);
  xargs.stdin.end();
  await new Promise((resolve) => xargs.once('exit', resolve));
}
