/** The result of a run in a branch of the person's: all or nothing, and nothing else touched. */
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
  existsSync,
  appendFileSync,
} from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import {
  carryOut,
  decideIntegration,
  type Decided,
  type Integration,
} from '../../src/git/integrate.ts';
import { recoverIntegration } from '../../src/git/integrate-recovery.ts';
import { gitOf } from '../../src/git/git.ts';
import { makeRepository, testEnv, testGit, type MadeRepository } from './made-repository.ts';
import { personsOwn } from './persons-own.ts';

const NS = 'refs/codex-orch/20260101000000-0123abcd';
const env = {
  GIT_AUTHOR_NAME: 'P',
  GIT_AUTHOR_EMAIL: 'p@example.com',
  GIT_COMMITTER_NAME: 'P',
  GIT_COMMITTER_EMAIL: 'p@example.com',
};

interface Scene {
  repo: MadeRepository;
  base: { commit: string; ref: string; head: string };
  result: { commit: string; ref: string };
}

type Files = Record<string, string | null>;

/** A repository on `main`, and a result that a run has made from it. `uncommitted`: taken into the base. */
function scene(files: Files, changes: Files, uncommitted: Files = {}): Scene {
  const repo = makeRepository();
  const put = (all: Files): void => {
    for (const [file, text] of Object.entries(all)) {
      if (text === null) rmSync(path.join(repo.dir, file));
      else repo.write(file, text);
    }
  };
  repo.git('config', 'user.name', 'P');
  repo.git('config', 'user.email', 'p@example.com');
  put(files);
  const head = repo.commit('first');
  // Made elsewhere, as a run makes it: the person's files and index take no part.
  const tree = mkdtempSync(`${repo.dir}-tree-`);
  rmSync(tree, { recursive: true });
  repo.git('worktree', 'add', '-q', '--detach', tree, head);
  const there = (...args: string[]): string => repo.git('-C', tree, ...args);
  const change = (all: Files, message: string): string => {
    for (const [file, text] of Object.entries(all)) {
      const target = path.join(tree, file);
      mkdirSync(path.dirname(target), { recursive: true });
      if (text === null) rmSync(target);
      else writeFileSync(target, text);
    }
    there('add', '-A', '-f');
    there('commit', '-q', '--allow-empty', '-m', message);
    return there('rev-parse', 'HEAD');
  };
  const included = Object.keys(uncommitted).length > 0;
  const base = included ? change(uncommitted, 'included') : head;
  const result = change(changes, 'result');
  repo.git('worktree', 'remove', '--force', tree);
  repo.git('update-ref', `${NS}/base`, base);
  repo.git('update-ref', `${NS}/result`, result);
  put(uncommitted);
  return {
    repo,
    base: { commit: base, ref: `${NS}/base`, head },
    result: { commit: result, ref: `${NS}/result` },
  };
}

interface Wanted {
  branch?: string;
  isNew?: boolean;
  squash?: boolean;
}

async function decide({ repo, base, result }: Scene, wanted: Wanted = {}): Promise<Decided> {
  const scratchIn = path.join(repo.dir, '..', 'integrate-scratch');
  mkdirSync(scratchIn, { recursive: true });
  return decideIntegration(testGit, {
    repository: { commonDir: path.join(repo.dir, '.git'), topLevel: repo.dir },
    destination: { branch: wanted.branch ?? null, isNew: wanted.isNew ?? false },
    squash: wanted.squash ?? false,
    base,
    result,
    message: 'Merge the run\n',
    env,
    runId: '20260101000000-0123abcd',
    at: '2026-01-01T00:00:00.000Z',
    scratch: path.join(scratchIn, 'integrate'),
  });
}

async function decided(made: Scene, wanted: Wanted = {}): Promise<Integration> {
  const found = await decide(made, wanted);
  if (!found.ok) throw new Error(JSON.stringify(found));
  return found.integration;
}

