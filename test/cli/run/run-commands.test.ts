/** The run commands of the built program, with real processes: `npm run build` first. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtEntry as entry } from '../../support/built-program.ts';

let root = '';
let program = '';

beforeAll(() => {
  mkdirSync('.test-tmp', { recursive: true });
  root = mkdtempSync(path.resolve('.test-tmp/run-commands-'));
  program = path.join(root, 'prog');
  mkdirSync(path.join(program, 'tasks'), { recursive: true });
  mkdirSync(path.join(program, 'ws'));
  writeFileSync(
    path.join(program, 'project.yaml'),
    'name: p\nworkspace: ws\ndefault_agent: shell\nnode_terminate_grace_sec: 1\n',
  );
  task('quick', 'echo hello');
  task('after', 'echo bye', '[{task: quick, kind: order}]');
  task('broken', 'echo trying; echo oops >&2; exit 3');
  task('nasty', String.raw`printf "a\033[2J\033]0;owned\007b\n"`);
  task('wordy', 'yes | head -n 300000');
  // Goes on when the file is there.
  task('slow', `echo begun; while [ ! -e ${root}/go ]; do sleep 0.05; done; echo went on`);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function task(id: string, run: string, dependsOn = '[]'): void {
  const lines = [`id: ${id}`, `title: ${id}`, 'status: ready', `depends_on: ${dependsOn}`];
  writeFileSync(
    path.join(program, 'tasks', `${id}.yaml`),
    `${lines.join('\n')}\nrun: ${JSON.stringify(run)}\n`,
  );
}

function run(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [entry, ...words], {
    cwd: program,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  return { status, stdout, stderr };
}

/** A command that goes on while the test looks at it. */
class Going {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly ended: Promise<number | null>;
  #look: () => void = () => undefined;

  constructor(...words: string[]) {
    this.child = spawn(process.execPath, [entry, ...words], {
      cwd: program,
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.on('data', (data: Buffer) => {
      this.stdout += data.toString();
      this.#look();
    });
    this.child.stderr?.on('data', (data: Buffer) => {
      this.stderr += data.toString();
      this.#look();
    });
    this.ended = new Promise((resolve) => this.child.on('close', resolve));
  }

  async until(condition: () => boolean): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#look = () => {
        if (condition()) resolve();
      };
      void this.ended.then((status) =>
        condition()
          ? resolve()
          : reject(new Error(`ended too early, with ${status}: ${this.stdout}${this.stderr}`)),
      );
      this.#look();
    });
  }
}

const runId = /^\d{14}-[0-9a-f]{8}$/;

