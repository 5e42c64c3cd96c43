/** Whether agents resolve, and whether their backends can honour what is asked of them (section 7). Pure. */
import { agentFields, taskFields, type UseFinding } from '../../agents/backend.ts';
import { backendOf, backends, defaultBackend, shellBackend } from '../../agents/backends.ts';
import { resolveAgent, SHELL_AGENT } from '../../agents/resolve-agent.ts';
import type { ProjectSpec, TaskSpec } from '../../model/program.ts';
import type { Add, RuleFinding } from './finding.ts';
import { suggest } from '../../text/suggest.ts';

export function checkAgents(project: ProjectSpec, add: Add): void {
  for (const [name, agent] of Object.entries(project.agents)) {
    const at = ['agents', name];
    const { does, fields, check } = backendOf(agent.backend);
    addAll(check({ name, agent, task: null }), at, add);
    for (const field of agentFields) {
      if (agent[field] === null || fields.agent.includes(field)) continue;
      if (field === 'command' || field === 'run') {
        add(
          'error',
          'agent.unresolved',
          [...at, field],
          `the agent "${name}" ${does}, which takes no "${field}"`,
          `Set "backend: ${runningOwn()}" to run a command of yours.`,
        );
      } else {
        const message = `"${field}" of the agent "${name}" is ignored: ${fields.otherwise}`;
        add('warning', 'agent.unsupported_field', [...at, field], message);
      }
    }
  }
}

export function checkTaskAgent(task: TaskSpec, project: ProjectSpec, add: Add): void {
  const { agent: name } = task;
  const agent = resolveAgent(project, name);
  if (!Object.hasOwn(project.agents, name) && name !== SHELL_AGENT) {
    const close = suggest(name, [...Object.keys(project.agents), SHELL_AGENT]);
    if (close !== null && close.toLowerCase() !== name.slice(0, close.length).toLowerCase()) {
      add(
        'warning',
        'agent.undefined',
        ['agent'],
        `the agent "${name}" is not defined, so it ${defaultBackend.does}`,
        `Did you mean "${close}"?`,
      );
    }
  }
  const { does, fields, check } = backendOf(agent.backend);
  addAll(check({ name, agent, task }), [], add);
  for (const field of taskFields) {
    if (!isSet(task[field]) || fields.task.includes(field)) continue;
    if (field === 'run') {
      add(
        'error',
        'agent.unresolved',
        [field],
        `"run" needs an agent that ${shellBackend.does}, but "${name}" ${does}`,
        `Set "agent: ${SHELL_AGENT}", or name an agent with "backend: ${runningOwn()}".`,
      );
    } else {
      const message = `"${field}" is ignored: ${fields.otherwise}`;
      add('warning', 'agent.unsupported_field', [field], message);
    }
  }
}

/** Backends that run what the author's own line says. */
function runningOwn(): string {
  return backends
    .filter(({ fields }) => fields.agent.includes('run'))
    .map(({ name }) => name)
    .join('" or "backend: ');
}

function isSet(value: string | readonly string[] | null): boolean {
  return value !== null && value.length > 0;
}

function addAll(findings: readonly UseFinding[], at: RuleFinding['path'], add: Add): void {
  for (const { field, message, hint } of findings) {
    add('error', 'agent.unresolved', [...at, field], message, hint);
  }
}
