/** One question: what was asked, and answering it. */
import type { Context } from 'hono';
import { answerInterrupt, type Answer } from '../../app/inbox/answer.ts';
import {
  contextArtifact,
  inspectQuestion,
  previewAnswer,
} from '../../app/inbox/inspect-question.ts';
import type { CheckedInstance } from '../../app/inbox/checks-behind.ts';
import { findInterrupt } from '../../app/inbox/find.ts';
import { resumeInBackground } from '../../app/run/resume.ts';
import type { Json } from '../../model/json.ts';
import { confidences, type Confidence, type TaskSpec } from '../../model/program.ts';
import { Refusal } from '../../model/refusal.ts';
import type { Instance, Interrupt, Reply } from '../../model/run.ts';
import { runIdIn, type WebContext } from '../server/context.ts';
import { param, readBody, type Body } from '../server/request.ts';
import type { Route } from '../server/route.ts';
import type { PayloadProblem } from './error.ts';
import { fileQuery, sendFile, type ArtifactView } from './file.ts';
import type { RefusedFile } from './inbox.ts';
import { runItem, type RunListItem } from './runs.ts';

/** `GET /api/runs/:run/interrupts/:interrupt` */
export interface QuestionView {
  run: RunListItem;
  interrupt: Interrupt;
  reply: Reply | null;
  applied_in_attempt: number | null;
  /** null: the run itself asks. */
  instance: Instance | null;
  task: TaskSpec | null;
  /** What an assistant said when it handed the question over. */
  handed_over: HandOver | null;
  context_artifacts: ContextArtifact[];
  /** The reply schema in one piece: `$ref`s to other files stand under `$defs`. */
  reply_schema: Json;
  /** Why the schema cannot be used. */
  reply_schema_problem: string | null;
  /** When the run asked a person before, and was answered, ISO 8601; null: never. */
  asked_before: string | null;
  /** When who asks had last been given a person's answer, ISO 8601; null: never, or the run itself asks. */
  answered_before: string | null;
  /** What checks came to, of who asks and of what it stands on: the nearest first, the latest attempt of each. */
  checks: CheckedInstance[];
  /** A reply file in the inbox that was not taken, with its reason. */
  refused_reply: RefusedFile | null;
  /** Other questions of the instance that must be answered before it goes on. */
  also_open: string[];
}

export interface HandOver {
  interrupt_id: string | null;
  role_id: string | null;
  summary: string;
  rationale: string | null;
  citations: string[];
}

export interface ContextArtifact {
  /** Relative to the program. For `…/interrupts/:interrupt/artifacts/<path>`. */
  path: string;
  size: number | null;
  content_type: string | null;
  render: ArtifactView['render'];
  problem: string | null;
}

/** `POST /api/runs/:run/interrupts/:interrupt/preview` and `…/reply` */
export interface ReplyBody {
  text: string;
  /** Must fit the reply schema where there is one. */
  payload?: Json;
  rationale?: string | null;
  confidence?: Confidence | null;
  citations?: string[];
  /** `reply` only: starts an engine in the background once nothing else holds the instance. */
  resume?: boolean;
}

export interface ReplyPreview {
  ok: boolean;
  /** Why it would be refused. */
  problem: string | null;
  problems: PayloadProblem[];
  /** What the worker will read, in Markdown. */
  delivered: string;
  /** `reply.json` as it would be stored. */
  reply: Reply;
}

export interface ReplyResult {
  reply: Reply;
  /** Questions of the same instance that are still open and hold it. */
  still_open: string[];
  /** Whether an engine was started, or one is at work, that will go on with it. */
  resumed: boolean;
}

const QUESTION = '/api/runs/{run}/interrupts/{interrupt}';

export const questionRoutes: readonly Route[] = [
  {
    method: 'get',
    path: QUESTION,
    summary: 'A question with its context',
    answer: 'QuestionView',
    handle: showQuestion,
  },
  {
    method: 'get',
    path: `${QUESTION}/artifacts/{path}`,
    summary: 'A file that a question names',
    query: fileQuery,
    answer: 'file',
    handle: sendContext,
  },
  {
    method: 'post',
    path: `${QUESTION}/preview`,
    summary: 'Check a reply, and show what the worker will get',
    body: 'ReplyBody',
    answer: 'ReplyPreview',
    handle: previewReply,
  },
  {
    method: 'post',
    path: `${QUESTION}/reply`,
    summary: 'Answer',
    body: 'ReplyBody',
    answer: 'ReplyResult',
    handle: reply,
  },
];

async function showQuestion(c: Context, web: WebContext): Promise<QuestionView> {
  const { runId, interruptId } = idsIn(c, web);
  const { state, ...details } = await inspectQuestion(web.place.programDir, runId, interruptId);
  return { run: runItem(web, state, web.index.isDriven(runId)), ...details };
}

async function sendContext(c: Context, web: WebContext): Promise<Response> {
  const { runId, interruptId } = idsIn(c, web);
  const path = param(c, 'path');
  const file = await contextArtifact(web.place.programDir, runId, interruptId, path);
  return sendFile(c, file, path);
}

async function previewReply(c: Context, web: WebContext): Promise<ReplyPreview> {
  const { runId, interruptId } = idsIn(c, web);
  const answer = answerIn(await readBody(c));
  return previewAnswer(web.world, web.place.programDir, runId, interruptId, answer);
}

async function reply(c: Context, web: WebContext): Promise<ReplyResult> {
  const { programDir } = web.place;
  const { runId, interruptId } = idsIn(c, web);
  const body = await readBody(c);
  const answer = answerIn(body);
  const preview = await previewAnswer(web.world, programDir, runId, interruptId, answer);
  if (preview.problems.length > 0) {
    throw new Refusal('payload-invalid', preview.problem ?? 'the payload does not fit', {
      data: { problems: preview.problems },
    });
  }
  const found = findInterrupt(programDir, interruptId, runId);
  const answered = await answerInterrupt(web.world, found, answer, { command: 'inbox reply' });
  const isFree = answered.stillOpen.length === 0;
  let resumed = answered.holder !== null;
  // An engine at work goes on by itself.
  if (body.flag('resume') && isFree && answered.holder === null) {
    await resumeInBackground(web.world, programDir, runId);
    resumed = true;
  }
  return {
    reply: answered.entry.reply ?? preview.reply,
    still_open: answered.stillOpen,
    resumed,
  };
}

function idsIn(c: Context, web: WebContext): { runId: string; interruptId: string } {
  const runId = runIdIn(c, web);
  const { interruptId } = findInterrupt(web.place.programDir, param(c, 'interrupt'), runId);
  return { runId, interruptId };
}

function answerIn(body: Body): Answer {
  return {
    text: body.text('text'),
    replyKind: 'answer',
    payload: body.json('payload'),
    rationale: body.textOrNull('rationale'),
    confidence: body.oneOfOrNull('confidence', confidences),
    citations: body.texts('citations'),
  };
}
