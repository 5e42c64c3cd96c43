/** How the end of a run is told: exit status, directory. */
import path from 'node:path';
import { ExitStatus, type ExitCode } from '../../model/refusal.ts';
import type { RunStatus } from '../../model/run.ts';

/** 0 done, 1 failed, 3 waits; a run that was left half-way is not done. */
export function exitStatusOf(status: RunStatus): ExitCode {
  switch (status) {
    case 'done':
      return ExitStatus.done;
    case 'failed':
    case 'pending':
    case 'running':
      return ExitStatus.failed;
    case 'waiting':
      return ExitStatus.waiting;
  }
}

/** Relative to `cwd` where that is shorter. */
export function shorterPath(directory: string, cwd: string): string {
  const relative = path.relative(cwd, directory) || '.';
  return relative.length < directory.length ? relative : directory;
}
