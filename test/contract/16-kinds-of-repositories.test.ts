/**
 * Section 16 on every kind of repository: two instances at once, one that starts from both, and the result integrated.
 * CODEX_ORCH_TEST_CASELESS names a directory on a disk that ignores case, where there is one.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { cases } from '../support/cases.ts';
import { codexOrch, testDirectory, writeFiles, type Ended } from '../support/built-program.ts';

const root = testDirectory('kinds');
afterAll(() => rmSync(root, { recursive: true, force: true }));

const env: NodeJS.ProcessEnv = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CEILING_DIRECTORIES: root,
  GIT_ALLOW_PROTOCOL: 'file',
  HOME: path.join(root, 'home'),
  CODEX_ORCH_NO_SYNC: '1',
};
mkdirSync(path.join(root, 'home'));
writeFileSync(
  path.join(root, 'home/.gitconfig'),
  '[user]\n\tname = P\n\temail = p@example.com\n[protocol "file"]\n\tallow = always\n',
);

const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', args, {
    cwd,
    encoding: 'utf8',
    stdio: 'pipe',
    env: { ...env, PATH: process.env['PATH'] },
  }).trim();

/** A repository with one commit of these files. */
function made(dir: string, files: Record<string, string>, ...init: string[]): string {
  mkdirSync(dir, { recursive: true });
  git(dir, 'init', '-q', '-b', 'main', ...init);
  writeFiles(dir, files);
  git(dir, 'add', '-A');
  git(dir, 'commit', '-q', '-m', 'one');
  return dir;
}

const some = { 'sub/f': '1\n2\n3\n4\n5\n', 'other/g': 'g\n' };

interface Kind {
  /** Makes it in a directory; returns where its files are. */
  make(dir: string): string;
  /** Where in it agents work. */
  within?: string;
  /** What the last one does besides. */
  last?: string;
  /** Where trees lie; left out: in the home of whoever runs it. */
  trees?(): string;
  integrate?: string[];
  /** The file after it was integrated, as it lies there. */
  f?: string;
  also?(repo: string): void;
}

const both = 'one\n2\n3\n4\ntwo\n';
const clone = (dir: string, ...options: string[]): string => {
  const from = made(path.join(dir, 'from'), some);
  git(from, 'commit', '-q', '--allow-empty', '-m', 'two');
  git(from, 'config', 'uploadpack.allowFilter', 'true');
  git(dir, 'clone', '-q', ...options, `file://${from}`, 'repo');
  return path.join(dir, 'repo');
};
const manyFiles = cases({ few: 1000, many: 20_000 });
const odd = ['new\nline', 'quote"and\'', ' space ', '-dash', 'ünï', 'back\\slash', 'tab\t'];