async function integrate(made: Scene, wanted: Wanted = {}): Promise<Integration> {
  const integration = await decided(made, wanted);
  await carryOut(testGit, integration);
  return integration;
}

const text = ({ repo }: Scene, file: string): string =>
  readFileSync(path.join(repo.dir, file), 'utf8');
const code = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error: unknown) => (error as { code: string }).code,
  );

it('the branch that is checked out moves with its files, and other dirt stays', async () => {
  const made = scene({ a: '1\n', b: '1\n', gone: '1\n' }, { a: '2\n', gone: null, 'd/new': 'n\n' });
  made.repo.write('b', 'mine\n');
  made.repo.write('staged', 'mine\n');
  made.repo.git('add', 'staged');
  made.repo.write('untracked', 'mine\n');
  const { how, to } = await integrate(made);
  expect(how).toBe('fast_forward');
  expect(made.repo.git('rev-parse', 'main')).toBe(to);
  expect(to).toBe(made.result.commit);
  expect(text(made, 'a')).toBe('2\n');
  expect(text(made, 'd/new')).toBe('n\n');
  expect(existsSync(path.join(made.repo.dir, 'gone'))).toBe(false);
  expect(
    made.repo
      .git('status', '--porcelain')
      .split('\n')
      .map((line) => line.trim()),
  ).toEqual(['M b', 'A  staged', '?? untracked']);
  expect((await integrate(made)).how).toBe('nothing');
});

it('what moved in the meantime is merged, and a squash keeps the merge for who asks', async () => {
  const made = scene({ a: '1\n', b: '1\n' }, { a: '2\n' });
  made.repo.write('b', '2\n');
  const tip = made.repo.commit('moved');
  const squash = await decided(made, { squash: true });
  const { how, to } = await integrate(made);
  expect(how).toBe('merge');
  expect(made.repo.git('log', '-1', '--format=%P %an', to)).toBe(`${tip} ${made.result.commit} P`);
  expect([text(made, 'a'), text(made, 'b')]).toEqual(['2\n', '2\n']);
  made.repo.git('reset', '-q', '--hard', tip);
  await carryOut(testGit, squash);
  expect(made.repo.git('log', '-1', '--format=%P', 'main')).toBe(tip);
  const stands = made.repo.git('rev-parse', `refs/codex-orch/replace/${squash.to}`);
  expect(made.repo.git('log', '-1', '--format=%P %T', stands)).toBe(
    `${tip} ${made.result.commit} ${made.repo.git('rev-parse', 'main^{tree}')}`,
  );
  expect((await integrate(made, { squash: true })).how).toBe('nothing');
});

it('a conflict is named, and nothing at all is changed', async () => {
  const made = scene({ a: '1\n' }, { a: '2\n' });
  made.repo.write('a', '3\n');
  made.repo.commit('moved');
  const before = personsOwn(made.repo.dir);
  const found = await decide(made);
  expect(found).toMatchObject({ ok: false, branch: 'refs/heads/main', overlaps: [] });
  if (!found.ok) {
    expect(found.conflicts).toMatchObject([{ path: 'a', kinds: ['contents'] }]);
  }
  expect(personsOwn(made.repo.dir)).toEqual(before);
});

it.each([
  ['a file that is changed', { a: 'mine\n' }, ['a']],
  ['an untracked file of the same text', { 'd/new': 'n\n' }, ['d/new']],
  ['a file where a directory must be', { d: 'mine\n' }, ['d']],
  ['an ignored file', { '.env': 'SECRET\n' }, ['.env']],
] as const)('%s is in the way: it is named, and nothing is changed', async (_, mine, overlaps) => {
  const files = { a: '1\n', '.gitignore': '.env\n' };
  const made = scene(files, { a: '2\n', 'd/new': 'n\n', '.env': 'theirs\n' });
  for (const [file, content] of Object.entries(mine)) made.repo.write(file, content);
  const before = personsOwn(made.repo.dir);
  expect(await decide(made)).toMatchObject({ ok: false, conflicts: [], overlaps });
  expect(personsOwn(made.repo.dir)).toEqual(before);
});

