/** Trees, merges and commits of ours, against what agents and persons may have done to repositories. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { checkBase, makeBase } from '../../src/git/base.ts';
import { fold, independent, markedFiles } from '../../src/git/fold.ts';
import { repositoryAt } from '../../src/git/repository.ts';
import { restoreWork } from '../../src/git/restore-work.ts';
import { mergeSides } from '../../src/git/result.ts';
import { setRef } from '../../src/git/set-ref.ts';
import { engineGit, makeTree, type Tree } from '../../src/git/tree.ts';
import { writeWork, type Work } from '../../src/git/work.ts';
import { makeRepository, testGit, type MadeRepository } from './made-repository.ts';

const at = '2026-01-02T03:04:05.000Z';
const NS = 'refs/codex-orch/20260102030405-0123abcd';

async function treeOf(repo: MadeRepository, start: string, name = 't'): Promise<Tree> {
  const found = await repositoryAt(testGit, repo.dir);
  const directory = `${repo.dir}-${name}`;
  mkdirSync(directory);
  const tree = {
    repository: found.commonDir,
    directory,
    indexFile: `${directory}.index`,
  };
  const { objectFormat } = found;
  const fresh = { objectFormat, worktree: repo.dir, start, merge: null, left: null };
  await makeTree(testGit, tree, fresh);
  return tree;
}

const take = (tree: Tree, start: string, more: object = {}): Promise<Work> =>
  writeWork(testGit, tree, { start, maxFileBytes: 1024 * 1024, copied: [], ...more });

/** As its agent would. */
async function inside(tree: Tree, ...args: string[]): Promise<string> {
  const config = ['user.name=A', 'user.email=a@example.com'];
  return testGit.text(args, { cwd: tree.directory }, { config });
}

it('an agent finds a clean tree without branches, and what it does stays there', async () => {
  const repo = makeRepository();
  repo.write('a', 'a\n');
  repo.write('dir/b', 'b\n');
  const start = repo.commit('one');
  const before = repo.git('for-each-ref');
  const tree = await treeOf(repo, start);
  expect(await inside(tree, 'status', '--porcelain')).toBe('');
  expect(await inside(tree, 'rev-parse', 'HEAD')).toBe(start);
  expect(await inside(tree, 'branch', '-a')).toBe('* (no branch)');
  writeFileSync(path.join(tree.directory, 'a'), 'changed\n');
  await inside(tree, 'commit', '-qam', 'by the agent');
  await inside(tree, 'stash', 'list');
  await inside(tree, 'config', 'core.hooksPath', '/somewhere');
  await inside(tree, 'update-ref', 'refs/heads/main', 'HEAD');
  expect(repo.git('for-each-ref')).toBe(before);
  expect(repo.git('config', '--list', '--local')).not.toContain('hookspath');
  const work = await take(tree, start);
  expect(work).toMatchObject({ ok: true, files: 1, insertions: 1, deletions: 1, changed: ['a'] });
});

it('a file that is renamed by case alone is taken, also where the repository lies on a disk that ignores case', async () => {
  const repo = makeRepository();
  repo.write('README', 'read me\n');
  const start = repo.commit('one');
  repo.git('config', 'core.ignoreCase', 'true');
  const tree = await treeOf(repo, start);
  renameSync(path.join(tree.directory, 'README'), path.join(tree.directory, 'Readme'));
  expect(await inside(tree, 'status', '--porcelain')).toBe(' D README\n?? Readme');
  const work = await take(tree, start);
  expect(work).toMatchObject({ ok: true, changed: ['README', 'Readme'], removed: ['README'] });
});

it.each(['info/exclude', 'info/attributes', 'shallow'])(
  'what of the repository’s %s cannot be read makes no tree, by name',
  async (name) => {
    const repo = makeRepository();
    repo.write('a', 'a\n');
    const start = repo.commit('one');
    mkdirSync(path.join(repo.dir, '.git/info'), { recursive: true });
    const file = path.join(repo.dir, '.git', name);
    rmSync(file, { force: true });
    symlinkSync('.', file);
    await expect(treeOf(repo, start)).rejects.toThrow(`${file} cannot be copied into a tree`);
  },
);

