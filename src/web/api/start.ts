/** Starting a run: what would run, and the start. */
import type { Context } from 'hono';
import { driveInBackground } from '../../app/run/background.ts';
import { planRun } from '../../app/run/dry-run.ts';
import { startRun, type StartOptions } from '../../app/run/start.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { stringifyJson, type JsonObject } from '../../model/json.ts';
import type { Sandbox, TaskSpec } from '../../model/program.ts';
import { uncommittedChoices, type Uncommitted } from '../../model/trees.ts';
import { Refusal } from '../../model/refusal.ts';
import type { WebContext } from '../server/context.ts';
import { readBody } from '../server/request.ts';
import type { Route } from '../server/route.ts';

/** `POST /api/start/preview` and `POST /api/runs` */
export interface StartBody {
  roots: string[];
  labels: string[];
  /** Over the defaults of the program. */
  inputs: JsonObject;
  /** What the person calls the run: one line. */
  title?: string;
  /** The engine also answers questions to assistants. */
  assistants?: boolean;
  /** Where tasks have trees of their own: what to do with uncommitted changes. Left out: they are refused. */
  uncommitted?: Uncommitted;
}

export interface StartPreview {
  tasks: PlannedTask[];
  /** What the run would see. */
  inputs: JsonObject;
  warnings: Diagnostic[];
}

export interface PlannedTask {
  task_id: string;
  title: string;
  kind: TaskSpec['kind'];
  agent: string;
  backend: string;
  model: string | null;
  /** null where the backend has none. */
  sandbox: Sandbox | null;
  /** null where it depends on an input that comes later. */
  directory: string | null;
  depends_on: string[];
  /** How it is more than one step: for each item, only when, decided by rules. */
  notes: string[];
  /** Tasks start in the order of their waves. */
  wave: number;
}

export interface StartResult {
  run_id: string;
  warnings: Diagnostic[];
}

export const startRoutes: readonly Route[] = [
  {
    method: 'post',
    path: '/api/start/preview',
    summary: 'What would run',
    body: 'StartBody',
    answer: 'StartPreview',
    handle: previewStart,
  },
  {
    method: 'post',
    path: '/api/runs',
    summary: 'Start a run in the background',
    body: 'StartBody',
    answer: 'StartResult',
    status: 201,
    handle: start,
  },
];

async function previewStart(c: Context, web: WebContext): Promise<StartPreview> {
  const { tasks, inputs, warnings } = await planRun(
    web.world,
    web.place.programDir,
    await startOptions(c, web),
  );
  return {
    tasks: tasks.map(({ taskId, dependsOn, ...task }) => ({
      task_id: taskId,
      depends_on: dependsOn,
      ...task,
    })),
    inputs,
    warnings,
  };
}

async function start(c: Context, web: WebContext): Promise<StartResult> {
  const { programDir } = web.place;
  const { runId, warnings } = await startRun(web.world, programDir, await startOptions(c, web));
  driveInBackground(web.world, programDir, runId);
  return { run_id: runId, warnings };
}

async function startOptions(c: Context, { place }: WebContext): Promise<StartOptions> {
  const body = await readBody(c);
  const roots = body.texts('roots');
  const labels = body.texts('labels');
  if (roots.length === 0 && labels.length === 0) {
    throw new Refusal('nothing-selected', 'say which tasks to run, by their ids or by a label');
  }
  const inputs = Object.entries(body.object('inputs'));
  const title = body.textOrNull('title');
  const uncommitted = body.oneOfOrNull('uncommitted', uncommittedChoices);
  return {
    roots,
    labels,
    inputs: inputs.map(([key, value]) => ({ kind: 'json', key, value: stringifyJson(value) })),
    // Where relative files of inputs are looked up: nowhere but in the program.
    cwd: place.programDir,
    ...(title === null ? {} : { title }),
    ...(uncommitted === null ? {} : { uncommitted }),
    ...(body.flag('assistants') ? { assistants: true } : {}),
  };
}
