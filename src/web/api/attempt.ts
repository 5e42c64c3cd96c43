/** One attempt: what it was given, did and left. */
import type { Context } from 'hono';
import {
  attemptActivities,
  attemptFile,
  attemptText,
  inspectAttempt,
  type AttemptAddress,
} from '../../app/run/inspect-attempt.ts';
import { resolveInstanceId } from '../../app/run/resolve-instance.ts';
import type { AgentActivity } from '../../model/activity.ts';
import type { JsonObject } from '../../model/json.ts';
import type { AttemptRecord } from '../../model/run.ts';
import type { RemoteWhereabouts } from '../../model/whereabouts.ts';
import { runIdIn, type WebContext } from '../server/context.ts';
import { param, queryOneOf, queryPlace } from '../server/request.ts';
import type { Route } from '../server/route.ts';
import { fileQuery, placeQuery, sendFile, type ArtifactView, type TextPage } from './file.ts';

/** `GET /api/runs/:run/instances/:instance/attempts/:attempt` */
export interface AttemptView {
  attempt: number;
  record: AttemptRecord;
  /** Whether it is the instance's latest, and runs. */
  running: boolean;
  /** The prompt that it got; at most 256 KiB. null before it is staged. */
  prompt: TextPart | null;
  /** `runtime.json` as it stands: pid, command, timeouts, counters, usage. */
  runtime: JsonObject | null;
  /** Which other machine has it, or had; not there where it is of the machine of the run. */
  where?: RemoteWhereabouts;
  /** `context/manifest.json`: what was staged. */
  staged: StagedFileView[];
  /** The other files of the attempt's directory: at most 500. For `…/files/<path>`. */
  files: AttemptFileView[];
  files_omitted: number;
  /** Of `events.jsonl` and `stderr.log`. */
  stdout_size: number;
  stderr_size: number;
  /** Interrupts whose replies this attempt received. */
  replies: string[];
}

export interface TextPart {
  text: string;
  size: number;
  truncated: boolean;
}

export interface StagedFileView {
  /** Relative to the attempt's directory. */
  path: string;
  /** `inputs.topic`, `deps.build.result`, … */
  source: string;
  kind: string;
  content_type: string;
  size: number;
  sha256: string;
}

export interface AttemptFileView {
  path: string;
  size: number;
  content_type: string;
  render: ArtifactView['render'];
}

/**
 * `GET …/attempts/:attempt/activities`. Without a place, the end: what happened last. `before=<from>`
 * gives what precedes a page, `after=<to>` what follows it.
 */
export interface ActivityPage {
  activities: ActivityItem[];
  /** The part of `events.jsonl` that this page is made of. */
  from: number;
  to: number;
  /** Of the file now. */
  size: number;
}

export interface ActivityItem {
  /** Offset of its line in `events.jsonl`: grows, and names it within the attempt. */
  at: number;
  activity: AgentActivity;
  /** Texts longer than 32 KiB were cut; `…/raw` has them whole. */
  clipped: boolean;
}

const ATTEMPT = '/api/runs/{run}/instances/{instance}/attempts/{attempt}';

export const attemptRoutes: readonly Route[] = [
  {
    method: 'get',
    path: ATTEMPT,
    summary: 'Prompt, staging, process and files of an attempt',
    answer: 'AttemptView',
    handle: (c, web): AttemptView => inspectAttempt(address(c, web)),
  },
  {
    method: 'get',
    path: `${ATTEMPT}/activities`,
    summary: 'What the agent did',
    query: placeQuery,
    answer: 'ActivityPage',
    handle: (c, web): ActivityPage => attemptActivities(address(c, web), queryPlace(c)),
  },
  {
    method: 'get',
    path: `${ATTEMPT}/raw`,
    summary: 'What it printed',
    query: { stream: '`stdout` or `stderr`', ...placeQuery },
    answer: 'TextPage',
    handle: showOutput,
  },
  {
    method: 'get',
    path: `${ATTEMPT}/files/{path}`,
    summary: 'A file of an attempt',
    query: fileQuery,
    answer: 'file',
    handle(c, web) {
      const path = param(c, 'path');
      return sendFile(c, attemptFile(address(c, web), path), path);
    },
  },
];

function showOutput(c: Context, web: WebContext): TextPage {
  const stream = queryOneOf(c, 'stream', ['stdout', 'stderr']) ?? 'stdout';
  const page = attemptText(address(c, web), stream, queryPlace(c));
  return { ...page, content_type: 'text/plain' };
}

function address(c: Context, web: WebContext): AttemptAddress {
  const state = web.feeds.state(runIdIn(c, web));
  return {
    programDir: web.place.programDir,
    state,
    instanceId: resolveInstanceId(state, param(c, 'instance')),
    attempt: Number(param(c, 'attempt')),
  };
}
