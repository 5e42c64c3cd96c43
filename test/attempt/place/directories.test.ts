/** The two directories of an attempt: what shows what while it lives, and where all of it is afterwards. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  clearLeftovers,
  makeDirectories,
  putAway,
  showFile,
} from '../../../src/attempt/place/directories.ts';
import { attemptFiles, readExit, showOutput } from '../../../src/execution/local/attempt-files.ts';
import { runPaths, unsettledAttempts, type RunPaths } from '../../../src/store/layout.ts';
import { RUN_ID } from '../../support/make.ts';
import { removeDirectory, temporaryDirectory } from '../fixture.ts';

const ID = 'build-00000001';
const SHOWN = ['events.jsonl', 'prompt.md', 'runtime.json', 'stderr.log'];

let paths: RunPaths;
let attemptDir: string;
let controlDir: string;

beforeEach(() => {
  paths = runPaths(temporaryDirectory(), RUN_ID);
  attemptDir = paths.attemptDir(ID, 1);
  controlDir = paths.controlDir(ID, 1);
  mkdirSync(paths.root, { recursive: true });
});
afterEach(() => removeDirectory(paths.authoredDir));

function lives(): void {
  makeDirectories({ attemptDir, controlDir });
  showOutput({ attemptDir, controlDir });
  for (const name of SHOWN) writeFileSync(path.join(controlDir, name), `of the engine: ${name}`);
  for (const name of ['agent-0', 'claim-0', 'exit', 'stop']) {
    writeFileSync(path.join(controlDir, name), 'x');
  }
}

function fill(directory: string, file: string): void {
  mkdirSync(path.dirname(path.join(directory, file)), { recursive: true });
  writeFileSync(path.join(directory, file), 'x');
}

function expectAtRest(): void {
  expect(readdirSync(attemptDir).sort()).toEqual([...SHOWN, 'scratch'].sort());
  for (const name of SHOWN) {
    const file = path.join(attemptDir, name);
    expect(lstatSync(file).isFile(), name).toBe(true);
    expect(readFileSync(file, 'utf8')).toBe(`of the engine: ${name}`);
  }
  clearLeftovers(paths.controlRoot);
  expect(readdirSync(paths.controlRoot)).toEqual([]);
}

describe('an attempt that lives', () => {
  it('shows what the engine keeps, by relative links', () => {
    lives();
    for (const name of SHOWN) {
      const link = path.join(attemptDir, name);
      expect(readlinkSync(link)).toBe(`../../../../control/${ID}/0001/${name}`);
      expect(readFileSync(link, 'utf8')).toBe(`of the engine: ${name}`);
    }
    expect(unsettledAttempts(paths)).toEqual([{ owner: ID, attempt: 1 }]);
  });

  it('can be laid out again after a crash, whatever stood then', () => {
    lives();
    mkdirSync(path.join(attemptDir, 'context'));
    rmSync(path.join(attemptDir, 'prompt.md'));
    makeDirectories({ attemptDir, controlDir });
    expect(readdirSync(attemptDir).sort()).toEqual([...SHOWN, 'scratch'].sort());
    expect(existsSync(path.join(controlDir, 'prompt.md'))).toBe(false);
  });
});

describe('an attempt that is over', () => {
  it('whose end the log has lost has run, and ended as its runtime.json says', () => {
    lives();
    writeFileSync(path.join(controlDir, 'runtime.json'), '{"return_code": 3}');
    putAway({ attemptDir, controlDir });
    makeDirectories({ attemptDir, controlDir });
    expect(readFileSync(path.join(controlDir, 'claim-0'), 'utf8')).toBe('run\n');
    expect(readExit(attemptFiles({ controlDir }))?.code).toBe(3);
    expect(readFileSync(path.join(controlDir, 'events.jsonl'), 'utf8')).toMatch('of the engine');
    expect(lstatSync(path.join(attemptDir, 'prompt.md')).isSymbolicLink()).toBe(true);
  });

  it('holds its files itself, and control has none', () => {
    lives();
    putAway({ attemptDir, controlDir });
    expectAtRest();
  });

  it('leaves its directory under control/ to the next one, with nothing in it', () => {
    lives();
    const { ino } = statSync(controlDir);
    putAway({ attemptDir, controlDir });
    expect(existsSync(path.dirname(controlDir))).toBe(false);
    expect(unsettledAttempts(paths)).toEqual([]);
    const next = {
      attemptDir: paths.attemptDir('next', 2),
      controlDir: paths.controlDir('next', 2),
    };
    makeDirectories(next);
    expect(statSync(next.controlDir).ino).toBe(ino);
    expect(readdirSync(next.controlDir)).toEqual([]);
    expect(readdirSync(paths.controlRoot)).toEqual(['next']);
    // There is no second one.
    makeDirectories({
      attemptDir: paths.attemptDir('more', 1),
      controlDir: paths.controlDir('more', 1),
    });
    expect(unsettledAttempts(paths)).toHaveLength(2);
  });

  it('leaves alone what the next attempt of its owner has there already', () => {
    lives();
    const second = { attemptDir: paths.attemptDir(ID, 2), controlDir: paths.controlDir(ID, 2) };
    makeDirectories(second);
    fill(second.controlDir, 'claim-0');
    putAway({ attemptDir, controlDir });
    expect(readdirSync(second.controlDir)).toEqual(['claim-0']);
    expect(readdirSync(path.dirname(controlDir))).toEqual(['0002']);
    // Nor does it give way to a spare.
    mkdirSync(path.join(paths.controlRoot, '.spare-1', '0001'), { recursive: true });
    makeDirectories({ attemptDir: paths.attemptDir(ID, 3), controlDir: paths.controlDir(ID, 3) });
    expect(readdirSync(path.dirname(controlDir)).sort()).toEqual(['0002', '0003']);
    expect(readdirSync(second.controlDir)).toEqual(['claim-0']);
  });

  it.each<[string, (spare: string) => void]>([
    ['with the claim of another attempt in it', (spare) => fill(spare, '0001/claim-0')],
    ['with an exit in it', (spare) => fill(spare, '0001/exit')],
    ['with the directory of another number', (spare) => fill(spare, '0003/claim-0')],
    [
      'with what an earlier version left in it',
      (spare) => mkdirSync(path.join(spare, '.0000.over')),
    ],
    ['with nothing in it', () => undefined],
  ])('is followed by one that has nothing of it, where a spare was left %s', (_how, leave) => {
    for (const [owner, number] of [
      ['next', 1],
      ['more', 2],
    ] as const) {
      const spare = path.join(paths.controlRoot, '.spare-1');
      mkdirSync(spare, { recursive: true });
      leave(spare);
      const next = {
        attemptDir: paths.attemptDir(owner, number),
        controlDir: paths.controlDir(owner, number),
      };
      makeDirectories(next);
      expect(readdirSync(next.controlDir)).toEqual([]);
      expect(readdirSync(path.dirname(next.controlDir))).toEqual([path.basename(next.controlDir)]);
    }
    expect(readdirSync(paths.controlRoot).sort()).toEqual(['more', 'next']);
  });

  it('has its manifest in context/', () => {
    lives();
    mkdirSync(path.join(attemptDir, 'context'));
    showFile({ attemptDir, controlDir }, 'manifest.json');
    writeFileSync(path.join(controlDir, 'manifest.json'), '{}');
    const file = path.join(attemptDir, 'context/manifest.json');
    expect(readFileSync(file, 'utf8')).toBe('{}');
    putAway({ attemptDir, controlDir });
    expect(lstatSync(file).isFile()).toBe(true);
  });

  it('keeps no link to what never came to be', () => {
    makeDirectories({ attemptDir, controlDir });
    writeFileSync(path.join(controlDir, 'prompt.md'), 'x');
    putAway({ attemptDir, controlDir });
    expect(readdirSync(attemptDir).sort()).toEqual(['prompt.md', 'scratch']);
  });

  it('is put away once and for all, however often, and by whoever comes after a crash', () => {
    lives();
    // A crash after the first file had moved, and one while the directory was being removed.
    putAway({ attemptDir, controlDir });
    putAway({ attemptDir, controlDir });
    const leaving = path.join(paths.controlRoot, ID, '.0001.over');
    mkdirSync(leaving, { recursive: true });
    writeFileSync(path.join(leaving, 'claim-0'), 'run\n');
    const spare = path.join(paths.controlRoot, '.spare-2', '0001');
    mkdirSync(spare, { recursive: true });
    writeFileSync(path.join(spare, 'claim-0'), 'run\n');
    mkdirSync(path.join(paths.controlRoot, '.spare-3'));
    fill(path.join(paths.controlRoot, '.emptying-1'), '0002/exit');
    expect(unsettledAttempts(paths)).toEqual([]);
    clearLeftovers(paths.controlRoot);
    expect(readdirSync(paths.controlRoot)).toEqual([]);
    expectAtRest();
  });

  it('leaves in control what the worker has made no place for, and readers find it there', () => {
    lives();
    rmSync(path.join(attemptDir, 'events.jsonl'));
    mkdirSync(path.join(attemptDir, 'events.jsonl/full'), { recursive: true });
    putAway({ attemptDir, controlDir });
    const [inControl] = paths.shownFile(ID, 1, 'events.jsonl');
    expect(readFileSync(inControl, 'utf8')).toBe('of the engine: events.jsonl');
    expect(lstatSync(path.join(attemptDir, 'prompt.md')).isFile()).toBe(true);
  });

  it('survives that the worker has removed its directory, or closed it', () => {
    lives();
    rmSync(attemptDir, { recursive: true });
    putAway({ attemptDir, controlDir });
    expect(readdirSync(controlDir)).toContain('events.jsonl');
    mkdirSync(attemptDir);
    chmodSync(attemptDir, 0);
    putAway({ attemptDir, controlDir });
    chmodSync(attemptDir, 0o755);
  });
});
