/** The questions of a program's runs, their answers, and what lies in an inbox untaken. Only reads. */
import path from 'node:path';
import { parseJson, stringifyJson } from '../../model/json.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import type { Interrupt, InterruptRecord, Reply } from '../../model/run.ts';
import { withoutForgedWords } from '../../core/state/hand-off.ts';
import type { RunState } from '../../core/state/run-state.ts';
import { assistantProblem } from '../../store/assistant-records.ts';
import type { RunPaths } from '../../store/layout.ts';
import { viewRun } from '../../store/directory/view.ts';
import { directoryInbox } from '../../store/inbox/directory.ts';
import type { InboxProblem } from '../../store/inbox/scanner.ts';
import type { RunView } from '../../store/run-store.ts';
import { Intake } from '../../engine/intake.ts';
import { isFile } from '../../disk/stats-of.ts';
import { findInterrupt, mayAsk, runsOf } from './find.ts';

export interface InterruptEntry {
  run_id: string;
  /** null: the run itself asks. */
  instance_id: string | null;
  task_id: string | null;
  interrupt: Interrupt;
  reply: Reply | null;
  /** What lies in the inbox for it and is not, or cannot be, taken in; absent where there is nothing. */
  problem?: string;
  /** Why the assistant that it went to has not answered; absent where none failed. */
  assistant_problem?: string;
}

export interface RunInbox {
  /** In the order in which they were asked. */
  entries: InterruptEntry[];
  /** Files that belong to no entry, each with its reason. */
  strays: string[];
  /** The run as it would be once all that can be taken in is. Not what the log says: look, don't store. */
  preview: RunState;
}

export interface InterruptFilter {
  audience?: 'assistant' | 'human' | undefined;
  unresolvedOnly?: boolean | undefined;
  /** An id, a unique beginning of one, or `latest`; all runs where it is absent. */
  run?: string | undefined;
}

/** Newest run first. A run that cannot be read is named in `strays`. @throws Refusal `run-…` */
export async function listInterrupts(
  programDir: string,
  filter: InterruptFilter = {},
): Promise<{ entries: InterruptEntry[]; strays: string[] }> {
  const entries: InterruptEntry[] = [];
  const strays: string[] = [];
  for (const paths of runsOf(programDir, filter.run)) {
    if (!mayAsk(paths)) continue;
    try {
      const inbox = await readInbox(paths);
      entries.push(...inbox.entries.filter((entry) => matches(entry, filter)));
      strays.push(...inbox.strays);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      strays.push(`run ${paths.runId}: ${error.message}`);
    }
  }
  return { entries, strays };
}

/** One question. `id`: as `findInterrupt`. */
export async function showInterrupt(
  programDir: string,
  id: string,
  run?: string,
): Promise<InterruptEntry> {
  const { paths, interruptId } = findInterrupt(programDir, id, run);
  return entryOf(await readInbox(paths), paths, interruptId);
}

/** @throws Refusal `interrupt-refused` for a question that lies in the inbox and cannot be taken in */
export function entryOf(inbox: RunInbox, paths: RunPaths, interruptId: string): InterruptEntry {
  const entry = inbox.entries.find(({ interrupt }) => interrupt.interrupt_id === interruptId);
  if (entry) return entry;
  throw noInterrupt(paths, interruptId, inbox.strays);
}

/** `strays`: what the inbox holds that is not taken in. */
export function noInterrupt(
  paths: RunPaths,
  interruptId: string,
  strays: readonly string[],
): Refusal {
  const file = inboxName(paths, paths.interruptFile(interruptId));
  const name = path.basename(file);
  const reason = strays.find((stray) => stray.includes(name)) ?? `${file} is not taken in`;
  const message = `interrupt ${interruptId} is none of the run's: ${reason}`;
  return new Refusal('interrupt-refused', message, { exit: ExitStatus.notFound });
}

/**
 * What the log knows, beside what lies in the inbox. The state of `view` becomes the preview.
 * `at`: ISO 8601, UTC: for who says when an answer was given that lies there; no later than that. Left out: the log's end.
 * @throws Refusal as `RunStore.view`
 */
