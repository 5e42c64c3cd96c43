/**
 * The small files by which an attempt's process and the engines that come and go agree on who ran it. They lie
 * in the attempt's control directory, beside what the agent is given and prints:
 *
 *   agent-<g>   who the wrapper of generation g is; written by it, before its claim
 *   claim-<g>   created once: by an engine that found nothing, `void`; by the wrapper, anything else
 *   exit        an empty line; then the exit code and a newline
 *   given-*     what the agent reads as it starts, and no other user of the machine is to see
 *   stop        why an engine is stopping it, so that the next engine does not call it a crash
 *   wall        the time limit that a person has granted meanwhile, in ms, for an agent that keeps its limits itself
 *
 * An engine that finds `attempt_started` in the log but no process creates the claim itself. If that
 * succeeds, a wrapper that was slow to start finds the claim taken and runs nothing: exactly one side
 * wins, whatever the order. If it fails, the identity is already whole on disk.
 *
 * An agent without a sandbox can write here, too: what is read is judged.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createFile, linkTo, makeDirectory, replaceFile } from '../../disk/disk.ts';
import {
  stopReasons,
  type AttemptOrder,
  type ShownFile,
  type StopReason,
} from '../../model/attempt.ts';
import { normaliseStart, parseStat } from '../../processes/identity.ts';
import type { ProcessIdentity } from '../../processes/identity.ts';
import { readForeignText } from '../../disk/foreign-file.ts';

export interface AttemptFiles {
  /** Where who runs is settled. */
  control: string;
  prompt: string;
  stdout: string;
  stderr: string;
  runtime: string;
  exit: string;
  stop: string;
  wall: string;
}

export function attemptFiles({ controlDir }: Pick<AttemptOrder, 'controlDir'>): AttemptFiles {
  return filesIn(controlDir, controlDir);
}

/** Of an attempt that may have been started by version 1.0, which kept all in its directory. */
export function foundFiles(order: AttemptOrder): AttemptFiles {
  const { attemptDir, controlDir, runFormat } = order;
  const earlier = filesIn(path.join(attemptDir, '.process'), attemptDir);
  const isEarlier = runFormat === 1 && !existsSync(controlDir) && existsSync(earlier.control);
  return isEarlier ? earlier : attemptFiles(order);
}

function filesIn(control: string, shown: string): AttemptFiles {
  const file = (name: ShownFile): string => shown + path.sep + name;
  return {
    control,
    prompt: file('prompt.md'),
    stdout: file('events.jsonl'),
    stderr: file('stderr.log'),
    runtime: file('runtime.json'),
    exit: `${control}${path.sep}exit`,
    stop: `${control}${path.sep}stop`,
    wall: `${control}${path.sep}wall`,
  };
}

export function claimFile(files: AttemptFiles, generation: number): string {
  return path.join(files.control, `claim-${generation}`);
}

export function identityFile(files: AttemptFiles, generation: number): string {
  return path.join(files.control, `agent-${generation}`);
}

/** What the directory of an attempt shows of the engine's, beside the prompt, once its process has been looked at. */
export const shownWhileAlive: readonly ShownFile[] = ['events.jsonl', 'stderr.log', 'runtime.json'];

/** Has the attempt's own directory show what its process prints, where that has its name free. */
export function showOutput({
  attemptDir,
  controlDir,
}: Pick<AttemptOrder, 'attemptDir' | 'controlDir'>): void {
  const up = path.relative(attemptDir, controlDir);
  for (const name of shownWhileAlive) {
    try {
      linkTo(path.join(up, name), path.join(attemptDir, name));
    } catch {
      // For people's eyes: it is shown already, or the agent has taken the place.
    }
  }
}

/** For people: why no process came to be. */
export function unclaimed({ control }: AttemptFiles): string {
  return `the attempt could not be claimed in ${control}`;
}

/** Who holds the claim of a generation; `created`: nobody did, and now nobody can any more. */
export function settleClaim(files: AttemptFiles, generation: number): 'created' | 'void' | 'run' {
  makeDirectory(files.control);
  const file = claimFile(files, generation);
  if (createFile(file, 'void\n')) return 'created';
  return claimOf(files, generation) ?? 'run';
}

/** Who has claimed a generation; null: nobody so far. */
export function claimOf(files: AttemptFiles, generation: number): 'void' | 'run' | null {
  const file = claimFile(files, generation);
  if (!existsSync(file)) return null;
  return readControlFile(file)?.text.startsWith('void') === true ? 'void' : 'run';
}

/** Leaves what a wrapper does that has run and is gone. `code`: null where its exit is not known. */
export function recordRun(files: AttemptFiles, code: number | null): void {
  createFile(claimFile(files, 0), 'run\n');
  createFile(files.exit, code === null ? '\n' : `\n${code}\n`);
}

/**
 * Who the wrapper is. Lines: pid, /proc/<pid>/stat or `ps -o lstart=`, boot id, pid namespace, host.
 * null where the file is missing or torn, which only a power cut can do to a claimed attempt.
 */
export function readIdentity(files: AttemptFiles, generation: number): ProcessIdentity | null {
  const lines = readControlFile(identityFile(files, generation))?.text.split('\n') ?? [];
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
  const read = readControlFile(files.exit);
  // Under version 1.0 the code took the place of the empty line.
  const match = /^\n?(\d{1,3})\n/.exec(read?.text ?? '');
  return read === null || !match ? null : { code: Number(match[1]), atMs: read.modifiedAtMs };
}

/** null for what is no regular file, is far larger than such a file, or cannot be read: nothing is recorded then. */
function readControlFile(file: string): { text: string; modifiedAtMs: number } | null {
  const read = readForeignText(file, { maxBytes: 16 * 1024 });
  return read.ok ? read : null;
}

/** Records why the attempt is stopped. The first reason stands, across engines. */
export function recordStop(files: AttemptFiles, reason: StopReason): void {
  makeDirectory(files.control);
  createFile(files.stop, `${reason}\n`);
}

export function readStop(files: AttemptFiles): StopReason | null {
  const reason = readControlFile(files.stop)?.text.trim();
  return stopReasons.find((each) => each === reason) ?? null;
}

/** Leaves another time limit, in ms since the start of the attempt, for an agent that keeps it itself. */
export function recordWallLimit(files: AttemptFiles, wallTimeoutMs: number): void {
  replaceFile(files.wall, `${wallTimeoutMs}\n`);
}

/** In ms since the start of the attempt; null: none was left. */
export function readWallLimit(files: AttemptFiles): number | null {
  const text = readControlFile(files.wall)?.text ?? '';
  return /^\d{1,15}\n$/.test(text) ? Number(text) : null;
}
