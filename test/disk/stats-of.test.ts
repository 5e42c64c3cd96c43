import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { namesIn } from '../../src/disk/names-in.ts';
import { isDirectory, isFile, statsOf } from '../../src/disk/stats-of.ts';
import { temporaryDirectory } from '../program/sample-program.ts';

describe('what a path leads to', () => {
  function place(): (name: string) => string {
    const directory = temporaryDirectory();
    const at = (name: string): string => path.join(directory, name);
    writeFileSync(at('file'), 'x');
    mkdirSync(at('directory'));
    symlinkSync('file', at('to-file'));
    symlinkSync('directory', at('to-directory'));
    symlinkSync('nowhere', at('dangling'));
    symlinkSync('circle', at('circle'));
    return at;
  }

  it('follows links, and takes what leads nowhere for nothing', () => {
    const at = place();
    expect(
      ['file', 'to-file', 'directory', 'to-directory'].map((name) => isFile(at(name))),
    ).toEqual([true, true, false, false]);
    expect(
      ['file', 'to-file', 'directory', 'to-directory'].map((name) => isDirectory(at(name))),
    ).toEqual([false, false, true, true]);
    const nowhere = ['absent', 'dangling', 'circle', 'file/below', 'x'.repeat(300)];
    expect(nowhere.map((name) => statsOf(at(name)))).toEqual(nowhere.map(() => null));
    expect(nowhere.some((name) => isFile(at(name)) || isDirectory(at(name)))).toBe(false);
  });

  it('lists the names in a directory, and none of what is no directory', () => {
    const at = place();
    writeFileSync(at('directory/b'), '');
    writeFileSync(at('directory/a'), '');
    expect(namesIn(at('directory')).sort()).toEqual(['a', 'b']);
    expect(namesIn(at('file'))).toEqual([]);
    expect(namesIn(at('absent'))).toEqual([]);
  });
});
