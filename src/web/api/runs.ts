/** Runs in lists. */
import type { Context } from 'hono';
import type { IndexedRun } from '../../app/watch/run-index.ts';
import {
  answeredCount,
  isRunStopped,
  waitingReason,
  waitingUntil,
} from '../../core/state/standing.ts';
import { runStatus, type RunState } from '../../core/state/run-state.ts';
import type { Prices } from '../../model/program.ts';
import { Refusal } from '../../model/refusal.ts';
import { spendingOfUse, type KnownSpending } from '../../app/run/spending.ts';
import type { InstanceStatus, RunStatus, UseByModel, WaitingReason } from '../../model/run.ts';
import type { WebContext } from '../server/context.ts';
import { queryNumber, queryOneOf } from '../server/request.ts';
import type { Route } from '../server/route.ts';

/** A run in a list: small however large the run is. */
export interface RunListItem {
  id: string;
  status: RunStatus;
  aborted: boolean;
  /** It has `failed` because a person stopped it: a resume goes on with it. */
  stopped: boolean;
  /** Waiting instances whose questions are all answered: they go on as soon as an engine drives the run. */
  answered: number;
  /** What the person calls it; null: it is known by its tasks. */
  title: string | null;
  roots: string[];
  labels: string[];
  created_at: string;
  updated_at: string;
  instance_count: number;
  counts: Record<InstanceStatus, number>;
  /** Open questions, of people and of assistants. */
  attention: number;
  /** What it waits for; null: it does not wait. */
  waiting_reason: WaitingReason | null;
  /** When it goes on by itself, ISO 8601; null where nothing in it waits for time. */
  waiting_until: string | null;
  /** By attempts that have ended; null: none has told anything. */
  spent: KnownSpending | null;
  /** The last event that this item knows of. */
  seq: number;
  /** Someone drives it now. */
  driven: boolean;
  /** Set where the run cannot be read; the other fields are then empty. */
  damage: string | null;
}

/** `GET /api/runs`: newest activity first. */
export interface RunPage {
  runs: RunListItem[];
  /** Give as `cursor` for what follows; null at the end. */
  next_cursor: string | null;
  /** Runs on disk, whatever the filter. */
  total: number;
}

export const runStatuses = ['pending', 'running', 'waiting', 'done', 'failed'] as const;

const MAX_PAGE = 200;
const PAGE = 50;

export const runsRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/api/runs',
    summary: 'Runs, latest activity first',
    query: {
      limit: 'at most 200; 50 by default',
      cursor: '`next_cursor` of the page before',
      status: 'only those of this status',
      q: 'only those where each of these words stands in the id, the title, a root or a label',
      sort: '`activity`, by default, or `created`: the latest first',
    },
    answer: 'RunPage',
    handle: listRuns,
  },
];

const runOrders = ['activity', 'created'] as const;
type RunOrder = (typeof runOrders)[number];

