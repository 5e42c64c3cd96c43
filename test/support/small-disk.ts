/** A small disk of its own at a directory, for tests of what a full one does. */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';

export interface SmallDisk {
  /** Leaves no byte of it free. Returns how to free what this has taken. */
  fill(): string;
  unmount(): void;
}

/** null where this user may not mount one: said on standard output. */
export function smallDisk(directory: string, size: string): SmallDisk | null {
  mkdirSync(directory, { recursive: true });
  const words = ['-t', 'tmpfs', '-o', `size=${size}`, 'none', directory];
  if (spawnSync('mount', words).status !== 0) {
    process.stdout.write('*** SKIPPED: a full disk needs the right to mount a tmpfs\n');
    return null;
  }
  return {
    fill() {
      const file = path.join(directory, 'filled');
      const fd = openSync(file, 'w');
      try {
        for (;;) writeSync(fd, Buffer.alloc(4096));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        return file;
      } finally {
        closeSync(fd);
      }
    },
    unmount: () => void spawnSync('umount', ['-l', directory]),
  };
}