it('what comes in the way after it was decided stops git itself, with nothing changed', async () => {
  const made = scene({ a: '1\n', '.gitignore': '.env\n' }, { a: '2\n', '.env': 'theirs\n' });
  const integration = await decided(made);
  made.repo.write('.env', 'SECRET\n');
  const before = personsOwn(made.repo.dir, { but: ['ORIG_HEAD'] });
  expect(await code(carryOut(testGit, integration))).toBe('integrate-refused');
  expect(personsOwn(made.repo.dir, { but: ['ORIG_HEAD'] })).toEqual(before);
});

it('a branch that is checked out nowhere moves alone; in another working tree, its files move too', async () => {
  const made = scene({ a: '1\n' }, { a: '2\n' });
  made.repo.git('branch', 'other');
  made.repo.git('branch', 'linked');
  const linked = `${made.repo.dir}-linked`;
  made.repo.git('worktree', 'add', '-q', linked, 'linked');
  made.repo.write('a', 'mine\n');
  await integrate(made, { branch: 'other' });
  await integrate(made, { branch: 'refs/heads/linked' });
  await integrate(made, { branch: 'made/new', isNew: true });
  for (const branch of ['other', 'linked', 'made/new']) {
    expect(made.repo.git('rev-parse', branch)).toBe(made.result.commit);
  }
  expect(readFileSync(path.join(linked, 'a'), 'utf8')).toBe('2\n');
  expect(made.repo.git('-C', linked, 'status', '--porcelain')).toBe('');
  expect(text(made, 'a')).toBe('mine\n');
  expect(made.repo.git('reflog', '-1', 'other')).toContain('codex-orch integrate');
});

it('what cannot be a destination is refused by name', async () => {
  const made = scene({ a: '1\n' }, { a: '2\n' });
  expect(await code(decide(made, { branch: 'none' }))).toBe('branch-missing');
  expect(await code(decide(made, { branch: 'main', isNew: true }))).toBe('branch-exists');
  expect(await code(decide(made, { branch: '-x', isNew: true }))).toBe('branch-name');
  expect(await code(decide(made, { branch: 'a..b', isNew: true }))).toBe('branch-name');
  made.repo.write('.git/MERGE_HEAD', `${made.base.head}\n`);
  expect(await code(decide(made))).toBe('repository-busy');
  rmSync(path.join(made.repo.dir, '.git/MERGE_HEAD'));
  made.repo.git('branch', 'rebased');
  made.repo.write('.git/rebase-merge/head-name', 'refs/heads/rebased\n');
  expect(await code(decide(made, { branch: 'rebased' }))).toBe('repository-busy');
  rmSync(path.join(made.repo.dir, '.git/rebase-merge'), { recursive: true });
  made.repo.git('checkout', '-q', '--detach');
  expect(await code(decide(made))).toBe('branch-missing');
});

it('work that the base includes becomes a commit first, where the files still are what it holds', async () => {
  const made = scene(
    { a: '1\n2\n3\n' },
    { a: 'mine\n2\ntheirs\n', new: 'n2\n' },
    { a: 'mine\n2\n3\n', new: 'n\n' },
  );
  made.repo.git('add', 'new');
  const { included, how } = await integrate(made);
  expect([included, how]).toEqual([made.base.commit, 'fast_forward']);
  expect(text(made, 'a')).toBe('mine\n2\ntheirs\n');
  expect(made.repo.git('status', '--porcelain')).toBe('');
  expect(made.repo.git('rev-parse', 'main', 'main^', 'main^^').split('\n')).toEqual([
    made.result.commit,
    made.base.commit,
    made.base.head,
  ]);
});