const kinds: Record<string, Kind> = {
  'one whose sub-directory is the workspace': {
    make: (dir) => made(path.join(dir, 'repo'), some),
    within: 'sub',
  },
  'a linked working tree of the person': {
    make(dir) {
      const main = made(path.join(dir, 'main'), some);
      git(main, 'worktree', 'add', '-q', '-b', 'linked', '../repo');
      return path.join(dir, 'repo');
    },
    also: (repo) => expect(git(repo, 'rev-parse', '--abbrev-ref', 'HEAD')).toBe('linked'),
  },
  'a detached HEAD': {
    make(dir) {
      const repo = made(path.join(dir, 'repo'), some);
      git(repo, 'checkout', '-q', '--detach');
      return repo;
    },
    integrate: ['--into', 'main'],
    f: some['sub/f'],
    also: (repo) => expect(`${git(repo, 'show', 'main:sub/f')}\n`).toBe(both),
  },
  'a shallow clone': { make: (dir) => clone(dir, '--depth', '1') },
  'a partial clone': { make: (dir) => clone(dir, '--filter=blob:none') },
  'a sparse checkout': {
    make(dir) {
      const repo = made(path.join(dir, 'repo'), some);
      git(repo, 'sparse-checkout', 'set', 'sub');
      return repo;
    },
    also(repo) {
      expect(existsSync(path.join(repo, 'other/g'))).toBe(false);
      expect(git(repo, 'show', 'HEAD:other/g')).toBe('g');
    },
  },
  'one with SHA-256': {
    make: (dir) => made(path.join(dir, 'repo'), some, '--object-format=sha256'),
    also: (repo) => expect(git(repo, 'rev-parse', 'HEAD')).toHaveLength(64),
  },
  'one with CRLF in the files': {
    make(dir) {
      const repo = made(path.join(dir, 'repo'), { ...some, '.gitattributes': '* text=auto\n' });
      git(repo, 'config', 'core.eol', 'crlf');
      rmSync(path.join(repo, 'sub/f'));
      git(repo, 'checkout', '-q', '--', 'sub/f');
      expect(readFileSync(path.join(repo, 'sub/f'), 'utf8')).toContain('1\r\n');
      return repo;
    },
    f: both.replaceAll('\n', '\r\n'),
    also: (repo) => expect(`${git(repo, 'cat-file', 'blob', 'HEAD:sub/f')}\n`).toBe(both),
  },
  'one with a filter': {
    make(dir) {
      const repo = path.join(dir, 'repo');
      mkdirSync(repo);
      git(repo, 'init', '-q', '-b', 'main');
      git(repo, 'config', 'filter.caps.clean', 'tr a-z A-Z');
      git(repo, 'config', 'filter.caps.smudge', 'tr A-Z a-z');
      return made(repo, { ...some, '.gitattributes': 'sub/* filter=caps\n' });
    },
    also: (repo) => expect(git(repo, 'cat-file', 'blob', 'HEAD:sub/f')).toMatch(/^ONE\n.*TWO$/s),
  },
  'one with a submodule': {
    make(dir) {
      const inner = made(path.join(dir, 'inner'), { i: 'i\n' });
      const repo = made(path.join(dir, 'repo'), some);
      git(repo, 'submodule', '--quiet', 'add', `file://${inner}`, 'inner');
      git(repo, 'commit', '-q', '-m', 'a submodule');
      return repo;
    },
    also: (repo) => expect(existsSync(path.join(repo, 'inner/i'))).toBe(true),
  },
  [`one with ${manyFiles} files`]: {
    make(dir) {
      const repo = path.join(dir, 'repo');
      for (let each = 0; each < manyFiles; each += 1) {
        const folder = path.join(repo, `d${each % 200}`);
        if (each < 200) mkdirSync(folder, { recursive: true });
        writeFileSync(path.join(folder, `f${each}`), `${each}\n`.repeat(200));
      }
      return made(repo, some);
    },
    also: (repo) =>
      expect(git(repo, 'ls-files').split('\n')).toHaveLength(
        manyFiles + Object.keys(some).length + 1,
      ),
  },
  'one with odd names': {
    make: (dir) =>
      made(path.join(dir, 'repo'), {
        ...some,
        ...Object.fromEntries(odd.map((name) => [name, 'odd\n'])),
      }),
    also: (repo) => {
      for (const name of odd) {
        expect(readFileSync(path.join(repo, name), 'utf8'), name).toBe('odd\nmore\n');
      }
    },
  },
  'one with LFS': {
    make(dir) {
      const repo = path.join(dir, 'repo');
      mkdirSync(repo);
      git(repo, 'init', '-q', '-b', 'main');
      git(repo, 'lfs', 'install', '--local');
      // One that a single task changes: what two do to a file of LFS never merges.
      return made(repo, {
        ...some,
        '.gitattributes': 'image filter=lfs diff=lfs merge=lfs -text\n',
        image: 'image\n',
      });
    },
    also(repo) {
      expect(git(repo, 'cat-file', 'blob', 'HEAD:image')).toContain('git-lfs');
      expect(readFileSync(path.join(repo, 'image'), 'utf8')).toBe('image\nmore\n');
    },
  },
};

