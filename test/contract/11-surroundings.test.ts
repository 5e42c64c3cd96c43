/**
 * Sections 11 and 12 of the contract where the surroundings fail: signals, a terminal that goes away, a
 * full or read-only disk, a clock that jumps back, an engine that is halted.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { driveRun } from '../../src/app/run/drive.ts';
import { tryAgain } from '../../src/app/run/retry.ts';
import { startRun } from '../../src/app/run/start.ts';
import type { RunEvent } from '../../src/core/events/events.ts';
import { viewRun } from '../../src/store/directory/view.ts';
import { runPaths } from '../../src/store/layout.ts';
import {
  builtEntry,
  codexOrch,
  testDirectory,
  until,
  writeFiles,
} from '../support/built-program.ts';
import { ownWorld } from '../support/world.ts';

const home = testDirectory('environment');
const mounts: string[] = [];
let program: string;
let count = 0;

beforeEach(() => {
  program = path.join(home, `p${(count += 1)}`);
});
afterEach(() => {
  for (const mount of mounts.splice(0)) spawnSync('umount', ['-l', mount]);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** One task that begins, and ends well once the file `go` is there. It prints nothing: disks may be full. */
function write(directory: string, more = '', graceSec = 1): void {
  writeFiles(directory, {
    'project.yaml': `name: p\nworkspace: .\ndefault_agent: shell\nnode_terminate_grace_sec: ${graceSec}\n`,
    'tasks/slow.yaml': [
      'id: slow',
      'title: slow',
      'status: ready',
      'run: |',
      `  ${more}`,
      '  echo "$$" >> begun',
      '  while [ ! -e go ]; do sleep 0.05; done',
      '',
    ].join('\n'),
  });
}

const orch = (...words: string[]) => codexOrch(words, { cwd: program });

interface Shown {
  status: string;
  instances: Record<string, { status: string; attempt: number; resume_recommended: boolean }>;
}
async function shown(): Promise<Shown> {
  return JSON.parse((await orch('run', 'show', '.', 'latest', '--json')).stdout) as Shown;
}
async function slow(): Promise<Shown['instances'][string]> {
  const [instance] = Object.values((await shown()).instances);
  if (!instance) throw new Error('no instance');
  return instance;
}

/**
 * Runs the start in a terminal of its own, until the task has begun; what `script` does is Python: `press(keys)`,
 * `seen(text)` waits until that is on the screen, `fd` is the terminal's other end.
 */
