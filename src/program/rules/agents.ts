/** Whether agents resolve, and whether their backends can honour what is asked of them (section 7). Pure. */
import { commandOf, resolveAgent, SHELL_AGENT } from '../../model/resolve-agent.ts';
import type { ProjectSpec, TaskSpec } from '../../model/program.ts';
import type { Add } from './finding.ts';
import { suggest } from '../../text/suggest.ts';

const codexOnly = 'is ignored: commands run without a sandbox and without a model';

export function checkAgents(project: ProjectSpec, add: Add): void {
  for (const [name, agent] of Object.entries(project.agents)) {
    const at = ['agents', name];
    if (agent.backend === 'codex') {
      for (const field of ['command', 'run'] as const) {
        if (agent[field] === null) continue;
        add(
          'error',
          'agent.unresolved',
          [...at, field],
          `the agent "${name}" runs Codex, which takes no "${field}"`,
          'Set "backend: command" to run a command of yours.',
        );
      }
      continue;
    }
    if (agent.command !== null && agent.run !== null) {
      add(
        'error',
        'agent.unresolved',
        [...at, 'run'],
        `the agent "${name}" has both "command" and "run"`,
        'Keep one of them.',
      );
    }
    for (const field of ['model', 'sandbox'] as const) {
      if (agent[field] === null) continue;
      const message = `"${field}" of the agent "${name}" ${codexOnly}`;
      add('warning', 'agent.unsupported_field', [...at, field], message);
    }
  }
}

export function checkTaskAgent(task: TaskSpec, project: ProjectSpec, add: Add): void {
  const agent = resolveAgent(project, task.agent);
  if (!Object.hasOwn(project.agents, task.agent) && task.agent !== SHELL_AGENT) {
    const close = suggest(task.agent, [...Object.keys(project.agents), SHELL_AGENT]);
    if (close !== null && close.toLowerCase() !== task.agent.slice(0, close.length).toLowerCase()) {
      add(
        'warning',
        'agent.undefined',
        ['agent'],
        `the agent "${task.agent}" is not defined, so it runs Codex`,
        `Did you mean "${close}"?`,
      );
    }
  }
  if (agent.backend === 'codex') {
    if (task.run === null) return;
    add(
      'error',
      'agent.unresolved',
      ['run'],
      `"run" needs an agent that runs commands, but "${task.agent}" runs Codex`,
      `Set "agent: ${SHELL_AGENT}", or name an agent with "backend: command".`,
    );
    return;
  }
  if (commandOf(task, agent) === null) {
    add(
      'error',
      'agent.unresolved',
      ['agent'],
      `the agent "${task.agent}" runs commands, but neither it nor the task says which`,
      'Add "run" to the task.',
    );
  }
  for (const field of ['model', 'sandbox'] as const) {
    if (task[field] === null) continue;
    add('warning', 'agent.unsupported_field', [field], `"${field}" ${codexOnly}`);
  }
  if (task.extra_writable_roots.length > 0) {
    add(
      'warning',
      'agent.unsupported_field',
      ['extra_writable_roots'],
      `"extra_writable_roots" ${codexOnly}`,
    );
  }
}
