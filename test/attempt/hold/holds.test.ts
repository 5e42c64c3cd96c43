/** Locks of a user and slots, over engines that come and go; see also test/races/locks.test.ts. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Holds, holdersOfUser, type Holder } from '../../../src/attempt/hold/holds.ts';
import { jsonFile } from '../../../src/disk/disk.ts';
import { attemptFiles, claimOf } from '../../../src/execution/local/attempt-files.ts';
import type { LockSpec } from '../../../src/model/program.ts';
import { identityOf } from '../../../src/processes/identity.ts';

let root: string;
let globalRoot: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  mkdirSync('.test-tmp', { recursive: true });
  root = mkdtempSync(path.resolve('.test-tmp', 'holds-'));
  globalRoot = path.join(root, 'home');
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

const engine = (): Holds => new Holds({ globalRoot, now: () => '2026-01-01T00:00:00.000Z' });
const lock = (name: string, slots = 1): LockSpec => ({ name, scope: 'user', slots });
const holder = (instance: string): Holder => ({
  program_dir: root,
  run_id: 'r',
  instance_id: instance,
  attempt: 1,
  attempt_dir: path.join(root, instance),
  control_dir: path.join(root, `${instance}.control`),
});
const namesOf = (name: string): string[] =>
  holdersOfUser(globalRoot, name).map(({ instance_id }) => instance_id);

/** As the wrapper of an attempt leaves it; its process lives until it is killed. */
function begin({ control_dir: controlDir, attempt_dir }: Holder): ChildProcess {
  mkdirSync(controlDir);
  const env = { ...process.env, CODEX_ORCH_ATTEMPT_DIR: attempt_dir };
  const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore', env });
  children.push(child);
  const identity = identityOf(child.pid ?? 0);
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8').trim();
  const lines = [child.pid, stat, identity?.bootId, identity?.pidNamespace, identity?.host, ''];
  writeFileSync(path.join(controlDir, 'agent-0'), lines.join('\n'));
  writeFileSync(path.join(controlDir, 'claim-0'), 'run\n');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

/** As if the engine that wrote it had died. */
function disown(): void {
  for (const name of readdirSync(globalRoot, { recursive: true, encoding: 'utf8' })) {
    if (!/\d+\.json$/.test(name) || name.includes('guard')) continue;
    const file = path.join(globalRoot, name);
    const record = JSON.parse(readFileSync(file, 'utf8')) as { engine: object };
    writeFileSync(file, jsonFile({ ...record, engine: { ...record.engine, startTime: '1' } }));
  }
}

it('gives all of the locks or none, and as many holders as there are slots', () => {
  const holds = engine();
  expect(holds.takeLocks(holder('a'), [lock('x')])).toBe(true);
  expect(holds.takeLocks(holder('b'), [lock('y'), lock('x')])).toBe(false);
  expect(namesOf('y')).toEqual([]);
  expect(holds.takeLocks(holder('b'), [lock('y')])).toBe(true);
  expect(engine().takeLocks(holder('c'), [lock('y', 2)])).toBe(true);
  expect(engine().takeLocks(holder('d'), [lock('y', 2)])).toBe(false);
  expect(namesOf('y')).toEqual(['b', 'c']);
  holds.release('a');
  expect(engine().takeLocks(holder('d'), [lock('x')])).toBe(true);
  // The same again is no second holder.
  expect(holds.takeLocks(holder('b'), [lock('y')])).toBe(true);
});

it('tells names apart that one file cannot', () => {
  const names = ['port:5432', 'port_5432', '../up', 'ü'.repeat(300), ''];
  for (const name of names) expect(engine().takeLocks(holder('a'), [lock(name)])).toBe(true);
  for (const name of names) expect(engine().takeLocks(holder('b'), [lock(name)])).toBe(false);
});

it('an agent whose engine died keeps its lock, until it has ended', async () => {
  const first = holder('a');
  expect(engine().takeLocks(first, [lock('x')])).toBe(true);
  const child = begin(first);
  disown();
  expect(engine().takeLocks(holder('b'), [lock('x')])).toBe(false);
  expect(namesOf('x')).toEqual(['a']);
  await kill(child);
  expect(namesOf('x')).toEqual([]);
  expect(engine().takeLocks(holder('b'), [lock('x')])).toBe(true);
});

it('who takes a lock over from an attempt that was not begun makes sure that it cannot begin', () => {
  const first = holder('a');
  engine().takeLocks(first, [lock('x')]);
  mkdirSync(first.control_dir);
  disown();
  const files = attemptFiles({ controlDir: first.control_dir });
  expect(namesOf('x')).toEqual([]);
  expect(claimOf(files, 0)).toBeNull();
  expect(engine().takeLocks(holder('b'), [lock('x')])).toBe(true);
  expect(claimOf(files, 0)).toBe('void');
});

it('an engine that ends gives back what it has, but for those that it leaves at work', async () => {
  const holds = engine();
  holds.takeLocks(holder('a'), [lock('x')]);
  holds.takeLocks(holder('b'), [lock('y')]);
  const child = begin(holder('b'));
  holds.leave(new Set(['b']));
  expect([namesOf('x'), namesOf('y')]).toEqual([[], ['b']]);
  await kill(child);
  // This process lives, and counts no more.
  expect(namesOf('y')).toEqual([]);
});

it('the next engine of the run takes over what its attempts hold, and gives it back', () => {
  engine().takeLocks(holder('a'), [lock('x')]);
  expect(engine().takeSlot(holder('a'))).toBe(1);
  disown();
  const next = engine();
  next.takeOver([holder('a')]);
  expect(next.takeSlot(holder('a'))).toBe(1);
  expect(engine().takeLocks(holder('b'), [lock('x')])).toBe(false);
  next.release('a');
  expect(engine().takeLocks(holder('b'), [lock('x')])).toBe(true);
});

it('numbers are small, and those of the dead come back', () => {
  const holds = engine();
  const slots = ['a', 'b', 'c'].map((id) => holds.takeSlot(holder(id)));
  expect(slots).toEqual([1, 2, 3]);
  holds.release('b');
  expect(engine().takeSlot(holder('d'))).toBe(2);
  disown();
  const next = engine();
  expect(next.takeSlot(holder('e'))).toBe(4);
  next.takeOver([]);
  expect(engine().takeSlot(holder('f'))).toBe(1);
});

it('what a power cut has spoilt keeps nobody out', () => {
  engine().takeLocks(holder('a'), [lock('x')]);
  const directory = path.join(globalRoot, 'holds', 'locks');
  const [name = ''] = readdirSync(directory);
  writeFileSync(path.join(directory, name, '1.json'), '');
  expect(engine().takeLocks(holder('b'), [lock('x')])).toBe(true);
});