it.each(['sha1', 'sha256'])(
  'names of any kind, modes, links and removals are taken (%s)',
  async (format) => {
    const repo = makeRepository(`--object-format=${format}`);
    repo.write('gone', 'x\n');
    repo.write('kept', 'x\n');
    repo.write('.gitignore', 'ignored\n');
    const start = repo.commit('one');
    const tree = await treeOf(repo, start);
    const place = (name: string): string => path.join(tree.directory, name);
    rmSync(place('gone'));
    chmodSync(place('kept'), 0o755);
    symlinkSync('kept', place('link'));
    writeFileSync(place('new\n"line'), 'x\n');
    writeFileSync(place('*'), 'x\n');
    writeFileSync(place('ignored'), 'x\n');
    mkdirSync(place('.runs'));
    writeFileSync(place('.runs/x'), 'x\n');
    rmSync(place('.git'), { recursive: true });
    const work = await take(tree, start);
    expect(work.ok && [...work.changed].sort()).toEqual([
      '*',
      'gone',
      'kept',
      'link',
      'new\n"line',
    ]);
    expect(work.ok && work.removed).toEqual(['gone']);
  },
);

it('nothing that an agent has planted in its tree runs, and nothing that it hides is missed', async () => {
  const repo = makeRepository();
  repo.write('a', 'a\n');
  repo.write('b', 'b\n');
  const start = repo.commit('one');
  const tree = await treeOf(repo, start);
  const mark = path.join(tree.directory, '..', `${path.basename(tree.directory)}.ran`);
  const plant = `touch ${mark}; cat`;
  await inside(tree, 'config', 'core.fsmonitor', plant);
  await inside(tree, 'config', 'filter.evil.clean', plant);
  await inside(tree, 'update-index', '--assume-unchanged', 'b');
  const place = (name: string): string => path.join(tree.directory, name);
  writeFileSync(place('.gitattributes'), '* filter=evil\n');
  writeFileSync(place('.git/info/exclude'), '*\n');
  writeFileSync(place('.git/index.lock'), '');
  writeFileSync(place('b'), 'hidden\n');
  rmSync(mark, { force: true });
  const work = await take(tree, start);
  expect(work.ok && [...work.changed].sort()).toEqual(['.gitattributes', 'b']);
  expect(existsSync(mark)).toBe(false);
});

it('a directory that became a link or a file, and a file that became a directory, are taken as such', async () => {
  const repo = makeRepository();
  const names = ['dir/a', 'other/a', 'hidden/a', 'file', 'far/b', 'flat/deep/a'];
  for (const name of names) repo.write(name, 'x\n');
  repo.write('.gitignore', '/hidden\n');
  repo.git('add', '-f', 'hidden/a');
  const start = repo.commit('one');
  const tree = await treeOf(repo, start);
  const place = (name: string): string => path.join(tree.directory, name);
  for (const [name, target] of [
    ['dir', 'other'],
    ['hidden', 'other'],
    ['far', 'nowhere'],
  ] as const) {
    rmSync(place(name), { recursive: true });
    symlinkSync(target, place(name));
  }
  rmSync(place('file'));
  mkdirSync(place('file'));
  writeFileSync(place('file/inside'), 'x\n');
  rmSync(place('flat'), { recursive: true });
  writeFileSync(place('flat'), 'x\n');
  const work = await take(tree, start);
  expect(work.ok && [...work.changed].sort()).toEqual(
    [
      ...['dir', 'dir/a', 'far', 'far/b', 'file', 'file/inside', 'flat', 'flat/deep/a'],
      'hidden/a',
    ].sort(),
  );
});

