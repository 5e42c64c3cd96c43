/**
 * A program of shell tasks for the test that runs, and what `run show` says of it. Whoever imports this
 * gets a new directory before each test.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeEach } from 'vitest';
import { codexOrch, testDirectory, writeFiles } from '../support/built-program.ts';

const root = testDirectory('shell-program');
/** The directory of the test that runs, a new one for each. */
export let dir: string;
let count = 0;
beforeEach(() => {
  count += 1;
  dir = path.join(root, String(count));
  mkdirSync(dir);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface ShownInstance {
  instance_id: string;
  task_id: string;
  input_scope_id: string;
  status: string;
  attempt: number;
  error: string | null;
  failure_kind: string | null;
  termination_reason: string | null;
  resume_recommended: boolean;
  dependency_instances: Record<string, string>;
  dependency_scopes: Record<string, string>;
  activation_bindings: Record<string, string>;
  published: { relative_path: string }[];
  started_at: string;
  finished_at: string;
}
export interface ShownRun {
  id: string;
  status: string;
  roots: string[];
  user_inputs: Record<string, unknown>;
  project: Record<string, unknown>;
  project_workspace_template: string;
  tasks: Record<string, Record<string, unknown>>;
  task_path_templates: Record<string, unknown>;
  input_scopes: Record<string, { values: Record<string, unknown>; parent_input_scope_id: string }>;
  instances: Record<string, ShownInstance>;
}

interface TaskFields {
  run?: string;
  [field: string]: unknown;
}

/** A program of shell tasks in the test's own directory. */
export function program(
  tasks: Record<string, TaskFields>,
  project: Record<string, unknown> = {},
): void {
  const files: Record<string, unknown> = {
    'project.yaml': { name: 'p', workspace: '.', default_agent: 'shell', ...project },
  };
  for (const [id, fields] of Object.entries(tasks)) {
    files[`tasks/${id}.yaml`] = { id, title: id, status: 'ready', ...fields };
  }
  writeFiles(dir, files);
}

export const orch = (...words: string[]) => codexOrch(words, { cwd: dir });
export const show = async (): Promise<ShownRun> =>
  JSON.parse((await orch('run', 'show', 'latest', '--json')).stdout) as ShownRun;
export const instancesOf = (run: ShownRun, task: string): ShownInstance[] =>
  Object.values(run.instances).filter((each) => each.task_id === task);
export const statuses = (run: ShownRun): string[] =>
  Object.values(run.instances)
    .map((each) => `${each.task_id} ${each.status}`)
    .sort();
/** A zombie that nobody reaps does not live. */
export const lives = (pid: string): boolean =>
  existsSync(`/proc/${pid}/stat`) && !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
export const after = (task: string) => [{ task, kind: 'order' }];
