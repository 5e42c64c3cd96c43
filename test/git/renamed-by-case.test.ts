import { expect, it } from 'vitest';
import { renamedByCase } from '../../src/git/renamed-by-case.ts';

it.each([
  [['README'], ['Readme'], ['README']],
  [
    ['Lib/a', 'Lib/sub/b', 'c'],
    ['lib/a', 'lib/sub/b', 'new'],
    ['Lib/a', 'Lib/sub/b'],
  ],
  // A new file, the same one, and a directory that the repository has in two spellings.
  [['README'], ['other', 'README'], []],
  [['Lib/a', 'lib/b'], ['Lib/b'], []],
  [['Lib/A', 'Lib/c'], ['Lib/a'], ['Lib/A']],
])('of %j, where %j is found: %j', (indexed, untracked, renamed) => {
  expect(renamedByCase(indexed, untracked)).toEqual(renamed);
});
