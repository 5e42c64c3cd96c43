/** The shell around an attempt that the engine forks itself. */
import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { ownShell } from '../../../src/execution/local/attempt-shell.ts';
import { temporaryDirectory, until } from './orders.ts';

const isLinux = process.platform === 'linux';

it.runIf(isLinux).each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
  ['SIGHUP', 129],
] as const)('does not begin an agent that %s came before', async (signal, code) => {
  const root = temporaryDirectory('attempt-shell');
  const [identity, claim, exit, ran] = ['identity', 'claim', 'exit', 'ran'].map((name) =>
    path.join(root, name),
  ) as [string, string, string, string];
  // A full pipe holds it up where it writes who it is.
  spawnSync('mkfifo', [identity]);
  const pipe = openSync(identity, constants.O_RDWR | constants.O_NONBLOCK);
  expect(() => {
    for (;;) writeSync(pipe, Buffer.alloc(4096));
  }).toThrow('EAGAIN');
  const words = ['attempt', identity, claim, exit, 'boot', 'ns', 'host', 'touch', ran];
  const child = spawn('/bin/sh', ['-c', ownShell, ...words], { stdio: 'ignore', detached: true });
  const ended = new Promise((resolve) => child.once('close', resolve));
  await until('it is held up', () =>
    readFileSync(`/proc/${child.pid}/wchan`, 'utf8').includes('pipe'),
  );
  child.kill(signal);
  expect(existsSync(claim)).toBe(false);
  while (!existsSync(claim)) {
    try {
      readSync(pipe, Buffer.alloc(65_536));
    } catch {
      await new Promise(setImmediate);
    }
  }
  expect(await ended).toBe(code);
  closeSync(pipe);
  expect(existsSync(ran)).toBe(false);
  expect(readFileSync(exit, 'utf8')).toBe(`\n${code}\n`);
});
