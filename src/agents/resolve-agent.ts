/** From the name in a task's `agent` field to the agent: section 7 of the contract. Pure. */
import { modelOf, nearest } from '../model/policies.ts';
import type { AgentSpec, ProjectSpec, RoleSpec, Sandbox, TaskSpec } from '../model/program.ts';
import type { Backend } from './backend.ts';
import { backendOf, backendOfRole, defaultBackend, shellBackend } from './backends.ts';

/** The agent of projects that name none; it needs no definition. */
export const DEFAULT_AGENT = 'default';

/** The agent that needs no definition and runs the task's own `run` line. */
export const SHELL_AGENT = 'shell';

/** Those that need no definition. */
export const builtInAgents: readonly string[] = [DEFAULT_AGENT, SHELL_AGENT];

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

/** What an assistant of a role runs on: an agent of the project's, or a bare one of its backend. */
export function agentOfRole(
  project: Pick<ProjectSpec, 'agents'>,
  role: Pick<RoleSpec, 'agent' | 'backend'>,
): AgentSpec {
  return role.agent === undefined
    ? bareAgent(backendOfRole(role.backend))
    : resolveAgent(project, role.agent);
}

/** What a task runs with. Of model and sandbox: the task's own, or else its agent's, or else the project's. */
export function effectiveAgent(
  project: Pick<ProjectSpec, 'agents' | 'default_model' | 'default_sandbox'>,
  task: Pick<TaskSpec, 'agent' | 'model' | 'sandbox'>,
): { agent: AgentSpec; model: string | null; sandbox: Sandbox } {
  const agent = resolveAgent(project, task.agent);
  return {
    agent,
    model: modelOf(project, task),
    sandbox: nearest(task.sandbox, agent.sandbox) ?? project.default_sandbox,
  };
}

/** Of model and sandbox: what has an effect; null for what the agent's backend does not take. */
export function honoured(
  project: Parameters<typeof effectiveAgent>[0],
  task: Parameters<typeof effectiveAgent>[1],
): { backend: string; model: string | null; sandbox: Sandbox | null } {
  const { agent, model, sandbox } = effectiveAgent(project, task);
  const { fields } = backendOf(agent.backend);
  return {
    backend: agent.backend,
    model: fields.task.includes('model') ? model : null,
    sandbox: fields.task.includes('sandbox') || agent.wrap === 'sandbox' ? sandbox : null,
  };
}
