/** Which of several settings counts: of a task, its agent, its project, or the edition of the program. */
import { editionDefaults, nearest, type Policies } from '../../model/policies.ts';
import type { ProjectSpec, TaskSpec } from '../../model/program.ts';

type PolicyName = keyof Policies;

/** The nearest wins whole. */
export function policyOf<K extends PolicyName>(
  project: Pick<ProjectSpec, 'agents' | 'edition' | PolicyName>,
  task: Pick<TaskSpec, 'agent' | PolicyName>,
  name: K,
): Required<Policies>[K] {
  const agent = Object.hasOwn(project.agents, task.agent) ? project.agents[task.agent] : undefined;
  const set = nearest<Required<Policies>[K]>(task[name], agent?.[name], project[name]);
  return set ?? editionDefaults[project.edition ?? 1][name];
}
