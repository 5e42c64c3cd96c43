/**
 * Answers a question: checks the answer, drops it into the run's inbox, and sees that it becomes true.
 * For the command line, the page and the assistants alike. The first answer stands.
 */
import { lstatSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { decide } from '../../core/requests/decide.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import type { Interrupt, Reply } from '../../model/run.ts';
import { renameFile } from '../../disk/disk.ts';
import { LOG_START, scanLog } from '../../store/log/reader.ts';
import type { LogPosition } from '../../store/log/chain.ts';
import { dropReply } from '../../store/inbox/drop.ts';
import type { RunPaths } from '../../store/layout.ts';
import { currentHolder, type LockHolder } from '../../store/lock/run-lock.ts';
import { loadRun } from '../../store/run-store.ts';
import { checkReply, replyOf, type Answer, type ReplyProblem } from '../../engine/reply.ts';
import type { FoundInterrupt } from './find.ts';
import { entryOf, readInbox, type InterruptEntry } from './list.ts';
import type { World } from '../world.ts';
import { receiveIfFree } from '../../engine/as-writer.ts';

export type { Answer };

export interface AnsweredInterrupt {
  entry: InterruptEntry;
  /** False where only an engine that has not done so yet can receive the answer; the file lies there. */
  recorded: boolean;
  /** Who drives the run now. */
  holder: LockHolder | null;
  /** Blocking questions of the same instance that are still open. */
  stillOpen: string[];
  /** Where a reply file that was refused has been moved to; null where none lay there. */
  setAside: string | null;
}

export interface AnswerOptions {
  /** Shown to others who want the run meanwhile. */
  command: string;
  /** How long to wait for the engine that holds the run. */
  waitMs?: number;
}

const WAIT_MS = 15_000;
const POLL_MS = 50;

/**
 * Returns when the answer is in the log, or left for an engine that did not take it in time.
 *
 * @throws Refusal `already-answered`, `human-answers`, `human-not-allowed`, a `ReplyProblem`'s code, and as
 * `readInbox` and `dropReply`
 */
export async function answerInterrupt(
  world: World,
  { paths, interruptId }: FoundInterrupt,
  answer: Answer,
  options: AnswerOptions,
): Promise<AnsweredInterrupt> {
  const inbox = await readInbox(paths);
  const { interrupt } = entryOf(inbox, paths, interruptId);
  const standing = inbox.preview.interrupts.get(interruptId)?.reply;
  if (standing) throw alreadyAnswered(interrupt, standing);
  const reply = replyOf(interrupt, answer, world.clock.now());
  const problem = await checkReply(paths, interrupt, reply);
  if (problem !== null) throw refusalOf(interruptId, problem);
  const request = { command: 'reply', reply } as const;
  const decision = decide(inbox.preview, request, inbox.preview.updatedAt);
  if (!decision.ok) {
    throw new Refusal(decision.code, `interrupt ${interruptId}: ${decision.reason}`);
  }
  const setAside = await drop(paths, reply);
  const recorded = await untilRecorded(world, paths, reply, options);
  const state = loadRun(paths);
  const record = state.interrupts.get(interruptId);
  if (record?.reply && !isSame(record.reply, reply)) throw alreadyAnswered(interrupt, record.reply);
  const stillOpen = state.instances.get(interrupt.instance_id)?.blocking_interrupts ?? [];
  const { run_id, instance_id, task_id } = interrupt;
  return {
    entry: {
      run_id,
      instance_id,
      task_id,
      interrupt: record?.interrupt ?? interrupt,
      reply: record?.reply ?? reply,
    },
    recorded,
    holder: currentHolder(paths),
    stillOpen: stillOpen.filter((id) => id !== interruptId),
    setAside,
  };
}

/** @throws Refusal `already-answered` where an answer stands */
export async function refuseIfAnswered(found: FoundInterrupt): Promise<InterruptEntry> {
  const inbox = await readInbox(found.paths);
  const entry = entryOf(inbox, found.paths, found.interruptId);
  const standing = inbox.preview.interrupts.get(found.interruptId)?.reply;
  if (standing) throw alreadyAnswered(entry.interrupt, standing);
  return entry;
}

function refusalOf(interruptId: string, { code, message }: ReplyProblem): Refusal {
  if (code === 'text-missing') {
    return new Refusal(code, message, { hint: 'say it with --text TEXT or --text-file FILE' });
  }
  const hint = 'nothing was sent; give a payload that fits with --payload-json or --payload-file';
  return new Refusal(
    code,
    `interrupt ${interruptId}: ${message}`,
    code === 'payload-invalid' ? { hint } : {},
  );
}

/** Returns where a refused file of the same name was moved to, which must not be lost. */
async function drop(paths: RunPaths, reply: Reply): Promise<string | null> {
  if (dropReply(paths, reply)) return null;
  // What lay there when we looked was no reply; it may have become one meanwhile.
  const { preview } = await readInbox(paths);
  const record = preview.interrupts.get(reply.interrupt_id);
  if (record?.reply) throw alreadyAnswered(record.interrupt, record.reply);
  const file = paths.replyFile(reply.interrupt_id);
  const setAside = freeName(`${file}.refused`);
  renameFile(file, setAside);
  if (dropReply(paths, reply)) return path.relative(paths.root, setAside);
  throw new Refusal(
    'already-answered',
    `interrupt ${reply.interrupt_id} is being answered by someone else at this moment`,
    { hint: `codex-orch inbox show ${reply.interrupt_id}` },
  );
}

function freeName(name: string): string {
  for (let number = 1; ; number += 1) {
    const candidate = number === 1 ? name : `${name}-${number}`;
    if (!lstatSync(candidate, { throwIfNoEntry: false })) return candidate;
  }
}

/** True once the log has it, by the engine that holds the run, or by us; false where that takes too long. */
async function untilRecorded(
  world: World,
  paths: RunPaths,
  reply: Reply,
  { command, waitMs = WAIT_MS }: AnswerOptions,
): Promise<boolean> {
  const sinceMs = world.clock.elapsedMs();
  let position: LogPosition = LOG_START;
  let resolved = false;
  let refusal: string | null = null;
  for (;;) {
    position = scanLog(
      paths.eventsLog,
      (event) => {
        if (event.event_type !== 'interrupt_resolved') return;
        if (event.payload.interrupt_id === reply.interrupt_id) resolved = true;
      },
      { after: position },
    );
    if (resolved) return true;
    if (refusal !== null) throw new Refusal('reply-refused', refusal);
    const result = await receiveIfFree(world, paths, command);
    if (result.received) {
      const mine = result.refused.find(({ interruptId }) => interruptId === reply.interrupt_id);
      refusal = `interrupt ${reply.interrupt_id}: ${mine?.reason ?? 'the reply is not in the inbox any more'}`;
      continue;
    }
    const isLate = world.clock.elapsedMs() - sinceMs >= waitMs;
    if (result.reason === 'not-writable' || isLate) return false;
    await delay(POLL_MS);
  }
}

function isSame(a: Reply, b: Reply): boolean {
  return a.text === b.text && a.created_at === b.created_at;
}

function alreadyAnswered(interrupt: Interrupt, standing: Reply): Refusal {
  const who =
    interrupt.audience === 'human' ? 'a human' : `role ${interrupt.resolved_target_role_id}`;
  const since = interrupt.resolved_at ?? standing.created_at;
  const what =
    standing.reply_kind === 'handoff_to_human' ? 'handed over to a human' : `answered by ${who}`;
  const text = standing.text.length > 200 ? `${standing.text.slice(0, 199)}…` : standing.text;
  return new Refusal(
    'already-answered',
    `interrupt ${interrupt.interrupt_id} was ${what} on ${since}, and that stands: ${JSON.stringify(text)}`,
    { hint: `codex-orch inbox show ${interrupt.interrupt_id}`, exit: ExitStatus.usage },
  );
}
