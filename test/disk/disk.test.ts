/** What is written, on file systems that can do less than others, and who may read it. */
import fs, {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  appendFrom,
  createFile,
  flushDirectory,
  lacksOf,
  linkTo,
  makeDirectory,
  remove,
  replaceFile,
  writeFile,
} from '../../src/disk/disk.ts';
import { copyForeign } from '../../src/disk/foreign-file.ts';
import { temporaryDirectory } from '../program/sample-program.ts';

let root: string;
const at = (...parts: string[]): string => path.join(root, ...parts);
const modeOf = (name: string): string => (statSync(at(name)).mode & 0o7777).toString(8);
let umask: number;
beforeEach(() => {
  root = temporaryDirectory();
  umask = process.umask(0o022);
});
afterEach(() => {
  process.umask(umask);
});

describe('what a run leaves', () => {
  it('is its owner’s alone', () => {
    makeDirectory(at('a/b'));
    writeFile(at('a/b/c'), '');
    replaceFile(at('a/d'), '');
    createFile(at('a/e'), '');
    expect(['a', 'a/b', 'a/b/c', 'a/d', 'a/e'].map(modeOf)).toEqual([
      '700',
      '700',
      '600',
      '600',
      '600',
    ]);
  });

  it('is its group’s too in a directory that hands its group on, as far as the umask lets it', () => {
    mkdirSync(at('team'));
    chmodSync(at('team'), 0o2775);
    process.umask(0o002);
    makeDirectory(at('team/a/b'));
    writeFile(at('team/a/b/c'), '');
    expect(['team/a', 'team/a/b', 'team/a/b/c'].map(modeOf)).toEqual(['2770', '2770', '660']);
    process.umask(0o077);
    makeDirectory(at('team/own'));
    writeFile(at('team/own/c'), '');
    expect(['team/own', 'team/own/c'].map(modeOf)).toEqual(['2700', '600']);
  });

  it('is for all where people author it', () => {
    makeDirectory(at('p'), { shared: true });
    replaceFile(at('p/a'), '', { shared: true });
    expect(['p', 'p/a'].map(modeOf)).toEqual(['755', '644']);
  });
});

it('nothing is written through a link', () => {
  writeFileSync(at('victim'), 'mine');
  symlinkSync('victim', at('link'));
  expect(() => writeFile(at('link'), 'theirs')).toThrow('ELOOP');
  replaceFile(at('link'), 'theirs');
  expect(readFileSync(at('victim'), 'utf8')).toBe('mine');
  expect(readFileSync(at('link'), 'utf8')).toBe('theirs');
});

it.each([
  ['at its end', 2, 'cd', 'abcd'],
  ['and is there in part', 1, 'bcd', 'abcd'],
  ['and is there', 0, 'ab', 'ab'],
  ['beyond its end', 3, 'defgh', 'ab'],
])('what is appended to a file %s', (_name, offset, bytes, whole) => {
  writeFileSync(at('a'), 'ab');
  expect(appendFrom(at('a'), offset, Buffer.from(bytes))).toBe(whole.length);
  expect(readFileSync(at('a'), 'utf8')).toBe(whole);
});

it('of a link, the link goes and not what it leads to, be there such or not', () => {
  mkdirSync(at('kept'));
  symlinkSync('kept', at('link'));
  symlinkSync('nowhere', at('dangling'));
  remove(at('link'));
  remove(at('dangling'));
  expect(readdirSync(root)).toEqual(['kept']);
});

it('a run that is gone does not come up again under its old name', () => {
  mkdirSync(at('.runs'));
  expect(() => makeDirectory(at('.runs/run/state/tasks'))).toThrow('ENOENT');
  expect(readdirSync(at('.runs'))).toEqual([]);
  expect(makeDirectory(at('.runs/run'))).toBe(true);
  expect(makeDirectory(at('.runs/run/state/tasks'))).toBe(true);
});

describe('a file system', () => {
  const refusing = (code: string, syscall: string) => () => {
    throw Object.assign(new Error(`${code}: ${syscall}`), { code, syscall });
  };
  const { linkSync, symlinkSync, fsyncSync, writeSync } = fs;
  afterEach(() => {
    Object.assign(fs, { linkSync, symlinkSync, fsyncSync, writeSync });
    syncBuiltinESMExports();
  });

  it('without hard links takes a new file whole, and of two the first', () => {
    fs.linkSync = refusing('EPERM', 'link');
    syncBuiltinESMExports();
    expect(createFile(at('a'), 'one')).toBe(true);
    expect(createFile(at('a'), 'two')).toBe(false);
    expect(readFileSync(at('a'), 'utf8')).toBe('one');
    expect(() => createFile(at('b'), 'x', { neverEmpty: true })).toThrow('EPERM');
    expect(existsSync(at('b'))).toBe(false);
    expect(lacksOf(root)).toEqual(['hard links']);
    expect(readdirSync(root)).toEqual(['a']);
  });

  it('without symbolic links is told, and nothing is thrown', () => {
    fs.symlinkSync = refusing('ENOSYS', 'symlink');
    syncBuiltinESMExports();
    expect(linkTo('a', at('b'))).toBe(false);
    expect(lacksOf(root)).toEqual(['symbolic links']);
    fs.symlinkSync = refusing('EEXIST', 'symlink');
    syncBuiltinESMExports();
    expect(() => linkTo('a', at('b'))).toThrow('EEXIST');
  });

  it('without flushes of directories is used, and named', () => {
    fs.fsyncSync = (fd) => {
      if (fs.fstatSync(fd).isDirectory()) refusing('EINVAL', 'fsync')();
      fsyncSync(fd);
    };
    syncBuiltinESMExports();
    expect(createFile(at('a'), 'one', { durable: true })).toBe(true);
    expect(flushDirectory(root)).toBe(false);
    expect(lacksOf(root)).toEqual(['flushes of directories']);
  });

  it('is asked to keep a copy only where that is to survive a power cut, and once it is whole', async () => {
    writeFileSync(at('a'), 'one');
    const flushed: string[] = [];
    fs.fsyncSync = (fd) => {
      flushed.push(fs.fstatSync(fd).size === 3 ? 'whole' : 'a part');
      fsyncSync(fd);
    };
    syncBuiltinESMExports();
    expect(await copyForeign(at('a'), at('b'))).toMatchObject({ ok: true });
    expect(flushed).toEqual([]);
    expect(await copyForeign(at('a'), at('c'), { durable: true })).toMatchObject({ ok: true });
    expect(flushed).toEqual(['whole']);
  });

  it.each([
    ['in another’s place', () => replaceFile(at('a'), 'one')],
    ['whole', () => createFile(at('a'), 'one')],
    ['in place', () => createFile(at('a'), 'one', { inPlace: true })],
  ])('that is full keeps nothing of a file that was to be written %s', (_name, write) => {
    fs.writeSync = refusing('ENOSPC', 'write');
    syncBuiltinESMExports();
    expect(write).toThrow('ENOSPC');
    expect(readdirSync(root)).toEqual([]);
  });

  it('with all of it lacks nothing', () => expect(lacksOf(root)).toEqual([]));
});
