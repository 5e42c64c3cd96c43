/** What is kept of parsed texts says what parsing says, and its loss or damage costs nothing but time. */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { keptTexts } from '../../../src/program/source/parsed-texts.ts';
import { parseYaml } from '../../../src/program/source/yaml-source.ts';
import { testDirectory } from '../../support/built-program.ts';

const root = testDirectory('parsed-texts');
const home = path.join(root, 'cache');
const folder = path.join(home, 'codex-orch', 'parsed');
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeEach(() => {
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home);
});

const good = Array.from(
  { length: 12 },
  (_, n) => `id: t${n}\ntitle: "Ünd ${n}"\nbig: 12345678901234567890\n`,
);
const texts = [
  ...good,
  'a: [',
  'a: 1\na: 2\n',
  'flag: yes\n',
  '',
  '__proto__: 1\n',
  'a: &x {b: 1}\nc: *x\n',
];

function said(parse: (text: string) => ReturnType<typeof parseYaml>): unknown[] {
  return texts.map((text) => {
    const { source, problems } = parse(text);
    const at = source && [source.value, source.locate(['title']), source.plainText(['id'])];
    return JSON.stringify([at, problems]);
  });
}

function load(build = 'one'): unknown[] {
  const kept = keptTexts(home, '/a/program', build);
  const all = said((text) => kept.parse(text));
  kept.keep();
  return all;
}

/** Where the file is known to be read, for its entry says something else than the text. */
function changeEntry(): void {
  const file = path.join(folder, readdirSync(folder)[0]!);
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll('Ünd 3', 'Und 3'));
}

it('says what parsing says, the first time and from what was kept', () => {
  const expected = said(parseYaml);
  expect(load()).toEqual(expected);
  expect(readdirSync(folder)).toHaveLength(1);
  expect(load()).toEqual(expected);
});

it('gives out a value of its own each time', () => {
  load();
  const kept = keptTexts(home, '/a/program', 'one');
  const [first, second] = [kept.parse(good[0]!), kept.parse(good[0]!)];
  (first.source!.value as { id: string }).id = 'changed';
  expect(second.source!.value).toMatchObject({ id: 't0' });
});

it.each([
  ['damaged', changeEntry],
  ['empty', () => writeFileSync(path.join(folder, readdirSync(folder)[0]!), '')],
  [
    'a directory',
    () => {
      const file = path.join(folder, readdirSync(folder)[0]!);
      rmSync(file);
      mkdirSync(file);
    },
  ],
])('passes over a file that is %s', (_, spoil) => {
  const expected = load();
  spoil();
  expect(load()).toEqual(expected);
});

it('passes over what another build has kept, and keeps its own', () => {
  const expected = load('one');
  expect(load('two')).toEqual(expected);
  const [file] = readdirSync(folder);
  expect(readFileSync(path.join(folder, file!), 'utf8')).toMatch(/^two /);
});

it('makes no directory where the user has none for caches', () => {
  rmSync(home, { recursive: true });
  load();
  expect(existsSync(home)).toBe(false);
});

it('keeps a single text, but writes no large file anew for one', () => {
  const kept = keptTexts(home, '/a/program', 'one');
  const keep = (...some: string[]): string => {
    for (const text of some) kept.parse(text);
    kept.keep();
    return readFileSync(path.join(folder, readdirSync(folder)[0]!), 'utf8');
  };
  expect(keep(good[0]!).split('\n')).toHaveLength(2);
  const many = Array.from({ length: 120 }, (_, n) => `id: many-${n}\n`);
  const written = keep(...many);
  expect(written.split('\n')).toHaveLength(121);
  expect(keep(...many, good[0]!)).toBe(written);
});
