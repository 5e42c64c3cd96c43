/** Questions in lists, and what the inbox of a run holds. */
import type { Context } from 'hono';
import { listInterrupts } from '../../app/inbox/list.ts';
import { askerTitle, type IndexedQuestion, type IndexedRun } from '../../app/watch/run-index.ts';
import type { DecisionKind, Priority, RequestKind } from '../../model/program.ts';
import { Refusal } from '../../model/refusal.ts';
import type {
  Interrupt,
  InterruptRecord,
  InterruptStatus,
  Reply,
  RunStatus,
} from '../../model/run.ts';
import type { WebContext } from '../server/context.ts';
import { queryOneOf } from '../server/request.ts';
import type { Route } from '../server/route.ts';
import { cursorOf, positionAfter } from './runs.ts';
import { beginning } from '../../text/width.ts';

/** A question in a list. */
export interface QuestionListItem {
  run_id: string;
  run_status: RunStatus;
  /** null: the run itself asks. */
  instance_id: string | null;
  task_id: string | null;
  task_title: string;
  interrupt_id: string;
  audience: Interrupt['audience'];
  /** Assistants: the role that is asked. */
  role_id: string | null;
  blocking: boolean;
  status: InterruptStatus;
  request_kind: RequestKind;
  decision_kind: DecisionKind | null;
  priority: Priority;
  /** The first 400 characters. */
  question: string;
  options: string[];
  has_reply_schema: boolean;
  /** An assistant looked at it first, and handed it over. */
  handed_over: boolean;
  created_at: string;
  resolved_at: string | null;
}

/** `GET /api/inbox`: open ones oldest first; answered ones latest first. */
export interface QuestionPage {
  questions: QuestionListItem[];
  /** Give as `cursor` for what follows (answered questions only); null at the end. */
  next_cursor: string | null;
  complete: boolean;
}

export interface InterruptView {
  interrupt: Interrupt;
  reply: Reply | null;
  /** The attempt that received the reply. */
  applied_in_attempt: number | null;
}

export interface RefusedFile {
  /** Relative to the run's directory. */
  file: string;
  reason: string;
}

export const inboxRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/api/inbox',
    summary: 'Questions over all runs',
    query: {
      status: '`open` (default) or `answered`',
      audience: '`human` or `assistant`',
      run: 'only those of this run',
      cursor: '`next_cursor` of the page before',
    },
    answer: 'QuestionPage',
    handle: listQuestions,
  },
];

const PAGE = 50;
const RUNS_AT_ONCE = 40;
const MAX_QUESTION_CHARS = 400;

type Wanted = (item: QuestionListItem) => boolean;

async function listQuestions(c: Context, web: WebContext): Promise<QuestionPage> {
  const status = queryOneOf(c, 'status', ['open', 'answered']) ?? 'open';
  const audience = queryOneOf(c, 'audience', ['human', 'assistant']);
  const run = c.req.query('run');
  const isWanted: Wanted = (item) =>
    (audience === undefined || item.audience === audience) &&
    (item.status === 'open') === (status === 'open');
  if (run !== undefined && run !== '') {
    const questions = await questionsOf(web, web.index.resolve(run));
    return { questions: questions.filter(isWanted), next_cursor: null, complete: true };
  }
  if (status === 'answered') return answeredQuestions(web, isWanted, c.req.query('cursor'));
  const { runs, complete } = await web.index.runs();
  return { questions: openQuestions(runs).filter(isWanted), next_cursor: null, complete };
}

/** Oldest first. */
export function openQuestions(runs: readonly IndexedRun[]): QuestionListItem[] {
  return runs
    .flatMap((run) => run.questions.map(indexedQuestion))
    .sort((a, b) => (a.created_at < b.created_at ? -1 : 1));
}

/** Run by run, the latest first: only as many runs are read as a page needs. */
async function answeredQuestions(
  web: WebContext,
  isWanted: Wanted,
  cursor: string | undefined,
): Promise<QuestionPage> {
  const runs = await web.index.allRuns();
  const questions: QuestionListItem[] = [];
  let looked = 0;
  let last: IndexedRun | undefined;
  const rest = runs.slice(positionAfter(runs, cursor));
  for (const run of rest) {
    if (questions.length >= PAGE || looked >= RUNS_AT_ONCE) break;
    last = run;
    if (run.summary === null) continue;
    looked += 1;
    try {
      questions.push(...(await questionsOf(web, run.runId)).filter(isWanted));
    } catch (error) {
      // A run that went away, or was damaged, meanwhile.
      if (!(error instanceof Refusal)) throw error;
    }
  }
  const isEnd = last === undefined || last === rest.at(-1);
  const latestFirst = questions.sort((a, b) =>
    (a.resolved_at ?? a.created_at) < (b.resolved_at ?? b.created_at) ? 1 : -1,
  );
  return {
    questions: latestFirst,
    next_cursor: isEnd || !last ? null : cursorOf(last),
    complete: true,
  };
}

/** All questions of one run, read from its files. */
async function questionsOf(web: WebContext, runId: string): Promise<QuestionListItem[]> {
  const { entries } = await listInterrupts(web.place.programDir, { run: runId });
  if (entries.length === 0) return [];
  const { plan } = web.feeds.state(runId);
  const status = web.index.run(runId)?.summary?.status ?? 'failed';
  return entries.map(({ interrupt }) =>
    questionItem(interrupt, askerTitle(plan, interrupt), status),
  );
}

export function indexedQuestion(question: IndexedQuestion): QuestionListItem {
  return questionItem(question.record.interrupt, question.taskTitle, question.runStatus);
}

function questionItem(
  interrupt: Interrupt,
  taskTitle: string,
  runStatus: RunStatus,
): QuestionListItem {
  const { question } = interrupt;
  return {
    run_id: interrupt.run_id,
    run_status: runStatus,
    instance_id: interrupt.instance_id,
    task_id: interrupt.task_id,
    task_title: taskTitle,
    interrupt_id: interrupt.interrupt_id,
    audience: interrupt.audience,
    role_id: interrupt.resolved_target_role_id,
    blocking: interrupt.blocking,
    status: interrupt.status,
    request_kind: interrupt.request_kind,
    decision_kind: interrupt.decision_kind,
    priority: interrupt.priority,
    question: beginning(question, MAX_QUESTION_CHARS),
    options: interrupt.options,
    has_reply_schema: interrupt.reply_schema !== null,
    handed_over: typeof interrupt.metadata['assistant_summary'] === 'string',
    created_at: interrupt.created_at,
    resolved_at: interrupt.resolved_at,
  };
}

export function interruptView({
  interrupt,
  reply,
  appliedInAttempt,
}: InterruptRecord): InterruptView {
  return { interrupt, reply, applied_in_attempt: appliedInAttempt };
}

/** `inbox/replies/int-….json: it is not JSON` */
export function refusedFile(problem: string): RefusedFile {
  const at = problem.indexOf(': ');
  const isFile = at > 0 && !problem.slice(0, at).includes(' ');
  return isFile
    ? { file: problem.slice(0, at), reason: problem.slice(at + 2) }
    : { file: '', reason: problem };
}
