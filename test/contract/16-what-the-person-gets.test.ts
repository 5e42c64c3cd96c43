/** Section 16, what the person gets: changes, integrate, pr, tree, clean, blame, through the command line. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { makeRepository, testEnv, type MadeRepository } from '../git/made-repository.ts';
import { personsOwn } from '../git/persons-own.ts';
import { codexOrch, testDirectory, writeFiles, type Ended } from '../support/built-program.ts';

interface Scene {
  repo: MadeRepository;
  dir: string;
  /** Of what is typed. */
  env: NodeJS.ProcessEnv;
  /** How its start ended. */
  started: Ended;
  run(...words: string[]): Promise<Ended>;
  json(...words: string[]): Promise<Record<string, unknown>>;
}

/** A program of commands on a repository of its own, run to its end. */
async function ran(
  tasks: Record<string, string | object>,
  env: NodeJS.ProcessEnv = {},
): Promise<Scene> {
  const repo = makeRepository();
  repo.git('config', 'user.name', 'P');
  repo.git('config', 'user.email', 'p@example.com');
  repo.write('a', '1\n2\n3\n4\n5\n6\n7\n8\n9\n');
  repo.write('b', 'b\n');
  repo.commit('first');
  const dir = testDirectory('result');
  writeFiles(dir, {
    'project.yaml': {
      name: 'Result',
      workspace: repo.dir,
      isolation: 'tree',
      agents: { shell: { backend: 'command' } },
      default_agent: 'shell',
    },
    ...Object.fromEntries(
      Object.entries(tasks).map(([id, task]) => [
        `tasks/${id}.yaml`,
        {
          ...{ id, title: `Task ${id}`, publish: ['final.md'] },
          ...(typeof task === 'string' ? { run: task } : task),
        },
      ]),
    ),
  });
  const person: NodeJS.ProcessEnv = { ...testEnv, HOME: path.join(dir, 'home'), ...env };
  const run = (...words: string[]): Promise<Ended> => codexOrch(words, { cwd: dir, env: person });
  const started = await run('run', 'start', ...Object.keys(tasks).flatMap((id) => ['--root', id]));
  expect(started.stderr).not.toContain('error:');
  return {
    repo,
    dir,
    env: person,
    started,
    run,
    json: async (...words) => JSON.parse((await run(...words, '--json')).stdout) as never,
  };
}

const apart = {
  one: "sed -i '1s/.*/one/' a; echo one > one.txt",
  two: "sed -i '9s/.*/two/' a",
};
const text = ({ repo }: Scene, file: string): string =>
  readFileSync(path.join(repo.dir, file), 'utf8');

it('what two agents did at once is shown, merged into the branch that is checked out, and known line by line', async () => {
  const scene = await ran(apart);
  const { repo, run, json } = scene;
  const before = personsOwn(repo.dir);
  expect((await run('run', 'changes')).stdout).toBe('M\ta\t+2\t-2\nA\tone.txt\t+1\t-0\n');
  expect((await run('run', 'changes', 'latest', 'two', '--name-only')).stdout).toBe('a\n');
  const patch = await run('run', 'changes', '.', 'latest', '--patch');
  writeFileSync(path.join(scene.dir, 'all.patch'), patch.stdout);
  repo.git('apply', '--check', path.join(scene.dir, 'all.patch'));
  expect(personsOwn(repo.dir)).toEqual(before);

  repo.write('b', 'mine\n');
  const integrated = await json('run', 'integrate');
  expect(integrated).toMatchObject({
    integrated: [{ branch: 'main', how: 'fast_forward', included: null }],
    conflicts: [],
    overlaps: [],
  });
  expect(text(scene, 'a')).toBe('one\n2\n3\n4\n5\n6\n7\n8\ntwo\n');
  expect(repo.git('status', '--porcelain')).toBe('M b');
  const again = await json('run', 'integrate');
  expect(again).toMatchObject({ integrated: [{ how: 'nothing' }] });
  const lines = (await json('blame', path.join(repo.dir, 'a'))) as unknown as { task: string }[];
  expect(lines.map(({ task }) => task)).toEqual(['one', ...Array<null>(7).fill(null), 'two']);
  const why = await json('blame', path.join(repo.dir, 'a'), '--why', '9');
  expect(why).toMatchObject({ task: 'two', attempt: 1, program: scene.dir });
});

