/**
 * Who asks: the run, instance and task that a worker names, or that its environment does. It reads the
 * run's small files under `state/` rather than its log, because every question of a worker begins here;
 * what they do not (yet) have, the log has.
 */
import { statSync } from 'node:fs';
import path from 'node:path';
import { ASKING_VARIABLE, readAsking, type Asking } from '../../attempt/brief/asking.ts';
import { readForeignJson, RECORD_LIMITS } from '../../disk/foreign-json.ts';
import { taskDefaults } from '../../model/defaults.ts';
import { isJsonObject } from '../../model/json.ts';
import { idPattern, type TaskSpec } from '../../model/program.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import type { Instance } from '../../model/run.ts';
import type { RunState } from '../../core/state/run-state.ts';
import { resolveRunId, runPaths, type RunPaths } from '../../store/layout.ts';

export interface Asker {
  paths: RunPaths;
  task: AskingTask;
  /** null where only a task was named. */
  instance: Pick<Instance, 'instance_id' | 'task_id' | 'status'> | null;
  /** Of a worker on another machine than the run: all that it knows; null: the run lies here. */
  elsewhere: Elsewhere | null;
}

type AskingTask = Asking['task'];

export interface Elsewhere {
  roles: Asking['roles'];
  files: Asking['files'];
  /** Where questions of this attempt are left. */
  questionsDir: string;
}

export interface AskerNames {
  programDir: string;
  /** An id, a unique beginning of one, or `latest`. */
  run: string;
  instance: string | null;
  task: string | null;
}

/**
 * @throws Refusal `run-not-found`, `instance-not-found`, `task-not-found` (exit status 4), `wrong-task`, `not-here`
 */
export async function findAsker(
  names: AskerNames,
  env: Readonly<NodeJS.ProcessEnv>,
): Promise<Asker> {
  const away = env[ASKING_VARIABLE];
  const elsewhere = away ? askerElsewhere(away, names) : null;
  if (elsewhere !== null) return elsewhere;
  const paths = findRun(names.programDir, names.run);
  const instance = names.instance === null ? null : await findInstance(paths, names.instance);
  if (instance && names.task !== null && names.task !== instance.task_id) {
    throw new Refusal(
      'wrong-task',
      `instance ${instance.instance_id} is of task ${instance.task_id}, not ${names.task}`,
      { hint: `leave --task-id out, or give --task-id ${instance.task_id}` },
    );
  }
  const taskId = instance?.task_id ?? names.task;
  if (taskId === null) throw new Error('neither an instance nor a task is named');
  return { paths, instance, task: await findTask(paths, taskId), elsewhere: null };
}

/** A worker on another machine than its run; null: it means a run that it has started itself. */
function askerElsewhere(file: string, names: AskerNames): Asker | null {
  const asking = readAsking(file);
  if (asking === null) {
    throw new Refusal(
      'asking-missing',
      `${file}, by which questions are asked here, cannot be read`,
      {
        hint: `${ASKING_VARIABLE} names it; a worker finds it set, and leaves the file alone`,
      },
    );
  }
  const { run_id: run, instance_id: instance, task, roles, files } = asking;
  if (names.run !== run) return null;
  const isOther = (names.instance ?? instance) !== instance || (names.task ?? task.id) !== task.id;
  if (isOther) {
    const message = `only instance ${instance} of run ${run} asks from here: its run lies on another machine`;
    throw new Refusal('not-here', message, { hint: 'leave out the options that name who asks' });
  }
  return {
    paths: runPaths(names.programDir, run),
    task,
    instance: { instance_id: instance, task_id: task.id, status: 'running' },
    elsewhere: { roles, files, questionsDir: path.join(path.dirname(file), '..', 'questions') },
  };
}

/** The full id of a run that exists needs no look at the others. */
function findRun(programDir: string, run: string): RunPaths {
  if (/^\d{14}-[0-9a-f]{8}$/.test(run)) {
    const paths = runPaths(programDir, run);
    const log = statSync(paths.eventsLog, { throwIfNoEntry: false });
    if (log !== undefined && log.size > 0) return paths;
  }
  return runPaths(programDir, resolveRunId(programDir, run));
}

async function findInstance(
  paths: RunPaths,
  name: string,
): Promise<Pick<Instance, 'instance_id' | 'task_id' | 'status'>> {
  const cached = idPattern.test(name) ? readObject(paths.instanceFile(name)) : null;
  if (cached?.['instance_id'] === name && typeof cached['task_id'] === 'string') {
    return cached as unknown as Instance;
  }
  const { resolveInstanceId } = await import('../run/resolve-instance.ts');
  const state = await loadState(paths);
  const { instances } = state;
  const instance = instances.get(resolveInstanceId(state, name));
  if (!instance) throw new Error(`no instance ${name}`);
  return instance;
}

async function findTask(paths: RunPaths, taskId: string): Promise<TaskSpec> {
  const cached = idPattern.test(taskId) ? readObject(paths.taskFile(taskId)) : null;
  const { interaction_policy: policy, assistant_hints: hints } = taskDefaults;
  if (
    cached?.['id'] === taskId &&
    hasAllOf(taskDefaults, cached) &&
    hasAllOf(policy, cached['interaction_policy']) &&
    hasAllOf(hints, cached['assistant_hints'])
  ) {
    return cached as unknown as TaskSpec;
  }
  const { tasks } = (await loadState(paths)).plan;
  const task = Object.hasOwn(tasks, taskId) ? tasks[taskId] : undefined;
  if (task) return task;
  throw new Refusal('task-not-found', `run ${paths.runId} has no task ${taskId}`, {
    hint: `its tasks are: ${Object.keys(tasks).join(', ')}`,
    exit: ExitStatus.notFound,
  });
}

/** The file of an earlier engine has fewer fields: what stands for the rest, the log's reader knows. */
function hasAllOf(fields: object, found: unknown): boolean {
  return isJsonObject(found) && Object.keys(fields).every((name) => Object.hasOwn(found, name));
}

async function loadState(paths: RunPaths): Promise<RunState> {
  const { viewRun } = await import('../../store/directory/view.ts');
  return viewRun(paths).state;
}

function readObject(file: string): Record<string, unknown> | null {
  const read = readForeignJson(file, RECORD_LIMITS);
  return read.ok && isJsonObject(read.value) ? read.value : null;
}
