import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { quotedShellWord, shellWord } from '../../src/text/shell-word.ts';

it('leaves plain words as they are', () => {
  expect(shellWord('/a/b-c.d=e@f:1,2%+_')).toBe('/a/b-c.d=e@f:1,2%+_');
  expect(quotedShellWord('plain')).toBe("'plain'");
});

it.each(['', ' ', "it's", '$HOME `x` "y"', 'a\nb', '*', '~', 'ä', "''", '\\'])(
  'is one word to a shell, and the same one: %j',
  (word) => {
    for (const quoted of [shellWord(word), quotedShellWord(word)]) {
      const script = `printf '%s|' ${quoted}`;
      expect(execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' })).toBe(`${word}|`);
    }
  },
);
