/** Files that agents and authors made, found by name and opened for those who look from outside. */
import { constants, createReadStream, fstatSync, openSync, closeSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import { resolveInside } from '../../disk/inside.ts';
import { contentType } from '../../attempt/brief/content-type.ts';

export type Render = 'markdown' | 'json' | 'text' | 'image' | 'none';

export interface ServedFile {
  /** Absolute, links resolved. */
  file: string;
  size: number;
  contentType: string;
  render: Render;
}

/**
 * A regular file inside `root`, also not through a link outside it.
 * @throws Refusal `path-refused`, `file-not-found` (exit 4)
 */
export function findFile(root: string, relative: string): ServedFile {
  const inside = insideOf(root, relative);
  try {
    const fd = openRegular(inside);
    try {
      const { size } = fstatSync(fd);
      const type = contentType(inside);
      return { file: inside, size, contentType: type, render: renderOf(type) };
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw notFound(relative);
  }
}

/** The bytes of a file that `findFile` found. */
export function openFile(found: ServedFile): Readable {
  return createReadStream('', { fd: openRegular(found.file), end: Math.max(0, found.size - 1) });
}

/** How a file of a type may be shown: never as anything that could run. */
export function renderOf(type: string): Render {
  if (type === 'text/markdown') return 'markdown';
  if (type === 'application/json') return 'json';
  if (/^image\/(png|jpeg|gif|webp)$/.test(type)) return 'image';
  if (type.startsWith('text/') || type === 'image/svg+xml') return 'text';
  return /^application\/(jsonl|toml|xml|yaml)$/.test(type) ? 'text' : 'none';
}

export interface FoundFile {
  /** Relative, with `/`. */
  path: string;
  size: number;
  content_type: string;
  render: Render;
}

/** Regular files below a directory, at most `limit`; links and names that begin with a dot are left out. */
export function filesBelow(root: string, limit: number): { files: FoundFile[]; omitted: number } {
  const files: FoundFile[] = [];
  let omitted = 0;
  const waiting = [''];
  // A worker may have left anything here: what is looked at is bounded, too.
  let looks = 20 * limit;
  for (const directory of waiting) {
    for (const entry of entriesOf(path.join(root, directory))) {
      if ((looks -= 1) < 0) return { files, omitted: Math.max(1, omitted) };
      if (entry.name.startsWith('.')) continue;
      const relative = directory === '' ? entry.name : `${directory}/${entry.name}`;
      if (entry.isDirectory()) waiting.push(relative);
      else if (entry.isFile() && files.length >= limit) omitted += 1;
      else if (entry.isFile()) files.push(...describe(root, relative));
    }
  }
  return { files: files.sort((a, b) => (a.path < b.path ? -1 : 1)), omitted };
}

function describe(root: string, relative: string): FoundFile[] {
  try {
    const { size, contentType: type, render } = findFile(root, relative);
    return [{ path: relative, size, content_type: type, render }];
  } catch {
    return [];
  }
}

function entriesOf(directory: string) {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}

function insideOf(root: string, relative: string): string {
  let inside: ReturnType<typeof resolveInside>;
  try {
    inside = resolveInside(root, relative);
  } catch {
    throw notFound(relative);
  }
  if (inside.ok) return inside.path;
  throw new Refusal('path-refused', `"${relative}": ${inside.reason}`);
}

/** Never waits for a pipe, and follows no link that took the file's place since it was resolved. */
function openRegular(file: string): number {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw notFound(path.basename(file));
}

function notFound(relative: string): Refusal {
  return new Refusal('file-not-found', `there is no file "${relative}" here`, {
    exit: ExitStatus.notFound,
  });
}
