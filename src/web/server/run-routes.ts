/** One run: everything about it, and what a person may do to it. */
import type { Hono } from 'hono';
import {
  abortNow,
  reconcileNow,
  resumeInBackground,
  retryInBackground,
} from '../../app/run/act-on-run.ts';
import { explainRun } from '../../app/run/inspect-run.ts';
import { listInterrupts } from '../../app/inbox/list.ts';
import { eventsAfter } from '../../app/watch/run-feed.ts';
import { graphOf } from '../../app/program/show-graph.ts';
import { verifyRun } from '../../app/run/verify-run.ts';
import type { Json } from '../../model/json.ts';
import type {
  ActionResult,
  EventPage,
  RefusedFile,
  RunExplain,
  RunView,
  VerifyResult,
} from '../api-types.ts';
import type { WebContext } from './context.ts';
import { queryNumber, readBody } from './request.ts';
import { eventItem, holderView, runItem, scopeViews } from './views.ts';

const MAX_EVENTS = 1000;

export function addRunRoutes(app: Hono, web: WebContext): void {
  const { programDir } = web.place;
  const idOf = (run: string): string => web.index.resolve(run);

  app.get('/api/runs/:run', async (c) => {
    const runId = idOf(c.req.param('run'));
    const { state, holder, instances, decisions } = explainRun(programDir, runId);
    const { plan } = state;
    const inbox = await listInterrupts(programDir, { run: runId });
    const tasks = Object.values(plan.tasks);
    const view: RunView = {
      run: runItem(state, holder !== null),
      holder: holderView(holder),
      format_version: plan.format_version,
      tool_version: plan.tool_version,
      user_inputs: plan.user_inputs,
      project: plan.project,
      tasks,
      edges: graphOf(tasks).edges,
      scopes: scopeViews(state),
      instances: [...state.instances.values()],
      interrupts: inbox.entries.map(({ interrupt, reply }) => ({
        interrupt,
        reply,
        applied_in_attempt: state.interrupts.get(interrupt.interrupt_id)?.appliedInAttempt ?? null,
      })),
      proposals: [...state.proposals.values()],
      explanations: instances,
      decisions,
      refused_files: [
        ...inbox.strays,
        ...inbox.entries.flatMap(({ problem }) => problem ?? []),
      ].map(splitProblem),
    };
    return c.json(view);
  });

  app.get('/api/runs/:run/explain', (c) => {
    const { state, holder, instances, decisions } = explainRun(
      programDir,
      idOf(c.req.param('run')),
    );
    const view: RunExplain = {
      seq: state.seq,
      holder: holderView(holder),
      explanations: instances,
      decisions,
    };
    return c.json(view);
  });

  app.get('/api/runs/:run/events', (c) => {
    const runId = idOf(c.req.param('run'));
    const after = queryNumber(c, 'after') ?? 0;
    const limit = Math.min(MAX_EVENTS, queryNumber(c, 'limit') ?? 200);
    const events = eventsAfter(programDir, runId, after);
    const page: EventPage = {
      events: events.slice(0, limit).map(eventItem),
      seq: events.at(-1)?.seq ?? after,
      more: events.length > limit,
    };
    return c.json(page);
  });

  app.get('/api/runs/:run/verify', async (c) => {
    const report = await verifyRun(programDir, idOf(c.req.param('run')));
    const result: VerifyResult = { ok: report.ok, report: report as unknown as Json };
    return c.json(result);
  });

  app.post('/api/runs/:run/resume', async (c) => {
    const result: ActionResult = await resumeInBackground(
      web.world,
      programDir,
      idOf(c.req.param('run')),
    );
    return c.json(result);
  });

  app.post('/api/runs/:run/reconcile', async (c) => {
    const result: ActionResult = await reconcileNow(
      web.world,
      programDir,
      idOf(c.req.param('run')),
    );
    return c.json(result);
  });

  app.post('/api/runs/:run/abort', async (c) => {
    const result: ActionResult = await abortNow(web.world, programDir, idOf(c.req.param('run')));
    return c.json(result);
  });

  app.post('/api/runs/:run/instances/:instance/retry', async (c) => {
    const { run, instance } = c.req.param();
    const body = await readBody(c);
    const result: ActionResult = await retryInBackground(
      web.world,
      programDir,
      idOf(run),
      instance,
      body.count('grant_iterations'),
    );
    return c.json(result);
  });
}

/** `inbox/replies/int-….json: it is not JSON` */
function splitProblem(problem: string): RefusedFile {
  const at = problem.indexOf(': ');
  const isFile = at > 0 && !problem.slice(0, at).includes(' ');
  return isFile
    ? { file: problem.slice(0, at), reason: problem.slice(at + 2) }
    : { file: '', reason: problem };
}