const caseless = process.env['CODEX_ORCH_TEST_CASELESS'] ?? '';
const cased = { ...some, 'Folder/Name': 'name\n', 'Folder/other': 'other\n' };
const directories: string[] = [];
const onCaseless = (): string => {
  const directory = mkdtempSync(path.join(caseless, 'kind-'));
  directories.push(directory);
  return directory;
};
afterAll(() => {
  for (const each of directories) rmSync(each, { recursive: true, force: true });
});
const renames: Pick<Kind, 'last' | 'also'> = {
  last: 'mv Folder x; mv x folder; mv folder/Name x; mv x folder/NAME',
  also(repo) {
    expect(git(repo, 'ls-tree', '-r', '--name-only', 'HEAD').split('\n')).toEqual(
      ['folder/NAME', 'folder/other', 'new', ...Object.keys(some)].sort(),
    );
    expect(readFileSync(path.join(repo, 'folder/NAME'), 'utf8')).toBe('name\n');
  },
};
const kindsOnCaseless: typeof kinds = {
  'one on a disk that ignores case': {
    ...renames,
    make: () => made(path.join(onCaseless(), 'repo'), cased),
  },
  'one whose trees lie on a disk that ignores case': {
    ...renames,
    make: (dir) => made(path.join(dir, 'repo'), cased),
    trees: onCaseless,
  },
  'one that lies with its trees on a disk that ignores case': {
    ...renames,
    make: () => made(path.join(onCaseless(), 'repo'), cased),
    trees: onCaseless,
  },
};
if (caseless === '') process.stderr.write('\n*** SKIPPED: no disk that ignores case\n\n');
else Object.assign(kinds, kindsOnCaseless);

const hasLfs = spawnSync('git', ['lfs', 'version']).status === 0;
if (!hasLfs) process.stderr.write('\n*** SKIPPED: git-lfs is not installed\n\n');

const timeout = cases({ few: 240_000, many: 900_000 });

it.each(Object.entries(kinds))('%s', { timeout }, async (name, kind) => {
  if (name === 'one with LFS' && !hasLfs) return;
  const dir = path.join(root, name.replace(/\W/g, '-'));
  mkdirSync(dir);
  const repo = kind.make(dir);
  const within = kind.within ?? '.';
  const f = path.relative(within, 'sub/f');
  const tasks: Record<string, { run: string; after?: string[] }> = {
    one: { run: `sed -i 's/^1/one/' ${f}` },
    two: { run: `sed -i 's/^5/two/' ${f}; echo n > new` },
    last: {
      run: `cat ${f} new > /dev/null; git status --porcelain > "$CODEX_ORCH_ATTEMPT_DIR/final.md"; for file in $'new\\nline' *; do if test -f "$file" && test "$file" != new; then echo more >> "./$file"; fi; done; ${kind.last ?? ''}`,
      after: ['one', 'two'],
    },
  };
  const files = Object.entries(tasks).map(([id, { run, after = [] }]) => [
    `program/tasks/${id}.yaml`,
    {
      ...{ id, title: id, status: 'ready', run },
      depends_on: after.map((task) => ({ task, kind: 'order' })),
    },
  ]);
  writeFiles(dir, {
    'program/project.yaml': {
      ...{ name: 'k', workspace: path.join(repo, within), isolation: 'tree' },
      agents: { shell: { backend: 'command' } },
      default_agent: 'shell',
    },
    ...(Object.fromEntries(files) as object),
  });
  const own = { ...env };
  if (kind.trees !== undefined) {
    own['CODEX_ORCH_GLOBAL_ROOT'] = path.join(dir, 'global');
    writeFiles(dir, { 'global/config.toml': `[trees]\ndir = "${kind.trees()}"\n` });
  }
  const run = (...words: string[]): Promise<Ended> =>
    codexOrch(words, { cwd: path.join(dir, 'program'), env: own });
  const started = await run('run', 'start', '--root', 'last');
  expect(started.stderr).toContain('done (3 of 3');
  expect(git(repo, 'status', '--porcelain')).toBe('');
  const [id = ''] = /\d{14}-\w+/.exec(started.stdout) ?? [];
  // A clean tree, as the agent's own git sees it.
  const published = await run('run', 'show', 'latest', '--json');
  const [last = ''] = /last-\w{8}/.exec(published.stdout) ?? [];
  const final = path.join(dir, 'program/.runs', id, 'instances', last, 'published/final.md');
  expect(readFileSync(final, 'utf8')).toBe('');
  const integrated = await run('run', 'integrate', ...(kind.integrate ?? []));
  expect(integrated.code, integrated.stderr).toBe(0);
  expect(git(repo, 'status', '--porcelain')).toBe('');
  const text = readFileSync(path.join(repo, 'sub/f'), 'utf8');
  expect(text.replace(/more\r?\n/, '')).toBe(kind.f ?? both);
  kind.also?.(repo);
  expect(git(repo, 'fsck', '--strict')).not.toContain('error');
});
