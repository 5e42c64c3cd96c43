/** From the name in a task's `agent` field to the backend that runs it: section 7 of the contract. Pure. */
import type { AgentSpec, ProjectSpec, TaskSpec } from './program.ts';

/** The agent that needs no definition and runs the task's own `run` line. */
export const SHELL_AGENT = 'shell';

/**
 * What `agents.<name>` says; for a name that the project does not define: `shell` is a bare `command`
 * backend, anything else a bare `codex` one.
 */
export function resolveAgent(project: Pick<ProjectSpec, 'agents'>, agentName: string): AgentSpec {
  const defined = Object.hasOwn(project.agents, agentName) ? project.agents[agentName] : undefined;
  if (defined) return defined;
  return {
    backend: agentName === SHELL_AGENT ? 'command' : 'codex',
    model: null,
    sandbox: null,
    args: [],
    env: {},
    command: null,
    run: null,
  };
}

/** What a `command` attempt runs: an argv, or a shell line; null where nobody says. The task's `run` wins. */
export function commandOf(
  task: Pick<TaskSpec, 'run'>,
  agent: AgentSpec,
): { argv: string[] } | { run: string } | null {
  if (task.run !== null) return { run: task.run };
  if (agent.command !== null) return { argv: agent.command };
  return agent.run === null ? null : { run: agent.run };
}
