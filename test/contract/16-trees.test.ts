/** Section 16 of the contract: parallel work on one repository, through the command line. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/core/events/events.ts';
import { listRunIds } from '../../src/store/layout.ts';
import { codexOrch, testDirectory, writeFiles, type Ended } from '../support/built-program.ts';

const root = testDirectory('trees');
afterAll(() => rmSync(root, { recursive: true, force: true }));
let dir = '';
let count = 0;
beforeEach(() => {
  dir = path.join(root, String((count += 1)));
  mkdirSync(dir);
});

// What lies above is a repository, too: that of this program.
const env = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CEILING_DIRECTORIES: root,
  HOME: path.join(root, 'home'),
};
const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', args, {
    cwd,
    encoding: 'utf8',
    stdio: 'pipe',
    env: { ...env, PATH: process.env['PATH'] },
  }).trim();

function repository(files: Record<string, string>, ...init: string[]): string {
  const repo = path.join(dir, 'repo');
  mkdirSync(repo);
  git(repo, 'init', '-q', '-b', 'main', ...init);
  git(repo, 'config', 'user.name', 'P');
  git(repo, 'config', 'user.email', 'p@example.com');
  writeFiles(repo, files);
  git(repo, 'add', '-A');
  git(repo, 'commit', '-q', '-m', 'one');
  return repo;
}

type Task = Record<string, unknown> & { run: string; after?: string[] };

function program(tasks: Record<string, Task>, project: Record<string, unknown> = {}): void {
  const all = { name: 't', workspace: '../repo', isolation: 'tree', max_concurrency: 3 };
  const files = Object.entries(tasks).map(([id, { after = [], ...task }]) => [
    `program/tasks/${id}.yaml`,
    {
      ...{ id, title: `Do ${id}`, status: 'ready', agent: 'shell' },
      depends_on: after.map((one) => ({ task: one, kind: 'order' })),
      ...task,
    },
  ]);
  writeFiles(dir, {
    'program/project.yaml': { ...all, ...project },
    ...(Object.fromEntries(files) as Record<string, unknown>),
  });
}

const cli = (words: string[]): Promise<Ended> =>
  codexOrch(words, {
    cwd: dir,
    env: { ...env, CODEX_ORCH_GLOBAL_ROOT: path.join(dir, 'global'), CODEX_ORCH_NO_SYNC: '1' },
  });

const start = (...words: string[]): Promise<Ended> => cli(['run', 'start', 'program', ...words]);

function events(): RunEvent[] {
  // Not by their names: of two that began in one second, any comes first.
  const [run = ''] = listRunIds(path.join(dir, 'program'));
  const log = readFileSync(path.join(dir, 'program/.runs', run, 'events.jsonl'), 'utf8');
  return log
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as RunEvent);
}

function ofTask<T extends RunEvent['event_type']>(type: T, task: string) {
  return events().flatMap((event) =>
    event.event_type === type && event.instance_id?.startsWith(`${task}-`) === true
      ? [event.payload as Extract<RunEvent, { event_type: T }>['payload']]
      : [],
  );
}

const errorOf = (task: string) => ofTask('instance_failed', task)[0];

/** All of a directory that can be seen from outside: names, kinds, modes, contents. */
function picture(directory: string, without: RegExp): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => !without.test(name))
    .sort()
    .map((name) => {
      const file = path.join(directory, name);
      const stats = lstatSync(file);
      const content = stats.isFile()
        ? createHash('sha256').update(readFileSync(file)).digest('hex')
        : stats.isSymbolicLink()
          ? readlinkSync(file)
          : '';
      return `${name} ${stats.mode.toString(8)} ${content}`;
    });
}

/** What a run may leave in the person's repository. */
const ours = /^\.git\/(?:objects|refs\/codex-orch)(?:\/|$)/;

const lines = (first: string, last: string): string => `${first}\n2\n3\n4\n${last}\n`;

