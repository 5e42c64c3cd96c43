/** One instance: where it is and why, what it stands on, what it left. */
import type { Context } from 'hono';
import { retryInBackground } from '../../app/run/retry.ts';
import { acceptedResult, publishedFile, publishedFiles } from '../../app/run/inspect-attempt.ts';
import { explainRun } from '../../app/run/inspect-run.ts';
import { resolveInstanceId } from '../../app/run/resolve-instance.ts';
import type { RunState } from '../../core/state/run-state.ts';
import type { Json } from '../../model/json.ts';
import type { TaskSpec } from '../../model/program.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import type { Instance, InstanceStatus } from '../../model/run.ts';
import { runIdIn, type WebContext } from '../server/context.ts';
import { param, readBody } from '../server/request.ts';
import type { Route } from '../server/route.ts';
import { fileQuery, sendFile, type ArtifactView } from './file.ts';

import { interruptView, type InterruptView } from './inbox.ts';
import type { ActionResult, Decision, Explanation } from './run.ts';
import { runItem, type RunListItem } from './runs.ts';
import { scopeView, type ScopeView } from './scope.ts';

/** `GET /api/runs/:run/instances/:instance` */
export interface InstanceView {
  run: RunListItem;
  instance: Instance;
  task: TaskSpec;
  scope: ScopeView;
  explanation: Explanation;
  decision: Decision | null;
  /** What it depends on, by scope name. */
  upstream: InstanceLink[];
  downstream: InstanceLink[];
  interrupts: InterruptView[];
  /** `result.json` as it was accepted; null before, and where it is longer than 256 KiB. */
  result: Json;
  /** For `…/published/<path>`. */
  published: ArtifactView[];
}

export interface InstanceLink {
  /** The scope name; null downstream. */
  scope: string | null;
  instance_id: string;
  task_id: string;
  status: InstanceStatus;
}

/** `POST /api/runs/:run/instances/:instance/retry` */
export interface RetryBody {
  /** Iterations beyond `max_iterations`, for an instance that failed with `loop_limit`. */
  grant_iterations?: number;
  /** Leave the session of the earlier attempts, and begin with the whole prompt. */
  new_session?: boolean;
  /** Start over: a new session, and a clean tree where it has one of its own. */
  fresh?: boolean;
}

const INSTANCE = '/api/runs/{run}/instances/{instance}';

export const instanceRoutes: readonly Route[] = [
  {
    method: 'get',
    path: INSTANCE,
    summary: 'An instance',
    answer: 'InstanceView',
    handle: showInstance,
  },
  {
    method: 'post',
    path: `${INSTANCE}/retry`,
    summary: 'Force a failed instance',
    body: 'RetryBody',
    answer: 'ActionResult',
    handle: retry,
  },
  {
    method: 'get',
    path: `${INSTANCE}/published/{path}`,
    summary: 'An artifact',
    query: fileQuery,
    answer: 'file',
    handle: sendArtifact,
  },
];

function showInstance(c: Context, web: WebContext): InstanceView {
  const { programDir } = web.place;
  const { state, holder, instances, decisions } = explainRun(programDir, runIdIn(c, web), {
    instance: param(c, 'instance'),
    surroundings: web.world,
  });
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
    run: runItem(web, state, holder !== null),
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

async function retry(c: Context, web: WebContext): Promise<ActionResult> {
  const body = await readBody(c);
  return retryInBackground(web.world, web.place.programDir, runIdIn(c, web), param(c, 'instance'), {
    grantIterations: body.count('grant_iterations'),
    newSession: body.flag('new_session') || body.flag('fresh'),
    freshTree: body.flag('fresh'),
  });
}

function sendArtifact(c: Context, web: WebContext): Response {
  const runId = runIdIn(c, web);
  const id = resolveInstanceId(web.feeds.state(runId), param(c, 'instance'));
  const path = param(c, 'path');
  return sendFile(c, publishedFile(web.place.programDir, runId, id, path), path);
}
