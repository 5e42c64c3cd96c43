/** Whether agents resolve, and whether their backends can honour what is asked of them (section 7). Pure. */
import { optionalAgentFields, optionalTaskFields, type UseFinding } from '../../agents/backend.ts';
import { backendOf, backends, defaultBackend, shellBackend } from '../../agents/backends.ts';
import {
  builtInAgents,
  effectiveAgent,
  resolveAgent,
  SHELL_AGENT,
} from '../../agents/resolve-agent.ts';
import {
  decidesByRules,
  type AgentSpec,
  type ComposePart,
  type ProjectSpec,
  type RoleSpec,
  type Sandbox,
  type TaskSpec,
} from '../../model/program.ts';
import type { FileFinding } from '../source/authored-file.ts';
import { tooLong } from '../../processes/longest-word.ts';
import type { Add, RuleFinding } from './finding.ts';
import { isBound } from '../../text/path-template.ts';
import { charsOf } from '../../text/amounts.ts';
import { suggest } from '../../text/suggest.ts';

export function checkAgents(project: ProjectSpec, add: Add): void {
  checkName(project.default_agent, ['default_agent'], project, add);
  for (const [name, agent] of Object.entries(project.agents)) {
    const at = ['agents', name];
    const { does, fields, check } = backendOf(agent.backend);
    addAll(check({ name, agent, task: null }), at, add);
    checkWrap(name, agent, [...at, 'wrap'], add);
    checkServers(name, agent, [...at, 'mcp'], add);
    checkAmbient(name, agent, [...at, 'ambient'], add);
    checkWords(wordsOf(agent), at, add);
    for (const field of optionalAgentFields) {
      if (agent[field] === null || fields.agent.includes(field)) continue;
      if (isWrapped(agent, field)) continue;
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

/** Our sandbox is for those that have none of their own. */
function checkWrap(name: string, agent: AgentSpec, at: RuleFinding['path'], add: Add): void {
  const { can, does } = backendOf(agent.backend);
  if (agent.wrap !== 'sandbox' || can.wrapped) return;
  const message = `the agent "${name}" ${does}, which has a sandbox of its own and does not work in ours`;
  const hint = 'Remove "wrap", and set "sandbox".';
  add('error', 'agent.unsupported_field', at, message, hint);
}

function checkServers(name: string, agent: AgentSpec, at: RuleFinding['path'], add: Add): void {
  const { can, does } = backendOf(agent.backend);
  if (agent.mcp === undefined || can.mcp) return;
  const message = `the agent "${name}" ${does}, which use no servers of tools`;
  add('error', 'agent.unsupported_field', at, message, 'Remove "mcp".');
}

function checkAmbient(name: string, agent: AgentSpec, at: RuleFinding['path'], add: Add): void {
  if (agent.ambient !== 'none') return;
  const { does, ownHome, settings } = backendOf(agent.backend);
  const settled = settings({ agent, run: null }, { sections: {}, problem: null });
  if (ownHome(settled.settings, '/', {}) !== null) return;
  const message = `the agent "${name}" ${does}, of which it is not known what a home of its own would be`;
  add('error', 'agent.unsupported_field', at, message, 'Remove "ambient".');
}

/** A sandbox around what may do anything holds nothing, and some agents nothing holds without it. */
function checkHeld(task: TaskSpec, project: ProjectSpec, add: Add): void {
  const { agent, sandbox } = effectiveAgent(project, task);
  checkUnheld(agent, sandbox, add);
  if (agent.wrap !== 'sandbox' || sandbox !== 'danger-full-access') return;
  const message = `"wrap: sandbox" of the agent "${task.agent}" holds nothing where the sandbox is danger-full-access`;
  const hint = 'Set "sandbox: workspace-write" or "read-only", or remove "wrap".';
  add('error', 'agent.unsupported_field', ['agent'], message, hint);
}

function checkUnheld(agent: AgentSpec, sandbox: Sandbox, add: Add): void {
  const unheld = backendOf(agent.backend).unheld(agent, sandbox);
  if (unheld === null) return;
  add('error', 'agent.unsupported_field', ['agent'], unheld.message, unheld.hint);
}

/** The agent that a role names must be there, and be one that answers. */
export function checkRoleAgent(role: RoleSpec, project: ProjectSpec, add: Add): void {
  const { agent: name } = role;
  if (name === undefined) return;
  checkName(name, ['agent'], project, add);
  if (isUndefined(name, project)) return;
  const agent = resolveAgent(project, name);
  const { does, needsPrompt } = backendOf(agent.backend);
  checkUnheld(agent, role.sandbox, add);
  if (needsPrompt) return;
  add('error', 'agent.unresolved', ['agent'], `the agent "${name}" ${does}, and answers nothing`);
}

export function checkTaskAgent(task: TaskSpec, project: ProjectSpec, add: Add): void {
  const { agent: name } = task;
  const agent = resolveAgent(project, name);
  if (task.run !== null) checkWords([{ at: ['run'], called: '"run"', text: task.run }], [], add);
  // As far as it is known: rules/bound-names.ts.
  if (isBound(name)) return;
  // What the project names for all is its own mistake, told there.
  if (name !== project.default_agent) checkName(name, ['agent'], project, add);
  if (isUndefined(name, project)) return;
  const { does, fields, check } = backendOf(agent.backend);
  addAll(check({ name, agent, task }), [], add);
  checkHeld(task, project, add);
  for (const field of optionalTaskFields) {
    if (!isSet(task[field]) || fields.task.includes(field) || isWrapped(agent, field)) continue;
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

/** A word of a command line, or a variable, that an author wrote. */
interface AuthoredWord {
  at: RuleFinding['path'];
  called: string;
  text: string;
}

function wordsOf({ args, command, run, env }: AgentSpec): AuthoredWord[] {
  const list = (field: string, words: readonly string[]): AuthoredWord[] =>
    words.map((text, index) => ({ at: [field, index], called: `a word of "${field}"`, text }));
  return [
    ...list('args', args),
    ...list('command', command ?? []),
    ...(run === null ? [] : [{ at: ['run'], called: '"run"', text: run }]),
    ...Object.entries(env).map(([name, value]) => {
      return { at: ['env', name], called: `the variable ${name}`, text: `${name}=${value}` };
    }),
  ];
}

/** What no process can be started with fails each attempt; so it is said before there is one. */
function checkWords(words: readonly AuthoredWord[], at: RuleFinding['path'], add: Add): void {
  for (const { at: below, called, text } of words) {
    const trouble = tooLong(text);
    if (trouble === null) continue;
    add('error', 'agent.too_long', [...at, ...below], `${called} ${trouble}`);
  }
}

/** Whoever defines agents means one of them; where there are none, any name is the default backend's. */
function isUndefined(name: string, { agents }: ProjectSpec): boolean {
  return (
    Object.keys(agents).length > 0 && !Object.hasOwn(agents, name) && !builtInAgents.includes(name)
  );
}

function checkName(name: string, at: RuleFinding['path'], project: ProjectSpec, add: Add): void {
  const known = [...Object.keys(project.agents), ...builtInAgents];
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

/**
 * What is wrong with the prompt as far as it is authored: there is none though the task's agent needs one, or it
 * takes none of that length. `texts`: of the files that are composed, as far as they can be read.
 */
export function promptProblem(
  task: TaskSpec,
  project: ProjectSpec,
  texts: ReadonlyMap<string, string>,
): FileFinding | null {
  const { agent: name, compose, run } = task;
  if (decidesByRules(task) || isBound(name)) return null;
  if (isUndefined(name, project)) return null;
  const { does, needsPrompt, longestPromptChars } = backendOf(resolveAgent(project, name).backend);
  const finding = { severity: 'error', path: ['compose'] } as const;
  const authored = compose.map((part) => authoredText(part, texts));
  const chars = authored.reduce((sum, text) => sum + charsOf(text ?? ''), 0);
  if (longestPromptChars !== null && chars > longestPromptChars) {
    return {
      ...finding,
      code: 'task.prompt_too_long',
      message: `the prompt has ${chars} characters, and the agent "${name}" takes at most ${longestPromptChars}`,
      hint: 'Put what is long into a file of the workspace or an input, and let the prompt name it.',
    };
  }
  // A decision that it must ask for is something to do, too.
  if (!needsPrompt || run !== null || task.required_decisions.length > 0) return null;
  if (authored.some((text) => text?.trim() !== '')) return null;
  return {
    ...finding,
    code: 'task.no_prompt',
    message: `the task has no prompt: the agent "${name}" ${does}, and nothing tells it what to do`,
    hint: 'Write, for example, compose: [{kind: file, path: prompts/build.md}]',
  };
}

/** null where that is not known before a run. */
function authoredText(part: ComposePart, texts: ReadonlyMap<string, string>): string | null {
  if (part.kind === 'ref') return null;
  return part.kind === 'literal' ? part.text : (texts.get(part.path) ?? null);
}

/** Backends that run what the author's own line says. */
function runningOwn(): string {
  return backends
    .filter(({ fields }) => fields.agent.includes('run'))
    .map(({ name }) => name)
    .join('" or "backend: ');
}

/** Whether our sandbox around the agent honours the field. */
function isWrapped({ wrap }: AgentSpec, field: string): boolean {
  return wrap === 'sandbox' && (field === 'sandbox' || field === 'extra_writable_roots');
}

function isSet(value: string | readonly string[] | null): boolean {
  return value !== null && value.length > 0;
}

function addAll(findings: readonly UseFinding[], at: RuleFinding['path'], add: Add): void {
  for (const { field, message, hint } of findings) {
    add('error', 'agent.unresolved', [...at, field], message, hint);
  }
}