it('an overlap and a conflict are named with status 1, and nothing is changed', async () => {
  const scene = await ran(apart);
  const { repo, run, json } = scene;
  repo.write('a', 'mine\n');
  const before = personsOwn(repo.dir);
  const refused = await run('run', 'integrate', '--json');
  expect(refused.code).toBe(1);
  expect(JSON.parse(refused.stdout)).toMatchObject({
    integrated: [],
    conflicts: [],
    overlaps: ['a'],
  });
  expect(personsOwn(repo.dir)).toEqual(before);
  repo.commit('mine');
  expect(await json('run', 'integrate')).toMatchObject({
    conflicts: [{ path: 'a', kinds: ['contents'] }],
    overlaps: [],
  });
  const branch = await json('run', 'integrate', '--branch', 'result', '--squash');
  expect(branch).toMatchObject({
    integrated: [{ branch: 'result', previous: null, how: 'squash' }],
  });
  expect(text(scene, 'a')).toBe('mine\n');
});

it('a git that dies in the middle is told, and what it left half done is ended by the next', async () => {
  const scene = await ran(apart);
  const { repo, dir, run, json } = scene;
  const [git, fall] = [path.join(dir, 'git'), path.join(dir, 'fall')];
  const half = `printf on > '${repo.dir}/one.txt'; kill -9 $$`;
  const lines = [
    '#!/bin/sh',
    `case "$*" in *--ff-only*) [ ! -e '${fall}' ] || { ${half}; } ;; esac`,
  ];
  writeFileSync(git, [...lines, 'exec git "$@"', ''].join('\n'), { mode: 0o755 });
  scene.env['CODEX_ORCH_GIT_BIN'] = git;
  writeFileSync(fall, '');
  const died = await run('run', 'integrate');
  expect(died.code).toBe(1);
  expect(died.stderr).toContain('git merge failed');
  expect(text(scene, 'one.txt')).toBe('on');
  rmSync(fall);
  expect(await json('run', 'integrate')).toMatchObject({ overlaps: [], conflicts: [] });
  expect(text(scene, 'a')).toBe('one\n2\n3\n4\n5\n6\n7\n8\ntwo\n');
  expect(text(scene, 'one.txt')).toBe('one\n');
  expect(repo.git('status', '--porcelain')).toBe('');
});

it('work that cannot be merged has no result, and that is said by name', async () => {
  const { run, repo } = await ran({ one: 'echo one > b', two: 'echo two > b' });
  expect(repo.git('for-each-ref', 'refs/codex-orch/*/result')).toBe('');
  const refused = await run('run', 'integrate');
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('b (contents)')]);
  const apart = await run('run', 'changes', '--name-only');
  expect(apart.stderr).toMatch(/^apart from the rest, .*one-.*\napart from the rest, .*two-/);
  expect(apart.stdout).toBe('b\nb\n');
  expect((await run('run', 'changes', 'latest', 'one')).stdout).toBe('M\tb\t+1\t-1\n');
});

