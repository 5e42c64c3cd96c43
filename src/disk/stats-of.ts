/** What a path leads to. */
import { lstatSync, statSync, type Stats } from 'node:fs';

/**
 * Links followed. null for nothing, also where it cannot lead anywhere: through a file, around in a circle, or with a name
 * that no disk takes. Throws where it cannot be looked at.
 */
export function statsOf(file: string): Stats | null {
  return unlessNowhere(() => statSync(file, { throwIfNoEntry: false }));
}

/** The same of the path itself, where that is a link. */
export function ownStatsOf(file: string): Stats | null {
  return unlessNowhere(() => lstatSync(file, { throwIfNoEntry: false }));
}

function unlessNowhere(look: () => Stats | undefined): Stats | null {
  try {
    return look() ?? null;
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
