/**
 * The small files by which an attempt's process and the engines that come and go agree on who ran it:
 *
 *   .process/agent-<g>   who the wrapper of generation g is; written by it, before its claim
 *   .process/claim-<g>   created once: `run` by the wrapper, or `void` by an engine that found nothing
 *   .process/exit        the exit code and a newline; an empty line before
 *   .process/stop        why an engine is stopping it, so that the next engine does not call it a crash
 *
 * An engine that finds `attempt_started` in the log but no process creates the claim itself. If that
 * succeeds, a wrapper that was slow to start finds the claim taken and runs nothing: exactly one side
 * wins, whatever the order. If it fails, the identity is already whole on disk.
 */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { createFile, makeDirectory } from '../../disk/disk.ts';
import { normaliseStart, parseStat } from '../../processes/identity.ts';
import type { ProcessIdentity } from '../../processes/identity.ts';
import type { StopReason } from '../../model/attempt.ts';

export interface AttemptFiles {
  prompt: string;
  stdout: string;
  stderr: string;
  runtime: string;
  scratch: string;
  processDir: string;
  exit: string;
  stop: string;
}

export function attemptFiles(attemptDir: string): AttemptFiles {
  const processDir = path.join(attemptDir, '.process');
  return {
    prompt: path.join(attemptDir, 'prompt.md'),
    stdout: path.join(attemptDir, 'events.jsonl'),
    stderr: path.join(attemptDir, 'stderr.log'),
    runtime: path.join(attemptDir, 'runtime.json'),
    scratch: path.join(attemptDir, 'scratch'),
    processDir,
    exit: path.join(processDir, 'exit'),
    stop: path.join(processDir, 'stop'),
  };
}

export function claimFile(files: AttemptFiles, generation: number): string {
  return path.join(files.processDir, `claim-${generation}`);
}

export function identityFile(files: AttemptFiles, generation: number): string {
  return path.join(files.processDir, `agent-${generation}`);
}

/** For people: why no process came to be. */
export function unclaimed({ attemptDir }: { attemptDir: string }): string {
  return `the attempt could not be claimed in ${attemptFiles(attemptDir).processDir}`;
}

/** Who holds the claim of a generation; `created`: nobody did, and now nobody can any more. */
export function settleClaim(files: AttemptFiles, generation: number): 'created' | 'void' | 'run' {
  makeDirectory(files.processDir);
  const file = claimFile(files, generation);
  if (createFile(file, 'void\n')) return 'created';
  return readOrNull(file)?.startsWith('void') ? 'void' : 'run';
}

/**
 * Who the wrapper is. Lines: pid, /proc/<pid>/stat or `ps -o lstart=`, boot id, pid namespace, host.
 * null where the file is missing or torn, which only a power cut can do to a claimed attempt.
 */
export function readIdentity(files: AttemptFiles, generation: number): ProcessIdentity | null {
  const lines = readOrNull(identityFile(files, generation))?.split('\n') ?? [];
  const [pid, start, bootId, pidNamespace, host, end] = lines;
  if (pid === undefined || start === undefined || bootId === undefined) return null;
  if (pidNamespace === undefined || host === undefined || end === undefined) return null;
  const number = Number(pid);
  if (!Number.isSafeInteger(number) || number <= 1) return null;
  const startTime = parseStat(start)?.startTime ?? normaliseStart(start);
  return { pid: number, startTime, bootId, pidNamespace, host };
}

export interface RecordedExit {
  code: number;
  /** When it was recorded, ms since the epoch. */
  atMs: number;
}

export function readExit(files: AttemptFiles): RecordedExit | null {
  const match = /^(\d+)\n/.exec(readOrNull(files.exit) ?? '');
  if (!match) return null;
  return { code: Number(match[1]), atMs: statSync(files.exit).mtimeMs };
}

/** Records why the attempt is stopped. The first reason stands, across engines. */
export function recordStop(files: AttemptFiles, reason: StopReason): void {
  makeDirectory(files.processDir);
  createFile(files.stop, `${reason}\n`);
}

export function readStop(files: AttemptFiles): StopReason | null {
  const reason = readOrNull(files.stop)?.trim();
  return reason === 'terminated' || reason === 'wall_timeout' || reason === 'idle_timeout'
    ? reason
    : null;
}

function readOrNull(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}
