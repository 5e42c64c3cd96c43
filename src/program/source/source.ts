/**
 * Where the files of a program are read from: its directory, or the same as edits would leave it. The
 * whole program is read through one of these, so that what validation says of an edit is what it would
 * say after it.
 */
import path from 'node:path';
import { namesIn } from '../../disk/names-in.ts';
import { readAs, readText, type ReadText } from '../../disk/read-text.ts';
import { sha256 } from '../../disk/sha256.ts';
import { statsOf } from '../../disk/stats-of.ts';
import type { ParsedTexts } from './parsed-texts.ts';
import { parseYaml, type ParsedYaml } from './yaml-source.ts';

/** Files and folders are named relative to the program, with `/`. Nothing here throws for what it finds. */
export interface ProgramSource {
  /** Absolute: where the program lies, or would. */
  readonly programDir: string;
  /** The text of a file, or what is wrong with it; `maxBytes`: 4 MiB unless given. */
  read(file: string, maxBytes?: number): ReadText;
  /** The names in a folder, by code unit; none where there is no such folder. */
  list(folder: string): string[];
  /** Parses a text of the program's, or knows what it was parsed to. */
  parse(text: string): ParsedYaml;
  /** To be called when all tasks were read. */
  keepParsed(): void;
  /** What is there, links followed. */
  kindOf(place: string): 'file' | 'folder' | 'other' | null;
}

/** File, relative to the program with `/`, → its new text; null: it is deleted. */
export type Edits = ReadonlyMap<string, string | null>;

const unkept: ParsedTexts = { parse: parseYaml, keep: () => undefined };

/**
 * The files of a directory, as they are at each call: a program, or a run's frozen copy of one. An edit of several
 * files that is under way, or was cut short, counts as done.
 */
export function directorySource(programDir: string, texts: ParsedTexts = unkept): ProgramSource {
  const written = writtenSource(programDir, texts);
  const pending = pendingEdits(written);
  return pending.size === 0 ? written : editedSource(written, pending);
}

/** The same, whatever is under way. */
export function writtenSource(programDir: string, texts: ParsedTexts = unkept): ProgramSource {
  const at = (relative: string): string => path.join(programDir, relative);
  return {
    programDir,
    read: (file, maxBytes) => readText(at(file), maxBytes),
    list: (folder) => namesIn(at(folder)).sort(byName),
    parse: (text) => texts.parse(text),
    keepParsed: () => texts.keep(),
    kindOf(place) {
      const stats = statsOf(at(place));
      if (stats === null) return null;
      return stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other';
    },
  };
}

/**
 * Where an edit of several files is written down whole before the first of them changes, relative to the
 * program. The next edit finishes what a crash cut short.
 */
export const PENDING_EDIT_FILE = '.codex-orch/edit.json';

const MAX_PENDING_BYTES = 64 * 1024 * 1024;

interface PendingFile {
  file: string;
  /** SHA-256 of what it held; null: there was none. */
  before: string | null;
  text: string | null;
}

/** What is written down of an edit. */
export function pendingEditText(source: ProgramSource, edits: Edits): string {
  const files = [...edits].map(([file, text]): PendingFile => {
    return { file, before: hashOf(source, file), text };
  });
  return `${JSON.stringify({ files }, null, 2)}\n`;
}

/** What is left to do of one; a file that somebody changed since is left as it is. */
export function pendingEdits(source: ProgramSource): Edits {
  const read = source.read(PENDING_EDIT_FILE, MAX_PENDING_BYTES);
  const files = read.ok ? pendingFiles(read.text) : [];
  const left = files.filter(({ file, before }) => hashOf(source, file) === before);
  return new Map(left.map(({ file, text }) => [file, text]));
}

function pendingFiles(text: string): PendingFile[] {
  try {
    const { files } = JSON.parse(text) as { files?: unknown };
    const list = Array.isArray(files) ? (files as PendingFile[]) : [];
    return list.filter((each) => typeof each?.file === 'string' && isTextOrNull(each.text));
  } catch {
    // It appears whole: this is something else.
    return [];
  }
}

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === 'string';
}

/** Null where there is nothing. */
function hashOf(source: ProgramSource, file: string): string | null {
  const read = source.read(file);
  if (read.ok) return sha256(read.text);
  return read.problem.code === 'missing' ? null : read.problem.code;
}

/** `base` as it would be after the edits. */
export function editedSource(base: ProgramSource, edits: Edits): ProgramSource {
  const edited = new Map([...edits].map(([file, text]) => [path.posix.normalize(file), text]));
  const made = new Set(edited.values());
  const kindOf: ProgramSource['kindOf'] = (place) => {
    const file = path.posix.normalize(place);
    const text = edited.get(file);
    if (text !== undefined) return text === null ? null : 'file';
    const holdsNew = [...edited].some(([each, to]) => to !== null && each.startsWith(`${file}/`));
    return holdsNew ? 'folder' : base.kindOf(place);
  };
  return {
    programDir: base.programDir,
    read(file, maxBytes) {
      const text = edited.get(path.posix.normalize(file));
      if (text === undefined) return base.read(file, maxBytes);
      if (text !== null) return readAs(text, maxBytes);
      return { ok: false, problem: { code: 'missing', message: 'does not exist' } };
    },
    list(folder) {
      const normal = path.posix.normalize(folder);
      const inside = normal === '.' ? '' : `${normal.replace(/\/$/, '')}/`;
      const names = new Set(base.list(folder));
      for (const [file, text] of edited) {
        if (!file.startsWith(inside)) continue;
        const [name = '', ...below] = file.slice(inside.length).split('/');
        if (text !== null) names.add(name);
        else if (below.length === 0) names.delete(name);
      }
      return [...names].sort(byName);
    },
    // What is kept is what stands in files.
    parse: (text) => (made.has(text) ? parseYaml(text) : base.parse(text)),
    keepParsed: () => undefined,
    kindOf,
  };
}

/** By code unit, so that the order is the same everywhere. */
export function byName(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
