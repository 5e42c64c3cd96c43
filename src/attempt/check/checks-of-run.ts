/** Whose checks count for a task of a run that begins: its own, or those of its project where it writes. */
import { backendOf } from '../../agents/backends.ts';
import { effectiveAgent } from '../../agents/resolve-agent.ts';
import type { ProjectSpec, TaskSpec } from '../../model/program.ts';

/** The task as the run freezes it: with all checks that are for it. */
export function withChecks(project: ProjectSpec, task: TaskSpec): TaskSpec {
  const { checks = [] } = project;
  if (task.checks !== undefined || checks.length === 0 || !isForAll(project, task)) return task;
  return { ...task, checks };
}

/** "All that write": not read-only, no controller, and an agent that is told what to do. */
function isForAll(project: ProjectSpec, task: TaskSpec): boolean {
  const { agent, sandbox } = effectiveAgent(project, task);
  return (
    task.kind !== 'controller' && backendOf(agent.backend).needsPrompt && sandbox !== 'read-only'
  );
}