describe('instances with trees of their own', () => {
  it('work side by side, and what follows starts from the merge', async () => {
    const repo = repository({ f: lines('1', '5') });
    program({
      one: { run: "sed -i 's/1/one/' f && touch new" },
      two: { run: "sed -i 's/5/two/' f" },
      both: {
        run: 'cp f seen; cp "$CODEX_ORCH_ATTEMPT_DIR/context/refs/deps/two/changes.diff" two.diff',
        after: ['one', 'two'],
        publish: [],
        compose: [{ kind: 'ref', ref: 'deps.two.changes' }],
      },
    });
    const before = picture(repo, ours);
    const ended = await start('--root', 'both');
    expect(ended.stderr).toContain('done (3 of 3');
    expect(picture(repo, ours)).toEqual(before);
    const [one] = ofTask('workspace_committed', 'one');
    expect(one).toMatchObject({ files: 2, insertions: 1, deletions: 1, left_out: [] });
    const [prepared] = ofTask('workspace_prepared', 'both');
    expect(prepared?.parents).toHaveLength(2);
    const commit = ofTask('workspace_committed', 'both')[0]?.commit ?? '';
    expect(git(repo, 'show', `${commit}:seen`)).toBe(lines('one', 'two').trim());
    const diff = git(repo, 'show', `${commit}:two.diff`);
    expect(diff).toContain('-5\n+two');
    expect(diff).not.toContain('one');
    expect(
      git(repo, 'show', '-s', '--format=%(trailers:key=Codex-Orch-Task,valueonly)', commit),
    ).toBe('both');
    expect(existsSync(prepared?.directory ?? '')).toBe(false);
    expect((await cli(['run', 'verify', 'program', 'latest'])).code).toBe(0);
  });

  it('are handed a conflict, and what they leave of it is said', async () => {
    const repo = repository({ f: lines('1', '5'), g: 'g\n' });
    program({
      one: { run: "sed -i 's/1/one/' f; echo one > g" },
      two: { run: "sed -i 's/1/two/' f; git rm -q --cached g; rm g" },
      solve: {
        run: 'git status --porcelain > status; echo solved > f',
        after: ['one', 'two'],
        tree: { on_conflict: 'resolve' },
      },
      lazy: { run: 'true', after: ['one', 'two'], tree: { on_conflict: 'resolve' } },
      strict: { run: 'true', after: ['one', 'two'] },
    });
    await start('--root', 'solve', '--root', 'lazy', '--root', 'strict');
    const [solved] = ofTask('workspace_committed', 'solve');
    expect(solved?.conflicts).toEqual([
      { path: 'f', kinds: ['contents'], markers: true, outcome: 'changed' },
      { path: 'g', kinds: ['modify/delete'], markers: false, outcome: 'unchanged' },
    ]);
    expect(git(repo, 'show', `${solved?.commit ?? ''}:status`)).toMatch(/^UU f\nUD g/);
    expect(errorOf('lazy')).toMatchObject({
      failure_kind: 'merge_conflict',
      error: expect.stringContaining('markers are left in f') as string,
    });
    expect(errorOf('strict')).toMatchObject({
      failure_kind: 'merge_conflict',
      error: expect.stringMatching(
        /one-\w+ and two-\w+ did cannot be merged.*f \(contents\); g \(modify\/delete\)/,
      ) as string,
    });
  });

  it('pass commits on through tasks without, and through those that leave none', async () => {
    const repo = repository({ f: 'f\n' });
    program({
      one: { run: 'echo one > one' },
      plain: { run: 'true', after: ['one'], isolation: 'none' },
      last: { run: 'cat one > last', after: ['plain'] },
    });
    await start('--root', 'last');
    const [{ commit = '' } = {}] = ofTask('workspace_committed', 'last');
    expect(git(repo, 'show', `${commit}:last`)).toBe('one');
  });

  it('start from the iteration before in a loop', async () => {
    const repo = repository({ log: '0\n' });
    const result = (action: string): string =>
      `echo '{"control": {"kind": "loop", "action": "${action}"${action === 'stop' ? '' : ', "next_inputs": {"n": "1"}'}}}' > $CODEX_ORCH_ATTEMPT_DIR/result.json`;
    program({
      work: { run: 'echo x >> log' },
      gate: {
        kind: 'controller',
        after: ['work'],
        run: `if [ $(wc -l < log) -gt 2 ]; then ${result('stop')}; else ${result('continue')}; fi`,
        control: { mode: 'loop', continue_targets: ['work'], max_iterations: 5 },
      },
    });
    const ended = await start('--root', 'gate');
    expect(ended.stderr).toContain('done (4 of 4');
    const commits = ofTask('workspace_committed', 'work');
    expect(git(repo, 'show', `${commits.at(-1)?.commit ?? ''}:log`)).toBe('0\nx\nx');
  });

  it('have what was copied and set up, in the place of the workspace', async () => {
    const repo = repository({ 'sub/a': 'a\n', '.gitignore': '.env\n' });
    writeFileSync(path.join(repo, 'sub/.env'), 'SECRET=1\n');
    program(
      { one: { run: 'cat .env ready > both; pwd > where; git -C .. status --porcelain' } },
      { workspace: '../repo/sub', tree: { setup: 'cp .env ready; echo set up', copy: ['.env'] } },
    );
    expect((await start('--root', 'one')).stderr).toContain('done (1 of 1');
    const [{ commit = '' } = {}] = ofTask('workspace_committed', 'one');
    expect(git(repo, 'show', '--name-only', '--format=', commit).split('\n').sort()).toEqual([
      'sub/both',
      'sub/ready',
      'sub/where',
    ]);
    expect(git(repo, 'show', `${commit}:sub/where`)).toMatch(/\/sub$/);
  });

  it('fail by name where the tree cannot be set up, and start over in a clean one', async () => {
    repository({ a: 'a\n' });
    program(
      { one: { run: 'ls; test ! -e mess || exit 0; touch mess; exit 3' } },
      { tree: { setup: 'test ! -e ../stop || exit 7' } },
    );
    await start('--root', 'one');
    const [first] = ofTask('workspace_prepared', 'one');
    await cli(['run', 'retry-instance', 'program', 'latest', 'one', '--fresh']);
    const prepared = ofTask('workspace_prepared', 'one');
    expect(prepared).toHaveLength(2);
    expect(prepared[1]?.directory).not.toBe(first?.directory);
    expect(prepared[1]?.start).toBe(first?.start);
    const again = await cli(['run', 'retry-instance', 'program', 'latest', 'one']);
    expect(again.stderr).toContain('done');
    expect(ofTask('workspace_prepared', 'one')).toHaveLength(2);
  });
});

