/** What a path leads to, links followed. */
import { statSync, type Stats } from 'node:fs';

/**
 * null for nothing, also where it cannot lead anywhere: through a file, around in a circle, or with a name
 * that no disk takes. Throws where it cannot be looked at.
 */
export function statsOf(file: string): Stats | null {
  try {
    return statSync(file, { throwIfNoEntry: false }) ?? null;
  } catch (error) {
    const codes = ['ENOTDIR', 'ENAMETOOLONG', 'ELOOP'];
    if (codes.includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}

/** Whether a regular file is there. */
export function isFile(file: string): boolean {
  return statsOf(file)?.isFile() === true;
}

export function isDirectory(file: string): boolean {
  return statsOf(file)?.isDirectory() === true;
}
