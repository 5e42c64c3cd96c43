import { statSync, type Stats } from 'node:fs';

/**
 * What a path that a person typed leads to; null for nothing, also where it cannot lead anywhere: through a
 * file, around in a circle, or with a name that no disk takes.
 */
export function statsOf(file: string): Stats | null {
  try {
    return statSync(file);
  } catch (error) {
    const codes = ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP'];
    if (codes.includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}