export async function readInbox(
  paths: RunPaths,
  { view = viewRun(paths), at = '' }: { view?: RunView; at?: string } = {},
): Promise<RunInbox> {
  const preview = view.state;
  const now = (): string => (at > preview.updatedAt ? at : preview.updatedAt);
  const logged = new Map(
    [...preview.interrupts].map(
      ([id, record]) =>
        [id, parseJson(stringifyJson(record)) as unknown as InterruptRecord] as const,
    ),
  );
  const intake = new Intake({ paths, state: preview, inbox: directoryInbox(paths, now), now });
  const { refused } = await intake.receive();
  const problems = new Map<string, string>();
  const strays: string[] = [];
  for (const problem of refused) {
    const { kind, interruptId } = problem;
    const line = inboxLine(paths, problem);
    const known = interruptId !== null && preview.interrupts.has(interruptId);
    if (kind === 'reply' && known) problems.set(interruptId, line);
    else strays.push(line);
  }
  const entries: InterruptEntry[] = [];
  for (const [id, foreseen] of preview.interrupts) {
    const record = logged.get(id);
    if (record)
      entries.push({
        ...entry(record, problems.get(id) ?? answerThatLies(paths, record, foreseen)),
        ...failedAnswer(paths, record),
      });
    else if (isAsked(paths, preview, foreseen.interrupt)) {
      const { interrupt } = foreseen;
      const asked = { ...interrupt, status: 'open', resolved_at: null } as const;
      const problem =
        problems.get(id) ??
        answerThatLies(paths, { ...foreseen, reply: null }, foreseen) ??
        'asked, but not taken in yet';
      entries.push(entry({ ...foreseen, interrupt: asked, reply: null }, problem));
    }
  }
  const shown = entries.map((each) => {
    return { ...each, interrupt: withoutForgedWords(preview, each.interrupt) };
  });
  return { entries: shown, strays, preview };
}

/** Whether a question lies somewhere as a file; otherwise it would come of taking in another message. */
function isAsked(
  paths: RunPaths,
  { instances }: RunState,
  { interrupt_id: id, instance_id: instanceId }: Interrupt,
): boolean {
  if (instanceId === null) return isFile(paths.interruptFile(id));
  const attempt = instances.get(instanceId)?.attempt ?? 0;
  const dropped = path.join(paths.questionsDir(instanceId, attempt), `${id}.json`);
  return isFile(paths.interruptFile(id)) || isFile(dropped);
}

function matches({ interrupt }: InterruptEntry, filter: InterruptFilter): boolean {
  if (filter.audience !== undefined && interrupt.audience !== filter.audience) return false;
  return filter.unresolvedOnly !== true || interrupt.status === 'open';
}

function entry({ interrupt, reply }: InterruptRecord, problem: string | null): InterruptEntry {
  return {
    run_id: interrupt.run_id,
    instance_id: interrupt.instance_id,
    task_id: interrupt.task_id,
    interrupt,
    reply,
    ...(problem === null ? {} : { problem }),
  };
}

function failedAnswer(
  paths: RunPaths,
  { interrupt }: InterruptRecord,
): Pick<InterruptEntry, 'assistant_problem'> {
  if (interrupt.audience !== 'assistant' || interrupt.status !== 'open') return {};
  const problem = assistantProblem(paths, interrupt.interrupt_id);
  return problem === null ? {} : { assistant_problem: problem.reason };
}

/** A reply by file that fits, and that no engine has taken in. */
function answerThatLies(
  paths: RunPaths,
  before: InterruptRecord,
  foreseen: InterruptRecord,
): string | null {
  if (before.reply !== null || foreseen.reply === null) return null;
  const file = inboxName(paths, paths.replyFile(before.interrupt.interrupt_id));
  return `${file}: a reply that is taken in when the run is resumed`;
}

/** A file that is not taken in, with the reason. */
export function inboxLine(paths: RunPaths, { file, reason }: InboxProblem): string {
  return `${inboxName(paths, file)}: ${reason}`;
}

/** As a person finds it: relative to the run. */
function inboxName(paths: RunPaths, file: string): string {
  return path.relative(paths.root, file);
}
