/** What came out of a run: results, published files, what it changed and cost. */
import type { Context } from 'hono';
import { runChanges, type RunChanges } from '../../app/run/changes.ts';
import { acceptedResult, publishedFiles } from '../../app/run/inspect-attempt.ts';
import { latestInstances } from '../../app/run/outcome.ts';
import { pricesFor, spendingOf, type Spending } from '../../app/run/spending.ts';
import type { RunState } from '../../core/state/run-state.ts';
import type { Json } from '../../model/json.ts';
import { Refusal } from '../../model/refusal.ts';
import type { Instance, InstanceStatus } from '../../model/run.ts';
import { runIdIn, type WebContext } from '../server/context.ts';
import type { Route } from '../server/route.ts';
import type { ArtifactView } from './file.ts';

/** `GET /api/runs/:run/outcome` */
export interface RunOutcome {
  /** Of what the run was started for, the latest instance of each task, in the order of the roots. */
  results: OutcomeItem[];
  /** Of everything else that published files or left a result, in the order in which it came to be; at most 200. */
  others: OutcomeItem[];
  cost: Spending;
}

export interface OutcomeItem {
  instance_id: string;
  task_id: string;
  title: string;
  status: InstanceStatus;
  /** `result.json` as it was accepted; null: none. Of `others`, not there. */
  result: Json;
  /** For `…/instances/<instance>/published/<path>`. */
  published: ArtifactView[];
}

/** `GET /api/runs/:run/changes` */
export interface ChangesView {
  /** null: it has none to tell of, for `reason`. */
  changes: RunChanges | null;
  reason: string | null;
}

const RUN = '/api/runs/{run}';
const MOST_OTHERS = 200;

export const outcomeRoutes: readonly Route[] = [
  {
    method: 'get',
    path: `${RUN}/outcome`,
    summary: 'What came out of a run',
    answer: 'RunOutcome',
    handle: outcome,
  },
  {
    method: 'get',
    path: `${RUN}/changes`,
    summary: 'What a run, or one instance of it, has changed in the repository, as a patch',
    query: {
      instance: 'of this instance alone',
      since: 'what has come since then, ISO 8601',
    },
    answer: 'ChangesView',
    handle: changes,
  },
];

async function outcome(c: Context, web: WebContext): Promise<RunOutcome> {
  const state = web.feeds.state(runIdIn(c, web));
  const { wanted, others } = latestInstances(state);
  const { programDir } = web.place;
  const item = (instance: Instance, isWanted: boolean): OutcomeItem => ({
    instance_id: instance.instance_id,
    task_id: instance.task_id,
    title: state.plan.tasks[instance.task_id]?.title ?? instance.task_id,
    status: instance.status,
    result: isWanted ? acceptedResult(programDir, state, instance.instance_id) : null,
    published: publishedFiles(programDir, state.runId, instance),
  });
  return {
    results: wanted.map((each) => item(each, true)),
    others: others
      .filter((each) => left(state, each))
      .slice(-MOST_OTHERS)
      .map((each) => item(each, false)),
    cost: spendingOf(state, await pricesFor(web.world, state)),
  };
}

function left(state: RunState, { instance_id: id, published }: Instance): boolean {
  return published.length > 0 || (state.links.get(id)?.resultSha256 ?? null) !== null;
}

/** In UTC, as the log has its times. */
function timeIn(c: Context): string | null {
  const text = c.req.query('since') ?? '';
  if (text === '') return null;
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new Refusal('bad-request', '"since" must be a time, ISO 8601');
  return new Date(ms).toISOString();
}

async function changes(c: Context, web: WebContext): Promise<ChangesView> {
  const instance = c.req.query('instance') ?? null;
  try {
    const found = await runChanges(web.world, web.place.programDir, runIdIn(c, web), {
      instance,
      patch: true,
      since: timeIn(c),
    });
    return { changes: found, reason: null };
  } catch (error) {
    const nothing = ['no-trees', 'no-changes', 'result-conflict'];
    if (!(error instanceof Refusal) || !nothing.includes(error.code)) throw error;
    return { changes: null, reason: error.message };
  }
}
