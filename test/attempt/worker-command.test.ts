import { execFileSync } from 'node:child_process';
import { chmodSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { shimDirectory, writeCommandShim } from '../../src/attempt/command-shim.ts';
import { put, removeDirectory, temporaryDirectory } from './fixture.ts';

let root: string;
beforeEach(() => {
  root = temporaryDirectory();
});
afterEach(() => removeDirectory(root));

it('the shim runs this installation by name, whatever is in its paths and arguments', () => {
  const odd = path.join(root, "it's $HOME `here`");
  const entry = put(odd, 'main.mjs', 'console.log(JSON.stringify(process.argv.slice(2)))');
  const shimDir = path.join(odd, 'bin');
  const file = writeCommandShim(shimDir, { node: process.execPath, entry });
  expect(file).toBe(path.join(shimDir, 'codex-orch'));
  const PATH = `${shimDir}:/usr/bin:/bin`;
  const printed = execFileSync('/bin/sh', ['-c', `codex-orch a "b c" '$d' ''`], {
    env: { PATH },
    encoding: 'utf8',
  });
  expect(JSON.parse(printed)).toEqual(['a', 'b c', '$d', '']);
});

it('the shim lies where PATH, which is split at colons, can name it', () => {
  expect(shimDirectory('/a b/bin', '/home/x')).toBe('/a b/bin');
  const elsewhere = shimDirectory('/a:b/bin', '/home/x');
  expect(elsewhere).toMatch(/^\/home\/x\/bin\/[0-9a-f]{16}$/);
  expect(shimDirectory('/c:d/bin', '/home/x')).not.toBe(elsewhere);
  expect(() => shimDirectory('/a:b/bin', '/home:x')).toThrow('both have a ":"');
});

it('the shim is written only where it differs', () => {
  const target = { node: '/node', entry: '/entry.js' };
  const file = writeCommandShim(root, target);
  const { ino } = statSync(file);
  writeCommandShim(root, target);
  expect(statSync(file).ino).toBe(ino);
  chmodSync(file, 0o644);
  writeCommandShim(root, target);
  expect(statSync(file).mode & 0o777).toBe(0o700);
  writeFileSync(file, 'old');
  writeCommandShim(root, { ...target, entry: '/other.js' });
  expect(execFileSync('cat', [file], { encoding: 'utf8' })).toContain("exec '/node' '/other.js'");
});
