/** Where agents work: the authored path templates, made absolute in one input scope. */
import { statSync } from 'node:fs';
import path from 'node:path';
import type { JsonObject } from '../model/json.ts';
import { inputsOf, resolvePathTemplate } from '../text/path-template.ts';
import { inputValue } from '../text/value-at.ts';
import type { ProjectSpec, TaskSpec } from '../model/program.ts';

export interface Workspaces {
  projectWorkspaceDir: string;
  /** The task's own workspace, or else the project's. */
  cwd: string;
  /** Absolute. */
  extraRoots: string[];
}

export type ResolvedWorkspaces =
  | { ok: true; workspaces: Workspaces }
  | {
      ok: false;
      message: string;
      /** An input that the scope does not have (it may come with a loop). */
      missingInput: boolean;
      /** The field that names no directory, of the project or the task; null: something else is wrong. */
      noDirectory: Path | null;
    };

type Path = readonly (string | number)[];

/** Resolves the paths of a task and checks that they are directories. `values`: what the scope sees. */
export function resolveWorkspaces(
  programDir: string,
  project: Pick<ProjectSpec, 'workspace'>,
  task: TaskPaths,
  values: JsonObject,
): ResolvedWorkspaces {
  const named = nameWorkspaces(programDir, project, task, values);
  if (!named.ok) return named;
  const { projectWorkspaceDir, cwd, extraRoots } = named.workspaces;
  const field = `tasks.${task.id}`;
  const problem =
    problemOf('project.workspace', projectWorkspaceDir, ['workspace']) ??
    (cwd === projectWorkspaceDir ? null : problemOf(`${field}.workspace`, cwd, ['workspace'])) ??
    extraRoots
      .map((root, index) =>
        problemOf(rootField(task, index), root, ['extra_writable_roots', index]),
      )
      .find((each) => each !== null);
  return problem ? { ok: false, missingInput: false, ...problem } : named;
}

type TaskPaths = Pick<TaskSpec, 'id' | 'workspace' | 'extra_writable_roots'>;

/** The same without a look at the disk. */
export function nameWorkspaces(
  programDir: string,
  project: Pick<ProjectSpec, 'workspace'>,
  task: TaskPaths,
  values: JsonObject,
): ResolvedWorkspaces {
  const projectDir = nameOne('project.workspace', project.workspace, programDir, values);
  if (!projectDir.ok) return projectDir;
  const cwd =
    task.workspace === null
      ? projectDir
      : nameOne(`tasks.${task.id}.workspace`, task.workspace, projectDir.path, values);
  if (!cwd.ok) return cwd;
  const extraRoots: string[] = [];
  for (const [index, root] of task.extra_writable_roots.entries()) {
    const resolved = nameOne(rootField(task, index), root, cwd.path, values);
    if (!resolved.ok) return resolved;
    extraRoots.push(resolved.path);
  }
  return {
    ok: true,
    workspaces: { projectWorkspaceDir: projectDir.path, cwd: cwd.path, extraRoots },
  };
}

function rootField(task: TaskPaths, index: number): string {
  return `tasks.${task.id}.extra_writable_roots[${index}]`;
}

type NamedDirectory =
  | { ok: true; path: string }
  | { ok: false; message: string; missingInput: boolean; noDirectory: null };

function nameOne(
  field: string,
  template: string,
  base: string,
  values: JsonObject,
): NamedDirectory {
  const resolved = resolvePathTemplate(template, values);
  if (resolved.ok) return { ok: true, path: path.resolve(base, resolved.path) };
  const missingInput = inputsOf(template).some((name) => inputValue(values, name) === null);
  const message = `${field} "${template}": ${resolved.reason}`;
  return { ok: false, message, missingInput, noDirectory: null };
}

function problemOf(
  field: string,
  directory: string,
  noDirectory: Path,
): { message: string; noDirectory: Path } | null {
  const stats = statSync(directory, { throwIfNoEntry: false });
  if (stats?.isDirectory() === true) return null;
  const what = stats ? 'is no directory' : 'does not exist';
  return { message: `${field}: ${directory} ${what}`, noDirectory };
}
