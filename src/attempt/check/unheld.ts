/** Checks that run as the person, without a sandbox: which of a program's do, and why. For validation and doctor. */
import { backendOf } from '../../agents/backends.ts';
import { effectiveAgent } from '../../agents/resolve-agent.ts';
import type { ProjectSpec, TaskSpec } from '../../model/program.ts';
import { withChecks } from './checks-of-run.ts';

/** Tasks that have checks which run something. */
export function tasksWithChecks(project: ProjectSpec, tasks: readonly TaskSpec[]): TaskSpec[] {
  return tasks.filter((task) =>
    withChecks(project, task).checks?.some(({ run }) => run !== undefined),
  );
}

/** Why the checks of a task are not held by a sandbox, whatever the machine has; null: they are. */
export function unheldBecause(project: ProjectSpec, task: TaskSpec): string | null {
  const { agent, sandbox } = effectiveAgent(project, task);
  if (sandbox === 'danger-full-access') return 'its sandbox is danger-full-access';
  const isHeld = backendOf(agent.backend).can.sandbox || agent.wrap === 'sandbox';
  return isHeld ? null : 'its agent has none either';
}
