/** The text of any authored file: reading it, what an edit of it would mean, and saving on top of what the author began with. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { resolveInside } from '../../disk/inside.ts';
import { realPathOf } from '../../disk/real-path.ts';
import { sha256 } from '../../disk/sha256.ts';
import { statsOf } from '../../disk/stats-of.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { kindOfFile, type FileKindName } from '../../model/program-files.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import { directorySource, type ProgramSource } from '../../program/source/source.ts';
import { withLineBreaksOf } from '../../text/line-breaks.ts';
import { checkEdit, commitEdit } from './edit.ts';
import { editProgram, type Editor } from './held-program.ts';
import { validate, type ProgramPlace, type ValidationReport } from './validate.ts';

export interface AuthoredFile {
  /** Relative to the program, with `/`. */
  file: string;
  /** Which schema holds for it; null: none. */
  kind: FileKindName | null;
  size: number;
}

export interface AuthoredText {
  file: string;
  kind: FileKindName | null;
  /** Empty where there is no such file yet. */
  text: string;
  /** SHA-256 of `text`, to be given back with an edit; null where there is no such file yet. */
  hash: string | null;
  /** Those of this file. */
  diagnostics: Diagnostic[];
}

/** Folders of a program that hold nothing but what people write. */
const AUTHORED_FOLDERS: readonly string[] = [
  'assistant_roles',
  'inputs',
  'presets',
  'prompts',
  'runtime_guidance',
  'schemas',
  'tasks',
];
const MAX_FILES = 5000;

/** Files that people write, by name: those in a program's folders, its project.yaml, and what its tasks name elsewhere. */
export async function authoredFiles(place: ProgramPlace): Promise<AuthoredFile[]> {
  const { programDir } = place;
  const { program } = await validate(place);
  const named = program.tasks.flatMap(({ compose, result_schema: schema }) => [
    ...compose.flatMap((part) => (part.kind === 'file' ? [part.path] : [])),
    ...(schema === null ? [] : [schema]),
  ]);
  const inputs = Object.values(program.project.user_inputs);
  const files = new Set([
    'project.yaml',
    ...inFolders(programDir),
    ...[...named, ...inputs].map((file) => path.posix.normalize(file)),
  ]);
  return [...files].sort().flatMap((file) => {
    if (isHidden(file)) return [];
    const inside = resolveInside(programDir, file);
    if (!inside.ok || isHidden(realNameOf(programDir, inside.path))) return [];
    const stats = statsOf(inside.path);
    return stats?.isFile() === true ? [{ file, kind: kindOfFile(file), size: stats.size }] : [];
  });
}

/** Regular files in the authored folders; at most 5,000. */
export function inFolders(programDir: string): string[] {
  const files: string[] = [];
  const waiting = [...AUTHORED_FOLDERS];
  for (const directory of waiting) {
    for (const entry of entriesOf(path.join(programDir, directory))) {
      if (files.length + waiting.length > MAX_FILES) break;
      if (entry.name.startsWith('.')) continue;
      const relative = `${directory}/${entry.name}`;
      if (entry.isDirectory()) waiting.push(relative);
      else files.push(relative);
    }
  }
  return files;
}

/**
 * A file that is not there yet has an empty text and no hash.
 * @throws Refusal `path-refused`, `text-unreadable`
 */
export async function inspectText(place: ProgramPlace, file: string): Promise<AuthoredText> {
  requireAuthored(place.programDir, file);
  const text = textIn(directorySource(place.programDir), file);
  const { report } = await validate(place);
  return textOf(report, file, text);
}

/** What validation would say of the program, were `text` that of the file. Writes nothing. @throws Refusal `path-refused` */
export async function checkText(
  place: ProgramPlace,
  file: string,
  text: string,
): Promise<{ diagnostics: Diagnostic[]; ok: boolean }> {
  requireAuthored(place.programDir, file);
  const { after, errors } = await checkEdit(place, new Map([[file, text]]));
  const all = problemsOf(after.report);
  return {
    diagnostics: [
      ...all.filter((one) => one.file === file),
      ...all.filter((one) => one.file !== file),
    ],
    ok: errors.length === 0,
  };
}

/**
 * `baseHash`: SHA-256 of the text that the author began with; null where there was no such file. Lines that stay keep
 * their line breaks.
 * @throws Refusal `edit-conflict`, `edit-breaks-program`, `path-refused`, `text-unreadable`
 */
export async function saveText(
  editor: Editor,
  place: ProgramPlace,
  file: string,
  text: string,
  baseHash: string | null,
): Promise<AuthoredText> {
  requireAuthored(place.programDir, file);
  return editProgram(editor, place, 'a save from the page', async (held) => {
    const before = textIn(held.source, file);
    requireBase(file, before, baseHash);
    const whole = withLineBreaksOf(before ?? '', text);
    const { after } = await commitEdit(held, new Map([[file, whole]]));
    return textOf(after.report, file, whole);
  });
}

/** @throws Refusal `edit-conflict` where `text` is not what the edit began with */
export function requireBase(file: string, text: string | null, baseHash: string | null): void {
  if ((text === null ? null : sha256(text)) === baseHash) return;
  const what = baseHash === null ? 'is there already' : 'was changed since this edit began';
  throw new Refusal('edit-conflict', `${file} ${what}`, {
    hint: 'load it again, and make the edit on what is there now',
  });
}

function textOf(report: ValidationReport, file: string, text: string | null): AuthoredText {
  return {
    file,
    kind: kindOfFile(file),
    text: text ?? '',
    hash: text === null ? null : sha256(text),
    diagnostics: problemsOf(report).filter((one) => one.file === file),
  };
}

function problemsOf({ errors, warnings, notes }: ValidationReport): Diagnostic[] {
  return [...errors, ...warnings, ...notes];
}

/** Null where there is no such file. */
function textIn(source: ProgramSource, file: string): string | null {
  const read = source.read(file);
  if (read.ok) return read.text;
  if (read.problem.code === 'missing') return null;
  throw new Refusal('text-unreadable', `${file} ${read.problem.message}`);
}

/** What a run or a tool keeps for itself (names with a dot) is not written by hand. */
function requireAuthored(programDir: string, file: string): void {
  const inside = resolveInside(programDir, file);
  const isOurs = isHidden(file) || (inside.ok && isHidden(realNameOf(programDir, inside.path)));
  const why = isOurs ? 'is not an authored file' : inside.ok ? null : inside.reason;
  if (why !== null) throw new Refusal('path-refused', `"${file}": ${why}`);
  if (path.posix.normalize(file) === file && !file.endsWith('/')) return;
  throw new Refusal('file-not-found', `there is no file "${file}" here`, {
    exit: ExitStatus.notFound,
  });
}

/** Relative to the program: a link to what is hidden is hidden, too. `real`: below it. */
function realNameOf(programDir: string, real: string): string {
  return path.relative(realPathOf(programDir), real).split(path.sep).join('/');
}

function isHidden(file: string): boolean {
  return file.split('/').some((part) => part.startsWith('.'));
}

function entriesOf(directory: string) {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}
