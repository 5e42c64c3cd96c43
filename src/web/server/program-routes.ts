/** The authored program: looking at it, editing it, starting runs of it. */
import type { Hono } from 'hono';
import { addEdge, removeEdge } from '../../app/program/edit-edge.ts';
import { addTasks, deleteTask } from '../../app/program/edit-task.ts';
import { applyPreset } from '../../app/program/apply-preset.ts';
import { driveInBackground } from '../../app/run/drive.ts';
import {
  authoredFile,
  checkTask,
  inspectProgram,
  inspectTask,
  presetFiles,
  saveTaskFields,
  saveTaskYaml,
} from '../../app/program/inspect-program.ts';
import { planRun, startRun, type StartOptions } from '../../app/run/start.ts';
import { dependencyKinds } from '../../model/program.ts';
import { Refusal } from '../../model/refusal.ts';
import type {
  CheckResult,
  EditResult,
  PresetPreview,
  ProgramView,
  StartPreview,
  StartResult,
  TaskView,
} from '../api-types.ts';
import type { WebContext } from './context.ts';
import { queryOneOf, readBody, type Body } from './request.ts';
import { sendFile } from './send-file.ts';

export function addProgramRoutes(app: Hono, web: WebContext): void {
  const { place } = web;

  app.get('/api/program', async (c) => {
    const view: ProgramView = await inspectProgram(place);
    return c.json(view);
  });

  app.get('/api/program/tasks/:task', async (c) => {
    const view: TaskView = await inspectTask(place, c.req.param('task'));
    return c.json(view);
  });

  app.post('/api/program/tasks', async (c) => {
    const body = await readBody(c);
    const result: EditResult = await addTasks(place, body.text('yaml'), 'the text');
    return c.json(result);
  });

  app.post('/api/program/tasks/:task/check', async (c) => {
    const body = await readBody(c);
    const result: CheckResult = await checkTask(place, c.req.param('task'), body.text('yaml'));
    return c.json(result);
  });

  app.put('/api/program/tasks/:task/yaml', async (c) => {
    const body = await readBody(c);
    const task = c.req.param('task');
    await saveTaskYaml(place, task, body.text('yaml'), body.text('base_hash'));
    const view: TaskView = await inspectTask(place, task);
    return c.json(view);
  });

  app.patch('/api/program/tasks/:task', async (c) => {
    const body = await readBody(c);
    const task = c.req.param('task');
    await saveTaskFields(place, task, body.object('fields'), body.text('base_hash'));
    const view: TaskView = await inspectTask(place, task);
    return c.json(view);
  });

  app.delete('/api/program/tasks/:task', async (c) => {
    const task = c.req.param('task');
    const { warnings } = await deleteTask(place, task);
    const result: EditResult = { ids: [task], warnings };
    return c.json(result);
  });

  app.post('/api/program/edges', async (c) => {
    const body = await readBody(c);
    const { edge, warnings } = await addEdge(place, {
      source: body.text('source'),
      target: body.text('target'),
      kind: body.oneOf('kind', dependencyKinds),
      scopeAlias: body.textOrNull('scope_alias'),
      consume: body.texts('consume'),
    });
    const result: EditResult = { ids: [edge.target], warnings };
    return c.json(result);
  });

  app.delete('/api/program/edges', async (c) => {
    const { source, target } = c.req.query();
    const kind = queryOneOf(c, 'kind', dependencyKinds);
    if (!source || !target || !kind) {
      throw new Refusal('bad-request', 'which edge? source, target and kind are needed');
    }
    const { warnings } = await removeEdge(place, source, target, kind);
    const result: EditResult = { ids: [target], warnings };
    return c.json(result);
  });

  app.post('/api/program/presets/:preset/preview', async (c) => {
    const body = await readBody(c);
    const preview: PresetPreview = presetFiles(
      place,
      c.req.param('preset'),
      body.textMap('variables'),
    );
    return c.json(preview);
  });

  app.post('/api/program/presets/:preset/apply', async (c) => {
    const body = await readBody(c);
    const { ids, warnings } = await applyPreset(
      place,
      c.req.param('preset'),
      body.textMap('variables'),
      { overwrite: body.flag('overwrite') },
    );
    const result: EditResult = { ids, warnings };
    return c.json(result);
  });

  app.get('/api/program/files/:path{.+}', (c) => {
    const file = c.req.param('path');
    return sendFile(c, authoredFile(place.programDir, file), file);
  });

  app.post('/api/start/preview', async (c) => {
    const options = startOptions(await readBody(c), web);
    const { tasks, inputs, warnings } = await planRun(web.world, place.programDir, options);
    const preview: StartPreview = {
      tasks: tasks.map(({ taskId, dependsOn, ...task }) => ({
        task_id: taskId,
        depends_on: dependsOn,
        ...task,
      })),
      inputs,
      warnings,
    };
    return c.json(preview);
  });

  app.post('/api/runs', async (c) => {
    const options = startOptions(await readBody(c), web);
    const { runId, warnings } = await startRun(web.world, place.programDir, options);
    driveInBackground(web.world, place.programDir, runId);
    const result: StartResult = { run_id: runId, warnings };
    return c.json(result, 201);
  });
}

function startOptions(body: Body, { place }: WebContext): StartOptions {
  const roots = body.texts('roots');
  const labels = body.texts('labels');
  if (roots.length === 0 && labels.length === 0) {
    throw new Refusal('nothing-selected', 'say which tasks to run, by their ids or by a label');
  }
  const inputs = Object.entries(body.object('inputs'));
  return {
    roots,
    labels,
    inputs: inputs.map(([key, value]) => ({ kind: 'json', key, value: JSON.stringify(value) })),
    cwd: place.programDir,
    ...(body.flag('assistants') ? { assistants: true } : {}),
  };
}
