/** The paths of a program that may hold inputs: workspaces and writable roots. Pure. */
import { backendOf } from '../../agents/backends.ts';
import { effectiveAgent } from '../../agents/resolve-agent.ts';
import type { ProjectSpec, TaskSpec } from '../../model/program.ts';
import { parsePathTemplate } from '../../text/path-template.ts';
import type { Add, RuleFinding } from './finding.ts';

export interface PathTemplate {
  /** Where it is written: `['extra_writable_roots', 0]`. */
  path: RuleFinding['path'];
  template: string;
}

/** The templates that a task, or the project, has. */
export function pathTemplatesOf(
  owner: Pick<ProjectSpec, 'workspace'> | Pick<TaskSpec, 'workspace' | 'extra_writable_roots'>,
): PathTemplate[] {
  const roots = 'extra_writable_roots' in owner ? owner.extra_writable_roots : [];
  return [
    ...(owner.workspace === null ? [] : [{ path: ['workspace'], template: owner.workspace }]),
    ...roots.map((template, index) => ({ path: ['extra_writable_roots', index], template })),
  ];
}

export function checkProjectPaths(project: ProjectSpec, add: Add): void {
  for (const { path, template } of pathTemplatesOf(project)) checkTemplate(template, path, add);
}

export function checkPaths(task: TaskSpec, project: ProjectSpec, add: Add): void {
  for (const { path, template } of pathTemplatesOf(task)) checkTemplate(template, path, add);
  const { agent, sandbox } = effectiveAgent(project, task);
  if (
    (backendOf(agent.backend).can.sandbox || agent.wrap === 'sandbox') &&
    sandbox === 'read-only' &&
    task.extra_writable_roots.length > 0
  ) {
    add(
      'error',
      'task.read_only_roots',
      ['extra_writable_roots'],
      'a read-only sandbox cannot have extra writable roots',
      'Set "sandbox: workspace-write", or remove the roots.',
    );
  }
}

function checkTemplate(template: string, path: RuleFinding['path'], add: Add): void {
  const parsed = parsePathTemplate(template);
  if (!parsed.ok) add('error', 'path_binding.unknown_reference', path, parsed.reason);
}
