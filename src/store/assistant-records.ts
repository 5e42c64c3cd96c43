/**
 * What answering by an assistant leaves beside the run's log, in `assistants/<interrupt-id>/`:
 *
 *   problem.json          why the latest try failed; gone once the question is answered
 *   claim/                who is answering now (numbered files, as in the run's lock)
 *   0001/                 a try: prompt.md, output-schema.json, context/, what its agent leaves, and
 *     launch.json         written before the agent is started: enough to find it again after a crash
 *     outcome.json        how the try ended; absent while nobody knows
 *     final.md            the agent's last message, and
 *     answer.json         the answer that was made of it
 */
import path from 'node:path';
import { stringifyJson, isJsonObject, type Json } from '../model/json.ts';
import { makeDirectory, remove, replaceFile } from '../disk/disk.ts';
import { MESSAGE_LIMITS, readForeignJson } from '../disk/foreign-json.ts';
import type { RunPaths } from './layout.ts';
import { namesIn } from '../disk/names-in.ts';

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
  dir: string;
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

/** The latest try; null before the first. */
export function latestAssistantAttempt(
  paths: RunPaths,
  interruptId: string,
): AssistantAttempt | null {
  const numbers = namesIn(paths.assistantDir(interruptId))
    .filter((name) => /^\d{4,}$/.test(name))
    .map(Number);
  if (numbers.length === 0) return null;
  const number = Math.max(...numbers);
  const dir = paths.assistantAttemptDir(interruptId, number);
  return {
    number,
    dir,
    launch: readJson(path.join(dir, 'launch.json')),
    settled: readJson(path.join(dir, 'outcome.json')) !== null,
  };
}

/** On disk, flushed, before the agent is started. */
export function writeAssistantLaunch(dir: string, launch: unknown): void {
  replaceFile(path.join(dir, 'launch.json'), json(launch), { durable: true });
}

export function writeAssistantOutcome(dir: string, outcome: AssistantOutcome): void {
  replaceFile(path.join(dir, 'outcome.json'), json(outcome));
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
