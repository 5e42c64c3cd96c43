/** Files that somebody else may have made: what is read of them, and what is refused, without waiting. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  copyForeign,
  copyForeignWhole,
  eachChunk,
  hashForeign,
  kindAt,
  openForeign,
  readForeign,
  readForeignText,
  withForeign,
} from '../../src/disk/foreign-file.ts';
import { readForeignJson } from '../../src/disk/foreign-json.ts';
import { sha256 } from '../../src/disk/sha256.ts';
import { temporaryDirectory } from '../program/sample-program.ts';

let root: string;
const at = (...parts: string[]): string => path.join(root, ...parts);
beforeEach(() => {
  root = temporaryDirectory();
});

const MIB = 1024 * 1024;
const all = { maxBytes: MIB };

/** What reading, hashing and copying say, which is one thing; nothing is left of a copy under its name. */
async function trouble(file: string, place: { below?: string; maxBytes?: number } = {}) {
  const options = { ...all, ...place };
  const [read, hashed, copied] = [
    readForeign(file, options),
    await hashForeign(file, options),
    await copyForeignWhole(file, at('copy'), options),
  ];
  expect([read.ok, hashed.ok, copied.ok]).toEqual([false, false, false]);
  expect(existsSync(at('copy'))).toBe(false);
  if (read.ok) throw new Error('read');
  expect(hashed).toEqual(read);
  return `${read.code}: ${read.reason}`;
}

describe('a file of others', () => {
  it('is read, hashed and copied whole', async () => {
    const text = 'ä'.repeat(300_000);
    writeFileSync(at('a'), text);
    expect(readForeignText(at('a'), all)).toMatchObject({ ok: true, text });
    const facts = { ok: true, size: 600_000, sha256: sha256(text) };
    expect(await hashForeign(at('a'), all)).toEqual(facts);
    expect(await copyForeign(at('a'), at('copy'))).toEqual(facts);
    expect(readFileSync(at('copy'), 'utf8')).toBe(text);
    writeFileSync(at('empty'), '');
    expect(readForeignText(at('empty'), all)).toMatchObject({ ok: true, text: '' });
  });

  it('is none where it is a link, a pipe, a device, a socket or a directory', async () => {
    writeFileSync(at('a'), 'x');
    symlinkSync('a', at('link'));
    symlinkSync('/dev/zero', at('zero'));
    symlinkSync('circle', at('circle'));
    mkdirSync(at('folder'));
    execFileSync('mkfifo', [at('pipe')]);
    expect(await trouble(at('link'))).toBe('link: it is a symbolic link');
    expect(await trouble(at('zero'))).toBe('link: it is a symbolic link');
    expect(await trouble(at('circle'))).toBe('link: it is a symbolic link');
    expect(await trouble(at('folder'))).toBe('not_regular: it is not a regular file');
    expect(await trouble(at('pipe'))).toBe('not_regular: it is not a regular file');
    expect(await trouble('/dev/null')).toBe('not_regular: it is not a regular file');
    expect(await trouble('/dev/zero')).toBe('not_regular: it is not a regular file');
    expect(await trouble(at('none'))).toBe('missing: it does not exist');
    expect(await trouble(at('a', 'below'))).toBe('missing: it does not exist');
    expect(await trouble(at('n'.repeat(300)))).toBe('unreadable: it cannot be read: ENAMETOOLONG');
    expect(['a', 'link', 'folder', 'pipe', 'none', 'a/b'].map((name) => kindAt(at(name)))).toEqual([
      'file',
      'link',
      'directory',
      'other',
      'missing',
      'missing',
    ]);
  });

  it('has a time that a record can hold, whatever time its owner gave it', () => {
    // Disks differ in the latest that they take; memory takes all.
    const directory = existsSync('/dev/shm') ? '/dev/shm' : root;
    const file = path.join(mkdtempSync(path.join(directory, 'codex-orch-')), 'a');
    try {
      writeFileSync(file, 'x');
      for (const seconds of [9_999_999_999_999, -9_999_999_999_999, 0]) {
        utimesSync(file, seconds, seconds);
        const read = readForeign(file, all);
        expect(read.ok && new Date(read.modifiedAtMs).toISOString()).toMatch(/^\d{4}-/);
      }
    } finally {
      rmSync(path.dirname(file), { recursive: true });
    }
  });

  it('may be one that a link leads to, only where a person names it', () => {
    writeFileSync(at('a'), 'x');
    symlinkSync('a', at('link'));
    execFileSync('mkfifo', [at('pipe')]);
    symlinkSync('pipe', at('to-pipe'));
    const followed = { ...all, followsLinks: true };
    expect(readForeignText(at('link'), followed)).toMatchObject({ ok: true, text: 'x' });
    expect(readForeignText(at('to-pipe'), followed)).toMatchObject({ code: 'not_regular' });
  });

  it('is not larger than whoever reads it wants, also if it grows meanwhile', async () => {
    writeFileSync(at('a'), 'xyz');
    expect(await trouble(at('a'), { maxBytes: 2 })).toBe(
      'too_large: it has 3 bytes; at most 2 are allowed',
    );
    truncateSync(at('a'), 10 ** 12);
    expect(await trouble(at('a'))).toContain('too_large: it has 1000000000000 bytes');
    writeFileSync(at('b'), 'x'.repeat(500_000));
    const opened = openForeign(at('b'));
    if (!opened.ok) throw new Error(opened.reason);
    const read = await eachChunk(opened, 4 * MIB, () => appendFileSync(at('b'), 'x'.repeat(MIB)));
    closeSync(opened.fd);
    expect(read.ok || read.code).toBe('too_large');
  });

  it.skipIf(!existsSync('/proc/version'))(
    'has as many bytes as it gives, not as it says',
    async () => {
      expect(await trouble('/proc/version', { maxBytes: 10 })).toBe(
        'too_large: it has 11 bytes; at most 10 are allowed',
      );
    },
  );

  it.skipIf(!existsSync('/proc/self/fd'))('is not left open where it is refused', () => {
    execFileSync('mkfifo', [at('pipe')]);
    const open = (): number => readdirSync('/proc/self/fd').length;
    const before = open();
    for (let times = 0; times < 100; times += 1) expect(openForeign(at('pipe')).ok).toBe(false);
    // Others in this process may have opened some meanwhile.
    expect(open() - before).toBeLessThan(50);
  });

  it.skipIf(process.getuid?.() === 0)('may be one that nobody may read', async () => {
    writeFileSync(at('a'), 'x');
    chmodSync(at('a'), 0);
    expect(await trouble(at('a'))).toBe('unreadable: it cannot be read: permission denied');
  });
});

