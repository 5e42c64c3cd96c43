// Compiles the launcher of attempts (src/execution/local/launcher.c) for this machine, where it is Linux and has a C
// compiler. Without it attempts are forked by bash, or by the engine, which costs more: see docs/performance.md.
import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';

const source = 'src/execution/local/launcher.c';
/** The same source, compiler and library give the same file. */
const flags = ['-std=c11', '-Os', '-Wall', '-Wextra', '-s', '-Wl,--build-id=none'];

/** Puts the program into `directory`. Returns its path; null where it cannot be made here. */
export function buildLauncher(directory) {
  if (process.platform !== 'linux') return null;
  const file = path.join(directory, `launcher-${process.platform}-${process.arch}`);
  const temporary = `${file}.${process.pid}.tmp`;
  mkdirSync(directory, { recursive: true });
  // Static, it runs whatever C library a machine has, and its processes are smaller.
  for (const linking of [['-static'], []]) {
    const words = [...flags, ...linking, '-o', temporary, source];
    const compiled = spawnSync('cc', words, { encoding: 'utf8' });
    if (compiled.status !== 0) continue;
    renameSync(temporary, file);
    return file;
  }
  rmSync(temporary, { force: true });
  return null;
}
