/** One question as a person who answers it needs it: context, schema, what the worker would be told. */
import path from 'node:path';
import type { Json } from '../../model/json.ts';
import type { TaskSpec } from '../../model/program.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import type { Instance, Interrupt, Reply } from '../../model/run.ts';
import type { RunState } from '../../core/state/run-state.ts';
import { decide } from '../../core/requests/decide.ts';
import type { SchemaProblem } from '../../schema/json-schema.ts';
import { replySections } from '../../attempt/brief/reply-sections.ts';
import { runPaths, type RunPaths } from '../../store/layout.ts';
import { checkReply, replyOf, type Answer } from '../../engine/reply.ts';
import type { World } from '../world.ts';
import { lastAnswered, lastAsked } from './last-asked.ts';
import { checksBehind, type CheckedInstance } from './checks-behind.ts';
import { entryOf, readInbox } from './list.ts';
import { payloadFormOf } from './payload-form.ts';
import { findFile, type Render, type ServedFile } from '../run/served-file.ts';

export interface QuestionDetails {
  state: RunState;
  interrupt: Interrupt;
  reply: Reply | null;
  applied_in_attempt: number | null;
  /** null: the run itself asks. */
  instance: Instance | null;
  task: TaskSpec | null;
  handed_over: {
    interrupt_id: string | null;
    role_id: string | null;
    summary: string;
    rationale: string | null;
    citations: string[];
  } | null;
  context_artifacts: {
    path: string;
    size: number | null;
    content_type: string | null;
    render: Render;
    problem: string | null;
  }[];
  reply_schema: Json;
  reply_schema_problem: string | null;
  /** When the run asked a person before, and was answered, ISO 8601; null: never. */
  asked_before: string | null;
  /** When who asks had last been given a person's answer, ISO 8601; null: never, or the run itself asks. */
  answered_before: string | null;
  /** What checks came to, of who asks and of what it stands on: the nearest first, the latest attempt of each. */
  checks: CheckedInstance[];
  /** What lies in the inbox for it and is not, or cannot be, taken in. */
  refused_reply: { file: string; reason: string } | null;
  also_open: string[];
}

/** `runId` and `interruptId`: whole. @throws Refusal `interrupt-not-found`, exit status 4 */
export async function inspectQuestion(
  programDir: string,
  runId: string,
  interruptId: string,
): Promise<QuestionDetails> {
  const { paths, state, interrupt, reply, problem } = await find(programDir, runId, interruptId);
  const instance = state.instances.get(interrupt.instance_id ?? '') ?? null;
  const task = state.plan.tasks[interrupt.task_id ?? ''] ?? null;
  const form = await payloadFormOf(paths, interrupt);
  return {
    state,
    interrupt,
    reply,
    applied_in_attempt: state.interrupts.get(interruptId)?.appliedInAttempt ?? null,
    instance,
    task,
    handed_over: handedOver(interrupt),
    context_artifacts: interrupt.context_artifacts.map((file) => describe(programDir, file)),
    reply_schema: form.schema,
    reply_schema_problem: form.problem?.message ?? null,
    asked_before: lastAsked(state, interruptId),
    answered_before:
      instance === null ? null : lastAnswered(state, instance.instance_id, interruptId),
    checks: instance === null ? [] : checksBehind(state, instance),
    refused_reply: problem === null ? null : splitProblem(problem),
    also_open: (instance?.blocking_interrupts ?? [...state.runQuestions]).filter(
      (id) => id !== interruptId,
    ),
  };
}

/** A file that the question names. @throws Refusal `file-not-found`, `path-refused` */
export async function contextArtifact(
  programDir: string,
  runId: string,
  interruptId: string,
  relative: string,
): Promise<ServedFile> {
  const { interrupt } = await find(programDir, runId, interruptId);
  if (interrupt.context_artifacts.includes(relative)) return findFile(programDir, relative);
  throw new Refusal('file-not-found', `${interruptId} names no artifact "${relative}"`, {
    exit: ExitStatus.notFound,
  });
}

export interface AnswerPreview {
  ok: boolean;
  problem: string | null;
  problems: SchemaProblem[];
  /** Markdown. */
  delivered: string;
  reply: Reply;
}

/** What would become of an answer, by the functions that would take it. Writes nothing. */
export async function previewAnswer(
  world: World,
  programDir: string,
  runId: string,
  interruptId: string,
  answer: Answer,
): Promise<AnswerPreview> {
  const found = await find(programDir, runId, interruptId);
  const { paths, state, interrupt } = found;
  const reply = replyOf(interrupt, answer, world.clock.now());
  const delivered = replySections([
    { interrupt, reply, appliedInAttempt: null, closedBecause: null },
  ]);
  const no = (problem: string, problems: SchemaProblem[] = []): AnswerPreview => ({
    ok: false,
    problem,
    problems,
    delivered,
    reply,
  });
  const problem = await checkReply(paths, interrupt, reply);
  if (problem && problem.payload.length > 0) {
    return no(`the payload does not fit ${interrupt.reply_schema}`, problem.payload);
  }
  if (problem) return no(problem.message);
  // The state is ours alone: what the decision changes in it is thrown away.
  const decision = decide(state, { command: 'reply', reply }, state.updatedAt);
  if (!decision.ok) return no(decision.reason);
  return { ok: true, problem: null, problems: [], delivered, reply };
}

interface Found {
  paths: RunPaths;
  /** With all that lies in the inbox and can be taken in. */
  state: RunState;
  interrupt: Interrupt;
  reply: Reply | null;
  problem: string | null;
}

async function find(programDir: string, runId: string, interruptId: string): Promise<Found> {
  if (!/^int-[0-9a-f]{12}$/.test(interruptId)) throw notFound(runId, interruptId);
  const paths = runPaths(programDir, runId);
  const inbox = await readInbox(paths);
  const known = inbox.entries.some(({ interrupt }) => interrupt.interrupt_id === interruptId);
  if (!known && inbox.strays.length === 0) throw notFound(runId, interruptId);
  const { interrupt, reply, problem } = entryOf(inbox, paths, interruptId);
  return { paths, state: inbox.preview, interrupt, reply, problem: problem ?? null };
}

function handedOver({ metadata }: Interrupt): QuestionDetails['handed_over'] {
  const summary = metadata['assistant_summary'];
  if (typeof summary !== 'string') return null;
  const citations = metadata['assistant_citations'];
  return {
    interrupt_id: textOf(metadata['assistant_interrupt_id']),
    role_id: textOf(metadata['assistant_role_id']),
    summary,
    rationale: textOf(metadata['assistant_rationale']),
    citations: Array.isArray(citations)
      ? citations.filter((each): each is string => typeof each === 'string')
      : [],
  };
}

function describe(programDir: string, file: string): QuestionDetails['context_artifacts'][number] {
  try {
    const { size, contentType, render } = findFile(programDir, file);
    return { path: file, size, content_type: contentType, render, problem: null };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { path: file, size: null, content_type: null, render: 'none', problem: error.message };
  }
}

/** `inbox/replies/int-….json: it is not JSON` */
function splitProblem(problem: string): { file: string; reason: string } {
  const at = problem.indexOf(': ');
  const isFile = at > 0 && problem.startsWith(`inbox${path.sep}`);
  return isFile
    ? { file: problem.slice(0, at), reason: problem.slice(at + 2) }
    : { file: '', reason: problem };
}

function textOf(value: Json | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function notFound(runId: string, interruptId: string): Refusal {
  return new Refusal('interrupt-not-found', `run ${runId} has no interrupt "${interruptId}"`, {
    exit: ExitStatus.notFound,
  });
}
