/** Paths that authors and agents name must not leave their place, also not through a symbolic link. */
import { lstatSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { realPathOf } from './real-path.ts';

export type Inside =
  | { ok: true; /** Absolute, symbolic links resolved where the file exists. */ path: string }
  | { ok: false; reason: string };

/** The longest path that Linux opens, in bytes, its end included. */
const MAX_PATH_BYTES = 4096;

/**
 * Resolves `relative` (with `/`) under `root`. Refused: what `namedInside` refuses, anything whose real location
 * lies outside the real root, and what cannot be looked at. The file need not exist.
 *
 * Whoever opens the file then does so by `openForeign` with `below: root`: a link may come in between.
 */
export function resolveInside(root: string, relative: string): Inside {
  try {
    const realRoot = realPathOf(root);
    const named = namedInside(realRoot, relative);
    if (!named.ok) return named;
    const real = realOfExistingPart(named.path);
    if (real === null) return no('the path goes through a broken symbolic link');
    if (real !== realRoot && !real.startsWith(realRoot + path.sep)) {
      return no('the path leaves its directory through a symbolic link');
    }
    return { ok: true, path: real };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return no(`the path cannot be looked at: ${code}`);
  }
}

/** Where a file cannot be opened for a link: whether that leads out, as a reason; null where it does not. */
export function outside(root: string, relative: string): string | null {
  const inside = resolveInside(root, relative);
  return inside.ok ? null : inside.reason;
}

/**
 * `relative` (with `/`) under `root`, by its letters alone. Refused: absolute paths, backslashes, NUL, `..`, the
 * root itself, and what is too long for any file.
 */
export function namedInside(root: string, relative: string): Inside {
  if (relative === '') return no('the path is empty');
  if (relative.includes('\0')) return no('the path contains a NUL character');
  if (relative.includes('\\')) return no('paths use "/", not "\\"');
  if (path.isAbsolute(relative)) return no('the path must be relative');
  const parts = relative.split('/');
  if (parts.includes('..')) return no('the path must not contain ".."');
  const joined = path.join(root, ...parts);
  if (joined === root) return no('the path must name a file');
  if (Buffer.byteLength(joined) >= MAX_PATH_BYTES) return no('the path is too long');
  return { ok: true, path: joined };
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