describe('run start', () => {
  it('prints the run id alone to standard output, progress to standard error, and exits 0', () => {
    const { status, stdout, stderr } = run('run', 'start', '--root', 'after');
    expect(status).toBe(0);
    expect(stdout.trim()).toMatch(runId);
    expect(stderr).toMatch(/quick-\w{8} {2}started/);
    expect(stderr).toMatch(/after-\w{8} {2}done/);
    expect(stderr).toContain('Results');
    expect(stderr).not.toContain('\u001b');
  });

  it('takes the program before or after the options', () => {
    expect(run('run', 'start', '.', '--root', 'quick').status).toBe(0);
    expect(run('run', 'start', '--root', 'quick', '.').status).toBe(0);
  });

  it('exits 1 when the run failed, and says what to type', () => {
    const { status, stderr } = run('run', 'start', '--root', 'broken');
    expect(status).toBe(1);
    expect(stderr).toContain('exit status 3');
    expect(stderr).toMatch(/codex-orch run retry-instance \S+ broken-\w{8}/);
  });

  it('with --json prints one document, the run', () => {
    const { status, stdout } = run('run', 'start', '--root', 'quick', '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'done', roots: ['quick'] });
  });

  it('with --dry-run creates nothing', () => {
    const before = run('run', 'list').stdout;
    const { status, stdout } = run('run', 'start', '--root', 'after', '--dry-run');
    expect(status).toBe(0);
    expect(stdout.split('\n').map((line) => line.split('\t')[1])).toEqual(
      expect.arrayContaining(['quick', 'after']),
    );
    expect(run('run', 'list').stdout).toBe(before);
  });

  it.each([
    [['--root', 'quik'], 'did you mean "quick"', 4],
    [['--label', 'slwo'], 'no task has the label "slwo"', 4],
    [[], '--root TASK or --label LABEL', 2],
    [['--root', 'quick', '--input-json', 'x={'], '--input x=', 2],
  ])('refuses %j, saying %j, with exit status %i', (words, says, exit) => {
    const { status, stdout, stderr } = run('run', 'start', ...words);
    expect(status).toBe(exit);
    expect(stdout).toBe('');
    expect(stderr).toContain(says);
  });
});

describe('while a run goes on', () => {
  it('the id comes first; Ctrl-C stops it resumably with 130; resume goes on', async () => {
    const start = new Going('run', 'start', '--root', 'slow');
    await start.until(() => /slow-\w{8} {2}started/.test(start.stderr));
    const id = start.stdout.trim();
    expect(id).toMatch(runId);

    const second = run('run', 'resume', id);
    expect(second.status).not.toBe(0);
    expect(second.stderr).toContain(`pid ${start.child.pid}`);

    start.child.kill('SIGINT');
    expect(await start.ended).toBe(130);
    expect(start.stderr).toContain('stopping agents');
    expect(start.stderr).toContain(`codex-orch run resume ${id}`);

    writeFileSync(path.join(root, 'go'), '');
    const resumed = run('run', 'resume', id);
    expect(resumed.stderr).toMatch(/attempt 2/);
    expect(resumed.status).toBe(0);
    rmSync(path.join(root, 'go'));
  });

  it('--no-wait leaves it in the background, where watch, events and logs follow it to its end', async () => {
    const { status, stdout, stderr } = run('run', 'start', '--root', 'slow', '--no-wait');
    expect(status).toBe(0);
    const id = stdout.trim();
    expect(stderr).toContain(`codex-orch run watch ${id}`);
    const watch = new Going('run', 'watch', id);
    const events = new Going('run', 'events', id, '-f', '--json');
    const logs = new Going('run', 'logs', id, 'slow', '-f');
    await watch.until(() => watch.stdout.includes('started'));
    await events.until(() => events.stdout.includes('attempt_started'));
    await logs.until(() => logs.stdout.includes('begun'));
    writeFileSync(path.join(root, 'go'), '');
    expect(await watch.ended).toBe(0);
    expect(await events.ended).toBe(0);
    expect(await logs.ended).toBe(0);
    rmSync(path.join(root, 'go'));
    expect(watch.stdout).toMatch(/slow-\w{8} {2}done/);
    expect(logs.stdout).toContain('went on');
    const listed = events.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { seq: number });
    expect(listed.map(({ seq }) => seq)).toEqual(listed.map((_, index) => index + 1));
  });

  it('abort ends it for good', async () => {
    const start = new Going('run', 'start', '--root', 'slow');
    await start.until(() => /started/.test(start.stderr));
    const id = start.stdout.trim();
    const { status, stdout } = run('run', 'abort', id);
    expect(status).toBe(0);
    expect(stdout).toBe(`${id}\tfailed\tfailed=1\n`);
    expect(await start.ended).toBe(1);
  });
});

