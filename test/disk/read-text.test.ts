import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAs, readText, type ReadText } from '../../src/disk/read-text.ts';
import { temporaryDirectory } from '../program/sample-program.ts';

function read(content: string | Buffer, maxBytes?: number): ReadText {
  const file = path.join(temporaryDirectory(), 'file');
  writeFileSync(file, content);
  return readText(file, maxBytes);
}

const problemOf = (found: ReadText): unknown => (found.ok ? null : found.problem);

describe('a text that somebody else wrote', () => {
  it('is read without a byte order mark', () => {
    expect(read('\ufeffä\n')).toEqual({ ok: true, text: 'ä\n' });
    expect(read('')).toEqual({ ok: true, text: '' });
  });

  it.each<[Buffer, number]>([
    [Buffer.from([0x61, 0xff, 0x62]), 1],
    [Buffer.from([0xc3, 0xa4, 0xe2, 0x82]), 2],
    [Buffer.from([0xed, 0xa0, 0x80]), 0],
  ])('is refused where it is not UTF-8, and the place is named: %j', (bytes, offset) => {
    const byte = bytes[offset]?.toString(16);
    expect(problemOf(read(bytes))).toEqual({
      code: 'not_utf8',
      message: `is not UTF-8 text: the byte at offset ${offset} is 0x${byte}`,
    });
  });

  it('is refused where it is too large, in bytes', () => {
    const tooLarge = { code: 'too_large', message: 'has 4 bytes; at most 3 are allowed' };
    expect(problemOf(read('ää', 3))).toEqual(tooLarge);
    expect(problemOf(readAs('ää', 3))).toEqual(tooLarge);
    expect(readAs('ää', 4)).toEqual({ ok: true, text: 'ää' });
  });

  it('may be missing, or be no file', () => {
    const directory = temporaryDirectory();
    const at = (name: string): string => path.join(directory, name);
    mkdirSync(at('folder'));
    writeFileSync(at('file'), '');
    symlinkSync('circle', at('circle'));
    expect(
      ['none', 'file/below', 'folder', 'circle'].map((name) => problemOf(readText(at(name)))),
    ).toEqual([
      { code: 'missing', message: 'does not exist' },
      { code: 'missing', message: 'does not exist' },
      { code: 'not_a_file', message: 'is not a file' },
      { code: 'unreadable', message: 'is a symbolic link that leads in a circle' },
    ]);
  });
});