function inTerminal(script: string, ...more: string[]): ChildProcess {
  const python = [
    'import os, pty, sys, time, threading',
    'pid, fd = pty.fork()',
    'if pid == 0:',
    `  os.execv(sys.argv[1], sys.argv[1:])`,
    'screen = bytearray()',
    'def read():',
    '  try:',
    '    while True: screen.extend(os.read(fd, 65536))',
    '  except OSError: pass',
    'threading.Thread(target=read, daemon=True).start()',
    'def press(keys): os.write(fd, keys.encode())',
    'def seen(text):',
    '  while text.encode() not in screen: time.sleep(0.02)',
    '  del screen[:]',
    'while not os.path.exists("begun"): time.sleep(0.02)',
    script,
    'sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))',
  ].join('\n');
  const words = [builtEntry, 'run', 'start', '.', '--root', 'slow', ...more];
  return spawn('python3', ['-c', python, process.execPath, ...words], {
    cwd: program,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

const exitOf = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => child.once('exit', resolve));
const begun = (): Promise<true> =>
  until(() => (existsSync(path.join(program, 'begun')) ? true : null));
const goOn = (): void => writeFileSync(path.join(program, 'go'), '');

/** A small disk of its own, or null where this user may not mount one. */
function smallDisk(directory: string): string | null {
  mkdirSync(directory, { recursive: true });
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', directory]).status !== 0) {
    process.stdout.write('SKIPPED: a full and a read-only disk need the right to mount a tmpfs\n');
    return null;
  }
  mounts.push(directory);
  return directory;
}

describe('a signal', () => {
  it.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)(
    '%s stops the agents, and leaves the run to be resumed',
    async (signal) => {
      write(program);
      const child = spawn(process.execPath, [builtEntry, 'run', 'start', '.', '--root', 'slow'], {
        cwd: program,
        stdio: 'ignore',
      });
      const exit = exitOf(child);
      await begun();
      child.kill(signal);
      expect(await exit).toBe(130);
      expect(await slow()).toMatchObject({ status: 'failed', resume_recommended: true });
      goOn();
      expect((await orch('run', 'resume', '.', 'latest')).code).toBe(0);
      expect(await slow()).toMatchObject({ status: 'done', attempt: 2 });
    },
  );

  it('from the keyboard asks first, stops at the second, and kills at the third', async () => {
    write(program, "trap '' TERM INT", 600);
    const child = inTerminal(
      [
        'press("\\x03"); seen("leave the agents at work")',
        'press("\\x03"); seen("stopping agents")',
        'press("\\x03"); seen("at once")',
      ].join('\n'),
    );
    expect(await exitOf(child)).toBe(130);
    expect(await slow()).toMatchObject({ status: 'failed', resume_recommended: true });
  });

  it('from the keyboard, answered with stop, leaves what can be resumed', async () => {
    write(program);
    const child = inTerminal('press("\\x03"); seen("leave the agents at work"); press("s")');
    expect(await exitOf(child)).toBe(130);
    expect(await slow()).toMatchObject({ status: 'failed', resume_recommended: true });
  });

  it('from the keyboard, answered with go on, is forgotten', async () => {
    write(program);
    const child = inTerminal(
      'press("\\x03"); seen("leave the agents at work"); press("g"); open("go", "w").close()',
    );
    expect(await exitOf(child)).toBe(0);
    expect(await slow()).toMatchObject({ status: 'done', attempt: 1 });
  });

  it('from the keyboard, answered with detach, leaves the agents at work', async () => {
    write(program);
    const child = inTerminal('press("\\x03"); seen("leave the agents at work"); press("d")');
    expect(await exitOf(child)).toBe(130);
    expect((await shown()).status).toBe('running');
    goOn();
    expect((await orch('run', 'resume', '.', 'latest')).code).toBe(0);
    expect(await slow()).toMatchObject({ status: 'done', attempt: 1 });
  });

  it.each([
    ['detach', 'running'],
    ['stop', 'failed'],
  ])('is decided beforehand: --on-interrupt %s', async (what, status) => {
    write(program);
    const child = inTerminal('press("\\x03")', '--on-interrupt', what);
    expect(await exitOf(child)).toBe(130);
    expect((await shown()).status).toBe(status);
    goOn();
    const words = ['run', 'resume', '.', 'latest', '--on-interrupt', what];
    expect((await orch(...words)).code).toBe(0);
  });

  it('a terminal that is closed stops the agents like SIGHUP', async () => {
    write(program);
    await exitOf(inTerminal('os.close(fd)'));
    expect(await slow()).toMatchObject({ status: 'failed', resume_recommended: true });
    goOn();
    expect((await orch('run', 'resume', '.', 'latest')).code).toBe(0);
  });

  it('an engine that is halted keeps its run, and is named', async () => {
    write(program);
    const child = spawn(process.execPath, [builtEntry, 'run', 'start', '.', '--root', 'slow'], {
      cwd: program,
      stdio: 'ignore',
    });
    const exit = exitOf(child);
    await begun();
    child.kill('SIGSTOP');
    const second = await orch('run', 'resume', '.', 'latest');
    expect(second.code).not.toBe(0);
    expect(second.stderr).toContain(`"run start" (pid ${child.pid})`);
    goOn();
    child.kill('SIGCONT');
    expect(await exit).toBe(0);
    expect(readFileSync(path.join(program, 'begun'), 'utf8').trim().split('\n')).toHaveLength(1);
  });
});

describe('standard output', () => {
  const sh = (line: string): Promise<{ code: number | null; stderr: string }> =>
    new Promise((resolve) => {
      const words = ['-c', line, 'sh', process.execPath, builtEntry];
      const child = spawn('bash', words, { cwd: program, stdio: ['ignore', 'ignore', 'pipe'] });
      let stderr = '';
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      child.once('close', (code) => resolve({ code, stderr }));
    });

  it('that is full is no defect, and the run goes on', async () => {
    write(program);
    goOn();
    const start = await sh('"$1" "$2" run start . --root slow > /dev/full');
    expect(start).toMatchObject({ code: 1 });
    expect(start.stderr).toContain('standard output cannot be written to');
    expect(start.stderr).not.toContain('defect');
    expect(await slow()).toMatchObject({ status: 'done', attempt: 1 });
    const list = await sh('"$1" "$2" run list . > /dev/full');
    expect(list).toMatchObject({ code: 1 });
    expect(list.stderr).not.toContain('defect');
  });

  it('whose reader has gone does not end the run', async () => {
    write(program);
    goOn();
    const start = await sh(
      'set -o pipefail; "$1" "$2" run start . --root slow 2> /dev/null | true',
    );
    expect(start.code).toBe(0);
    expect(await slow()).toMatchObject({ status: 'done', attempt: 1 });
  });
});

