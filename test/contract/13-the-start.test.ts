/** How a command starts: with what was compiled ahead where it fits, and without it all the same. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import Module from 'node:module';
import path from 'node:path';
import { Script } from 'node:vm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { builtEntry, testDirectory, writeFiles } from '../support/built-program.ts';

const directory = testDirectory('the-start');
const dist = path.join(directory, 'dist');
const compiled = path.join(dist, 'lib', 'program.js.compiled');
let whole: Buffer;

beforeAll(() => {
  cpSync(path.dirname(builtEntry), dist, { recursive: true });
  whole = readFileSync(compiled);
  writeFiles(directory, {
    'program/project.yaml': { name: 'p', workspace: '.', default_agent: 'shell' },
    'program/tasks/one.yaml': { id: 'one', title: 'One', status: 'ready', run: 'true' },
  });
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function listsTasks(): void {
  const words = [path.join(dist, 'main.js'), 'task', 'list', path.join(directory, 'program')];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  expect({ status, stdout, stderr }).toEqual({
    status: 0,
    stdout: 'one\tready\tshell\tOne\n',
    stderr: '',
  });
}

it('has something compiled ahead that V8 takes', () => {
  const file = path.join(dist, 'lib', 'program.js');
  const source = Module.wrap(readFileSync(file, 'latin1'));
  const script = new Script(source, { filename: file, cachedData: whole.subarray(32) });
  expect(script.cachedDataRejected).toBe(false);
});

it('needs nothing of it', () => {
  rmSync(compiled);
  listsTasks();
});

it.each([
  ['empty', () => Buffer.alloc(0)],
  ['cut short', () => whole.subarray(0, whole.length / 2)],
  ['of something else', () => Buffer.alloc(whole.length, 'x')],
  [
    'damaged in one place',
    () => {
      const bytes = Buffer.from(whole);
      bytes[bytes.length >> 1]! ^= 0xff;
      return bytes;
    },
  ],
])('passes over one that is %s', (_, bytes) => {
  writeFileSync(compiled, bytes());
  listsTasks();
});

it('passes over one of another program', () => {
  writeFileSync(compiled, whole);
  const program = path.join(dist, 'lib', 'program.js');
  const text = readFileSync(program, 'utf8');
  // Of the same length: V8 would not notice, and say what the other one says.
  const other = text.replace(/^\/\/ ./, '// -').replace('only those with', 'only THOSE with');
  writeFileSync(program, other);
  const words = [path.join(dist, 'main.js'), 'task', 'list', '--help'];
  const { stdout } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  expect(stdout).toContain('only THOSE with this status');
});
