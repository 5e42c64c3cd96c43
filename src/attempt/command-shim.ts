/**
 * The `codex-orch` that workers run. It leads to this very installation, by this very Node, whatever
 * their PATH holds and however the engine was started.
 */
import { chmodSync, statSync } from 'node:fs';
import path from 'node:path';
import { makeDirectory, replaceFile } from '../disk/disk.ts';
import { Refusal } from '../model/refusal.ts';
import { sha256 } from '../disk/sha256.ts';
import { readForeignText } from '../disk/foreign-file.ts';
import { quotedShellWord } from '../text/shell-word.ts';

export interface ShimTarget {
  /** Absolute path of the Node program. */
  node: string;
  /** Absolute path of our entry file. */
  entry: string;
}

/**
 * Where it lies: with the run (`binDir`), unless PATH, which is split at colons, cannot name that. Then in a directory
 * of its own below `globalRoot`.
 * @throws Refusal `path-unusable` where that has a colon, too
 */
export function shimDirectory(binDir: string, globalRoot: string): string {
  if (!binDir.includes(path.delimiter)) return binDir;
  const directory = path.join(globalRoot, 'bin', sha256(binDir).slice(0, 16));
  if (!directory.includes(path.delimiter)) return directory;
  throw new Refusal(
    'path-unusable',
    `Neither ${binDir} nor ${globalRoot} can stand in PATH: both have a "${path.delimiter}".`,
    { hint: 'Move the program, or set CODEX_ORCH_GLOBAL_ROOT to a directory without one.' },
  );
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
