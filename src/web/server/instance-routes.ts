/** One instance: its attempts, what they were given, did and left. */
import type { Context, Hono } from 'hono';
import {
  acceptedResult,
  attemptActivities,
  attemptFile,
  attemptText,
  inspectAttempt,
  publishedFile,
  publishedFiles,
  type AttemptAddress,
} from '../../app/run/inspect-attempt.ts';
import { explainRun } from '../../app/run/inspect-run.ts';
import { resolveInstanceId } from '../../app/run/resolve-instance.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import type { RunState } from '../../core/state/run-state.ts';
import type {
  ActivityPage,
  AttemptView,
  InstanceLink,
  InstanceView,
  TextPage,
} from '../api-types.ts';
import type { WebContext } from './context.ts';
import { queryOneOf, queryPlace } from './request.ts';
import { sendFile } from './send-file.ts';
import { interruptView, runItem, scopeView } from './views.ts';

const BASE = '/api/runs/:run/instances/:instance';
const ATTEMPT = `${BASE}/attempts/:attempt{[0-9]+}`;

export function addInstanceRoutes(app: Hono, web: WebContext): void {
  const { programDir } = web.place;

  app.get(BASE, (c) => {
    const { run, instance } = c.req.param();
    const explained = explainRun(programDir, web.index.resolve(run), instance);
    return c.json(instanceView(programDir, explained));
  });

  app.get(`${BASE}/published/:path{.+}`, (c) => {
    const { run, instance, path } = c.req.param();
    const runId = web.index.resolve(run);
    const id = resolveInstanceId(web.feeds.state(runId), instance);
    return sendFile(c, publishedFile(programDir, runId, id, path), path);
  });

  app.get(ATTEMPT, (c) => {
    const view: AttemptView = inspectAttempt(address(c, web));
    return c.json(view);
  });

  app.get(`${ATTEMPT}/activities`, (c) => {
    const page: ActivityPage = attemptActivities(address(c, web), queryPlace(c));
    return c.json(page);
  });

  app.get(`${ATTEMPT}/raw`, (c) => {
    const stream = queryOneOf(c, 'stream', ['stdout', 'stderr']) ?? 'stdout';
    const page: TextPage = {
      ...attemptText(address(c, web), stream, queryPlace(c)),
      content_type: 'text/plain',
    };
    return c.json(page);
  });

  app.get(`${ATTEMPT}/files/:path{.+}`, (c) => {
    const path = c.req.param('path') ?? '';
    return sendFile(c, attemptFile(address(c, web), path), path);
  });
}

function address(c: Context, web: WebContext): AttemptAddress {
  const runId = web.index.resolve(c.req.param('run') ?? '');
  const state = web.feeds.state(runId);
  return {
    programDir: web.place.programDir,
    state,
    instanceId: resolveInstanceId(state, c.req.param('instance') ?? ''),
    attempt: Number(c.req.param('attempt')),
  };
}

function instanceView(programDir: string, explained: ReturnType<typeof explainRun>): InstanceView {
  const { state, holder, instances, decisions } = explained;
  const [explanation] = instances;
  const instance = explanation && state.instances.get(explanation.instance_id);
  const scope = instance && scopeView(state, instance.input_scope_id);
  const task = instance && state.plan.tasks[instance.task_id];
  if (!explanation || !instance || !scope || !task) {
    throw new Refusal('instance-not-found', 'there is no such instance', {
      exit: ExitStatus.notFound,
    });
  }
  const id = instance.instance_id;
  return {
    run: runItem(state, holder !== null),
    instance,
    task,
    scope,
    explanation,
    decision: decisions.find((each) => each.instance_id === id) ?? null,
    upstream: Object.entries(instance.dependency_instances).flatMap(([name, upstream]) =>
      linkTo(state, upstream, name),
    ),
    downstream: (state.links.get(id)?.downstream ?? []).flatMap((each) =>
      linkTo(state, each, null),
    ),
    interrupts: [...state.interrupts.values()]
      .filter(({ interrupt }) => interrupt.instance_id === id)
      .map(interruptView),
    result: acceptedResult(programDir, state, id),
    published: publishedFiles(programDir, state.runId, instance),
  };
}

function linkTo(state: RunState, id: string, scope: string | null): InstanceLink[] {
  const instance = state.instances.get(id);
  if (!instance) return [];
  return [{ scope, instance_id: id, task_id: instance.task_id, status: instance.status }];
}