it('where such work is committed by the person, the line below may be the run’s', async () => {
  const made = scene({ a: '1\n2\n3\n' }, { a: 'mine\ntheirs\n3\n' }, { a: 'mine\n2\n3\n' });
  made.repo.commit('the same, by hand');
  expect((await integrate(made)).how).toBe('merge');
  expect(text(made, 'a')).toBe('mine\ntheirs\n3\n');
});

it('where such work has gone on, it overlaps', async () => {
  const made = scene({ a: '1\n' }, { a: 'both\n' }, { a: 'mine\n' });
  made.repo.write('a', 'mine, and more\n');
  const before = personsOwn(made.repo.dir);
  expect(await decide(made)).toMatchObject({ ok: false, overlaps: ['a'] });
  expect(personsOwn(made.repo.dir)).toEqual(before);
});

it('a file in the way of a result on included work is named before anything moves', async () => {
  const files = { a: '1\n', '.gitignore': '.env\n' };
  const made = scene(files, { '.env': 'theirs\n' }, { a: 'mine\n' });
  const integration = await decided(made);
  made.repo.write('.env', 'SECRET\n');
  const before = personsOwn(made.repo.dir);
  expect(await decide(made)).toMatchObject({ ok: false, overlaps: ['.env'] });
  expect(personsOwn(made.repo.dir)).toEqual(before);
  expect(await code(carryOut(testGit, integration))).toBe('integrate-refused');
  expect(text(made, 'a')).toBe('mine\n');
  expect(made.repo.git('rev-parse', 'main')).toBe(made.base.head);
  expect(made.repo.git('status', '--porcelain')).toBe('M a');
});

it('who signs, signs; who has no name is told', async () => {
  const made = scene({ a: '1\n', b: '1\n' }, { a: '2\n' });
  made.repo.write('b', '2\n');
  made.repo.commit('moved');
  made.repo.git('config', 'commit.gpgSign', 'true');
  made.repo.git('config', 'gpg.program', '/bin/false');
  expect(await code(decide(made))).toBe('git-failed');
});

it.each([
  ['before it began', 'none'],
  ['with all files written, and the index', 'index'],
  ['with some files written, one half', 'half'],
  ['with the branch moved', 'done'],
] as const)('killed %s, it is ended by the next', async (_, point) => {
  const files = { a: '1\n', b: '1\n', gone: '1\n', other: '1\n' };
  const made = scene(files, { a: '2\n', b: `${'2\n'.repeat(1000)}`, gone: null, 'd/new': 'n\n' });
  const { repo } = made;
  repo.write('other', 'mine\n');
  repo.write('staged', 'mine\n');
  repo.git('add', 'staged');
  const integration = await decided(made);
  if (point === 'index') repo.git('read-tree', '-m', '-u', made.base.head, integration.to);
  if (point === 'half') {
    repo.write('a', '2\n');
    repo.write('b', '2\n'.repeat(300));
    rmSync(path.join(repo.dir, 'gone'));
  }
  if (point === 'done') await carryOut(testGit, integration);
  else for (const lock of ['index.lock', 'refs/heads/main.lock']) repo.write(`.git/${lock}`, '');
  expect(await recoverIntegration(testGit, integration, { lockPatienceMs: 100 })).toEqual([]);
  expect(repo.git('rev-parse', 'main')).toBe(made.result.commit);
  expect(text(made, 'b')).toBe('2\n'.repeat(1000));
  expect(
    repo
      .git('status', '--porcelain')
      .split('\n')
      .map((line) => line.trim()),
  ).toEqual(['M other', 'A  staged']);
});