it('a large file that the start has already is no trouble when it is only touched', async () => {
  const repo = makeRepository();
  repo.write('big', 'x'.repeat(2 * 1024 * 1024));
  const start = repo.commit('one');
  const tree = await treeOf(repo, start);
  utimesSync(path.join(tree.directory, 'big'), 1, 1);
  expect(await take(tree, start)).toMatchObject({ ok: true, files: 0 });
  writeFileSync(path.join(tree.directory, 'big'), 'y'.repeat(2 * 1024 * 1024));
  expect(await take(tree, start)).toMatchObject({ ok: false });
});

it('more files than are added by name are all taken', async () => {
  const repo = makeRepository();
  repo.write('a', 'a\n');
  const start = repo.commit('one');
  const tree = await treeOf(repo, start);
  rmSync(path.join(tree.directory, 'a'));
  for (let index = 0; index < 150; index += 1) {
    writeFileSync(path.join(tree.directory, `f${index}`), `${index}\n`);
  }
  expect(await take(tree, start)).toMatchObject({ ok: true, files: 151, removed: ['a'] });
});

it('repositories inside are left out and named, with a commit or without one', async () => {
  const repo = makeRepository();
  repo.write('a', 'a\n');
  const start = repo.commit('one');
  const tree = await treeOf(repo, start);
  await inside(tree, 'init', '-q', 'empty');
  await inside(tree, 'init', '-q', 'full');
  writeFileSync(path.join(tree.directory, 'full/x'), 'x\n');
  const full = { ...tree, directory: path.join(tree.directory, 'full') };
  await inside(full, 'add', '-A');
  await inside(full, 'commit', '-qm', 'x');
  writeFileSync(path.join(tree.directory, 'new'), 'x\n');
  const work = await take(tree, start);
  expect(work).toMatchObject({ ok: true, changed: ['new'] });
  expect(work.ok && work.left_out.map((one) => one.path).sort()).toEqual(['empty', 'full']);
});

it.each([
  ['of its own place, without a commit', 'vendor', false],
  ['of its own place, with a commit', 'vendor', true],
  ['below it', 'vendor/inner', true],
] as const)(
  'a file that gave way to a repository %s is gone, and that is left out',
  async (_, name, commits) => {
    const repo = makeRepository();
    repo.write('a', 'a\n');
    repo.write('vendor', 'x\n');
    const start = repo.commit('one');
    const tree = await treeOf(repo, start);
    rmSync(path.join(tree.directory, 'vendor'));
    await inside(tree, 'init', '-q', name);
    writeFileSync(path.join(tree.directory, name, 'x'), 'x\n');
    const nested = { ...tree, directory: path.join(tree.directory, name) };
    if (commits) await inside(nested, 'commit', '-q', '--allow-empty', '-m', 'x');
    expect(await take(tree, start)).toMatchObject({
      ok: true,
      changed: ['vendor'],
      removed: ['vendor'],
      left_out: [{ path: name, reason: 'nested_repository' }],
    });
  },
);

it('a file above the limit is named before anything is added, and what is copied along is not taken', async () => {
  const repo = makeRepository();
  repo.write('a', 'a\n');
  const start = repo.commit('one');
  const tree = await treeOf(repo, start);
  writeFileSync(path.join(tree.directory, 'big'), Buffer.alloc(2 * 1024 * 1024));
  const work = await take(tree, start);
  expect(work).toMatchObject({
    ok: false,
    message: expect.stringContaining('big (2 MB)') as string,
  });
  writeFileSync(path.join(tree.directory, '.git/info/exclude'), '');
  repo.write('.git/info/exclude', 'ignored]\n');
  writeFileSync(path.join(tree.directory, 'ignored]'), 'x');
  const copied = ['big', 'ignored]'];
  expect(await take(tree, start, { copied })).toMatchObject({ ok: true, files: 0 });
});

