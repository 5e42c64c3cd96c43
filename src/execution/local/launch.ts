/** Starts the process of an attempt, or has the launcher do it. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import { remove } from '../../disk/disk.ts';
import { faultPoint } from '../../disk/fault-point.ts';
import { ownScope } from '../../processes/identity.ts';
import { claimFile, identityFile, type AttemptFiles } from './attempt-files.ts';
import { ownShell } from './attempt-shell.ts';
import type { Launcher, LaunchOutcome, LaunchRequest } from './launcher.ts';
import type { AttemptOrder } from '../../model/attempt.ts';

/** How an attempt's process came to be. */
export type Launched =
  | { kind: 'child'; child: ChildProcess }
  /** It was there before: of a history that the log has lost. */
  | { kind: 'claimed' }
  | LaunchOutcome;

/**
 * Starts an attempt's process: own process group, standard input from prompt.md, output appended to
 * events.jsonl and stderr.log. Throws what opening files or spawning throws; a failure to execute
 * arrives as the child's 'error' event.
 */
export async function launchAttempt(
  order: AttemptOrder,
  files: AttemptFiles,
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  launcher: Launcher | null,
): Promise<Launched> {
  const claim = claimFile(files, order.generation);
  if (existsSync(claim)) return { kind: 'claimed' };
  // Left by an engine that was stopping a generation which never came to run.
  if (order.generation > 0) remove(files.stop);
  const { bootId, pidNamespace, host } = ownScope();
  const ours = [identityFile(files, order.generation), claim, files.exit];
  const words = [...ours, bootId, pidNamespace, host, ...argv];
  const { prompt: stdin, stdout, stderr } = files;
  const request: LaunchRequest = { cwd: order.cwd, env, stdin, stdout, stderr, words };
  faultPoint('spawn', order.attemptDir);
  const outcome = launcher?.launch(request) ?? null;
  if (outcome !== null) return outcome;
  const descriptors: number[] = [];
  try {
    descriptors.push(openSync(stdin, 'r'));
    faultPoint('write', stdout);
    descriptors.push(openSync(stdout, 'a', 0o600), openSync(stderr, 'a', 0o600));
    const child = spawn('/bin/sh', ['-c', ownShell, 'codex-orch-attempt', ...words], {
      cwd: order.cwd,
      env,
      detached: true,
      stdio: descriptors as [number, number, number],
    });
    return { kind: 'child', child };
  } finally {
    for (const fd of descriptors) closeSync(fd);
  }
}

/** Why a directory cannot be worked in, or null where it can. Node blames the program instead. */
export function directoryProblem(directory: string): string | null {
  try {
    return statSync(directory).isDirectory() ? null : `${directory} is not a directory`;
  } catch {
    return `${directory} does not exist`;
  }
}