it('a tree is found, made again, and cleaned away; unfinished work is kept under a ref', async () => {
  const { run, json, repo } = await ran({ one: 'test -e half || { echo half > half; exit 1; }' });
  const tree = (await run('run', 'tree', 'latest', 'one')).stdout.trim();
  expect(readFileSync(path.join(tree, 'half'), 'utf8')).toBe('half\n');
  expect((await run('run', 'changes', 'latest', 'one')).stdout).toBe('A\thalf\t+1\t-0\n');
  const dry = await run('run', 'clean', 'latest', '--dry-run');
  expect([dry.code, existsSync(tree)]).toEqual([0, true]);
  const before = personsOwn(repo.dir);
  expect((await run('run', 'clean', 'latest')).code).toBe(0);
  expect(existsSync(tree)).toBe(false);
  expect(repo.git('for-each-ref', '--format=%(refname)')).toContain('-left');
  expect(await json('run', 'tree', 'latest', 'one')).toMatchObject({ directory: tree, made: true });
  expect(readFileSync(path.join(tree, 'half'), 'utf8')).toBe('half\n');
  expect((await run('run', 'clean', 'latest')).code).toBe(0);
  // The next attempt finds what the first has left.
  expect((await run('run', 'retry-instance', 'latest', 'one')).stderr).toContain('done (1 of 1');
  expect((await run('run', 'changes', 'latest', 'one')).stdout).toBe('A\thalf\t+1\t-0\n');
  expect((await run('run', 'clean', '--older-than', '0s', '--refs')).code).toBe(0);
  expect(repo.git('for-each-ref', '--format=%(refname)', 'refs/codex-orch')).toBe('');
  expect(personsOwn(repo.dir)).toEqual(before);
});

it('what checks did not pass, and what a person has mended of it, outlives a clean', async () => {
  const { run } = await ran({
    one: { run: 'echo done > half', checks: [{ run: 'test -e mended' }] },
  });
  const tree = (await run('run', 'tree', 'latest', 'one')).stdout.trim();
  writeFileSync(path.join(tree, 'mended'), 'by hand\n');
  expect((await run('run', 'clean', 'latest')).stdout).toContain('1 tree');
  const retried = await run('run', 'retry-instance', 'latest', 'one');
  expect(retried.stderr).toContain('done (1 of 1');
  const names = await run('run', 'changes', 'latest', '--name-only');
  expect(names.stdout).toBe('half\nmended\n');
});

it('a repository that an agent makes is named at the end, and its tree stays', async () => {
  const made = 'mkdir inner && cd inner && git init -q && echo work > file';
  const { run, started } = await ran({ one: made });
  const tree = (await run('run', 'tree', 'latest', 'one')).stdout.trim();
  expect(readFileSync(path.join(tree, 'inner/file'), 'utf8')).toBe('work\n');
  expect(started.stderr).toContain('Not in the work');
  expect(started.stderr).toContain('left out, a repository of its own: inner');
  const explained = await run('run', 'explain', 'latest', 'one');
  expect(explained.stdout).toContain(`a repository of its own: inner, in ${tree}`);
  const away = path.join(testDirectory('moved'), 'tree');
  renameSync(tree, away);
  const gone = await run('run', 'explain', 'latest', 'one');
  expect(gone.stdout).toContain('a repository of its own: inner');
  expect(gone.stdout).not.toContain(tree);
  expect((await run('run', 'show', 'latest')).stderr).not.toContain(tree);
  renameSync(away, tree);
  const stays = `${tree} stays: a repository in it is in no commit`;
  for (const words of [['clean'], ['delete', '--dry-run'], ['delete']]) {
    const { code, stderr } = await run('run', words[0] ?? '', 'latest', ...words.slice(1));
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(stays);
  }
  expect(readFileSync(path.join(tree, 'inner/file'), 'utf8')).toBe('work\n');
});

it('a repository that a failed instance has made keeps its tree, and a dry run says so', async () => {
  const { run } = await ran({
    one: { run: 'git init -q inner && echo work > inner/file && false' },
  });
  const tree = (await run('run', 'tree', 'latest', 'one')).stdout.trim();
  const stays = `${tree} stays: a repository in it is in no commit`;
  for (const more of [['--dry-run'], []]) {
    const { code, stdout, stderr } = await run('run', 'clean', 'latest', ...more);
    expect([code, stdout]).toEqual([0, expect.stringContaining('0 trees')]);
    expect(stderr).toContain(stays);
  }
  expect(readFileSync(path.join(tree, 'inner/file'), 'utf8')).toBe('work\n');
});

