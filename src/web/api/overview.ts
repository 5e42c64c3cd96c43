/** What needs a person, what runs, what failed and what was done last, over all runs. */
import { idleRuns } from '../../app/run/idle.ts';
import type { IndexedRun } from '../../app/watch/run-index.ts';
import type { RunStatus } from '../../model/run.ts';
import type { WebContext } from '../server/context.ts';
import type { Route } from '../server/route.ts';
import { openQuestions, type QuestionListItem } from './inbox.ts';
import { listedRun, runStatuses, statusOf, type RunListItem } from './runs.ts';

/** `GET /api/overview` */
export interface Overview {
  /** Open questions for people, over all runs, oldest first; at most 200. */
  questions: QuestionListItem[];
  /** Open questions for assistants, oldest first; at most 50. */
  assistant_questions: QuestionListItem[];
  /** Runs that could go on without a word, and that nobody drives; at most 50. */
  idle: RunListItem[];
  /** At most 50 of each, latest activity first. */
  running: RunListItem[];
  /** Nothing runs, something is left to do, nobody asks: `pending`, as after a stop. */
  pending: RunListItem[];
  waiting: RunListItem[];
  failed: RunListItem[];
  /** At most 20. */
  done: RunListItem[];
  /** How many runs there are in all, by status. */
  totals: Record<RunStatus, number>;
  /** Recorded proposals that nobody has decided about yet. */
  open_proposals: number;
  /** False while runs from before the server's start are still being looked at; ask again soon. */
  complete: boolean;
  scanned: number;
  total: number;
}

export const overviewRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/api/overview',
    summary: 'What needs a person, runs, failed, was done last',
    answer: 'Overview',
    handle: (_, web) => overview(web),
  },
];

/** What was answered, is due, or was left at work by an engine that is gone. Others that rest have a panel of their own. */
function idleOf(web: WebContext, runs: readonly IndexedRun[]): RunListItem[] {
  const nowMs = Date.parse(web.world.clock.now());
  const summaries = runs.flatMap(({ summary }) => (summary ? [summary] : []));
  const resting = summaries.filter(({ status }) => status !== 'pending');
  const idle = new Set(idleRuns(web.place.programDir, resting, nowMs).map((each) => each.runId));
  return runs
    .filter(({ runId }) => idle.has(runId))
    .slice(0, 50)
    .map((run) => listedRun(web, run));
}

async function overview(web: WebContext): Promise<Overview> {
  await web.prices.refresh();
  const { runs, complete, scanned, total } = await web.index.runs();
  const questions = openQuestions(runs);
  const totals: Record<RunStatus, number> = {
    pending: 0,
    running: 0,
    waiting: 0,
    done: 0,
    failed: 0,
  };
  const byStatus = new Map<RunStatus, IndexedRun[]>(runStatuses.map((status) => [status, []]));
  let proposals = 0;
  for (const run of runs) {
    const status = statusOf(run);
    totals[status] += 1;
    byStatus.get(status)?.push(run);
    proposals += run.proposals.filter((each) => each.status === 'proposed').length;
  }
  const first = (status: RunStatus, limit: number): RunListItem[] =>
    (byStatus.get(status) ?? []).slice(0, limit).map((run) => listedRun(web, run));
  return {
    questions: questions.filter(({ audience }) => audience === 'human').slice(0, 200),
    idle: idleOf(web, runs),
    assistant_questions: questions.filter((each) => each.audience === 'assistant').slice(0, 50),
    running: first('running', 50),
    pending: first('pending', 50),
    waiting: first('waiting', 50),
    failed: first('failed', 50),
    done: first('done', 20),
    totals,
    open_proposals: proposals,
    complete,
    scanned,
    total,
  };
}
