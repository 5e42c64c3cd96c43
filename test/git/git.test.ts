/** Every git of the engine: what reaches it, what it may not do, how its failure is told. */
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { GitFailure, gitOf } from '../../src/git/git.ts';
import { REF_ROOT, REPLACE_ROOT, runRefs } from '../../src/git/refs.ts';
import { makeRepository, testEnv, testGit } from './made-repository.ts';

it('a repository that the environment names is not the one that git works in', async () => {
  const [one, two] = [makeRepository(), makeRepository()];
  const git = gitOf({
    ...testEnv,
    GIT_DIR: path.join(one.dir, '.git'),
    GIT_INDEX_FILE: '/nowhere',
  });
  const found = await git.text(['rev-parse', '--show-toplevel'], { cwd: two.dir });
  expect(found).toBe(two.dir);
});

it('hooks and watchers of a repository do not run', async () => {
  const repo = makeRepository();
  repo.write('a', 'a\n');
  const head = repo.commit('one');
  const mark = path.join(repo.dir, 'ran');
  repo.write('.git/hooks/reference-transaction', `#!/bin/sh\ntouch ${mark}\n`);
  repo.git('config', 'core.fsmonitor', `touch ${mark}; false`);
  const { chmodSync } = await import('node:fs');
  chmodSync(path.join(repo.dir, '.git/hooks/reference-transaction'), 0o755);
  await testGit.text(['update-ref', runRefs('r').base(0), head], { cwd: repo.dir });
  await testGit.text(['status'], { cwd: repo.dir });
  expect(existsSync(mark)).toBe(false);
});

it('a failure says which command failed and why', async () => {
  const repo = makeRepository();
  const failing = testGit.text(['cat-file', '-p', 'nothing'], { cwd: repo.dir });
  await expect(failing).rejects.toBeInstanceOf(GitFailure);
  await expect(failing).rejects.toThrow(/git cat-file failed \(exit status 128\): .*nothing/);
});

it('output has a bound', async () => {
  const repo = makeRepository();
  const outcome = await testGit.run(['help', '-a'], { cwd: repo.dir }, { maxBytes: 10 });
  expect(outcome).toMatchObject({ code: null });
  expect(outcome.stderr).toContain('more than 10 bytes');
});

it.skipIf(process.platform !== 'linux')(
  'what asks for the key to sign with may wait on a pipe of its own',
  { timeout: 60_000 },
  async () => {
    const repo = makeRepository();
    repo.write('a', 'a\n');
    repo.commit('one');
    // Longer than a git is left to wait that reads a working tree.
    const asks = [
      'mkfifo "$0.pipe"',
      '(sleep 3; echo yes > "$0.pipe") >/dev/null 2>&1 &',
      'read -r answer < "$0.pipe"',
      String.raw`printf '\n[GNUPG:] SIG_CREATED \n' >&2`,
      'echo "signed: $answer"',
    ];
    const program = `${repo.dir}.gpg`;
    writeFileSync(program, `#!/bin/sh\n${asks.join('\n')}\n`, { mode: 0o755 });
    const config = [`gpg.program=${program}`, 'user.name=P', 'user.email=p@example.com'];
    const tree = repo.git('rev-parse', 'HEAD^{tree}');
    const args = ['commit-tree', '-S', '-m', 'two', tree];
    const signed = await testGit.run(args, { cwd: repo.dir }, { config });
    expect(signed).toMatchObject({ code: 0, stderr: '' });
    expect(repo.git('cat-file', '-p', signed.stdout.toString('utf8').trim())).toContain(
      'signed: yes',
    );
  },
);

it('a git that is not there is a failure with its name', async () => {
  const git = gitOf({ ...testEnv, CODEX_ORCH_GIT_BIN: '/nonexistent/git' });
  const outcome = await git.run(['version'], { cwd: '/' });
  expect(outcome.code).toBe(null);
  expect(outcome.stderr).toContain('/nonexistent/git');
});

it('ids of instances become names that git takes for refs', async () => {
  const repo = makeRepository();
  repo.write('a', 'a\n');
  const head = repo.commit('one');
  const refs = runRefs('20260101000000-0123abcd');
  const names = ['a..b-12345678', 'x.lock-12345678', 'Z-1-00000000'].flatMap((id) => [
    refs.instance(id),
    refs.start(id),
    refs.left(id),
    refs.own(id),
  ]);
  for (const name of [...names, refs.result, refs.base(0), refs.base(1)])
    await testGit.text(['update-ref', name, head], { cwd: repo.dir });
  expect(new Set(names).size).toBe(12);
  for (const name of [...names, refs.result, REPLACE_ROOT])
    expect(name.startsWith(REF_ROOT)).toBe(true);
});