it('a submodule at another commit fails by name', async () => {
  const inner = makeRepository();
  inner.write('a', 'a\n');
  inner.commit('one');
  const repo = makeRepository();
  repo.git('-c', 'protocol.file.allow=always', 'submodule', 'add', '-q', inner.dir, 'sub');
  const start = repo.commit('with it');
  const tree = await treeOf(repo, start);
  expect(await take(tree, start)).toMatchObject({ ok: true, files: 0 });
  await inside(tree, 'clone', '-q', inner.dir, 'sub');
  const sub = { ...tree, directory: path.join(tree.directory, 'sub') };
  await inside(sub, 'commit', '-q', '--allow-empty', '-m', 'two');
  const mark = `${tree.directory}.ran`;
  await inside(sub, 'config', 'core.fsmonitor', `touch ${mark}; false`);
  await inside(sub, 'config', 'filter.evil.clean', `touch ${mark}; cat`);
  writeFileSync(path.join(sub.directory, '.gitattributes'), '* filter=evil\n');
  writeFileSync(path.join(sub.directory, 'a'), 'b\n');
  const work = await take(tree, start);
  expect(work).toMatchObject({
    ok: false,
    message: expect.stringContaining('submodule sub') as string,
  });
  expect(existsSync(mark)).toBe(false);
});

it('line endings and filters of the person hold in a tree, for its agent too', async () => {
  const repo = makeRepository();
  repo.git('config', 'core.autocrlf', 'true');
  repo.git('config', 'filter.rot.clean', 'tr a-z b-za');
  repo.git('config', 'filter.rot.smudge', 'tr b-za a-z');
  repo.write('.gitattributes', 'secret filter=rot\n');
  repo.write('text', 'one\r\n');
  repo.write('secret', 'abc');
  const start = repo.commit('one');
  const tree = await treeOf(repo, start);
  const read = (name: string): string => readFileSync(path.join(tree.directory, name), 'utf8');
  expect([read('text'), read('secret')]).toEqual(['one\r\n', 'abc']);
  expect(await inside(tree, 'status', '--porcelain')).toBe('');
  expect(await take(tree, start)).toMatchObject({ ok: true, files: 0 });
});

it('what is uncommitted becomes a commit, and the person’s index stays as it is', async () => {
  const repo = makeRepository();
  repo.write('a', 'a\n');
  repo.write('b', 'b\n');
  repo.commit('one');
  repo.write('staged', 'x\n');
  repo.git('add', 'staged');
  repo.write('a', 'b\n');
  repo.write('untracked', 'x\n');
  repo.write('intended', 'x\n');
  repo.git('add', '-N', 'intended');
  const index = readFileSync(path.join(repo.dir, '.git/index'));
  const found = await repositoryAt(testGit, repo.dir);
  await expect(checkBase(testGit, found, null)).rejects.toMatchObject({ code: 'repository-dirty' });
  const checked = await checkBase(testGit, found, 'include');
  const scratch = `${repo.dir}.scratch`;
  const base = await makeBase(testGit, checked, 'include', { scratch, at });
  const names = repo.git('diff', '--name-only', base.head, base.commit).split('\n');
  expect(names).toEqual(['a', 'intended', 'staged', 'untracked']);
  expect(readFileSync(path.join(repo.dir, '.git/index'))).toEqual(index);
  expect(await makeBase(testGit, checked, 'include', { scratch, at })).toEqual(base);
  expect((await makeBase(testGit, checked, 'ignore', { scratch, at })).commit).toBe(base.head);
});

it('without an index what was uncommitted is still all that is tracked; one that cannot be read is told', async () => {
  const repo = makeRepository();
  repo.write('.gitignore', 'ignored\n');
  repo.write('ignored', 'x\n');
  repo.git('add', '-f', 'ignored');
  repo.commit('one');
  // Of another content: it would count as renamed.
  repo.write('new', 'y\n');
  const found = await repositoryAt(testGit, repo.dir);
  const checked = await checkBase(testGit, found, 'include');
  const index = path.join(repo.dir, '.git/index');
  rmSync(index);
  const scratch = `${repo.dir}.scratch`;
  const base = await makeBase(testGit, checked, 'include', { scratch, at });
  expect(repo.git('diff', '--name-only', base.head, base.commit)).toBe('new');
  mkdirSync(index);
  const again = makeBase(testGit, checked, 'include', { scratch, at });
  await expect(again).rejects.toMatchObject({ code: 'index-unreadable' });
});

