import { realpathSync } from 'node:fs';
import path from 'node:path';

/** The real path of `file`; where it has none, or cannot be looked at, the absolute one. */
export function realPathOf(file: string): string {
  try {
    return realpathSync.native(file);
  } catch {
    return path.resolve(file);
  }
}
