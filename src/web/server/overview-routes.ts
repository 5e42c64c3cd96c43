/** What needs a person, over all runs; the lists of runs and questions. */
import type { Hono } from 'hono';
import { listInterrupts } from '../../app/inbox/list.ts';
import type { IndexedRun } from '../../app/watch/run-index.ts';
import { loadProjectName } from '../../app/program/inspect-program.ts';
import type { RunStatus } from '../../model/run.ts';
import { Refusal } from '../../model/refusal.ts';
import type {
  Overview,
  QuestionListItem,
  QuestionPage,
  RunListItem,
  RunPage,
  ServerInfo,
} from '../api-types.ts';
import type { WebContext } from './context.ts';
import { queryNumber, queryOneOf } from './request.ts';
import { indexedItem, questionItem, questionOf } from './views.ts';

const statuses = ['pending', 'running', 'waiting', 'done', 'failed'] as const;
const MAX_PAGE = 200;
const PAGE = 50;

export function addOverviewRoutes(app: Hono, web: WebContext): void {
  const { index, place } = web;

  app.get('/api/server', (c) => {
    const info: ServerInfo = {
      version: web.version,
      program_dir: place.programDir,
      program_name: loadProjectName(place.programDir),
      loopback: web.loopback,
      now: web.world.clock.now(),
    };
    return c.json(info);
  });

  app.get('/api/overview', async (c) => {
    const known = await index.runs();
    return c.json(overviewOf(web, known));
  });

  app.get('/api/runs', async (c) => {
    const status = queryOneOf(c, 'status', statuses);
    const limit = Math.min(MAX_PAGE, queryNumber(c, 'limit') ?? PAGE);
    // A status can only be told of runs that have been read.
    const runs = status === undefined ? (await index.runs()).runs : await index.allRuns();
    const wanted = runs.filter((run) => status === undefined || statusOf(run) === status);
    const from = positionAfter(wanted, c.req.query('cursor'));
    const slice = wanted.slice(from, from + limit);
    const last = slice.at(-1);
    const page: RunPage = {
      runs: slice.map((run) => itemOf(web, run)),
      next_cursor: last && from + limit < wanted.length ? cursorOf(last) : null,
      total: (await index.runs()).total,
    };
    return c.json(page);
  });

  app.get('/api/inbox', async (c) => {
    const status = queryOneOf(c, 'status', ['open', 'answered']) ?? 'open';
    const audience = queryOneOf(c, 'audience', ['human', 'assistant']);
    const run = c.req.query('run');
    const isWanted = (item: QuestionListItem): boolean =>
      (audience === undefined || item.audience === audience) &&
      (item.status === 'open') === (status === 'open');
    if (run !== undefined && run !== '') return c.json(await questionsOfRun(web, run, isWanted));
    if (status === 'answered') {
      return c.json(await answeredQuestions(web, isWanted, c.req.query('cursor')));
    }
    const known = await index.runs();
    const page: QuestionPage = {
      questions: openQuestions(known.runs).filter(isWanted),
      next_cursor: null,
      complete: known.complete,
    };
    return c.json(page);
  });
}

function overviewOf(
  web: WebContext,
  known: { runs: IndexedRun[]; complete: boolean; scanned: number; total: number },
): Overview {
  const questions = openQuestions(known.runs);
  const totals: Record<RunStatus, number> = {
    pending: 0,
    running: 0,
    waiting: 0,
    done: 0,
    failed: 0,
  };
  const byStatus = new Map<RunStatus, IndexedRun[]>(statuses.map((status) => [status, []]));
  let proposals = 0;
  for (const run of known.runs) {
    const status = statusOf(run);
    totals[status] += 1;
    byStatus.get(status)?.push(run);
    proposals += run.proposals.filter((each) => each.status === 'proposed').length;
  }
  const first = (status: RunStatus, limit: number): RunListItem[] =>
    (byStatus.get(status) ?? []).slice(0, limit).map((run) => itemOf(web, run));
  return {
    questions: questions.filter(({ audience }) => audience === 'human').slice(0, 200),
    assistant_questions: questions.filter((each) => each.audience === 'assistant').slice(0, 50),
    running: first('running', 50),
    pending: first('pending', 50),
    waiting: first('waiting', 50),
    failed: first('failed', 50),
    done: first('done', 20),
    totals,
    open_proposals: proposals,
    complete: known.complete,
    scanned: known.scanned,
    total: known.total,
  };
}

export function itemOf(web: WebContext, run: IndexedRun): RunListItem {
  const isAtRest = run.summary === null || run.summary.status === 'done';
  return indexedItem(run, !isAtRest && web.index.isDriven(run.runId));
}

/** A run that cannot be read needs somebody's attention, as a failed one does. */
function statusOf(run: IndexedRun): RunStatus {
  return run.summary?.status ?? 'failed';
}

/** Oldest first. */
function openQuestions(runs: readonly IndexedRun[]): QuestionListItem[] {
  return runs
    .flatMap((run) => run.questions.map(questionItem))
    .sort((a, b) => (a.created_at < b.created_at ? -1 : 1));
}

async function questionsOfRun(
  web: WebContext,
  run: string,
  isWanted: (item: QuestionListItem) => boolean,
): Promise<QuestionPage> {
  const runId = web.index.resolve(run);
  const questions = await itemsOf(web, runId);
  return { questions: questions.filter(isWanted), next_cursor: null, complete: true };
}

const RUNS_AT_ONCE = 40;

/** Run by run, the latest first: only as many runs are read as a page needs. */
async function answeredQuestions(
  web: WebContext,
  isWanted: (item: QuestionListItem) => boolean,
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
      questions.push(...(await itemsOf(web, run.runId)).filter(isWanted));
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

async function itemsOf(web: WebContext, runId: string): Promise<QuestionListItem[]> {
  const { entries } = await listInterrupts(web.place.programDir, { run: runId });
  if (entries.length === 0) return [];
  const { plan } = web.feeds.state(runId);
  const status = web.index.run(runId)?.summary?.status ?? 'failed';
  return entries.map(({ interrupt, task_id }) =>
    questionOf(interrupt, plan.tasks[task_id]?.title ?? task_id, status),
  );
}

function cursorOf(run: IndexedRun): string {
  return `${run.changedMs}_${run.runId}`;
}

/** Where a list goes on, whatever changed in it meanwhile. */
function positionAfter(runs: readonly IndexedRun[], cursor: string | undefined): number {
  if (cursor === undefined || cursor === '') return 0;
  const at = cursor.indexOf('_');
  const changedMs = Number(cursor.slice(0, at));
  const runId = cursor.slice(at + 1);
  if (at < 0 || Number.isNaN(changedMs)) throw new Refusal('bad-request', 'no such cursor');
  const next = runs.findIndex(
    (run) => run.changedMs < changedMs || (run.changedMs === changedMs && run.runId < runId),
  );
  return next < 0 ? runs.length : next;
}
