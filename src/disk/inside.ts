/** Paths that authors and agents name must not leave their place, also not through a symbolic link. */
import { lstatSync, realpathSync } from 'node:fs';
import path from 'node:path';

export type Inside =
  | { ok: true; /** Absolute, symbolic links resolved where the file exists. */ path: string }
  | { ok: false; reason: string };

/**
 * Resolves `relative` (with `/`) under `root`. Refused: absolute paths, backslashes, NUL, `..`, the
 * root itself, and anything whose real location lies outside the real root. The file need not exist.
 */
export function resolveInside(root: string, relative: string): Inside {
  if (relative === '') return no('the path is empty');
  if (relative.includes('\0')) return no('the path contains a NUL character');
  if (relative.includes('\\')) return no('paths use "/", not "\\"');
  if (path.isAbsolute(relative)) return no('the path must be relative');
  const parts = relative.split('/');
  if (parts.includes('..')) return no('the path must not contain ".."');
  const realRoot = realPath(root);
  const joined = path.join(realRoot, ...parts);
  if (joined === realRoot) return no('the path must name a file');
  const real = realOfExistingPart(joined);
  if (real === null) return no('the path goes through a broken symbolic link');
  if (real !== realRoot && !real.startsWith(realRoot + path.sep)) {
    return no('the path leaves its directory through a symbolic link');
  }
  return { ok: true, path: real };
}

/** The real path of the longest part that exists, with the rest appended; null for a dangling link. */
function realOfExistingPart(file: string): string | null {
  const rest: string[] = [];
  for (let current = file; ; current = path.dirname(current)) {
    try {
      return path.join(realPath(current), ...rest.reverse());
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code !== 'ENOENT' && code !== 'ENOTDIR' && code !== 'ELOOP') throw error;
      if (code === 'ELOOP' || isLink(current)) return null;
      rest.push(path.basename(current));
    }
  }
}

/** By the system: Node's own makes a call for each part of the path. */
const realPath = realpathSync.native;

function isLink(file: string): boolean {
  try {
    return lstatSync(file).isSymbolicLink();
  } catch {
    return false;
  }
}

function no(reason: string): Inside {
  return { ok: false, reason };
}