it('what an agent left is not restored by an index that cannot be read', async () => {
  const repo = makeRepository();
  repo.write('a', 'a\n');
  const start = repo.commit('one');
  const tree = await treeOf(repo, start);
  const wanted = { tree: repo.git('rev-parse', 'HEAD^{tree}'), copied: [] };
  rmSync(tree.indexFile);
  mkdirSync(tree.indexFile);
  writeFileSync(path.join(tree.directory, 'a'), 'b\n');
  const restored = restoreWork(testGit, tree, wanted);
  await expect(restored).rejects.toMatchObject({ code: 'index-unreadable' });
  expect(readFileSync(path.join(tree.directory, 'a'), 'utf8')).toBe('b\n');
  rmSync(tree.indexFile, { recursive: true });
  await restoreWork(testGit, tree, wanted);
  expect(readFileSync(path.join(tree.directory, 'a'), 'utf8')).toBe('a\n');
});

interface Branched {
  repo: MadeRepository;
  repository: string;
  sides: [{ commit: string; ref: string }, ...{ commit: string; ref: string }[]];
}

/** Each function changes the repository on a branch of its own. */
async function branched(
  base: (repo: MadeRepository) => void,
  ...changes: ((repo: MadeRepository) => void)[]
): Promise<Branched> {
  const repo = makeRepository();
  base(repo);
  const start = repo.commit('base');
  const sides: { commit: string; ref: string }[] = [];
  const repository = path.join(repo.dir, '.git');
  for (const [index, change] of changes.entries()) {
    repo.git('checkout', '-q', '--detach', start);
    change(repo);
    const side = { commit: repo.commit(`side ${index}`), ref: `${NS}/side-${index}` };
    await setRef(testGit, repository, side.ref, side.commit);
    sides.push(side);
  }
  return { repo, repository, sides: sides as Branched['sides'] };
}

const folding = ({ repo, repository, sides }: Branched, scratch = 'm') =>
  fold(testGit, {
    repository,
    sides,
    ref: `${NS}/x-start`,
    message: 'm',
    at,
    scratch: `${repo.dir}.${scratch}`,
  });

it('whoever looks at the work of a run touches nothing of a merge that is going on', async () => {
  const made = await branched(
    (repo) => repo.write('f', '1\n2\n3\n4\n5\n6\n7\n8\n9\n'),
    (repo) => repo.write('f', 'one\n2\n3\n4\n5\n6\n7\n8\n9\n'),
    (repo) => repo.write('f', '1\n2\n3\n4\nfive\n6\n7\n8\n9\n'),
    (repo) => repo.write('f', '1\n2\n3\n4\n5\n6\n7\n8\nnine\n'),
  );
  const { repo, repository, sides } = made;
  const scratch = `${repo.dir}.merge`;
  mkdirSync(scratch);
  writeFileSync(path.join(scratch, 'attributes'), '');
  await setRef(testGit, repository, `${NS}/merge`, sides[1]?.commit ?? '');
  const before = repo.git('for-each-ref');
  const options = { repository, sides, message: 'm', at, scratch, runId: path.basename(NS) };
  const merged = await mergeSides(testGit, { ...options, apart: '.1' });
  expect(merged.ok).toBe(true);
  expect(repo.git('for-each-ref')).toBe(before);
  expect(existsSync(path.join(scratch, 'attributes'))).toBe(true);
  expect(existsSync(`${scratch}.1`)).toBe(false);
});

