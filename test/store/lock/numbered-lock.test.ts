/** What stands in a lock's directory, by whomever it was put there, and who then holds the lock. */
import fs, {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ownIdentity } from '../../../src/processes/identity.ts';
import { acquireLock, lockHolder, type Lock } from '../../../src/store/lock/numbered-lock.ts';
import { systemNow, temporaryProgram } from '../sample-run.ts';

let lockDir = '';
let remove: () => void;
beforeEach(() => {
  const program = temporaryProgram();
  ({ remove } = program);
  lockDir = path.join(program.dir, 'lock');
});
const { linkSync, renameSync: rename } = fs;
afterEach(() => {
  Object.assign(fs, { linkSync, renameSync: rename });
  syncBuiltinESMExports();
  remove();
});

const file = (number: number): string =>
  path.join(lockDir, `${String(number).padStart(8, '0')}.json`);

function plant(name: string, change: object): void {
  mkdirSync(lockDir, { recursive: true });
  const record = { ...ownIdentity(), command: 'x', acquired_at: '', released_at: null };
  writeFileSync(path.join(lockDir, name), JSON.stringify({ ...record, ...change }));
}

function take(now = systemNow): Lock {
  const taken = acquireLock(lockDir, { command: 'test', now });
  if (!taken.ok) throw new Error(`not taken: ${taken.reason}`);
  return taken.lock;
}

it('who finds a higher number after making its file takes that back, and tries anew', () => {
  let calls = 0;
  const lock = take(() => {
    calls += 1;
    if (calls === 1) plant('00000005.json', { released_at: 'then' });
    return '2026-01-02T03:04:05.000Z';
  });
  expect(readdirSync(lockDir).sort()).toEqual(['00000005.json', '00000006.json']);
  lock.release();
});

it('who releases a lock leaves what others have put in its place', () => {
  const lock = take();
  const other = path.join(lockDir, 'other');
  writeFileSync(other, 'mine');
  renameSync(other, file(1));
  lock.release();
  expect(readFileSync(file(1), 'utf8')).toBe('mine');
});

it.skipIf(!existsSync('/proc/self/fd'))('who releases a lock leaves no file open', () => {
  const open = (): number => readdirSync('/proc/self/fd').length;
  const before = open();
  for (let time = 0; time < 20; time += 1) take().release();
  expect(open()).toBeLessThan(before + 10);
});

it('is released also where no second file fits', () => {
  const lock = take();
  fs.renameSync = () => {
    throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
  };
  syncBuiltinESMExports();
  lock.release();
  expect(lockHolder(lockDir)).toBeNull();
});

it.each<[string, object]>([
  ['no pid', { pid: 'x' }],
  ['no command', { command: 7 }],
  ['no time of release', { released_at: 5 }],
])('of a record with %s nobody knows who holds it', (_name, change) => {
  plant('00000001.json', change);
  expect(lockHolder(lockDir)).toMatchObject({ pid: 0, liveness: 'unknown' });
});

it('is told by files of its own names alone', () => {
  plant('00000009.json~', {});
  plant('x00000009.json', {});
  expect(lockHolder(lockDir)).toBeNull();
  take();
  expect(existsSync(file(1))).toBe(true);
});

it('is a folder where there are no hard links, so that nobody sees half of it', () => {
  fs.linkSync = () => {
    throw Object.assign(new Error('EPERM'), { code: 'EPERM', syscall: 'link' });
  };
  syncBuiltinESMExports();
  const lock = take();
  expect(statSync(file(1)).isDirectory()).toBe(true);
  expect(lockHolder(lockDir)).toMatchObject({ command: 'test' });
  lock.release();
  expect(lockHolder(lockDir)).toBeNull();
  rmSync(lockDir, { recursive: true });
});
