/** Files that agents and authors made, found by name and opened for those who look from outside. */
import { createReadStream, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import { openForeign, withForeign } from '../../disk/foreign-file.ts';
import { resolveInside } from '../../disk/inside.ts';
import { contentType } from '../../attempt/brief/content-type.ts';

export type Render = 'markdown' | 'json' | 'text' | 'image' | 'none';

export interface ServedFile {
  /** Absolute, links resolved. */
  file: string;
  /** The directory that it must lie in, whatever becomes of its name. */
  below: string;
  size: number;
  contentType: string;
  render: Render;
}

/**
 * A regular file inside `root`, also not through a link outside it.
 * @throws Refusal `path-refused`, `file-not-found` (exit 4)
 */
export function findFile(root: string, relative: string): ServedFile {
  const file = insideOf(root, relative);
  const found = withForeign(file, { below: root }, (opened) => {
    const type = contentType(file, opened);
    return {
      file,
      below: root,
      size: opened.stats.size,
      contentType: type,
      render: renderOf(type),
    };
  });
  if ('ok' in found) throw notFound(relative);
  return found;
}

/** The bytes of a file that `findFile` found. */
export function openFile(found: ServedFile): Readable {
  const opened = openForeign(found.file, found);
  if (!opened.ok) throw notFound(path.basename(found.file));
  return createReadStream('', { fd: opened.fd, end: Math.max(0, found.size - 1) });
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
  const inside = resolveInside(root, relative);
  if (inside.ok) return inside.path;
  throw new Refusal('path-refused', `"${relative}": ${inside.reason}`);
}

function notFound(relative: string): Refusal {
  return new Refusal('file-not-found', `there is no file "${relative}" here`, {
    exit: ExitStatus.notFound,
  });
}
