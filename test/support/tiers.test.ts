/** Every test file runs in one tier, and the files that a tier names are there. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { long, tierOf, tiers } from '../tiers.ts';

const files = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => `test/${name}`)
  .sort();

it('every test file belongs to a tier: name its folder in test/tiers.ts', () => {
  expect(files.filter((file) => tierOf(file) === null)).toEqual([]);
});

it('no file that a tier names is gone', () => {
  const named = [...tiers.quick, ...tiers.all, ...tiers.alone, ...long];
  expect(named.filter((entry) => entry.endsWith('.ts') && !existsSync(entry))).toEqual([]);
});

it('the long tier runs the tests that ask how many cases to try, and no other', () => {
  const asking = files.filter((file) => /\bcases\(\{/.test(readFileSync(file, 'utf8')));
  expect(long).toEqual(asking);
});
