/** A task of the program: looking at it, writing it. */
import type { Context } from 'hono';
import { addTasks, deleteTask } from '../../app/program/edit-task.ts';
import { inspectTask } from '../../app/program/look.ts';
import { checkTask, saveTaskFields, saveTaskYaml } from '../../app/program/save.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { TaskSpec } from '../../model/program.ts';
import type { WebContext } from '../server/context.ts';
import { param, readBody } from '../server/request.ts';
import type { Route } from '../server/route.ts';

/** `GET /api/program/tasks/:id` */
export interface TaskView {
  id: string;
  /** null where the file cannot be read as a task. */
  task: TaskSpec | null;
  /** Its fields as they stand in the file, without defaults; null where it cannot be read as YAML. */
  written: JsonObject | null;
  /** The file as it is on disk. */
  yaml: string;
  /** SHA-256 of `yaml`: give it back with an edit, so that nobody's edit is lost. */
  hash: string;
  /** Relative to the program. */
  file: string;
  /** Those of this file. */
  diagnostics: Diagnostic[];
  /** The texts of `compose`, in its order. */
  compose: ComposeView[];
  result_schema: Json;
}

export type ComposeView =
  /** `text`: null where the file is missing. At most 256 KiB. */
  | { kind: 'file'; path: string; text: string | null; truncated: boolean }
  | { kind: 'ref'; ref: string }
  | { kind: 'literal'; text: string };

/** `POST /api/program/tasks` (yaml: one task, or a list), `POST /api/program/tasks/:id/check` */
export interface YamlBody {
  yaml: string;
}

/** `PUT /api/program/tasks/:id/yaml` */
export interface SaveYamlBody {
  yaml: string;
  /** The `hash` that the edit began with; a conflict is refused with 409 `edit-conflict`. */
  base_hash: string;
}

/** `PATCH /api/program/tasks/:id`: sets the given top-level fields; null removes one. */
export interface SaveFieldsBody {
  fields: JsonObject;
  base_hash: string;
}

/** What `check` answers: nothing is written. */
export interface CheckResult {
  /** Problems of the program, were this saved; the edited file's first. */
  diagnostics: Diagnostic[];
  /** Saving it would be accepted. */
  ok: boolean;
}

export interface EditResult {
  /** Tasks written or deleted. */
  ids: string[];
  /** Warnings that the edit adds. */
  warnings: Diagnostic[];
}

const TASK = '/api/program/tasks/{task}';

export const taskRoutes: readonly Route[] = [
  {
    method: 'get',
    path: TASK,
    summary: 'A task as model and as YAML',
    answer: 'TaskView',
    handle: showTask,
  },
  {
    method: 'post',
    path: '/api/program/tasks',
    summary: 'Add a task, or a list of tasks',
    body: 'YamlBody',
    answer: 'EditResult',
    handle: createTasks,
  },
  {
    method: 'post',
    path: `${TASK}/check`,
    summary: 'Validate an edit; write nothing',
    body: 'YamlBody',
    answer: 'CheckResult',
    handle: checkYaml,
  },
  {
    method: 'put',
    path: `${TASK}/yaml`,
    summary: "Save a task's file",
    body: 'SaveYamlBody',
    answer: 'TaskView',
    handle: saveYaml,
  },
  {
    method: 'patch',
    path: TASK,
    summary: 'Save fields of a task; comments stay',
    body: 'SaveFieldsBody',
    answer: 'TaskView',
    handle: saveFields,
  },
  {
    method: 'delete',
    path: TASK,
    summary: 'Delete a task',
    answer: 'EditResult',
    handle: removeTask,
  },
];

function showTask(c: Context, { place }: WebContext): Promise<TaskView> {
  return inspectTask(place, param(c, 'task'));
}

async function createTasks(c: Context, { world, place }: WebContext): Promise<EditResult> {
  return addTasks(world, place, (await readBody(c)).text('yaml'), 'the text');
}

async function checkYaml(c: Context, { place }: WebContext): Promise<CheckResult> {
  return checkTask(place, param(c, 'task'), (await readBody(c)).text('yaml'));
}

async function saveYaml(c: Context, { world, place }: WebContext): Promise<TaskView> {
  const body = await readBody(c);
  return saveTaskYaml(world, place, param(c, 'task'), body.text('yaml'), body.text('base_hash'));
}

async function saveFields(c: Context, { world, place }: WebContext): Promise<TaskView> {
  const body = await readBody(c);
  return saveTaskFields(
    world,
    place,
    param(c, 'task'),
    body.object('fields'),
    body.text('base_hash'),
  );
}

async function removeTask(c: Context, { world, place }: WebContext): Promise<EditResult> {
  const task = param(c, 'task');
  const { warnings } = await deleteTask(world, place, task);
  return { ids: [task], warnings };
}
