/** This program, started again: engines in the background, and the command that workers call. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, realpathSync } from 'node:fs';
import { faultPoint } from '../../disk/fault-point.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import { runPaths } from '../../store/layout.ts';
import { currentHolder, heldRefusal } from '../../store/lock/run-lock.ts';
import type { World } from '../world.ts';

/** The argv prefix: Node, and the built entry that runs now. CODEX_ORCH_ENTRY names another entry. */
export function selfCommand({ env, self }: World): { node: string; entry: string } {
  return { node: self.node, entry: realpathSync(env['CODEX_ORCH_ENTRY'] ?? self.entry) };
}

/**
 * Starts an engine of its own for the run, in the background. It outlives this process; what it prints
 * goes to the run's engine.log.
 */
export function driveInBackground(
  world: World,
  programDir: string,
  runId: string,
  options: { revive?: boolean; orphaned?: boolean } = {},
): void {
  const paths = runPaths(programDir, runId);
  const holder = currentHolder(paths);
  // It would only find that out for its log, which nobody reads.
  if (holder !== null) throw heldRefusal(runId, holder);
  const { node, entry } = selfCommand(world);
  const words = ['run', 'drive', paths.authoredDir, runId, ...(options.revive ? ['--revive'] : [])];
  if (options.orphaned) words.push('--orphaned');
  const log = openSync(paths.engineLog, 'a', 0o600);
  try {
    faultPoint('spawn', 'engine');
    const child = spawn(node, [entry, ...words], {
      cwd: paths.authoredDir,
      env: world.env,
      detached: true,
      stdio: ['ignore', log, log],
    });
    // Why it did not start is told later than we can say so.
    child.on('error', () => undefined);
    if (child.pid === undefined) {
      throw new Refusal('engine-not-started', `Cannot start an engine: ${node} does not start`, {
        exit: ExitStatus.failed,
      });
    }
    child.unref();
  } finally {
    closeSync(log);
  }
}