it('killed before the merge that a squash stands for has its name, it is named by the next', async () => {
  const made = scene({ a: '1\n' }, { a: '2\n' });
  const integration = await decided(made, { squash: true });
  const replaces = `refs/codex-orch/replace/${integration.to}`;
  made.repo.write(`.git/${replaces}.lock`, '');
  expect(await recoverIntegration(testGit, integration)).toEqual([]);
  expect(made.repo.git('rev-parse', 'main', replaces)).toBe(
    `${integration.to}\n${integration.replaces}`,
  );
  expect(existsSync(path.join(made.repo.dir, '.git', `${replaces}.lock`))).toBe(false);
});

it('killed while it looked whether included work is still there, it is ended by the next', async () => {
  const made = scene({ a: '1\n' }, { a: '3\n' }, { a: '2\n' });
  writeFileSync(path.join(made.repo.dir, '..', 'integrate-scratch', 'integrate.lock'), '');
  expect(await decided(made)).toMatchObject({ included: made.base.commit });
});

it('what a full disk stops half-way is told as such, and ended by the next', async () => {
  const large = 'large\n'.repeat(40_000);
  const made = scene({ a: '1\n', other: '1\n' }, { a: '2\n', large, then: '2\n' });
  made.repo.write('other', 'mine\n');
  const integration = await decided(made);
  // Files that git writes end at 64 KiB, at most.
  const full = path.join(made.repo.dir, '..', `${path.basename(made.repo.dir)}-git`);
  const limit = `case "$*" in *" merge "*|*" checkout "*) trap '' XFSZ; ulimit -f 64;; esac`;
  writeFileSync(full, `#!/bin/sh\n${limit}\nexec git "$@"\n`, { mode: 0o755 });
  const fullGit = gitOf({ ...testEnv, CODEX_ORCH_GIT_BIN: full });
  expect(await code(carryOut(fullGit, integration))).toBe('git-failed');
  expect(made.repo.git('rev-parse', 'main')).toBe(made.base.head);
  expect(text(made, 'large').length).toBeLessThan(large.length);
  expect(await code(recoverIntegration(fullGit, integration))).toBe('git-failed');
  expect(text(made, 'large').length).toBeLessThan(large.length);
  expect(await recoverIntegration(testGit, integration)).toEqual([]);
  expect(text(made, 'large')).toBe(large);
  expect(made.repo.git('status', '--porcelain')).toBe('M other');
});

it('what the person has changed since it was killed is not written over', async () => {
  const made = scene({ a: '1\n', b: '1\n' }, { a: '2\n', b: '2\n' });
  const integration = await decided(made);
  made.repo.write('a', '2\n');
  appendFileSync(path.join(made.repo.dir, 'b'), 'mine\n');
  const before = personsOwn(made.repo.dir, { but: ['ORIG_HEAD'] });
  expect(await recoverIntegration(testGit, integration)).toEqual(['b']);
  expect(personsOwn(made.repo.dir, { but: ['ORIG_HEAD'] })).toEqual(before);
  made.repo.git('reset', '-q', '--hard');
  made.repo.write('c', '1\n');
  const moved = made.repo.commit('gone on');
  expect(await recoverIntegration(testGit, integration)).toEqual([]);
  expect(made.repo.git('rev-parse', 'main')).toBe(moved);
});

it('killed while included work was becoming a commit, it is ended by the next', async () => {
  const made = scene(
    { a: '1\n2\n3\n' },
    { a: 'mine\n2\ntheirs\n' },
    { a: 'mine\n2\n3\n', n: 'n\n' },
  );
  const integration = await decided(made);
  made.repo.git('reset', '-q', '--soft', made.base.commit);
  expect(await recoverIntegration(testGit, integration)).toEqual([]);
  expect(made.repo.git('rev-parse', 'main')).toBe(made.result.commit);
  expect(made.repo.git('status', '--porcelain')).toBe('');
});

