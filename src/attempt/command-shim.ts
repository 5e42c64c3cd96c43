/**
 * The `codex-orch` that workers run. It leads to this very installation, by this very Node, whatever
 * their PATH holds and however the engine was started.
 */
import { chmodSync, statSync } from 'node:fs';
import path from 'node:path';
import { makeDirectory, replaceFile } from '../disk/disk.ts';
import { readForeignText } from '../disk/foreign-file.ts';
import { quotedShellWord } from '../text/shell-word.ts';

export interface ShimTarget {
  /** Absolute path of the Node program. */
  node: string;
  /** Absolute path of our entry file. */
  entry: string;
}

/** Writes `<directory>/codex-orch`, unless it is there as it should be, and returns its path. */
export function writeCommandShim(directory: string, target: ShimTarget): string {
  const file = path.join(directory, 'codex-orch');
  const script = `#!/bin/sh\nexec ${quotedShellWord(target.node)} ${quotedShellWord(target.entry)} "$@"\n`;
  if (!isCurrent(file, script)) {
    makeDirectory(directory);
    replaceFile(file, script, { executable: true });
    // The umask may have taken from it what its owner needs.
    chmodSync(file, statSync(file).mode | 0o500);
  }
  return file;
}

function isCurrent(file: string, script: string): boolean {
  try {
    if ((statSync(file).mode & 0o500) !== 0o500) return false;
    const there = readForeignText(file, { maxBytes: Buffer.byteLength(script) });
    return there.ok && there.text === script;
  } catch {
    return false;
  }
}
