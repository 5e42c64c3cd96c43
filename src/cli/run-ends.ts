/** How the end of a run is told: exit status, directory. */
import path from 'node:path';
import { ExitStatus, type ExitCode } from '../model/refusal.ts';
import type { RunStatus } from '../model/run.ts';
import { runPaths } from '../store/layout.ts';
import type { CliContext } from './context.ts';
import { quoteForShell } from './program-argument.ts';

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

/** The run's directory, as short as a reader can use it. */
export function shownDirectory(programDir: string, runId: string, context: CliContext): string {
  return quoteForShell(shorterPath(runPaths(programDir, runId).root, context));
}

/** Relative to the current directory where that is shorter. */
export function shorterPath(directory: string, context: CliContext): string {
  const relative = path.relative(context.cwd, directory) || '.';
  return relative.length < directory.length ? relative : directory;
}