const bubblewrap = ['--ro-bind', '/', '/', '--unshare-pid', '--proc', '/proc', 'true'];
const hasBubblewrap = spawnSync('bwrap', bubblewrap).status === 0;

describe.skipIf(!hasBubblewrap)('in a sandbox', () => {
  it('setup is held as the agent is, and the repository of the tree is closed to it', async () => {
    const repo = repository({ a: 'a\n' });
    const attempts = (file: string): string => `if ${file}; then echo OPEN; else echo HELD; fi`;
    const line = [
      attempts(`touch ${path.join(dir, 'outside')}`),
      'echo x > made',
      'touch "$XDG_CACHE_HOME" || mkdir -p "$XDG_CACHE_HOME"',
    ].join('; ');
    program(
      {
        held: {
          run: `${attempts('git commit -q --allow-empty -m x')} > commit; git status --porcelain >> commit`,
          agent: 'held',
        },
        open: {
          run: `${attempts('git -c user.name=x -c user.email=x commit -q --allow-empty -m x')} > commits`,
          agent: 'held',
          tree: { commits: 'agent' },
        },
      },
      {
        agents: { held: { backend: 'command', wrap: 'sandbox', sandbox: 'workspace-write' } },
        tree: { setup: line },
      },
    );
    expect((await start('--root', 'held', '--root', 'open')).stderr).toContain('done (2 of 2');
    const committed = (task: string, file: string): string =>
      git(repo, 'show', `${ofTask('workspace_committed', task)[0]?.commit ?? ''}:${file}`);
    expect(committed('held', 'commit')).toBe('HELD\n?? commit\n?? made');
    expect(committed('open', 'commits')).toBe('OPEN');
    expect(committed('held', 'made')).toBe('x');
    expect(existsSync(path.join(dir, 'outside'))).toBe(false);
    const [run = ''] = readdirSync(path.join(dir, 'program/.runs'));
    const instances = path.join(dir, 'program/.runs', run, 'instances');
    const [log = ''] = readdirSync(instances, { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.endsWith('setup.log'),
    );
    expect(readFileSync(path.join(instances, log), 'utf8')).toContain('HELD');
  });
});

describe('the start of a run', () => {
  it('refuses what is uncommitted, and takes it or leaves it when told', async () => {
    const repo = repository({ a: 'a\n' });
    writeFileSync(path.join(repo, 'a'), 'changed\n');
    program({ one: { run: 'cp a seen' } });
    const refused = await start('--root', 'one');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/uncommitted changes: "a".*--uncommitted include/s);
    expect(existsSync(path.join(dir, 'program/.runs'))).toBe(false);
    for (const [choice, text] of [
      ['include', 'changed'],
      ['ignore', 'a'],
    ]) {
      await start('--root', 'one', '--uncommitted', choice ?? '');
      const [{ commit = '' } = {}] = ofTask('workspace_committed', 'one');
      expect(git(repo, 'show', `${commit}:seen`)).toBe(text);
    }
    expect(git(repo, 'status', '--porcelain')).toBe('M a');
  });

  it('refuses by name what cannot be a base', async () => {
    mkdirSync(path.join(dir, 'repo'));
    program({ one: { run: 'true' } });
    const refusedAs = async (): Promise<string> => (await start('--root', 'one')).stderr;
    expect(await refusedAs()).toContain('is not in a git repository');
    rmSync(path.join(dir, 'repo'), { recursive: true });
    const repo = repository({ a: 'a\n' });
    git(repo, 'config', 'filter.x.clean', './filter');
    expect(await refusedAs()).toContain('filter.x.clean');
  });

  it('refuses at validation a workspace that a loop may set', async () => {
    program({
      work: { run: 'true', workspace: '${inputs.where}' },
      gate: {
        ...{ kind: 'controller', run: 'true', after: ['work'] },
        control: { mode: 'loop', continue_targets: ['work'] },
      },
    });
    const validated = await cli(['project', 'validate', 'program']);
    expect(validated.stdout + validated.stderr).toContain('tree.bound_workspace');
  });
});

