/** One run: everything about it, and what a person may do to it. */
import type { Context } from 'hono';
import { listInterrupts } from '../../app/inbox/list.ts';
import { graphOf } from '../../app/program/show-graph.ts';
import { deleteRun } from '../../app/run/delete.ts';
import { abortNow } from '../../app/run/abort.ts';
import { reconcileNow } from '../../app/run/reconcile.ts';
import { resumeInBackground } from '../../app/run/resume.ts';
import { explainRun, verifyRun } from '../../app/run/inspect-run.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { ProjectSpec, TaskSpec } from '../../model/program.ts';
import type { Instance, InstanceStatus, Proposal, RunStatus } from '../../model/run.ts';
import { runIdIn, type WebContext } from '../server/context.ts';
import type { Route } from '../server/route.ts';
import { refusedFile, type InterruptView, type RefusedFile } from './inbox.ts';
import type { GraphEdge } from './program.ts';
import { runItem, type RunListItem } from './runs.ts';
import { scopeViews, type ScopeView } from './scope.ts';

/** `GET /api/runs/:run` */
export interface RunView {
  run: RunListItem;
  holder: Holder | null;
  format_version: number;
  tool_version: string;
  user_inputs: JsonObject;
  project: ProjectSpec;
  /** The frozen tasks, in the author's order. */
  tasks: TaskSpec[];
  /** Of the frozen tasks. */
  edges: GraphEdge[];
  /** In creation order; the base scope first. */
  scopes: ScopeView[];
  /** In creation order. */
  instances: Instance[];
  interrupts: InterruptView[];
  proposals: Proposal[];
  /** Every instance that is not done. */
  explanations: Explanation[];
  /** What the controllers chose, in order. */
  decisions: Decision[];
  /** Files in the inbox that were not taken, with their reasons. */
  refused_files: RefusedFile[];
}

/** Who drives a run. */
export interface Holder {
  pid: number;
  host: string;
  command: string;
  since: string;
}

export interface Explanation {
  instance_id: string;
  task_id: string;
  input_scope_id: string;
  status: InstanceStatus;
  /** It has `failed` because a person stopped it: a resume goes on with it. */
  stopped: boolean;
  /** One or a few sentences. */
  why: string;
  /** The command line that would move it, after `codex-orch`; null: nothing need be done. */
  command: string[] | null;
}

export interface Decision {
  instance_id: string;
  task_id: string;
  input_scope_id: string;
  control: JsonObject;
  /** Tasks that the choice activated. */
  chosen: string[];
  not_chosen: string[];
  /** For `continue`: the scope that it opened, and the number of the iteration, from 1. */
  opened: { input_scope_id: string; iteration: number } | null;
}

/** `GET /api/runs/:run/explain` */
export interface RunExplain {
  seq: number;
  holder: Holder | null;
  explanations: Explanation[];
  decisions: Decision[];
}

/** `POST /api/runs/:run/resume`, `…/retry`, `…/reconcile`, `…/abort` */
export interface ActionResult {
  /**
   * `started`: an engine of its own was started in the background. `told`: the engine that drives the
   * run was told, and has taken it. `done`: nothing is left to be waited for.
   */
  outcome: 'started' | 'told' | 'done';
  /** One sentence. */
  message: string;
}

/** `DELETE /api/runs/:run` */
export interface DeletedRun {
  run_id: string;
  /** null where it could not be read. */
  status: RunStatus | null;
  /** What its directory took. */
  bytes: number;
  /** Trees of it that stay, for something in them is in no commit: a repository of its own. */
  kept_trees: string[];
}

/** `GET /api/runs/:run/verify` */
export interface VerifyResult {
  ok: boolean;
  /** As printed by `run verify --json`. */
  report: Json;
}

const RUN = '/api/runs/{run}';

export const runRoutes: readonly Route[] = [
  {
    method: 'get',
    path: RUN,
    summary: "Everything about a run but its attempts' output",
    answer: 'RunView',
    handle: showRun,
  },
  {
    method: 'get',
    path: `${RUN}/explain`,
    summary: 'Why each unfinished instance is where it is',
    answer: 'RunExplain',
    handle: explain,
  },
  {
    method: 'get',
    path: `${RUN}/verify`,
    summary: 'Check the run on disk against its log',
    answer: 'VerifyResult',
    handle: verify,
  },
  {
    method: 'post',
    path: `${RUN}/resume`,
    summary: 'Go on, reviving what is worth it',
    answer: 'ActionResult',
    handle: (c, web): Promise<ActionResult> =>
      resumeInBackground(web.world, web.place.programDir, runIdIn(c, web)),
  },
  {
    method: 'post',
    path: `${RUN}/reconcile`,
    summary: 'Settle instances whose process is gone',
    answer: 'ActionResult',
    handle: (c, web): Promise<ActionResult> =>
      reconcileNow(web.world, web.place.programDir, runIdIn(c, web)),
  },
  {
    method: 'post',
    path: `${RUN}/abort`,
    summary: 'Stop every process of the run',
    answer: 'ActionResult',
    handle: (c, web): Promise<ActionResult> =>
      abortNow(web.world, web.place.programDir, runIdIn(c, web)),
  },
  {
    method: 'delete',
    path: RUN,
    summary: 'Delete a run that is over, with its trees and refs',
    answer: 'DeletedRun',
    handle: (c, web): Promise<DeletedRun> =>
      deleteRun(web.world, web.place.programDir, runIdIn(c, web), { dryRun: false }),
  },
];

async function showRun(c: Context, web: WebContext): Promise<RunView> {
  const { programDir } = web.place;
  const runId = runIdIn(c, web);
  const { state, holder, instances, decisions } = explainRun(programDir, runId, {
    surroundings: web.world,
  });
  const { plan } = state;
  const inbox = await listInterrupts(programDir, { run: runId });
  const tasks = Object.values(plan.tasks);
  return {
    run: runItem(web, state, holder !== null),
    holder: holderView(holder),
    format_version: plan.format_version,
    tool_version: plan.tool_version,
    user_inputs: plan.user_inputs,
    project: plan.project,
    tasks,
    edges: graphOf(tasks).edges,
    scopes: scopeViews(state, state.scopes.keys()),
    instances: [...state.instances.values()],
    interrupts: inbox.entries.map(({ interrupt, reply }) => ({
      interrupt,
      reply,
      applied_in_attempt: state.interrupts.get(interrupt.interrupt_id)?.appliedInAttempt ?? null,
    })),
    proposals: [...state.proposals.values()],
    explanations: instances,
    decisions,
    refused_files: [...inbox.strays, ...inbox.entries.flatMap(({ problem }) => problem ?? [])].map(
      refusedFile,
    ),
  };
}

function explain(c: Context, web: WebContext): RunExplain {
  const { state, holder, instances, decisions } = explainRun(
    web.place.programDir,
    runIdIn(c, web),
    { surroundings: web.world },
  );
  return { seq: state.seq, holder: holderView(holder), explanations: instances, decisions };
}

async function verify(c: Context, web: WebContext): Promise<VerifyResult> {
  const report = await verifyRun(web.world, web.place.programDir, runIdIn(c, web));
  return { ok: report.ok, report: report as unknown as Json };
}

export function holderView(
  holder: { pid: number; host: string; command: string; acquired_at: string } | null,
): Holder | null {
  if (holder === null) return null;
  const { pid, host, command, acquired_at } = holder;
  return { pid, host, command, since: acquired_at };
}