it.each<[string, (repo: MadeRepository) => void]>([
  [
    'staged',
    (repo) => {
      repo.write('a', 'mine\n');
      repo.git('add', 'a');
      repo.write('a', '1\n');
    },
  ],
  ['taken out of the index', (repo) => repo.git('rm', '-q', '--cached', 'a')],
])('what the person has %s since it was killed stays so, and is named', async (_, mine) => {
  const made = scene({ a: '1\n', b: '1\n' }, { a: '2\n', b: '2\n', new: 'n\n' });
  const integration = await decided(made);
  mine(made.repo);
  const before = personsOwn(made.repo.dir);
  expect(await recoverIntegration(testGit, integration)).toEqual(['a']);
  expect(personsOwn(made.repo.dir)).toEqual(before);
  made.repo.git('reset', '-q', '--hard');
  expect(await recoverIntegration(testGit, integration)).toEqual([]);
  expect(made.repo.git('rev-parse', 'main')).toBe(made.result.commit);
});

it.each([
  ['a file that is to come', 'd/new'],
  ['a file where a directory is to come', 'd'],
  ['a file below one that is to come', 'd/new/x'],
])('%s is only in the index: it stays there, and is named', async (_, file) => {
  const made = scene({ a: '1\n' }, { a: '2\n', 'd/new': 'n\n' });
  const integration = await decided(made);
  made.repo.write(file, 'mine\n');
  made.repo.git('add', file);
  rmSync(path.join(made.repo.dir, 'd'), { recursive: true });
  const before = personsOwn(made.repo.dir);
  expect(await recoverIntegration(testGit, integration)).toEqual([file]);
  expect(personsOwn(made.repo.dir)).toEqual(before);
});

it('killed with included work, what has been staged of it since stays, and is named', async () => {
  const made = scene({ a: '1\n', b: '1\n' }, { b: '2\n' }, { a: 'mine\n' });
  const integration = await decided(made);
  made.repo.write('a', 'staged\n');
  made.repo.git('add', 'a');
  made.repo.write('a', 'mine\n');
  const before = personsOwn(made.repo.dir);
  expect(await recoverIntegration(testGit, integration)).toEqual(['a']);
  expect(personsOwn(made.repo.dir)).toEqual(before);
  made.repo.git('add', 'a');
  made.repo.write('other', 'mine\n');
  made.repo.git('add', 'other');
  expect(await recoverIntegration(testGit, integration)).toEqual([]);
  expect(made.repo.git('rev-parse', 'main')).toBe(made.result.commit);
  expect(made.repo.git('status', '--porcelain')).toBe('A  other');
});

it('where the person has switched to another branch since, nothing is done to that', async () => {
  const made = scene({ a: '1\n' }, { a: '2\n' });
  const integration = await decided(made);
  made.repo.git('switch', '-q', '-c', 'other');
  const before = personsOwn(made.repo.dir);
  expect(await code(recoverIntegration(testGit, integration))).toBe('integrate-refused');
  made.repo.git('switch', '-q', '--detach');
  expect(await code(recoverIntegration(testGit, integration))).toBe('integrate-refused');
  made.repo.git('switch', '-q', 'other');
  expect(personsOwn(made.repo.dir, { but: ['logs/HEAD'] })['refs']).toBe(before['refs']);
  expect(text(made, 'a')).toBe('1\n');
  made.repo.git('switch', '-q', 'main');
  expect(await recoverIntegration(testGit, integration)).toEqual([]);
  expect(made.repo.git('rev-parse', 'main')).toBe(made.result.commit);
});

it('a file of the person’s where a directory is to come is not written over either', async () => {
  const made = scene({ a: '1\n' }, { a: '2\n', 'd/new': 'n\n' });
  const integration = await decided(made);
  made.repo.write('a', '2\n');
  made.repo.write('d', 'mine\n');
  expect(await recoverIntegration(testGit, integration)).toEqual(['d']);
  expect(text(made, 'd')).toBe('mine\n');
  rmSync(path.join(made.repo.dir, 'd'));
  expect(await recoverIntegration(testGit, integration)).toEqual([]);
  expect(text(made, 'd/new')).toBe('n\n');
});