it('a run whose repository is gone can be aborted, and leaves no agent at work', async () => {
  const repo = repository({ 'a.txt': 'a' });
  const pidFile = path.join(dir, 'pid');
  program({ a: { run: `echo $$ > ${pidFile}.new; mv ${pidFile}.new ${pidFile}; sleep 600` } });
  expect((await start('--root', 'a', '--no-wait')).code).toBe(0);
  await expect.poll(() => existsSync(pidFile), { timeout: 60_000 }).toBe(true);
  const [run = ''] = readdirSync(path.join(dir, 'program/.runs'));
  const lock = path.join(dir, 'program/.runs', run, 'lock');
  const [held = ''] = readdirSync(lock).sort().reverse();
  const engine = JSON.parse(readFileSync(path.join(lock, held), 'utf8')) as { pid: number };
  process.kill(engine.pid, 'SIGKILL');
  renameSync(repo, `${repo}.gone`);
  const aborted = await cli(['run', 'abort', 'program', run]);
  expect(aborted.stderr).toBe('');
  const agent = Number(readFileSync(pidFile, 'utf8'));
  expect(() => process.kill(agent, 0), 'the agent is gone').toThrow('ESRCH');
  expect((await cli(['run', 'verify', 'program', run])).code).toBe(0);
});

describe('the repository of the person', () => {
  /** With a stash, another branch and a working tree more, and a hook that would tell. */
  function ofPerson(): string {
    const repo = repository({ a: 'a\n', b: 'b\n' });
    git(repo, 'branch', 'other');
    writeFileSync(path.join(repo, 'a'), 'stashed\n');
    git(repo, 'stash', '-q');
    git(repo, 'worktree', 'add', '-q', '../linked');
    const hook = path.join(repo, '.git/hooks/reference-transaction');
    mkdirSync(path.dirname(hook), { recursive: true });
    writeFileSync(hook, `#!/bin/sh\ntouch ${path.join(dir, 'hooked')}\n`);
    chmodSync(hook, 0o755);
    return repo;
  }

  const everything = (repo: string): string[] => [
    ...picture(repo, ours),
    ...picture(path.join(dir, 'linked'), /^$/),
  ];

  it('stays as it is, byte by byte, whatever an agent does in its tree', async () => {
    const repo = ofPerson();
    const worst = [
      'git config user.name X; git config user.email x@y',
      'git config core.fsmonitor "touch $PLANT; false"; git config core.hooksPath .h',
      'git config filter.evil.clean "touch $PLANT; cat"; echo "* filter=evil" > .gitattributes',
      'mkdir -p .h .git/hooks; for h in pre-commit post-checkout reference-transaction; do printf "#!/bin/sh\\ntouch $PLANT\\n" > .git/hooks/$h; chmod +x .git/hooks/$h; done',
      'echo x > c; git add -A; git commit -qm c; git rebase -q --root --force-rebase; git branch main; git update-ref refs/heads/other HEAD; git tag v1',
      'echo y > b; git stash -q; git stash clear; git reset -q --hard HEAD; git reflog expire --expire=now --all',
      'git gc -q --prune=now; git checkout -q --orphan gone; git rm -rfq --cached .; echo kept > b',
      'git init -q inside; (cd inside && git config core.fsmonitor "touch $PLANT; false")',
      'touch .git/index.lock; rm -rf .git/refs; echo done',
    ];
    const plant = path.join(dir, 'planted');
    program({
      worst: { run: worst.map((line) => line.replaceAll('$PLANT', plant)).join('\n') },
      gone: { run: 'rm -rf .git; echo z > z' },
      last: { run: 'ls', after: ['worst', 'gone'] },
    });
    const before = everything(repo);
    const ended = await start('--root', 'last');
    expect(ended.stderr).toContain('done (3 of 3');
    expect(everything(repo)).toEqual(before);
    rmSync(plant, { force: true });
    git(repo, 'status');
    expect([existsSync(plant), existsSync(path.join(dir, 'hooked'))]).toEqual([false, false]);
    const [{ commit = '' } = {}] = ofTask('workspace_committed', 'worst');
    expect(git(repo, 'show', `${commit}:b`)).toBe('kept');
  });

  it('takes nothing of work that is refused, and is not reached through what is planted for it', async () => {
    const repo = ofPerson();
    const who = 'git config user.name X; git config user.email x@y';
    program({
      large: { run: 'truncate -s 200M large; echo x > small' },
      merging: {
        run: [
          `${who}; git switch -qc side; echo one > a; git commit -qam one; git switch -qd HEAD^`,
          'echo two > a; git commit -qam two; git merge side || test -e .git/MERGE_HEAD',
        ].join('\n'),
      },
      picking: {
        run: `${who}; echo one > a; git commit -qam one; git revert --no-commit HEAD; test -e .git/REVERT_HEAD`,
      },
      links: {
        run: [
          `ln -s ${repo} way-out; rm -rf .git; ln -s ${repo}/.git .git`,
          'mkdir -p closed/sub; echo x > closed/sub/f; chmod 500 closed/sub closed',
        ].join('\n'),
      },
    });
    const before = everything(repo);
    await start(...['large', 'merging', 'picking', 'links'].flatMap((task) => ['--root', task]));
    expect(everything(repo)).toEqual(before);
    expect(errorOf('large')?.error).toMatch(/larger than max_file_mb \(100 MB\): large \(200 MB\)/);
    expect(errorOf('merging')?.error).toContain('a merge is in progress');
    expect(errorOf('picking')?.error).toContain('a revert is in progress');
    expect(ofTask('workspace_committed', 'links')).toHaveLength(1);
    const sizes = git(repo, 'cat-file', '--batch-all-objects', '--batch-check=%(objectsize)');
    expect(Math.max(...sizes.split('\n').map(Number))).toBeLessThan(10_000);
    await cli(['run', 'abort', 'program', 'latest']);
    expect((await cli(['run', 'clean', 'program', 'latest', '--refs'])).code).toBe(0);
    expect(everything(repo)).toEqual(before);
    expect(git(repo, 'for-each-ref', 'refs/codex-orch/')).toBe('');
  });
});
