import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { INSTANCE, optional, PROGRAM, RUN_OR_LATEST } from '../../src/cli/command.ts';
import {
  looksLikePath,
  programWord,
  readWords,
  splitProgram,
} from '../../src/cli/program-argument.ts';
import { Refusal } from '../../src/model/refusal.ts';

let root = '';
/** Holds the programs `prog` and `other`, and the directory `plain`; `prog` holds the directory `build`. */
beforeAll(() => {
  mkdirSync('.test-tmp', { recursive: true });
  root = mkdtempSync(path.resolve('.test-tmp/words-'));
  for (const name of ['prog', 'other']) {
    mkdirSync(path.join(root, name));
    writeFileSync(path.join(root, name, 'project.yaml'), 'name: x\nworkspace: .\n');
  }
  mkdirSync(path.join(root, 'plain'));
  mkdirSync(path.join(root, 'prog', 'build'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const usage = 'thing do [PROGRAM] …';

describe('splitProgram', () => {
  it.each<{
    words: string[];
    cwd: string;
    env?: string;
    min: number;
    max: number;
    expected: [string, ...string[]];
  }>([
    { words: ['prog', 'x'], cwd: '', min: 1, max: 1, expected: ['prog', 'x'] },
    { words: ['prog'], cwd: '', min: 0, max: 1, expected: ['prog'] },
    { words: ['./prog/', 'x'], cwd: '', min: 0, max: 1, expected: ['prog', 'x'] },
    { words: ['.', 'x'], cwd: 'prog', min: 1, max: 1, expected: ['prog', 'x'] },
    { words: ['..', 'x'], cwd: 'prog/build', min: 1, max: 1, expected: ['prog', 'x'] },
    { words: ['x'], cwd: 'prog', min: 1, max: 1, expected: ['prog', 'x'] },
    { words: [], cwd: 'prog', min: 0, max: 0, expected: ['prog'] },
    { words: ['x'], cwd: 'plain', env: '../prog', min: 1, max: 1, expected: ['prog', 'x'] },
    // The current directory is nearer than the environment.
    { words: ['x'], cwd: 'prog', env: '../other', min: 1, max: 1, expected: ['prog', 'x'] },
    // Another program may be named from inside one.
    { words: ['../other', 'x'], cwd: 'prog', min: 1, max: 2, expected: ['other', 'x'] },
    // A directory that is no program, where a task of that name may be meant.
    { words: ['build'], cwd: 'prog', min: 0, max: 1, expected: ['prog', 'build'] },
    { words: ['build'], cwd: 'prog', min: 1, max: 1, expected: ['prog', 'build'] },
    // As many words as are needed without a program: the first is none of it, though it is one.
    {
      words: ['other', 'x'],
      cwd: '',
      env: 'prog',
      min: 2,
      max: 2,
      expected: ['prog', 'other', 'x'],
    },
  ])('$words in "$cwd" ($min to $max)', ({ words, cwd, env, min, max, expected }) => {
    const place = {
      cwd: path.join(root, cwd),
      env: env === undefined ? {} : { CODEX_ORCH_PROGRAM_DIR: env },
    };
    const { programDir, rest } = splitProgram(words, { min, max, usage }, place);
    expect([path.relative(root, programDir), ...rest]).toEqual(expected);
  });

  it.each<{ words: string[]; cwd: string; min: number; max: number; code: string; says: string }>([
    {
      words: [],
      cwd: 'plain',
      min: 0,
      max: 0,
      code: 'program-missing',
      says: 'no program directory',
    },
    {
      words: ['x'],
      cwd: 'plain',
      min: 1,
      max: 1,
      code: 'program-missing',
      says: 'no program directory',
    },
    {
      words: ['prog/project.yaml'],
      cwd: '',
      min: 0,
      max: 0,
      code: 'program-missing',
      says: 'its program is "prog"',
    },
    {
      words: ['prog/project.yaml/deeper'],
      cwd: '',
      min: 0,
      max: 0,
      code: 'program-missing',
      says: 'no program directory',
    },
    {
      words: ['n'.repeat(300)],
      cwd: '',
      min: 0,
      max: 0,
      code: 'program-missing',
      says: 'no program directory',
    },
    {
      words: ['nowhere', 'x'],
      cwd: '',
      min: 1,
      max: 1,
      code: 'program-missing',
      says: '"nowhere"',
    },
    {
      words: ['./nowhere', 'x'],
      cwd: 'prog',
      min: 1,
      max: 1,
      code: 'program-missing',
      says: './nowhere',
    },
    {
      words: ['plain', 'x'],
      cwd: '',
      min: 1,
      max: 1,
      code: 'program-missing',
      says: 'project.yaml',
    },
    { words: ['prog'], cwd: '', min: 1, max: 1, code: 'missing-argument', says: 'missing' },
    { words: [], cwd: 'prog', min: 1, max: 1, code: 'missing-argument', says: 'missing' },
    {
      words: ['.', 'x', 'y', 'z'],
      cwd: 'prog',
      min: 0,
      max: 1,
      code: 'unexpected-argument',
      says: 'arguments: y z',
    },
  ])('refuses $words in "$cwd" ($min to $max)', ({ words, cwd, min, max, code, says }) => {
    const place = { cwd: path.join(root, cwd), env: {} };
    const refused = (() => {
      try {
        return splitProgram(words, { min, max, usage }, place);
      } catch (error) {
        return error;
      }
    })();
    expect(refused).toBeInstanceOf(Refusal);
    expect(refused).toMatchObject({ code, exit: 2 });
    expect((refused as Refusal).message).toContain(says);
    expect((refused as Refusal).hint).toContain(usage);
  });
});

it.each([
  ['build', false],
  ['./prog', true],
  ['.', true],
  ['..', true],
])('%s can only be a directory: %s', (word, expected) => {
  expect(looksLikePath(word)).toBe(expected);
});

it('names the program in command lines as shortly as possible', () => {
  const prog = path.join(root, 'prog');
  expect(programWord(prog, { cwd: prog, env: {} })).toBe('');
  expect(programWord(prog, { cwd: root, env: {} })).toBe('prog ');
  expect(programWord(prog, { cwd: root, env: { CODEX_ORCH_PROGRAM_DIR: prog } })).toBe('');
  expect(programWord(path.join(root, 'a b'), { cwd: root, env: {} })).toBe("'a b' ");
});

describe('readWords', () => {
  const words = [PROGRAM, RUN_OR_LATEST, optional(INSTANCE)];

  it.each([
    { given: [], values: ['latest', null] },
    { given: ['latest'], values: ['latest', null] },
    { given: ['2026'], values: ['2026', null] },
    { given: ['20260101000000-0a'], values: ['20260101000000-0a', null] },
    // What looks like no run is an instance of the latest.
    { given: ['build'], values: ['latest', 'build'] },
    { given: ['latest', 'build'], values: ['latest', 'build'] },
    // Two words are what they stand for, whatever they look like.
    { given: ['build', 'x'], values: ['build', 'x'] },
  ])('$given', ({ given, values }) => {
    const program = path.join(root, 'prog');
    const place = { cwd: program, env: {} };
    expect(readWords(words, given, usage, place)).toEqual([program, ...values]);
  });

  it('takes a single word for a run where no instance may follow', () => {
    const program = path.join(root, 'prog');
    const place = { cwd: program, env: {} };
    expect(readWords([PROGRAM, RUN_OR_LATEST], ['build'], usage, place)).toEqual([
      program,
      'build',
    ]);
  });

  it('does without a program where that is optional', () => {
    const place = { cwd: path.join(root, 'plain'), env: {} };
    expect(readWords([optional(PROGRAM)], [], usage, place)).toEqual([null]);
    expect(readWords([optional(PROGRAM)], ['../prog'], usage, place)).toEqual([
      path.join(root, 'prog'),
    ]);
  });
});
