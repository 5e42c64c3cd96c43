/** Whether the agents that are to take over are there. Pure. */
import { DEFAULT_AGENT, SHELL_AGENT } from '../../agents/resolve-agent.ts';
import type { Policies } from '../../model/policies.ts';
import type { ProjectSpec, TaskSpec } from '../../model/program.ts';
import { suggest } from '../../text/suggest.ts';
import type { Add, RuleFinding } from './finding.ts';

/** `addTo`: for findings about `project`, or about `tasks.<id>`. */
export function checkFallbackAgents(
  project: ProjectSpec,
  tasks: readonly TaskSpec[],
  addTo: (subject: string) => Add,
): void {
  const known = [...Object.keys(project.agents), DEFAULT_AGENT, SHELL_AGENT];
  const check = (
    { fallback_agents: names = [] }: Policies,
    at: RuleFinding['path'],
    add: Add,
  ): void => {
    for (const [index, name] of names.entries()) {
      if (known.includes(name)) continue;
      const near = suggest(name, known);
      const hint =
        near === null
          ? 'Define it in "agents" of project.yaml.'
          : `Did you mean "${near}"? Else define it in "agents" of project.yaml.`;
      const message = `the agent "${name}", which is to take over, is not defined`;
      add('error', 'agent.undefined', [...at, 'fallback_agents', index], message, hint);
    }
  };
  check(project, [], addTo('project'));
  for (const [name, agent] of Object.entries(project.agents)) {
    check(agent, ['agents', name], addTo('project'));
  }
  for (const task of tasks) check(task, [], addTo(`tasks.${task.id}`));
}
