/** From the name in a task's `agent` field to the agent: section 7 of the contract. Pure. */
import type { AgentSpec, ProjectSpec } from '../model/program.ts';
import type { Backend } from './backend.ts';
import { defaultBackend, shellBackend } from './backends.ts';

/** The agent that needs no definition and runs the task's own `run` line. */
export const SHELL_AGENT = 'shell';

/** What `agents.<name>` says; a name that the project does not define is a bare agent. */
export function resolveAgent(project: Pick<ProjectSpec, 'agents'>, agentName: string): AgentSpec {
  const defined = Object.hasOwn(project.agents, agentName) ? project.agents[agentName] : undefined;
  return defined ?? bareAgent(agentName === SHELL_AGENT ? shellBackend : defaultBackend);
}

/** An agent that says nothing but what it runs on. */
export function bareAgent({ name }: Backend): AgentSpec {
  return {
    backend: name,
    model: null,
    sandbox: null,
    args: [],
    env: {},
    command: null,
    run: null,
  };
}
