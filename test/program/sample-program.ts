/** Programs on disk for tests: the parts that a test does not care about are filled in. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach } from 'vitest';
import type { Diagnostic } from '../../src/model/diagnostic.ts';
import { validate, type ValidationReport } from '../../src/app/program/validate.ts';

export type Files = Record<string, string | Buffer>;

const base = path.resolve(import.meta.dirname, '../../.test-tmp');
const made: string[] = [];

afterEach(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
});

export function temporaryDirectory(): string {
  mkdirSync(base, { recursive: true });
  const directory = mkdtempSync(path.join(base, 'program-'));
  made.push(directory);
  return directory;
}

export const project = 'name: Sample\nworkspace: .\n';

/** A program with project.yaml, unless `files` has one. */
export function sampleProgram(files: Files = {}): string {
  const directory = temporaryDirectory();
  writeFiles(directory, { 'project.yaml': project, ...files });
  return directory;
}

export function writeFiles(directory: string, files: Files): void {
  for (const [file, content] of Object.entries(files)) {
    const target = path.join(directory, file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, content);
  }
}

/** A task with more lines appended, which start on line 3; at the end a prompt, unless they give one or need none. */
export function task(id: string, more = ''): string {
  const prompt = /^(compose|run|required_decisions):/m.test(more) || /agent: shell/.test(more);
  return `id: ${id}\ntitle: Task ${id}\n${more}${prompt ? '' : PROMPT}`;
}

/** The shortest. */
export const PROMPT = 'compose: [{kind: literal, text: Work.}]\n';

export function placeOf(programDir: string): { programDir: string; globalRoot: string } {
  return { programDir, globalRoot: path.join(programDir, 'no-global-root') };
}

export async function report(files: Files): Promise<ValidationReport> {
  return (await validate(placeOf(sampleProgram(files)))).report;
}

/** `error task.cycle tasks/a.yaml:3:4` */
export function brief(diagnostic: Diagnostic): string {
  const place = [diagnostic.file, diagnostic.line, diagnostic.column].filter(
    (part) => part !== null,
  );
  return `${diagnostic.severity} ${diagnostic.code} ${place.join(':')}`;
}

/** Every file of the author's with its content, to compare before and after. */
export function snapshot(directory: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const name of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const file = path.join(name.parentPath, name.name);
    if (path.relative(directory, file).startsWith('.codex-orch')) continue;
    const content = name.isFile() ? readFileSync(file, 'latin1') : '';
    files[path.relative(directory, file)] = content;
  }
  return files;
}
