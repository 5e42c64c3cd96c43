/** A working tree recorded in a store of our own: the person's repository does not notice. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changedFiles, patchBetween } from '../../src/git/changes.ts';
import { gitOf } from '../../src/git/git.ts';
import { seePlaceOf, seeTree, storeOf } from '../../src/git/seen.ts';

const git = gitOf(process.env);
let root: string;
let work: string;
const store = (): string => path.join(root, 'store');
const theirs = (...words: string[]): string =>
  execFileSync('git', ['-C', work, ...words], { encoding: 'utf8' });

beforeEach(() => {
  mkdirSync('.test-tmp', { recursive: true });
  root = path.resolve(mkdtempSync(path.join('.test-tmp', 'seen-')));
  work = path.join(root, 'work');
  mkdirSync(path.join(work, 'sub'), { recursive: true });
  theirs('init', '-q');
  write('kept.txt', 'kept\n');
  write('gone.txt', 'gone\n');
  write('.gitignore', 'ignored\n*.lfs\n');
  theirs('add', '.');
  theirs('-c', 'user.name=p', '-c', 'user.email=p@x', 'commit', '-q', '-m', 'first');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(name: string, text: string): void {
  writeFileSync(path.join(work, name), text);
}

async function see(maxFileBytes = 1_000_000): Promise<string> {
  const place = await seePlaceOf(git, path.join(work, 'sub'));
  if (place === null) throw new Error('no place');
  expect(place.prefix).toBe('sub/');
  return seeTree(git, store(), place, { maxFileBytes });
}

async function between(from: string, to: string): Promise<string[]> {
  const files = await changedFiles(git, storeOf(store(), work), from, to);
  return files.map(({ status, path: name }) => `${status} ${name}`);
}

/** Names, sizes and times of all that lies in their git directory. */
function theirRepository(): string[] {
  const directory = path.join(work, '.git');
  return (readdirSync(directory, { recursive: true }) as string[]).sort().map((name) => {
    const { size, mtimeMs } = statSync(path.join(directory, name));
    return `${name} ${size} ${mtimeMs}`;
  });
}

describe('what stands in a working tree', () => {
  it('is told apart by what git does not ignore, committed or not', async () => {
    write('before.txt', 'was there before\n');
    const repository = theirRepository();
    const first = await see();
    expect(await see(), 'the same again').toBe(first);
    write('kept.txt', 'changed\n');
    rmSync(path.join(work, 'gone.txt'));
    write('sub/new.txt', 'new\n');
    write('ignored', 'x');
    mkdirSync(path.join(work, '.runs'));
    write('.runs/log', 'ours');
    const second = await see();
    expect(await between(first, second)).toEqual(['D gone.txt', 'M kept.txt', 'A sub/new.txt']);
    const patch = await patchBetween(git, storeOf(store(), work), first, second);
    expect(patch.toString()).toContain('+changed');
    expect(theirRepository()).toEqual(repository);
  });

  it('has a directory that became a file as that', async () => {
    mkdirSync(path.join(work, 'dir/deep'), { recursive: true });
    write('dir/deep/a.txt', 'a\n');
    execFileSync('git', ['-C', work, 'add', 'dir']);
    const first = await see();
    rmSync(path.join(work, 'dir'), { recursive: true });
    write('dir', 'a file\n');
    expect(await between(first, await see())).toEqual(['A dir', 'D dir/deep/a.txt']);
  });

  it('has large files by size and time alone, and looks into no nested repository', async () => {
    const first = await see(100);
    write('large.bin', 'x'.repeat(200));
    mkdirSync(path.join(work, 'nested'));
    execFileSync('git', ['init', '-q', path.join(work, 'nested')]);
    write('nested/file', 'x');
    const second = await see(100);
    expect(await between(first, second)).toEqual(['A large.bin']);
    const patch = await patchBetween(git, storeOf(store(), work), first, second);
    expect(patch.toString()).toContain('+200 bytes, modified');
    write('large.bin', 'y'.repeat(300));
    expect(await between(second, await see(100))).toEqual(['M large.bin']);
  });

  it('runs no filter of theirs', async () => {
    const ran = path.join(root, 'ran');
    theirs('config', 'filter.x.clean', `touch ${ran}; cat`);
    write('.gitattributes', '*.dat filter=x\n');
    const first = await see();
    write('a.dat', 'data\n');
    expect(await between(first, await see())).toEqual(['A a.dat']);
    expect(() => statSync(ran)).toThrow();
  });

  it('is nothing where there is no repository, and all where there is no commit', async () => {
    expect(await seePlaceOf(git, '/')).toBeNull();
    rmSync(path.join(work, '.git'), { recursive: true });
    theirs('init', '-q');
    const first = await see();
    write('new.txt', 'x');
    expect(await between(first, await see())).toEqual(['A new.txt']);
  });
});

describe('what is no file where git reads one', () => {
  const pipe = (name: string): void => {
    rmSync(path.join(work, name), { force: true });
    execFileSync('mkfifo', [path.join(work, name)]);
  };

  it.each(['.gitignore', 'sub/.gitattributes', '.git/info/exclude'])(
    'is told of a pipe as %s, which nobody waits for',
    { timeout: 60_000 },
    async (name) => {
      mkdirSync(path.join(work, '.git', 'info'), { recursive: true });
      write('sub/new.txt', 'new\n');
      pipe(name);
      if (name === '.git/info/exclude') await see();
      else await expect(see()).rejects.toThrow('a file that it reads is a named pipe');
    },
  );

  it('does without an index that is a pipe', async () => {
    pipe('.git/index');
    const tree = await see();
    const listed = await git.text(['ls-tree', '--name-only', tree], storeOf(store(), work));
    expect(listed.split('\n')).toEqual(['.gitignore', 'gone.txt', 'kept.txt']);
  });
});
