/** A process that has no file descriptor left, for what must not take "I cannot look" for "it is not there". */
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

/** Whether this machine has what limits descriptors of a process that runs (util-linux). */
export const canLimitDescriptors =
  process.platform === 'linux' && spawnSync('prlimit', ['--version']).error === undefined;

/** What it gives where each further `open` fails with EMFILE. */
export function withoutDescriptors<T>(look: () => T): T {
  const limit = (soft: string): void => {
    execFileSync('prlimit', ['--pid', String(process.pid), `--nofile=${soft}:`]);
  };
  const before = execFileSync('prlimit', ['--pid', String(process.pid), '--nofile', '-o', 'SOFT'], {
    encoding: 'utf8',
  });
  limit('256');
  const taken: number[] = [];
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'));
  } catch {
    return look();
  } finally {
    for (const fd of taken) closeSync(fd);
    limit(before.trim().split('\n').at(-1)?.trim() ?? '1024');
  }
}