describe('files that may be open at once', () => {
  it.each([22, 24, 26, 30])('are few (%i): no defect, and what to do is said', async (most) => {
    write(program);
    goOn();
    const start = await new Promise<{ code: number | null; stderr: string }>((resolve) => {
      const line = `ulimit -n ${most}; exec "$1" "$2" run start . --root slow`;
      const child = spawn('bash', ['-c', line, 'sh', process.execPath, builtEntry], {
        cwd: program,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let stderr = '';
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      child.once('close', (code) => resolve({ code, stderr }));
    });
    expect(start.stderr).not.toContain('defect');
    if (start.code !== 0)
      expect(start.stderr).toMatch(/too many (open )?files|files are open|Node\.js v/i);
  });
});

describe('the disk', () => {
  it('that is full ends the engine with a word, loses nothing, and goes on once there is space', async () => {
    const disk = smallDisk(program);
    if (disk === null) return;
    write(program);
    const child = spawn(process.execPath, [builtEntry, 'run', 'start', '.', '--root', 'slow'], {
      cwd: program,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const exit = exitOf(child);
    await begun();
    await until(async () => ((await shown()).status === 'running' ? true : null));
    // The name first: it needs a page, too.
    goOn();
    const filler = path.join(program, 'filler');
    spawnSync('sh', ['-c', `cat /dev/zero > ${filler}`]);
    const code = await exit;
    rmSync(filler);
    // It may have been quicker than the filler.
    if (code !== 0) {
      expect(code).toBe(1);
      expect(stderr).toMatch(/disk is full|no space left/i);
      expect(stderr).not.toMatch(/defect|\n\s+at /);
      expect((await orch('run', 'resume', '.', 'latest')).code).toBe(0);
    }
    expect(await slow()).toMatchObject({ status: 'done', attempt: 1 });
    expect((await orch('run', 'verify', '.', 'latest')).code).toBe(0);
  });

  it('that is full from the start leaves no run behind', async () => {
    if (smallDisk(program) === null) return;
    write(program);
    goOn();
    spawnSync('sh', ['-c', `cat /dev/zero > ${path.join(program, 'filler')}`]);
    const start = await orch('run', 'start', '.', '--root', 'slow');
    expect(start.code).toBe(1);
    expect(start.stderr).toMatch(/disk is full|no space left/i);
    expect(start.stderr).not.toContain('defect');
    rmSync(path.join(program, 'filler'));
    expect((await orch('run', 'list', '.', '--json')).stdout.trim()).toBe('[]');
    expect((await orch('run', 'start', '.', '--root', 'slow')).code).toBe(0);
  });

  it('that is read-only can be looked at, and says so where it must be written', async () => {
    const disk = smallDisk(program);
    if (disk === null) return;
    write(program);
    goOn();
    expect((await orch('run', 'start', '.', '--root', 'slow')).code).toBe(0);
    expect(spawnSync('mount', ['-o', 'remount,ro', disk]).status).toBe(0);
    for (const words of [
      ['run', 'list', '.'],
      ['run', 'show', '.', 'latest'],
      ['run', 'verify', '.', 'latest'],
      ['run', 'explain', '.', 'latest'],
      ['inbox', 'list', '.'],
    ]) {
      expect(await orch(...words), words.join(' ')).toMatchObject({ code: 0 });
    }
    for (const words of [
      ['run', 'start', '.', '--root', 'slow'],
      ['run', 'resume', '.', 'latest'],
      ['run', 'abort', '.', 'latest'],
      ['run', 'verify', '.', 'latest', '--repair'],
    ]) {
      const { code, stderr } = await orch(...words);
      expect([1, 2], `${words.join(' ')}: ${stderr}`).toContain(code);
      expect(stderr).toMatch(/read-only|cannot be written/i);
    }
  });
});

it('a clock that jumped back does not turn the order of events', async () => {
  write(program);
  goOn();
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 86_400_000 });
  let runId: string;
  try {
    ({ runId } = await startRun(ownWorld, program, {
      roots: ['slow'],
      labels: [],
      inputs: [],
      cwd: program,
    }));
  } finally {
    vi.useRealTimers();
  }
  const { status } = await driveRun(ownWorld, program, runId, { command: 'run start' }).ended;
  expect(status).toBe('done');
  const log = readFileSync(path.join(program, '.runs', runId, 'events.jsonl'), 'utf8');
  const times = log
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as RunEvent).created_at);
  expect(times).toEqual([...times].sort());
  expect(times[0]! > new Date().toISOString()).toBe(true);
});

