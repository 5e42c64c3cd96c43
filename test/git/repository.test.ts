/** What can be where a run starts, and what is refused by name. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import {
  dirtOf,
  gitVersion,
  headCommit,
  leftOut,
  operationUnderWay,
  relativeDrivers,
  repositoryAt,
} from '../../src/git/repository.ts';
import { makeRepository, testGit } from './made-repository.ts';

it('git says which it is', async () => {
  expect(await gitVersion(testGit, '/')).toMatch(/^2\.\d+/);
});

it('a directory of a working tree is told with its place there', async () => {
  const repo = makeRepository();
  repo.write('sub/dir/a', 'a\n');
  const head = repo.commit('one');
  const found = await repositoryAt(testGit, path.join(repo.dir, 'sub/dir'));
  expect(found).toEqual({
    commonDir: path.join(repo.dir, '.git'),
    gitDir: path.join(repo.dir, '.git'),
    topLevel: repo.dir,
    prefix: 'sub/dir/',
    objectFormat: 'sha1',
  });
  expect(await headCommit(testGit, found)).toBe(head);
});

it('a linked working tree shares the common directory of the main one', async () => {
  const repo = makeRepository('--object-format=sha256');
  repo.write('a', 'a\n');
  repo.commit('one');
  const linked = `${repo.dir}-linked`;
  repo.git('worktree', 'add', '-q', linked);
  const found = await repositoryAt(testGit, linked);
  expect(found).toMatchObject({
    commonDir: path.join(repo.dir, '.git'),
    topLevel: linked,
    objectFormat: 'sha256',
  });
  expect(found.gitDir).not.toBe(found.commonDir);
});

it('what is no base is refused by name', async () => {
  const codeOf = async (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => null,
      (error: unknown) => (error as { code: string }).code,
    );
  expect(await codeOf(repositoryAt(testGit, '/'))).toBe('repository-missing');
  const bare = makeRepository('--bare');
  expect(await codeOf(repositoryAt(testGit, bare.dir))).toBe('repository-bare');
  const empty = makeRepository();
  expect(await codeOf(repositoryAt(testGit, path.join(empty.dir, '.git')))).toBe('repository-bare');
  const unborn = await repositoryAt(testGit, empty.dir);
  expect(await codeOf(headCommit(testGit, unborn))).toBe('repository-without-commit');

  const repo = makeRepository();
  repo.write('a', 'a\n');
  const head = repo.commit('one');
  const found = await repositoryAt(testGit, repo.dir);
  repo.write('.git/MERGE_HEAD', `${head}\n`);
  expect(operationUnderWay(found.gitDir)).toBe('merge');
  expect(await codeOf(headCommit(testGit, found))).toBe('repository-busy');

  const parent = makeRepository();
  parent.git('-c', 'protocol.file.allow=always', 'submodule', 'add', '-q', repo.dir, 'sub');
  const inside = path.join(parent.dir, 'sub');
  expect(await codeOf(repositoryAt(testGit, inside))).toBe('repository-submodule');

  const base = makeRepository();
  const odd = path.join(base.dir, 'with\nnewline');
  mkdirSync(odd);
  base.git('init', '-q', odd);
  expect(await codeOf(repositoryAt(testGit, odd))).toBe('repository-path');
});

it('what is uncommitted is named, but for what is ours', async () => {
  const repo = makeRepository();
  for (const name of ['kept', 'old name', 'gone']) repo.write(name, `${name}\n`.repeat(9));
  repo.commit('one');
  repo.write('.runs/x/events.jsonl', '{}\n');
  repo.write('sub/.codex-orch/lock/1', '\n');
  const found = await repositoryAt(testGit, repo.dir);
  expect(await dirtOf(testGit, found)).toEqual({ paths: [], submodules: [], unmerged: [] });
  repo.git('add', '-A', '--', '.', ...leftOut);
  expect(repo.git('diff', '--cached', '--name-only')).toBe('');
  repo.write('kept', 'other\n');
  repo.git('mv', 'old name', 'new name');
  repo.git('rm', '-q', 'gone');
  repo.write('new\n"file"', 'x\n');
  const { paths } = await dirtOf(testGit, found);
  expect(paths.sort()).toEqual(['gone', 'kept', 'new\n"file"', 'new name']);
});

it('dirt inside a submodule is told apart', async () => {
  const inner = makeRepository();
  inner.write('a', 'a\n');
  inner.commit('one');
  const repo = makeRepository();
  repo.git('-c', 'protocol.file.allow=always', 'submodule', 'add', '-q', inner.dir, 'sub');
  repo.commit('with it');
  const found = await repositoryAt(testGit, repo.dir);
  repo.write('sub/a', 'changed\n');
  expect(await dirtOf(testGit, found)).toEqual({ paths: [], submodules: ['sub'], unmerged: [] });
});

it('filters that would be found in the tree are named', async () => {
  const repo = makeRepository();
  repo.write('tools/fix.py', '');
  repo.git('config', 'filter.a.clean', './clean.sh %f');
  repo.git('config', 'filter.b.smudge', 'python3 tools/fix.py');
  repo.git('config', 'filter.lfs.process', 'git-lfs filter-process');
  repo.git('config', 'filter.d.clean', `sed -e 's/a/b/'`);
  repo.git('config', 'merge.e.driver', '/usr/bin/merge3 %O %A %B');
  repo.git('config', 'merge.f.driver', 'bin/merge %O %A %B');
  const found = await repositoryAt(testGit, repo.dir);
  const keys = (await relativeDrivers(testGit, found)).map(({ key }) => key);
  expect(keys).toEqual(['filter.a.clean', 'filter.b.smudge', 'merge.f.driver']);
});
