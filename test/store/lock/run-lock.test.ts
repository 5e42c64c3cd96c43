import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs, {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { identityOf, ownIdentity } from '../../../src/processes/identity.ts';
import { newRunId, runPaths, type RunPaths } from '../../../src/store/layout.ts';
import { describeHolder } from '../../../src/store/lock/numbered-lock.ts';
import { acquireRunLock, currentHolder, holderHint } from '../../../src/store/lock/run-lock.ts';
import { bundle } from '../bundle.ts';
import { temporaryProgram, systemNow } from '../sample-run.ts';

let program: { dir: string; remove: () => void };
let paths: RunPaths;

beforeEach(() => {
  program = temporaryProgram();
  paths = runPaths(program.dir, newRunId(new Date().toISOString()));
  mkdirSync(paths.root, { recursive: true });
});
afterEach(() => program.remove());

function lockFile(number: number): string {
  return path.join(paths.lockDir, `${String(number).padStart(8, '0')}.json`);
}

function plant(number: number, change: Record<string, unknown>): void {
  mkdirSync(paths.lockDir, { recursive: true });
  const record = {
    ...ownIdentity(),
    command: 'run start',
    acquired_at: '2026-01-02T03:04:05.000Z',
    released_at: null,
    ...change,
  };
  writeFileSync(lockFile(number), JSON.stringify(record));
}

describe('the lock', () => {
  it('of what is no directory is none, and a disk that is full is told', () => {
    rmSync(paths.root, { recursive: true });
    writeFileSync(paths.root, '');
    const acquire = () => acquireRunLock(paths, { command: 'run start', now: systemNow });
    expect(acquire).toThrow(/^There is no run at/);
    rmSync(paths.root);
    mkdirSync(paths.root);
    const { writeSync } = fs;
    try {
      fs.writeSync = () => {
        throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
      };
      syncBuiltinESMExports();
      expect(acquire).toThrow(/^The disk is full/);
    } finally {
      Object.assign(fs, { writeSync });
      syncBuiltinESMExports();
    }
  });

  it('is held by one, who is named, until it is released', () => {
    expect(currentHolder(paths)).toBeNull();
    const first = acquireRunLock(paths, { command: 'run start', now: systemNow });
    const second = acquireRunLock(paths, { command: 'run resume', now: systemNow });
    if (!first.ok) throw new Error('not acquired');
    expect(second).toMatchObject({
      ok: false,
      reason: 'held',
      holder: { pid: process.pid, command: 'run start', liveness: 'alive' },
    });
    expect(currentHolder(paths)?.pid).toBe(process.pid);
    first.lock.release();
    first.lock.release();
    expect(currentHolder(paths)).toBeNull();
    const third = acquireRunLock(paths, { command: 'run resume', now: systemNow });
    expect(third.ok).toBe(true);
    first.lock.release();
    expect(currentHolder(paths)?.command).toBe('run resume');
  });

  it('keeps few files, and only grows in number', () => {
    for (let i = 0; i < 60; i += 1) {
      const claim = acquireRunLock(paths, { command: 'x', now: systemNow });
      if (claim.ok) claim.lock.release();
    }
    const names = readdirSync(paths.lockDir).sort();
    expect(names.length).toBeLessThanOrEqual(17);
    expect(names.at(-1)).toBe('00000060.json');
  });

  it('of a process that died is taken over at once', () => {
    const { pid } = spawnSync(process.execPath, ['-e', '0']);
    plant(1, { pid });
    expect(currentHolder(paths)).toBeNull();
    expect(acquireRunLock(paths, { command: 'run resume', now: systemNow }).ok).toBe(true);
  });

  it('of a process whose pid another one has now is taken over at once', () => {
    plant(7, { startTime: '1' });
    expect(currentHolder(paths)).toBeNull();
    const claim = acquireRunLock(paths, { command: 'run resume', now: systemNow });
    expect(claim.ok).toBe(true);
    expect(readdirSync(paths.lockDir)).toContain('00000008.json');
  });

  it('of an earlier boot of this host is taken over, of another host not', () => {
    plant(1, { bootId: 'another' });
    expect(currentHolder(paths)).toBeNull();
    plant(2, { bootId: 'another', host: 'elsewhere' });
    const claim = acquireRunLock(paths, { command: 'run resume', now: systemNow });
    expect(claim).toMatchObject({ ok: false, holder: { host: 'elsewhere', liveness: 'unknown' } });
    if (!claim.ok && claim.reason === 'held') {
      expect(describeHolder(claim.holder)).toContain('on elsewhere (cannot be seen from here)');
      const hint = holderHint(claim.holder, paths.runId);
      expect(hint).toContain('on elsewhere');
      expect(hint).toContain(`rm ${lockFile(2)}`);
      // Which works, and leaves nothing that could be mistaken for a holder.
      rmSync(lockFile(2));
      const now = acquireRunLock(paths, { command: 'run resume', now: systemNow });
      expect(now.ok).toBe(true);
      if (now.ok) now.lock.release();
    }
  });

  it('of another pid namespace counts as held', () => {
    plant(1, { pidNamespace: 'pid:[1]' });
    expect(acquireRunLock(paths, { command: 'x', now: systemNow })).toMatchObject({
      ok: false,
      reason: 'held',
    });
  });

  it('that a power cut emptied is taken over after the boot, and not guessed about before', () => {
    mkdirSync(paths.lockDir);
    writeFileSync(lockFile(1), '');
    const claim = acquireRunLock(paths, { command: 'x', now: systemNow });
    expect(claim).toMatchObject({ ok: false, reason: 'held', holder: { liveness: 'unknown' } });
    if (!claim.ok && claim.reason === 'held') {
      expect(describeHolder(claim.holder)).toContain(lockFile(1));
    }
    utimesSync(lockFile(1), 1, 1);
    expect(acquireRunLock(paths, { command: 'x', now: systemNow }).ok).toBe(true);
  });

  it('is not taken by one who comes late to a number that was used and removed', () => {
    // What the late one finds after making its file: higher numbers. See the proof, step 3.
    for (let i = 0; i < 40; i += 1) {
      const claim = acquireRunLock(paths, { command: 'x', now: systemNow });
      if (claim.ok) claim.lock.release();
    }
    const holder = acquireRunLock(paths, { command: 'holder', now: systemNow });
    expect(holder.ok).toBe(true);
    plant(3, { command: 'late', pid: process.pid });
    expect(currentHolder(paths)?.command).toBe('holder');
    expect(acquireRunLock(paths, { command: 'y', now: systemNow })).toMatchObject({
      holder: { command: 'holder' },
    });
  });

  it.runIf(process.getuid?.() !== 0)('that cannot be written says so', () => {
    chmodSync(paths.root, 0o555);
    const claim = acquireRunLock(paths, { command: 'x', now: systemNow });
    expect(claim).toMatchObject({ ok: false, reason: 'not-writable' });
    chmodSync(paths.root, 0o755);
  });

  it('of no run is refused', () => {
    const nowhere = runPaths(program.dir, 'nothing');
    expect(() => acquireRunLock(nowhere, { command: 'x', now: systemNow })).toThrow(/no run/);
  });
});

describe('many processes', () => {
  const child = path.join('.test-tmp', `contend-${process.pid}.mjs`);
  beforeAll(() =>
    bundle('test/store/lock/contend.ts', child, { faultPoint: 'test/store/lock/come-late.ts' }),
  );
  afterAll(() => rmSync(child, { force: true }));

  /** Starts one; `how` is to `live`, to `die` or to come `late`. */
  function contend(rounds: number, how: string, env: NodeJS.ProcessEnv = {}) {
    const args = [child, program.dir, paths.runId, String(rounds), counterFile(), how];
    const one = spawn(process.execPath, args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, ...env },
    });
    return once(one, 'exit') as Promise<[number | null, string]>;
  }
  const counterFile = (): string => path.join(program.dir, 'counter');
  beforeEach(() => writeFileSync(counterFile(), '0'));

  it('never hold it together', async () => {
    const late = { COME_LATE: '1' };
    const living = [
      ...[300, 300].map((rounds) => contend(rounds, 'live')),
      ...[10, 10].map((rounds) => contend(rounds, 'late', late)),
    ];
    const dying = [30, 60, 90].map((rounds) => contend(rounds, 'die'));
    for (const [code] of await Promise.all(living)) expect(code).toBe(0);
    for (const [, signal] of await Promise.all(dying)) expect(signal).toBe('SIGKILL');
    expect(readFileSync(counterFile(), 'utf8')).toBe(String(600 + 20 + 180));
    expect(currentHolder(paths)).toBeNull();
  });

  it('never hold it together where there are no hard links', async () => {
    const noLinks = { NO_LINKS: '1' };
    const living = [100, 100, 100].map((rounds) => contend(rounds, 'live', noLinks));
    const dying = [30, 60].map((rounds) => contend(rounds, 'die', noLinks));
    for (const [code] of await Promise.all(living)) expect(code).toBe(0);
    for (const [, signal] of await Promise.all(dying)) expect(signal).toBe('SIGKILL');
    expect(readFileSync(counterFile(), 'utf8')).toBe(String(300 + 90));
    expect(currentHolder(paths)).toBeNull();
  });

  it('see one that is stopped as alive, and as gone once it is killed', async () => {
    const idle = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(idle, 'spawn');
    plant(1, { ...identityOf(idle.pid ?? 0) });
    idle.kill('SIGSTOP');
    expect(acquireRunLock(paths, { command: 'x', now: systemNow })).toMatchObject({
      holder: { pid: idle.pid },
    });
    idle.kill('SIGKILL');
    await once(idle, 'exit');
    expect(acquireRunLock(paths, { command: 'x', now: systemNow }).ok).toBe(true);
  });
});
