/**
 * Who asks: the run, instance and task that a worker names, or that its environment does. It reads the
 * run's small files under `state/` rather than its log, because every question of a worker begins here;
 * what they do not (yet) have, the log has.
 */
import { statSync } from 'node:fs';
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
  task: TaskSpec;
  /** null where only a task was named. */
  instance: Pick<Instance, 'instance_id' | 'task_id' | 'status'> | null;
}

export interface AskerNames {
  programDir: string;
  /** An id, a unique beginning of one, or `latest`. */
  run: string;
  instance: string | null;
  task: string | null;
}

/**
 * @throws Refusal `run-not-found`, `instance-not-found`, `task-not-found` (exit status 4), `wrong-task`
 */
export async function findAsker(names: AskerNames): Promise<Asker> {
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
  return { paths, instance, task: await findTask(paths, taskId) };
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