it('three sides become one commit with three parents, the same one again', async () => {
  const made = await branched(
    (repo) => repo.write('f', '1\n2\n3\n4\n5\n6\n7\n8\n9\n'),
    (repo) => repo.write('f', 'one\n2\n3\n4\n5\n6\n7\n8\n9\n'),
    (repo) => repo.write('f', '1\n2\n3\n4\nfive\n6\n7\n8\n9\n'),
    (repo) => repo.write('f', '1\n2\n3\n4\n5\n6\n7\n8\nnine\n'),
  );
  const folded = await folding(made);
  expect(folded.conflicts).toEqual([]);
  expect(made.repo.git('show', `${folded.commit}:f`)).toBe('one\n2\n3\n4\nfive\n6\n7\n8\nnine');
  expect(made.repo.git('log', '-1', '--format=%P', folded.commit).split(' ')).toEqual(
    made.sides.map((side) => side.commit),
  );
  expect(await folding(made)).toEqual(folded);
  const all = [made.sides[0].commit, folded.commit, made.sides[0].commit];
  expect(await independent(testGit, made.repository, all)).toEqual([folded.commit]);
});

it('conflicts are named with their kinds, with markers and without', async () => {
  const made = await branched(
    (repo) => {
      for (const name of ['text', 'deleted']) repo.write(name, 'a\nb\nc\n');
      repo.write('binary', '\0a');
    },
    (repo) => {
      for (const name of ['text', 'deleted']) repo.write(name, 'one\nb\nc\n');
      repo.write('binary', '\0b');
    },
    (repo) => {
      repo.write('text', 'two\nb\nc\n');
      repo.git('rm', '-q', 'deleted');
      repo.write('binary', '\0c');
    },
  );
  const { commit, conflicts, stages } = await folding(made);
  const named = conflicts.sort((a, b) => (a.path < b.path ? -1 : 1));
  expect(named.map(({ path: name, markers }) => [name, markers])).toEqual([
    ['binary', false],
    ['deleted', false],
    ['text', true],
  ]);
  expect(named[1]?.kinds).toEqual(['modify/delete']);
  expect(made.repo.git('show', `${commit}:text`)).toContain(`<<<<<<< ${NS}/side-0`);
  const found = await repositoryAt(testGit, made.repo.dir);
  const directory = `${made.repo.dir}-c`;
  mkdirSync(directory);
  const tree = { repository: made.repository, directory, indexFile: `${directory}.index` };
  const [first, second] = made.sides;
  const merge = { head: first.commit, others: [second?.commit ?? ''], stages };
  const { objectFormat } = found;
  await makeTree(testGit, tree, {
    objectFormat,
    worktree: made.repo.dir,
    start: commit,
    merge,
    left: null,
  });
  const status = await inside(tree, 'status', '--porcelain');
  expect(status.split('\n').sort()).toEqual(
    ['AA text', 'UD deleted', 'UU binary'].map((line) => line.replace('AA', 'UU')).sort(),
  );
  const left = await take(tree, commit);
  expect(
    left.ok && [...(await markedFiles(testGit, engineGit(tree), left.tree, `${NS}/result`))],
  ).toEqual(['text']);
  writeFileSync(path.join(directory, 'text'), 'A heading\n=======\nboth\n');
  const solved = await take(tree, commit);
  expect(
    solved.ok && [...(await markedFiles(testGit, engineGit(tree), solved.tree, `${NS}/result`))],
  ).toEqual([]);
});

it('attributes come from the commits, not from where the merge is made', async () => {
  const made = await branched(
    (repo) => {
      repo.write('.gitattributes', 'log merge=union\n');
      repo.write('log', 'a\n');
    },
    (repo) => repo.write('log', 'a\none\n'),
    (repo) => repo.write('log', 'a\ntwo\n'),
  );
  made.repo.write('.gitattributes', 'log -merge\n');
  const folded = await folding(made);
  expect(folded.conflicts).toEqual([]);
  expect(made.repo.git('show', `${folded.commit}:log`)).toBe('a\none\ntwo');
});

it('a lock that a git which was killed left on a ref of ours does not last', async () => {
  const repo = makeRepository();
  repo.write('a', 'a\n');
  const head = repo.commit('one');
  repo.write(`.git/${NS}/x.lock`, '');
  await setRef(testGit, path.join(repo.dir, '.git'), `${NS}/x`, head);
  expect(repo.git('rev-parse', `${NS}/x`)).toBe(head);
});
