/**
 * What answering by an assistant leaves beside the run's log, in `assistants/<interrupt-id>/`:
 *
 *   problem.json          why the latest try failed; gone once the question is answered
 *   claim/                who is answering now (numbered files, as in the run's lock)
 *   0001/                 a try: output-schema.json, context/, what its agent leaves, and once it is settled
 *     prompt.md …         what every attempt has
 *     launch.json         written before the agent is started: enough to find it again after a crash
 *     outcome.json        how the try ended; absent while nobody knows
 *     final.md            the agent's last message, and
 *     answer.json         the answer that was made of it
 *
 * Until it is settled the latter lie in its control directory, where the agent cannot write: they are believed.
 */
import path from 'node:path';
import { stringifyJson, isJsonObject, type Json } from '../model/json.ts';
import { makeDirectory, remove, replaceFile } from '../disk/disk.ts';
import { MESSAGE_LIMITS, readForeignJson } from '../disk/foreign-json.ts';
import type { RunPaths } from './layout.ts';
import { namesIn } from '../disk/names-in.ts';
import { statsOf } from '../disk/stats-of.ts';

/** Why an assistant has not answered. */
export interface AssistantProblem {
  reason: string;
  /** ISO 8601. */
  at: string;
  /** null where it failed before any try began. */
  attempt: number | null;
  /** Failures in a row. */
  failures: number;
}

export interface AssistantOutcome {
  outcome: 'answered' | 'failed' | 'stopped';
  reason: string | null;
  finished_at: string;
}

export interface AssistantAttempt {
  /** From 1. */
  number: number;
  attemptDir: string;
  controlDir: string;
  /** What `launch.json` holds; null where no agent can have been started. */
  launch: Json;
  settled: boolean;
}

/** Why the question is still open although an assistant tried; null where none failed. */
export function assistantProblem(paths: RunPaths, interruptId: string): AssistantProblem | null {
  const value = readJson(problemFile(paths, interruptId));
  if (!isJsonObject(value) || typeof value['reason'] !== 'string') return null;
  const { reason, at, attempt, failures } = value;
  return {
    reason,
    at: typeof at === 'string' ? at : '',
    attempt: typeof attempt === 'number' ? attempt : null,
    failures: typeof failures === 'number' ? failures : 1,
  };
}

export function writeAssistantProblem(
  paths: RunPaths,
  interruptId: string,
  problem: Omit<AssistantProblem, 'failures'>,
): void {
  const failures = (assistantProblem(paths, interruptId)?.failures ?? 0) + 1;
  makeDirectory(paths.assistantDir(interruptId));
  replaceFile(problemFile(paths, interruptId), json({ ...problem, failures }));
}

export function clearAssistantProblem(paths: RunPaths, interruptId: string): void {
  remove(problemFile(paths, interruptId));
}

/** The latest try; null before the first. `runFormat`: in a run of version 1 an earlier program may have begun it. */
export function latestAssistantAttempt(
  paths: RunPaths,
  interruptId: string,
  runFormat: number,
): AssistantAttempt | null {
  const numbers = namesIn(paths.assistantDir(interruptId))
    .filter((name) => /^\d{4,}$/.test(name))
    .map(Number);
  if (numbers.length === 0) return null;
  const number = Math.max(...numbers);
  const attemptDir = paths.assistantAttemptDir(interruptId, number);
  const controlDir = paths.controlDir(interruptId, number);
  const isPutAway = statsOf(controlDir) === null;
  const kept = isPutAway ? attemptDir : controlDir;
  const isEarlier = isPutAway && runFormat === 1 && !hasOutcome(attemptDir);
  return {
    number,
    attemptDir,
    controlDir,
    launch: isPutAway && !isEarlier ? null : readJson(path.join(kept, 'launch.json')),
    settled: isPutAway ? !isEarlier : isSettledTry({ attemptDir, controlDir }),
  };
}

/**
 * Whether a try has its outcome, of which the control directory stands. A crash may have come while it was put away: an
 * outcome that has moved follows a launch that has. While the launch is in control, what lies beside the agent is the
 * agent's.
 */
export function isSettledTry({
  attemptDir,
  controlDir,
}: Pick<AssistantAttempt, 'attemptDir' | 'controlDir'>): boolean {
  if (hasOutcome(controlDir)) return true;
  return readJson(path.join(controlDir, 'launch.json')) === null && hasOutcome(attemptDir);
}

function hasOutcome(directory: string): boolean {
  return readJson(path.join(directory, 'outcome.json')) !== null;
}

/** On disk, flushed, before the agent is started. */
export function writeAssistantLaunch(controlDir: string, launch: unknown): void {
  replaceFile(path.join(controlDir, 'launch.json'), json(launch), { durable: true });
}

export function writeAssistantOutcome(controlDir: string, outcome: AssistantOutcome): void {
  replaceFile(path.join(controlDir, 'outcome.json'), json(outcome));
}

function problemFile(paths: RunPaths, interruptId: string): string {
  return path.join(paths.assistantDir(interruptId), 'problem.json');
}

/** null where there is nothing to be read. */
function readJson(file: string): Json {
  const read = readForeignJson(file, MESSAGE_LIMITS);
  return read.ok ? read.value : null;
}

function json(value: unknown): string {
  return `${stringifyJson(value, 2)}\n`;
}