describe('looking at runs', () => {
  let id = '';
  beforeAll(() => {
    id = run('run', 'start', '--root', 'nasty', 'broken', 'after').stdout.trim();
  });

  it('lists tab-separated, newest first', () => {
    const [first] = run('run', 'list').stdout.split('\n');
    expect(first).toBe(`${id}\tfailed\troots=after,broken,nasty\tinstances=4`);
    const listed = JSON.parse(run('run', 'list', '--json').stdout) as { id: string }[];
    expect(listed[0]?.id).toBe(id);
  });

  it('shows the run as YAML, or JSON, by any unique prefix and by either name', () => {
    expect(run('run', 'show', id).stdout).toMatch(new RegExp(`^id: "?${id}"?\n`));
    const shown = run('run', 'show', 'latest', '--json').stdout;
    expect(run('inspect', 'run', '.', id, '--json').stdout).toBe(shown);
    expect(run('run', 'show', id.slice(0, -2), '--json').stdout).toBe(shown);
  });

  it('shows what agents printed without their escape sequences, unless raw', () => {
    expect(run('run', 'logs', id, 'nasty').stdout).toMatch(/\nab\n/);
    expect(run('run', 'logs', id, 'nasty', '--raw').stdout).toContain('\u001b[2J');
    const broken = run('run', 'logs', 'broken').stdout;
    expect(broken).toContain('trying');
    expect(broken).toContain('  oops');
    expect(broken).toMatch(/failed: .*exit status 3/);
    expect(run('run', 'logs').stdout.match(/^== /gm)).toHaveLength(4);
  });

  it('shows any number of lines', () => {
    const wordy = run('run', 'start', '--root', 'wordy').stdout.trim();
    expect(run('run', 'logs', wordy).stdout.match(/^y$/gm)).toHaveLength(300_000);
    rmSync(path.join(program, '.runs', wordy), { recursive: true });
  });

  it('explains, in lines that can be cut', () => {
    const lines = run('run', 'explain', id).stdout.trim().split('\n');
    expect(lines.map((line) => line.split('\t')[1])).toEqual(['failed']);
    expect(lines[0]?.split('\t')[3]).toMatch(`codex-orch run retry-instance ${id} broken-`);
    const [only] = run('run', 'explain', id, 'quick').stdout.split('\t');
    expect(only).toMatch(/^quick-/);
  });

  it('verifies, and repairs the state', () => {
    expect(run('run', 'verify', id).status).toBe(0);
    rmSync(path.join(program, '.runs', id, 'state', 'instances'), { recursive: true });
    const damaged = run('run', 'verify', id);
    expect(damaged.status).toBe(1);
    expect(damaged.stdout).toContain('error\tstate/instances');
    expect(damaged.stderr).toContain('--repair');
    expect(run('run', 'verify', id, '--repair').status).toBe(0);
    expect(existsSync(path.join(program, '.runs', id, 'state', 'instances'))).toBe(true);
  });

  it.each([
    [['run', 'show', '1999']],
    [['run', 'logs', 'latest', 'nobody']],
    [['run', 'explain', 'latest', 'nobody']],
    [['run', 'retry-instance', 'latest', 'nobody']],
    [['run', 'logs', 'latest', 'quick', '--attempt', '9']],
  ])('exits 4 where there is no such thing: %j', (words) => {
    const { status, stdout, stderr } = run(...words);
    expect(status).toBe(4);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^error: .*\nhint: .*\n$/);
  });

  it('ends quietly when its reader goes away', () => {
    const line = `'${process.execPath}' '${entry}' run show ${id} --json | head -c 1`;
    const { stdout, stderr } = spawnSync('sh', ['-c', line], { cwd: program, encoding: 'utf8' });
    expect(stdout).toBe('{');
    expect(stderr).toBe('');
  });

  it('completes runs in the same order, also within a second', () => {
    const [latest = ''] = run('run', 'list').stdout.split('\t');
    const offered = run('__complete', 'run', 'show', '').stdout.split('\n');
    expect(offered.slice(0, 2)).toEqual(['latest', latest]);
  });
});

it('calls it no defect when the current directory is gone', () => {
  const line = `mkdir '${root}/gone' && cd '${root}/gone' && rmdir '${root}/gone' && '${process.execPath}' '${entry}' run list`;
  const { status, stderr } = spawnSync('sh', ['-c', line], { encoding: 'utf8' });
  expect(status).toBe(2);
  expect(stderr).toMatch(/^error: the current directory/);
});

it('knows its version without loading anything else', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(run('--version').stdout).toBe(`${version}\n`);
  expect(run('-V').stdout).toBe(`${version}\n`);
  expect(readFileSync(entry, 'utf8').length).toBeLessThan(10_000);
});
