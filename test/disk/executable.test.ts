import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { executableProblem, findExecutable } from '../../src/disk/executable.ts';
import { temporaryDirectory } from '../program/sample-program.ts';

function file(content: string | Buffer, mode = 0o755): string {
  const at = path.join(temporaryDirectory(), 'tool');
  writeFileSync(at, content);
  chmodSync(at, mode);
  return at;
}

const PATH = '/usr/bin:/bin';

describe('why a file cannot be executed', () => {
  it.each([
    ['#!/nowhere/python3\n', 'names the interpreter /nowhere/python3 in its first line'],
    ['#!/usr/bin/env no-such-tool\n', 'is run by "no-such-tool", as its first line says'],
    ['#!/usr/bin/env -S no-such-tool -x\n', 'is run by "no-such-tool"'],
    ['#!/bin/sh\r\necho\r\n', 'has Windows line ends'],
    ['#!\n', 'names no interpreter'],
    ['', 'is empty'],
    ['MZ\x90\0', 'is a program for Windows'],
    ['\x7fELFjunk', 'a part is missing'],
    ['junk\0junk', 'neither a program of this system nor a script'],
  ])('%j', (content, says) => {
    expect(executableProblem(file(content), PATH)).toContain(says);
  });

  it('tells another processor’s program, and one for another system', () => {
    const own = readFileSync(process.execPath).subarray(0, 4096);
    expect(executableProblem(file(own), PATH)).toBe(null);
    const foreign = Buffer.from(own);
    // SPARC
    foreign.writeUInt16LE(43, 18);
    expect(executableProblem(file(foreign), PATH)).toContain('for another processor (43');
    const text = own.toString('latin1');
    const loader = /\/lib[^\0]*ld-[^\0]*/.exec(text)?.[0] ?? '';
    const moved = Buffer.from(text.replace(loader, '/'.padEnd(loader.length, 'x')), 'latin1');
    expect(executableProblem(file(moved), PATH)).toContain('built for another system');
  });

  it('has nothing against what works, and tells what is no program', () => {
    expect(executableProblem(file('#!/bin/sh\n'), PATH)).toBe(null);
    expect(executableProblem(file('#!/usr/bin/env sh\n'), PATH)).toBe(null);
    expect(executableProblem(file('echo\n', 0o644), PATH)).toContain('is not executable');
    const directory = path.join(temporaryDirectory(), 'd');
    mkdirSync(directory);
    expect(executableProblem(directory, PATH)).toBe('is a directory');
    expect(executableProblem(path.join(directory, 'none'), PATH)).toBe('does not exist');
  });

  it('finds a name on the path, and leaves directories alone', () => {
    const tool = file('#!/bin/sh\n');
    expect(findExecutable('tool', `relative:${path.dirname(tool)}`)).toBe(tool);
    expect(
      findExecutable(path.basename(path.dirname(tool)), path.dirname(path.dirname(tool))),
    ).toBe(null);
    expect(findExecutable(tool, '')).toBe(tool);
  });
});
