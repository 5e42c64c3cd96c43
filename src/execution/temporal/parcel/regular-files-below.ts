/** What lies below a directory that an agent may have filled: regular files alone, no link is followed. */
import { lstatSync } from 'node:fs';
import path from 'node:path';
import { someNamesIn } from '../../../disk/names-in.ts';

export interface FoundFile {
  /** With `/`, below the directory. */
  path: string;
  file: string;
  size: number;
  mode: number;
}

/** Directories inside each other: more is nobody's work. */
const MAX_DEPTH = 64;

/**
 * Regular files, in the order of their names; what is no regular file is passed over. `isLeftOut`: of a path below the
 * directory, also of a directory. `null`: there are more than `most`.
 */
export function regularFilesBelow(
  directory: string,
  most: number,
  isLeftOut: (relative: string) => boolean,
): FoundFile[] | null {
  const found: FoundFile[] = [];
  const look = (folder: string, relative: string, depth: number): boolean => {
    const { names, more } = someNamesIn(folder, most);
    if (more || depth > MAX_DEPTH) return false;
    for (const name of names.sort()) {
      const below = relative === '' ? name : `${relative}/${name}`;
      if (isLeftOut(below)) continue;
      const file = path.join(folder, name);
      const stats = lstatSync(file, { throwIfNoEntry: false });
      if (stats?.isDirectory()) {
        if (!look(file, below, depth + 1)) return false;
      } else if (stats?.isFile()) {
        found.push({ path: below, file, size: stats.size, mode: stats.mode & 0o777 });
        if (found.length > most) return false;
      }
    }
    return true;
  };
  return look(directory, '', 0) ? found : null;
}
