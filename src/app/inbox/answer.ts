/**
 * Answers a question: checks the answer, drops it into the run's inbox, and sees that it becomes true.
 * For the command line, the page and the assistants alike. The first answer stands.
 */
import { lstatSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { refuseClosed } from '../../core/requests/reply.ts';
import { decide } from '../../core/requests/decide.ts';
import type { RunState } from '../../core/state/run-state.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import type { Interrupt, Reply } from '../../model/run.ts';
import { renameFile } from '../../disk/disk.ts';
import { viewRun } from '../../store/directory/view.ts';
import { dropReply } from '../../store/inbox/drop.ts';
import type { RunPaths } from '../../store/layout.ts';
import type { LockHolder } from '../../store/lock/numbered-lock.ts';
import type { RunView, RunWriter } from '../../store/run-store.ts';
import { receiveIfFree } from '../../engine/as-writer.ts';
import { Intake } from '../../engine/intake.ts';
import { checkReply, replyOf, type Answer, type ReplyProblem } from '../../engine/reply.ts';
import { runStore } from '../../engine/session.ts';
import type { World } from '../world.ts';
import type { FoundInterrupt } from './find.ts';
import { entryOf, inboxLine, noInterrupt, readInbox, type InterruptEntry } from './list.ts';
import { beginning } from '../../text/width.ts';

export type { Answer };

export interface AnsweredInterrupt {
  entry: InterruptEntry;
  /** False where only an engine that has not done so yet can receive the answer; the file lies there. */
  recorded: boolean;
  /** Who drives the run now. */
  holder: LockHolder | null;
  /** Blocking questions of the same instance (or of the run, where that asked) that are still open. */
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
 * Returns when the answer is in the log, or left for an engine that did not take it in time. The log is read
 * once: by the run's writer, which this is where nobody else is, or beside the engine that holds the run.
 *
 * @throws Refusal `already-answered`, `human-answers`, `human-not-allowed`, a `ReplyProblem`'s code, and as
 * `readInbox` and `dropReply`
 */
export async function answerInterrupt(
  world: World,
  found: FoundInterrupt,
  answer: Answer,
  options: AnswerOptions,
): Promise<AnsweredInterrupt> {
  const { paths } = found;
  const store = runStore(world, paths.authoredDir);
  const attempt = store.write(paths.runId, options.command);
  if (!attempt.ok) {
    const answered = await answerBeside(world, found, answer, options);
    return { ...answered, holder: store.holder(paths.runId) };
  }
  try {
    return { ...(await answerAsWriter(attempt.writer, found, answer)), holder: null };
  } finally {
    attempt.writer.close();
  }
}

type Answered = Omit<AnsweredInterrupt, 'holder'>;

/** Takes in what lies in the inbox first: an answer there was earlier. */
async function answerAsWriter(
  writer: RunWriter,
  { paths, interruptId }: FoundInterrupt,
  answer: Answer,
): Promise<Answered> {
  const { state } = writer;
  const { events, refused } = await new Intake(writer).receive();
  writer.commit(events);
  const before = state.interrupts.get(interruptId);
  if (!before)
    throw noInterrupt(
      paths,
      interruptId,
      refused.map((each) => inboxLine(paths, each)),
    );
  if (before.reply) throw alreadyAnswered(before.interrupt, before.reply);
  const reply = replyOf(before.interrupt, answer, writer.now());
  await refuseBadReply(paths, before.interrupt, reply);
  const decided = decide(state, { command: 'reply', reply }, writer.now());
  if (!decided.ok) throw notResolved(interruptId, decided);
  // The file is the record of the answer, and lies there before the log tells of it.
  const setAside = await drop(paths, reply, before.interrupt, async () =>
    lyingReply(writer, before.interrupt),
  );
  writer.commit(decided.events);
  const { interrupt } = state.interrupts.get(interruptId) ?? before;
  return {
    entry: entryFor({ ...interrupt }, reply),
    recorded: true,
    stillOpen: stillOpenIn(state, interrupt),
    setAside,
  };
}

async function answerBeside(
  world: World,
  { paths, interruptId }: FoundInterrupt,
  answer: Answer,
  options: AnswerOptions,
): Promise<Answered> {
  const view = viewRun(paths);
  const inbox = await readInbox(paths, { view, at: world.clock.now() });
  const { interrupt } = entryOf(inbox, paths, interruptId);
  const standing = inbox.preview.interrupts.get(interruptId)?.reply;
  if (standing) throw alreadyAnswered(interrupt, standing);
  const reply = replyOf(interrupt, answer, world.clock.now());
  await refuseBadReply(paths, interrupt, reply);
  const decided = decide(inbox.preview, { command: 'reply', reply }, inbox.preview.updatedAt);
  if (!decided.ok) throw notResolved(interruptId, decided);
  // What lay there when we looked was no reply; it may have become one meanwhile.
  const setAside = await drop(paths, reply, interrupt, async () => {
    const { preview } = await readInbox(paths, { at: world.clock.now() });
    return preview.interrupts.get(interruptId)?.reply ?? null;
  });
  const seen = await untilRecorded(world, paths, view, reply, options);
  if (seen && !isSame(seen.reply, reply)) throw alreadyAnswered(interrupt, seen.reply);
  return {
    entry: entryFor({ ...interrupt, ...seen?.change }, seen?.reply ?? reply),
    recorded: seen !== null,
    stillOpen: stillOpenIn(inbox.preview, interrupt),
    setAside,
  };
}

/** A reply that lies in the inbox and fits; what was refused before, and has not changed, is none. */
function lyingReply({ inbox }: RunWriter, interrupt: Interrupt): Reply | null {
  const id = interrupt.interrupt_id;
  const { replies } = inbox.scan({ interrupts: new Map([[id, { interrupt, reply: null }]]) });
  return replies.find(({ value }) => value.interrupt_id === id)?.value ?? null;
}

async function refuseBadReply(paths: RunPaths, interrupt: Interrupt, reply: Reply): Promise<void> {
  const problem = await checkReply(paths, interrupt, reply);
  if (problem !== null) throw refusalOf(interrupt.interrupt_id, problem);
}

function notResolved(
  interruptId: string,
  { code, reason }: { code: string; reason: string },
): Refusal {
  return new Refusal(code, `interrupt ${interruptId}: ${reason}`);
}

function entryFor(interrupt: Interrupt, reply: Reply): InterruptEntry {
  const { run_id, instance_id, task_id } = interrupt;
  return { run_id, instance_id, task_id, interrupt, reply };
}

/** Other blocking questions of the same instance, or of the run. */
function stillOpenIn(state: RunState, { interrupt_id, instance_id }: Interrupt): string[] {
  const blocking =
    instance_id === null
      ? [...state.runQuestions]
      : (state.instances.get(instance_id)?.blocking_interrupts ?? []);
  return blocking.filter((id) => id !== interrupt_id);
}

/** @throws Refusal `already-answered` where an answer stands, `interrupt-closed` where none is wanted any more */
export async function refuseIfAnswered(
  world: World,
  found: FoundInterrupt,
): Promise<InterruptEntry> {
  const inbox = await readInbox(found.paths, { at: world.clock.now() });
  const entry = entryOf(inbox, found.paths, found.interruptId);
  const record = inbox.preview.interrupts.get(found.interruptId);
  if (record?.reply) throw alreadyAnswered(entry.interrupt, record.reply);
  const closed = refuseClosed(inbox.preview, found.interruptId);
  if (closed?.ok === false) throw notResolved(found.interruptId, closed);
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

/**
 * Returns where a refused file of the same name was moved to, which must not be lost. `standing`: looks whether
 * what lies there is an answer after all.
 */
async function drop(
  paths: RunPaths,
  reply: Reply,
  interrupt: Interrupt,
  standing: () => Promise<Reply | null>,
): Promise<string | null> {
  if (dropReply(paths, reply)) return null;
  const file = paths.replyFile(reply.interrupt_id);
  const seen = lstatSync(file, { throwIfNoEntry: false })?.ino;
  const other = await standing();
  if (other) throw alreadyAnswered(interrupt, other);
  const setAside = moveAside(file, seen);
  if (dropReply(paths, reply)) return setAside && path.relative(paths.root, setAside);
  throw new Refusal(
    'already-answered',
    `interrupt ${reply.interrupt_id} is being answered by someone else at this moment`,
    { hint: `codex-orch inbox show ${reply.interrupt_id}` },
  );
}

/** Where it is then; null where that file is gone, or another one has come to its place, which stays. */
function moveAside(file: string, seen: number | undefined): string | null {
  const setAside = freeName(`${file}.refused`);
  try {
    renameFile(file, setAside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  if (lstatSync(setAside, { throwIfNoEntry: false })?.ino === seen) return setAside;
  renameFile(setAside, file);
  return null;
}

function freeName(name: string): string {
  for (let number = 1; ; number += 1) {
    const candidate = number === 1 ? name : `${name}-${number}`;
    if (!lstatSync(candidate, { throwIfNoEntry: false })) return candidate;
  }
}

/** The answer to the question that the log has, by the engine that holds the run or by us; null: none in time. */
async function untilRecorded(
  world: World,
  paths: RunPaths,
  view: RunView,
  { interrupt_id: id }: Reply,
  { command, waitMs = WAIT_MS }: AnswerOptions,
): Promise<{ reply: Reply; change: Partial<Interrupt> } | null> {
  const sinceMs = world.clock.elapsedMs();
  let refusal: string | null = null;
  for (;;) {
    let seen: { reply: Reply; change: Partial<Interrupt> } | null = null;
    for (const event of view.read()) {
      const { event_type: type, created_at: at } = event;
      if (type === 'interrupt_resolved' && event.payload.interrupt_id === id) {
        seen = { reply: event.payload.reply, change: { status: 'resolved', resolved_at: at } };
      }
      if (type === 'interrupt_applied' && event.payload.interrupt_id === id && seen) {
        Object.assign(seen.change, { status: 'applied', applied_at: at });
      }
    }
    if (seen) return seen;
    if (refusal !== null) throw new Refusal('reply-refused', refusal);
    const result = await receiveIfFree(world, paths, command);
    if (result.received) {
      const mine = result.refused.find(({ interruptId }) => interruptId === id);
      refusal = `interrupt ${id}: ${mine?.reason ?? 'the reply is not in the inbox any more'}`;
      continue;
    }
    const isLate = world.clock.elapsedMs() - sinceMs >= waitMs;
    if (result.reason === 'not-writable' || isLate) return null;
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
  const text = beginning(standing.text, 200);
  return new Refusal(
    'already-answered',
    `interrupt ${interrupt.interrupt_id} was ${what} on ${since}, and that stands: ${JSON.stringify(text)}`,
    { hint: `codex-orch inbox show ${interrupt.interrupt_id}`, exit: ExitStatus.usage },
  );
}
