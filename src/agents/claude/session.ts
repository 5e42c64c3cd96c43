/**
 * Sessions of Claude Code. It has no lock of its own: of two processes that go on with one session, the work of one is
 * lost without a word. So an attempt holds a lock for as long as its process lives, and does not start beside
 * another process that says of itself, in the home of Claude Code, that it has the session open.
 */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { findExecutable } from '../../disk/executable.ts';
import { MESSAGE_LIMITS, readForeignJson } from '../../disk/foreign-json.ts';
import { namesIn } from '../../disk/names-in.ts';
import { isFile } from '../../disk/stats-of.ts';
import { isJsonObject } from '../../model/json.ts';
import type { AttemptOrder } from '../../model/attempt.ts';
import { Refusal } from '../../model/refusal.ts';
import { identityOf } from '../../processes/identity.ts';
import type { Environment } from '../backend.ts';
import { claudeHome } from './cli.ts';

/** The exit status of an attempt that found its session locked. None of Claude Code's own, nor of a shell's. */
export const LOCKED_STATUS = 74;

/** The session that a first attempt begins: the same each time that it is asked for. */
export function newSession({ controlDir, startedAt, generation }: AttemptOrder): string {
  const seed = `${controlDir}\n${startedAt}\n${generation}`;
  const hex = createHash('sha256').update(seed).digest('hex');
  // Version 8 (RFC 9562, section 5.8): of our own making.
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
  ];
  return [...parts, hex.slice(20, 32)].join('-');
}

/** Where the locks of sessions lie. */
export function locksDirectory(env: Environment): string {
  return path.join(claudeHome(env), 'codex-orch-locks');
}

/**
 * What stands before the command of an attempt so that the session is its own: flock(1), which becomes the command and
 * leaves the lock to it. Empty where the machine has none (macOS): then only `assertUnused` keeps others off.
 */
export function lockWords(session: string, env: Environment): string[] {
  const flock = findExecutable('flock', env['PATH'] ?? '');
  if (flock === null || process.platform !== 'linux') return [];
  const file = path.join(locksDirectory(env), `${session}.lock`);
  return [flock, '--no-fork', '--nonblock', '--conflict-exit-code', `${LOCKED_STATUS}`, file];
}

/** @throws Refusal `session-in-use` where a living process says that it has the session open */
export function assertUnused(session: string, env: Environment): void {
  const directory = path.join(claudeHome(env), 'sessions');
  for (const name of namesIn(directory)) {
    const pid = Number(/^(\d+)\.json$/.exec(name)?.[1] ?? Number.NaN);
    if (!Number.isSafeInteger(pid)) continue;
    const read = readForeignJson(path.join(directory, name), MESSAGE_LIMITS);
    if (!read.ok || !isJsonObject(read.value) || read.value['sessionId'] !== session) continue;
    const process = identityOf(pid);
    const start = read.value['procStart'];
    if (process === null || (typeof start === 'string' && start !== process.startTime)) continue;
    throw new Refusal('session-in-use', `The session ${session} is open in process ${pid}.`, {
      hint: 'Close it there; then resume the run.',
    });
  }
}

/** Below it, in folders named after directories; one is found in whichever of them. */
export function claudeSessions(env: Environment): string {
  return path.join(claudeHome(env), 'projects');
}

/** The file in which it keeps a session; null where it keeps none of that name. */
export function claudeSessionFile(session: string, env: Environment): string | null {
  const projects = claudeSessions(env);
  const files = namesIn(projects).map((name) => path.join(projects, name, `${session}.jsonl`));
  return files.find(isFile) ?? null;
}
