/**
 * The inbox of a run: how everyone but the engine says something. They drop whole files, under names
 * that cannot collide; the engine (or, where none lives, a command that holds the run's lock) takes
 * them in and writes the event. A file that cannot be taken stays where it is, with its reason.
 *
 * inbox/interrupts/<id>.json and inbox/replies/<id>.json stay for ever. The first doubles as the
 * readable record of the interrupt: the engine rewrites it as its status changes; the log has the
 * truth. inbox/commands/<time>-<pid>-<random>.json goes when the command is done.
 *
 * An agent's sandbox may write here: what lies here is judged, and nothing follows links out.
 */
import { randomBytes } from 'node:crypto';
import { lstatSync } from 'node:fs';
import path from 'node:path';
import type { Interrupt, Reply, InstanceInterrupt } from '../../model/run.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import { createFile, jsonFile, makeDirectory, remove, replaceFile } from '../../disk/disk.ts';
import type { InboxCommand } from './records.ts';
import type { RunPaths } from '../layout.ts';
import { isForbidden, writeRefusal } from '../write-refusal.ts';

/**
 * Puts a new question into the inbox. Returns false if its id is taken: draw another.
 * @throws Refusal `inbox-missing`, `inbox-not-writable`, `disk-full`, `write-failed`
 */
export function dropInterrupt(paths: RunPaths, interrupt: Interrupt): boolean {
  return drop(paths.inboxInterrupts, `${interrupt.interrupt_id}.json`, interrupt);
}

/**
 * Leaves a worker's question in the directory for those of its attempt. Returns the file; null if its id is taken there.
 * @throws Refusal as `dropInterrupt`
 */
export function dropQuestion(directory: string, interrupt: InstanceInterrupt): string | null {
  const file = path.join(directory, `${interrupt.interrupt_id}.json`);
  try {
    // Made with the first question: most workers ask none.
    if (!lstatSync(directory, { throwIfNoEntry: false })) makeDirectory(directory);
  } catch (error) {
    throw writeRefusal(directory, error);
  }
  return drop(directory, path.basename(file), interrupt) ? file : null;
}

/**
 * Puts an answer into the inbox. Returns false if one lies there already; the first stands.
 * @throws Refusal as `dropInterrupt`
 */
export function dropReply(paths: RunPaths, reply: Reply): boolean {
  return drop(paths.inboxReplies, `${reply.interrupt_id}.json`, reply);
}

/**
 * Leaves a request for the engine that drives the run. Returns the file; it vanishes when the engine
 * has taken the request. `now`: ISO 8601, UTC.
 * @throws Refusal as `dropInterrupt`
 */
export function dropCommand(paths: RunPaths, command: InboxCommand, now: string): string {
  for (;;) {
    const name = `${Date.parse(now)}-${process.pid}-${randomBytes(4).toString('hex')}.json`;
    const created = drop(paths.inboxCommands, name, { ...command, created_at: now });
    if (created) return path.join(paths.inboxCommands, name);
  }
}

/** Removes the file of a command whose effect is in the log. */
export function removeCommand(file: string): void {
  remove(file);
}

/**
 * Writes an interrupt as it stands now, over the file that asked it, or anew. For the engine only.
 * @throws Refusal `inbox-missing` if something else stands in the directory's place
 */
export function writeInterruptRecord(paths: RunPaths, interrupt: Interrupt): void {
  if (!lstatSync(paths.inboxInterrupts, { throwIfNoEntry: false })) {
    makeDirectory(paths.inboxInterrupts);
  }
  requireDirectory(paths.inboxInterrupts);
  replaceFile(paths.interruptFile(interrupt.interrupt_id), jsonFile(interrupt));
}

function drop(directory: string, name: string, value: unknown): boolean {
  requireDirectory(directory);
  const file = path.join(directory, name);
  try {
    return createFile(file, jsonFile(value), { durable: true });
  } catch (error) {
    if (!isForbidden(error)) throw writeRefusal(file, error);
    throw new Refusal('inbox-not-writable', `Cannot write to ${directory}.`, {
      hint: 'A worker needs write access to the inbox of its run.',
      exit: ExitStatus.failed,
    });
  }
}

/** A link in its place would lead writes elsewhere. */
function requireDirectory(directory: string): void {
  if (lstatSync(directory, { throwIfNoEntry: false })?.isDirectory()) return;
  throw new Refusal('inbox-missing', `${directory} is not a directory.`, {
    hint: 'Is the run complete? See: codex-orch run list',
    exit: ExitStatus.notFound,
  });
}