it('a pull request is opened once, and then brought up to date; nothing but its branch is pushed', async () => {
  const bin = testDirectory('gh');
  const log = path.join(bin, 'log');
  writeFiles(bin, {
    gh: `#!/bin/sh
echo "$*" >> ${log}
for word; do [ "$before" = --body-file ] && cp "$word" ${bin}/body; before=$word; done
case "$1 $2" in
'pr list') [ -f ${bin}/open ] && echo '[{"number":7,"url":"https://example.com/7"}]' || echo '[]';;
'pr create') touch ${bin}/open; echo https://example.com/7;;
esac
`,
  });
  chmodSync(path.join(bin, 'gh'), 0o755);
  const says = "; printf 'done\\n```\\n@everyone Fixes #1\\n/merge\\n'";
  const said = { ...apart, one: apart.one + says };
  const scene = await ran(said, { PATH: `${bin}:${process.env['PATH']}` });
  const { repo, json, run } = scene;
  const remote = makeRepository('--bare');
  expect((await run('run', 'pr')).code).toBe(1);
  repo.git('remote', 'add', 'origin', remote.dir);
  repo.git('push', '-q', 'origin', 'main');
  repo.git('tag', '-a', '-m', 'x', 'v1');
  const before = personsOwn(repo.dir);
  const opened = await json('run', 'pr', '--draft', '--base', 'main');
  expect(opened).toMatchObject({ url: 'https://example.com/7', created: true, remote: 'origin' });
  expect(await json('run', 'pr')).toMatchObject({ created: false });
  const branch = String(opened['branch']);
  expect(branch).toBe(`codex-orch/${String(opened['run_id'])}`);
  expect(remote.git('for-each-ref', '--format=%(refname) %(objectname)').split('\n')).toEqual([
    `refs/heads/${branch} ${String(opened['commit'])}`,
    `refs/heads/main ${repo.git('rev-parse', 'main')}`,
  ]);
  expect(personsOwn(repo.dir)).toEqual(before);
  const calls = readFileSync(log, 'utf8');
  expect(calls.match(/pr create/g)).toHaveLength(1);
  expect(calls).toContain('--draft');
  expect(calls).toContain('pr edit 7');
  // What agents said is quoted: nobody is named by it, and nothing closed.
  const body = readFileSync(path.join(bin, 'body'), 'utf8');
  expect(body).toContain('@everyone');
  expect(body.replace(/^(`{3,})text\n[^]*?^\1$/gm, '')).not.toMatch(/@everyone|Fixes|merge/);

  remote.git('update-ref', `refs/heads/${branch}`, repo.git('rev-parse', 'main'));
  const taken = await run('run', 'pr');
  expect([taken.code, taken.stderr]).toEqual([1, expect.stringContaining('has not pushed')]);
  const none = await codexOrch(['run', 'pr'], {
    cwd: scene.dir,
    env: { ...testEnv, PATH: onlyGit() },
  });
  expect(none.code).toBe(2);
});

/** A PATH on which there is git, and no gh. */
function onlyGit(): string {
  const bin = testDirectory('bin');
  mkdirSync(bin, { recursive: true });
  for (const name of ['git', 'sh']) {
    writeFileSync(path.join(bin, name), `#!/bin/sh\nPATH=/usr/bin:/bin exec ${name} "$@"\n`);
    chmodSync(path.join(bin, name), 0o755);
  }
  return bin;
}

it('a run without trees says that it leaves no commits', async () => {
  const dir = testDirectory('none');
  writeFiles(dir, {
    'project.yaml': {
      name: 'N',
      workspace: dir,
      agents: { sh: { backend: 'command' } },
      default_agent: 'sh',
    },
    'tasks/a.yaml': { id: 'a', title: 'A', run: 'true' },
  });
  await codexOrch(['run', 'start', '--root', 'a'], { cwd: dir });
  for (const verb of ['changes', 'integrate', 'pr']) {
    const { code, stderr } = await codexOrch(['run', verb], { cwd: dir });
    expect([code, stderr]).toEqual([1, expect.stringContaining('isolation: tree')]);
  }
});
