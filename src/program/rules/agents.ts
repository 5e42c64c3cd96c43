/** Whether agents resolve, and whether their backends can honour what is asked of them (section 7). Pure. */
import { agentFields, taskFields, type UseFinding } from '../../agents/backend.ts';
import { backendOf, backends, defaultBackend, shellBackend } from '../../agents/backends.ts';
import { DEFAULT_AGENT, resolveAgent, SHELL_AGENT } from '../../agents/resolve-agent.ts';
import type { ComposePart, ProjectSpec, TaskSpec } from '../../model/program.ts';
import type { FileFinding } from '../source/authored-file.ts';
import type { Add, RuleFinding } from './finding.ts';
import { suggest } from '../../text/suggest.ts';

export function checkAgents(project: ProjectSpec, add: Add): void {
  checkName(project.default_agent, ['default_agent'], project, add);
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
  // What the project names for all is its own mistake, told there.
  if (name !== project.default_agent) checkName(name, ['agent'], project, add);
  if (isUndefined(name, project)) return;
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

const builtIn: readonly string[] = [DEFAULT_AGENT, SHELL_AGENT];

/** Whoever defines agents means one of them; where there are none, any name is the default backend's. */
function isUndefined(name: string, { agents }: ProjectSpec): boolean {
  return Object.keys(agents).length > 0 && !Object.hasOwn(agents, name) && !builtIn.includes(name);
}

function checkName(name: string, at: RuleFinding['path'], project: ProjectSpec, add: Add): void {
  const known = [...Object.keys(project.agents), ...builtIn];
  if (name === '' || known.includes(name)) return;
  const near = suggest(name, known);
  if (isUndefined(name, project)) {
    const hint = `Define it in "agents" of project.yaml, or use one of: ${known.join(', ')}.`;
    const message = `the agent "${name}" is not defined`;
    add('error', 'agent.undefined', at, message, near === null ? hint : `Did you mean "${near}"?`);
  } else if (near !== null && near.toLowerCase() !== name.slice(0, near.length).toLowerCase()) {
    const message = `the agent "${name}" is not defined, so it ${defaultBackend.does}`;
    add('warning', 'agent.undefined', at, message, `Did you mean "${near}"?`);
  }
}

/** What is wrong where the task's agent needs a prompt and has none. `isBlank`: whether a file holds no word. */
export function promptProblem(
  task: TaskSpec,
  project: ProjectSpec,
  isBlank: (file: string) => boolean,
): FileFinding | null {
  const { agent: name, compose, run } = task;
  const { does, needsPrompt } = backendOf(resolveAgent(project, name).backend);
  // A decision that it must ask for is something to do, too.
  if (!needsPrompt || run !== null || task.required_decisions.length > 0) return null;
  if (isUndefined(name, project)) return null;
  const says = (part: ComposePart): boolean =>
    part.kind === 'ref' || (part.kind === 'file' ? !isBlank(part.path) : part.text.trim() !== '');
  if (compose.some(says)) return null;
  return {
    severity: 'error',
    code: 'task.no_prompt',
    path: ['compose'],
    message: `the task has no prompt: the agent "${name}" ${does}, and nothing tells it what to do`,
    hint: 'Write, for example, compose: [{kind: file, path: prompts/build.md}]',
  };
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
