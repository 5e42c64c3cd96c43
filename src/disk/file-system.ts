/** What the file system of a directory cannot do of what runs rely on, and what that means to a person. */
import { statfsSync } from 'node:fs';
import { lacksOf, type Lack } from './disk.ts';

export interface FileSystemTrouble {
  message: string;
  /** What it means, and what to do. */
  remedy: string;
}

/** The code of what is found. */
export const FILE_SYSTEM = 'disk.file-system';

/**
 * Those of Linux that have hard links and flush directories (statfs(2), linux/magic.h): a start looks no further.
 * ext, XFS, Btrfs, tmpfs, overlay, ZFS, F2FS, bcachefs.
 */
const ABLE = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, 0x2fc12fc1, 0xf2f52010, 0xca451a4e,
]);

/** null where nothing is lacking, or where the directory cannot be looked at. `isQuick`: believe the type, where known. */
export function fileSystemTrouble(
  directory: string,
  { isQuick }: { isQuick: boolean },
): FileSystemTrouble | null {
  let lacks: Lack[];
  try {
    if (isQuick && process.platform === 'linux' && ABLE.has(statfsSync(directory).type))
      return null;
    lacks = lacksOf(directory);
  } catch {
    // That it cannot be written to is told elsewhere.
    return null;
  }
  if (lacks.length === 0) return null;
  return {
    message: `The file system of ${directory} has no ${lacks.join(' and no ')}.`,
    remedy: `Runs work, but ${lacks.map((lack) => meaning[lack]).join('; ')}: keep the program on a local disk.`,
  };
}

const meaning: Record<Lack, string> = {
  'hard links': 'other programs may find a message in the inbox empty for a moment',
  'symbolic links':
    'the directory of an attempt that lives does not show its prompt and its output',
  'flushes of directories': 'a power cut may lose what they had just begun',
};