it('a config.toml that cannot be read bars Codex, and nothing else', async () => {
  write(program);
  goOn();
  writeFiles(program, {
    'tasks/asked.yaml':
      'id: asked\ntitle: asked\nstatus: ready\nagent: default\ncompose: [{kind: literal, text: hi}]\n',
    'global/config.toml': '',
  });
  const config = path.join(program, 'global', 'config.toml');
  const env = {
    CODEX_ORCH_GLOBAL_ROOT: path.dirname(config),
    CODEX_ORCH_CODEX_BIN: '/bin/false',
  };
  const cli = (...words: string[]) => codexOrch(['run', ...words], { cwd: program, env });
  const both = ['.', '--root', 'asked', '--root', 'slow'];
  await cli('start', ...both);
  const [first = ''] = readdirSync(path.join(program, '.runs'));

  writeFileSync(config, '[codex\n');
  const refused = await cli('start', ...both);
  expect(refused).toMatchObject({ code: 2 });
  expect(refused.stderr).toMatch(/config\.toml:1/);
  expect(JSON.parse((await cli('list', '.', '--json')).stdout)).toHaveLength(1);
  expect(await cli('start', '.', '--root', 'slow')).toMatchObject({ code: 0 });

  await cli('retry-instance', '.', first, 'asked');
  const failed = (await cli('show', '.', first, '--json')).stdout;
  expect(failed).toMatch(/config\.toml:1/);
  expect(failed).not.toContain('"status": "running"');
  expect(await cli('reconcile', '.', first)).toMatchObject({ code: 0 });
  expect(await cli('abort', '.', first)).toMatchObject({ code: 0 });
});

it('an attempt that cannot be laid out fails, and can be tried again when its place is free', async () => {
  write(program);
  const { runId } = await startRun(ownWorld, program, {
    roots: ['slow'],
    labels: [],
    inputs: [],
    cwd: program,
  });
  const instances = path.join(program, '.runs', runId, 'instances');
  rmSync(instances, { recursive: true, force: true });
  writeFileSync(instances, '');
  const drive = driveRun(ownWorld, program, runId, { command: 'run start' });
  expect((await drive.ended).status).toBe('failed');
  const [failed] = viewRun(runPaths(program, runId)).state.instances.values();
  expect(failed).toMatchObject({ status: 'failed', failure_kind: 'task_runtime' });
  expect(failed?.error).toMatch(/it could not be started: .*(EEXIST|ENOTDIR)/);
  rmSync(instances);
  goOn();
  const retry = { grantIterations: 0, newSession: false, freshTree: false };
  await tryAgain(ownWorld, program, runId, failed?.instance_id ?? '', retry);
  const again = driveRun(ownWorld, program, runId, { command: 'run retry-instance' });
  expect((await again.ended).status).toBe('done');
});

it('a file that cannot be read is the failure of its attempt, also through a link to the program', async (context) => {
  // Nothing is unreadable for root.
  const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  const cli = (...words: string[]) =>
    spawnSync(process.execPath, [builtEntry, ...words], {
      ...nobody,
      env: { PATH: process.env['PATH'], HOME: program },
      encoding: 'utf8',
    });
  if (cli('--version').status !== 0) return context.skip('this user cannot run the program');
  const run = 'echo hi > "$CODEX_ORCH_ATTEMPT_DIR/x"; chmod 000 "$CODEX_ORCH_ATTEMPT_DIR/x"';
  writeFiles(program, {
    'project.yaml': 'name: p\nworkspace: .\ndefault_agent: shell\n',
    'tasks/a.yaml': { id: 'a', title: 'a', status: 'ready', publish: ['x'], run },
  });
  if (nobody.uid !== undefined) {
    chmodSync(home, 0o755);
    chownSync(program, nobody.uid, nobody.gid);
  }
  const link = `${program}-link`;
  symlinkSync(program, link);
  const { status, stderr } = cli('run', 'start', link, '--root', 'a');
  expect(stderr).toContain('publish: x cannot be taken: it cannot be read: permission denied');
  expect(status).toBe(1);
  expect(stderr).toContain('retry-instance');
});