async function listRuns(c: Context, web: WebContext): Promise<RunPage> {
  const status = queryOneOf(c, 'status', runStatuses);
  const order = queryOneOf(c, 'sort', runOrders) ?? 'activity';
  await web.prices.refresh();
  const words = (c.req.query('q') ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  const limit = Math.min(MAX_PAGE, queryNumber(c, 'limit') ?? PAGE);
  // A status, or a root, can only be told of runs that have been read.
  const readAll = status !== undefined || words.length > 0;
  const runs = readAll ? await web.index.allRuns() : (await web.index.runs()).runs;
  const wanted = runs
    .filter((run) => status === undefined || statusOf(run) === status)
    .filter((run) => isFound(run, words));
  if (order === 'created') wanted.sort((a, b) => (a.runId < b.runId ? 1 : -1));
  const from = positionAfter(wanted, c.req.query('cursor'), order);
  const slice = wanted.slice(from, from + limit);
  const last = slice.at(-1);
  return {
    runs: slice.map((run) => listedRun(web, run)),
    next_cursor: last && from + limit < wanted.length ? cursorOf(last) : null,
    total: (await web.index.runs()).total,
  };
}

function isFound({ runId, summary }: IndexedRun, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const labels = (summary?.labels ?? []).map((label) => `#${label}`);
  const text = [runId, summary?.title ?? '', ...(summary?.roots ?? []), ...labels]
    .join(' ')
    .toLowerCase();
  return words.every((word) => text.includes(word));
}

/** A run that cannot be read needs somebody's attention, as a failed one does. */
export function statusOf(run: IndexedRun): RunStatus {
  return run.summary?.status ?? 'failed';
}

/** A run as the index knows it: nothing of it is read. */
export function listedRun(web: WebContext, run: IndexedRun): RunListItem {
  const { summary, damage } = run;
  if (summary === null) return damagedRun(run);
  const { id, status, aborted, roots, labels, created_at, updated_at } = summary;
  const { instance_count, counts, attention, seq, stopped, answered } = summary;
  const { title = null, waiting_reason = null, waiting_until = null, use = [] } = summary;
  const driven = status !== 'done' && web.index.isDriven(run.runId);
  return {
    ...{ id, status, aborted, title, roots, labels, created_at, updated_at },
    ...{ instance_count, counts, attention, waiting_reason, waiting_until, seq, stopped, answered },
    spent: spentOf(web, use, summary.project.prices),
    ...{ driven, damage },
  };
}

function damagedRun({ runId, changedMs, damage }: IndexedRun): RunListItem {
  const at = new Date(changedMs).toISOString();
  const none = { pending: 0, runnable: 0, running: 0, waiting: 0, done: 0, failed: 0, skipped: 0 };
  return {
    ...{ id: runId, status: 'failed', aborted: false, stopped: false, answered: 0 },
    ...{ title: null, roots: [], labels: [] },
    ...{ waiting_reason: null, waiting_until: null, spent: null },
    ...{ created_at: at, updated_at: at, instance_count: 0, counts: none, attention: 0 },
    ...{ seq: 0, driven: false, damage: damage ?? 'it cannot be read' },
  };
}

/** The same of a run that was read. */
export function runItem(web: WebContext, state: RunState, driven: boolean): RunListItem {
  let attention = 0;
  for (const { interrupt } of state.interrupts.values()) {
    if (interrupt.status === 'open') attention += 1;
  }
  return {
    id: state.runId,
    status: runStatus(state),
    aborted: state.aborted,
    stopped: isRunStopped(state),
    answered: answeredCount(state),
    title: state.plan.title ?? null,
    roots: state.plan.roots,
    labels: state.plan.labels,
    created_at: state.createdAt,
    updated_at: state.updatedAt,
    instance_count: state.instances.size,
    counts: { ...state.counts },
    attention,
    waiting_reason: waitingReason(state),
    waiting_until: waitingUntil(state),
    spent: spentOf(web, [...state.use.values()], state.plan.project.prices),
    seq: state.seq,
    driven,
    damage: null,
  };
}

function spentOf(
  { prices }: WebContext,
  use: readonly UseByModel[],
  frozen: Prices | undefined,
): KnownSpending | null {
  return use.length === 0 ? null : spendingOfUse(use, frozen ?? prices.current);
}

export function cursorOf(run: IndexedRun): string {
  return `${run.changedMs}_${run.runId}`;
}

/** Where a list goes on, whatever changed in it meanwhile. */
export function positionAfter(
  runs: readonly IndexedRun[],
  cursor: string | undefined,
  order: RunOrder = 'activity',
): number {
  if (cursor === undefined || cursor === '') return 0;
  const at = cursor.indexOf('_');
  const changedMs = Number(cursor.slice(0, at));
  const runId = cursor.slice(at + 1);
  if (at < 0 || Number.isNaN(changedMs)) throw new Refusal('bad-request', 'no such cursor');
  const next = runs.findIndex(
    (run) =>
      (order === 'activity' && run.changedMs < changedMs) ||
      ((order === 'created' || run.changedMs === changedMs) && run.runId < runId),
  );
  return next < 0 ? runs.length : next;
}
