/** Removes what an agent's sandbox leaves behind: empty files and directories that nobody asked for. */
import { lstatSync, rmdirSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import { kindAt } from '../../disk/foreign-file.ts';
import { namesIn } from '../../disk/names-in.ts';
import type { AttemptOrder } from '../../model/attempt.ts';

/** A file may bear a time that is a little older than its making: the kernel's clock ticks. */
const TICK_MS = 20;

/**
 * `leaves`: as `Backend.leaves`. What is not empty stays; and outside of the attempt's own directory, what was there
 * before the attempt.
 */
export function removeLitter(order: AttemptOrder, leaves: readonly string[]): void {
  const { attemptDir, cwd, writableRoots, startedAt } = order;
  const since = Date.parse(startedAt) - TICK_MS;
  for (const root of new Set([attemptDir, cwd, ...writableRoots])) {
    for (const name of leaves.flatMap((each) => expanded(root, each))) {
      removeEmpty(path.join(root, name), root === attemptDir ? 0 : since);
    }
  }
}

/** `x/*`: whatever is in the directory x, and a link to one is none. */
function expanded(root: string, name: string): string[] {
  if (!name.endsWith('/*')) return [name];
  const directory = name.slice(0, -2);
  if (kindAt(path.join(root, directory)) !== 'directory') return [];
  return namesIn(path.join(root, directory)).map((inner) => path.join(directory, inner));
}

function removeEmpty(file: string, since: number): void {
  try {
    const stats = lstatSync(file);
    // Where the file system does not keep it, it is 0.
    if (stats.birthtimeMs < since) return;
    if (stats.isDirectory()) rmdirSync(file);
    else if (stats.isFile() && stats.size === 0) unlinkSync(file);
  } catch {
    // It is not there, or not empty.
  }
}
