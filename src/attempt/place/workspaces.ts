/** Where agents work: the authored path templates, made absolute in one input scope. */
import { statSync } from 'node:fs';
import path from 'node:path';
import type { JsonObject } from '../../model/json.ts';
import { inputsOf, resolvePathTemplate } from '../../text/path-template.ts';
import type { ProjectSpec, TaskSpec } from '../../model/program.ts';

export interface Workspaces {
  projectWorkspaceDir: string;
  /** The task's own workspace, or else the project's. */
  cwd: string;
  /** Absolute. */
  extraRoots: string[];
}

export type ResolvedWorkspaces =
  | { ok: true; workspaces: Workspaces }
  /** `missingInput`: an input that the scope does not have (it may come with a loop). */
  | { ok: false; message: string; missingInput: boolean };

/** Resolves the paths of a task and checks that they are directories. `values`: what the scope sees. */
export function resolveWorkspaces(
  programDir: string,
  project: Pick<ProjectSpec, 'workspace'>,
  task: Pick<TaskSpec, 'id' | 'workspace' | 'extra_writable_roots'>,
  values: JsonObject,
): ResolvedWorkspaces {
  const projectDir = resolveOne('project.workspace', project.workspace, programDir, values);
  if (!projectDir.ok) return projectDir;
  const field = `tasks.${task.id}.workspace`;
  const cwd =
    task.workspace === null
      ? projectDir
      : resolveOne(field, task.workspace, projectDir.path, values);
  if (!cwd.ok) return cwd;
  const extraRoots: string[] = [];
  for (const [index, root] of task.extra_writable_roots.entries()) {
    const name = `tasks.${task.id}.extra_writable_roots[${index}]`;
    const resolved = resolveOne(name, root, cwd.path, values);
    if (!resolved.ok) return resolved;
    extraRoots.push(resolved.path);
  }
  return {
    ok: true,
    workspaces: { projectWorkspaceDir: projectDir.path, cwd: cwd.path, extraRoots },
  };
}

type ResolvedDirectory =
  { ok: true; path: string } | { ok: false; message: string; missingInput: boolean };

function resolveOne(
  field: string,
  template: string,
  base: string,
  values: JsonObject,
): ResolvedDirectory {
  const resolved = resolvePathTemplate(template, values);
  if (!resolved.ok) {
    const missingInput = inputsOf(template).some((key) => !Object.hasOwn(values, key));
    return { ok: false, message: `${field} "${template}": ${resolved.reason}`, missingInput };
  }
  const absolute = path.resolve(base, resolved.path);
  const stats = statSync(absolute, { throwIfNoEntry: false });
  if (!stats) {
    return { ok: false, message: `${field}: ${absolute} does not exist`, missingInput: false };
  }
  if (!stats.isDirectory()) {
    return { ok: false, message: `${field}: ${absolute} is no directory`, missingInput: false };
  }
  return { ok: true, path: absolute };
}
