/** Which of several settings counts: of a task, its agent, its project, or the edition of the program. */
import {
  editionDefaults,
  nearest,
  type Policies,
  type ResolvedPolicies,
} from '../../model/policies.ts';
import type { ProjectSpec, TaskSpec } from '../../model/program.ts';

type PolicyName = keyof Policies;

/** How often an attempt may be repaired. `isUntold`: its agent takes no prompt; only where somebody means just that. */
export function repairsOf(
  project: Pick<ProjectSpec, 'agents' | 'edition' | PolicyName>,
  task: Pick<TaskSpec, 'agent' | PolicyName>,
  isUntold: boolean,
): number {
  return policyOf(isUntold ? { agents: project.agents } : project, task, 'repair');
}

/** The nearest wins whole. */
export function policyOf<K extends PolicyName>(
  project: Pick<ProjectSpec, 'agents' | 'edition' | PolicyName>,
  task: Pick<TaskSpec, 'agent' | PolicyName>,
  name: K,
): ResolvedPolicies[K] {
  const agent = Object.hasOwn(project.agents, task.agent) ? project.agents[task.agent] : undefined;
  // Each has it as a `Policies` has it, which the compiler does not follow through a name.
  const said = [task[name], agent?.[name], project[name]] as (ResolvedPolicies[K] | undefined)[];
  const set = nearest(...said);
  return set ?? editionDefaults[project.edition ?? 1][name];
}