describe('below a directory of ours', () => {
  it('no directory on the way may be a link', async () => {
    mkdirSync(at('ours/theirs/deep'), { recursive: true });
    mkdirSync(at('elsewhere/deep'), { recursive: true });
    for (const place of ['ours/theirs/deep/a', 'elsewhere/deep/a']) writeFileSync(at(place), 'x');
    const below = at('ours');
    const text = (file: string) => readForeignText(file, { ...all, below });
    expect(text(at('ours/theirs/deep/a'))).toMatchObject({ ok: true, text: 'x' });
    renameSync(at('ours/theirs'), at('ours/was'));
    symlinkSync('../elsewhere', at('ours/theirs'));
    expect(await trouble(at('ours/theirs/deep/a'), { below })).toBe(
      'link: it is reached through a symbolic link',
    );
    mkdirSync(at('ours-too'));
    writeFileSync(at('ours-too/a'), 'x');
    expect(await trouble(at('ours-too/a'), { below })).toBe(
      'link: it is reached through a symbolic link',
    );
    symlinkSync('was', at('ours/within'));
    expect(await trouble(at('ours/within/deep/a'), { below })).toBe(
      'link: it is reached through a symbolic link',
    );
    expect(await trouble(at('elsewhere/deep/a'), { below })).toBe(
      'link: it is reached through a symbolic link',
    );
  });

  it('it is found where that directory itself is reached by a link', () => {
    mkdirSync(at('real/deep'), { recursive: true });
    writeFileSync(at('real/deep/a'), 'x');
    symlinkSync('real', at('named'));
    for (const file of [at('named/deep/a'), at('real/deep/a')]) {
      expect(readForeignText(file, { ...all, below: at('named') })).toMatchObject({ text: 'x' });
    }
  });

  it('nothing else is read while directories are exchanged', () => {
    mkdirSync(at('ours/a'), { recursive: true });
    mkdirSync(at('secret'));
    writeFileSync(at('ours/a/file'), 'ours');
    writeFileSync(at('secret/file'), 'secret');
    symlinkSync('../secret', at('ours/link'));
    const script = `const { existsSync, mkdirSync, renameSync } = require('node:fs');
      process.chdir(${JSON.stringify(at('ours'))});
      while (!existsSync('../enough')) {
        renameSync('a', 'kept'); renameSync('link', 'a');
        renameSync('a', 'link'); renameSync('kept', 'a');
      }
      mkdirSync('../over');`;
    execFileSync('sh', ['-c', `node -e "$1" & exec true`, 'sh', script], { stdio: 'ignore' });
    const texts = new Set<string>();
    const below = at('ours');
    const isExchanged = (): boolean => texts.has('link') || texts.has('missing');
    for (let reads = 0; !existsSync(at('over')); reads += 1) {
      const read = readForeignText(at('ours/a/file'), { ...all, below });
      texts.add(read.ok ? read.text : read.code);
      if (reads >= 2_000 && texts.has('ours') && isExchanged() && !existsSync(at('enough'))) {
        writeFileSync(at('enough'), '');
      }
    }
    expect(texts.has('secret')).toBe(false);
  });
});

it('what is open stays what it was', () => {
  writeFileSync(at('a'), 'first');
  const seen = withForeign(at('a'), {}, ({ fd }) => {
    writeFileSync(at('b'), 'second');
    renameSync(at('b'), at('a'));
    return readFileSync(fd, 'utf8');
  });
  expect(seen).toBe('first');
  const opened = openForeign(at('a'), {});
  expect(opened.ok).toBe(true);
  linkSync(at('a'), at('c'));
  expect(readForeignText(at('c'), all)).toMatchObject({ text: 'second' });
});

it('JSON of others is bounded in size and depth', () => {
  const read = (text: string | Buffer, maxBytes = MIB) => {
    writeFileSync(at('a'), text);
    const json = readForeignJson(at('a'), { maxBytes, maxDepth: 3 });
    return json.ok ? json.value : json.reason;
  };
  expect(read('\ufeff{"a": [1]}')).toEqual({ a: [1] });
  expect(read('[[[1]]]')).toEqual([[[1]]]);
  expect(read('[[[[1]]]]')).toBe('it is nested more than 3 levels deep');
  expect(read('['.repeat(MIB))).toBe('it is nested more than 3 levels deep');
  expect(read('"[[[[[["')).toBe('[[[[[[');
  expect(read('1234', 3)).toBe('it is larger than 3 bytes');
  expect(read(' \n')).toBe('it is empty');
  expect(read(Buffer.from([0x22, 0xff, 0x22]))).toBe('it is not UTF-8 text');
});
