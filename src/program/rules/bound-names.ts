/** Agents and models that inputs tell: what is known of them before a run. Pure. */
import { DEFAULT_AGENT, SHELL_AGENT } from '../../agents/resolve-agent.ts';
import { indexInput, itemInputsOf } from '../../model/item-inputs.ts';
import type { JsonObject } from '../../model/json.ts';
import { decidesByRules, type ProjectSpec, type TaskSpec } from '../../model/program.ts';
import type { Regions } from '../../model/regions.ts';
import {
  inputsOf,
  parsePathTemplate,
  resolvePathTemplate,
  type ResolvedPath,
} from '../../text/path-template.ts';
import { didYouMean } from '../../text/suggest.ts';
import { inputAt, inputValue } from '../../text/value-at.ts';
import { checkTaskAgent } from './agents.ts';
import type { Add, RuleFinding } from './finding.ts';
import { boundNamesOf } from './inputs.ts';

/** What is known of inputs before a run. */
export interface KnownInputs {
  regions: Regions;
  byId: ReadonlyMap<string, TaskSpec>;
  /** The defaults of inputs, as far as they load. */
  defaults: JsonObject;
}

/** `addTo`: for findings about `tasks.<id>`: this task, or the one whose list names the agents. */
export function checkBoundNames(
  task: TaskSpec,
  project: ProjectSpec,
  known: KnownInputs,
  addTo: (subject: string) => Add,
): void {
  if (decidesByRules(task)) return;
  const agents = new Set<string>();
  for (const { path, template } of boundNamesOf(task)) {
    const add = addTo(`tasks.${task.id}`);
    const parsed = parsePathTemplate(template);
    if (!parsed.ok) {
      add('error', 'agent.unknown_reference', path, parsed.reason);
      continue;
    }
    const field = String(path[0]);
    for (const { value, subject, at, where } of valuesOf(template, task, path, known)) {
      const addThere = addTo(subject);
      if (!value.ok) {
        const message = `${where} is the ${field} of "${task.id}" ("${template}"): ${value.reason}`;
        addThere('error', 'agent.unresolved', at, message);
      } else if (field === 'agent' && !isAgent(value.path, project)) {
        const names = agentNames(project);
        const message = `the agent "${value.path}", which ${where} names for "${task.id}", is not defined`;
        const hint = didYouMean(value.path, names) ?? `Defined: ${names.join(', ')}.`;
        addThere('error', 'agent.undefined', at, message, hint);
      } else if (field === 'agent') agents.add(value.path);
    }
  }
  for (const agent of agents) {
    checkTaskAgent({ ...task, agent }, project, addTo(`tasks.${task.id}`));
  }
}

function agentNames({ agents }: ProjectSpec): string[] {
  return [...new Set([...Object.keys(agents), DEFAULT_AGENT, SHELL_AGENT])];
}

function isAgent(name: string, project: ProjectSpec): boolean {
  return agentNames(project).includes(name);
}

interface KnownValue {
  value: ResolvedPath;
  subject: string;
  at: RuleFinding['path'];
  /** For people: `item 2 of "review"`. */
  where: string;
}

/** What a text comes to, as far as literal lists and defaults tell; nothing where a run alone does. */
function valuesOf(
  template: string,
  task: TaskSpec,
  path: RuleFinding['path'],
  { regions, byId, defaults }: KnownInputs,
): KnownValue[] {
  const items = itemInputsOf(regions.stacks.get(task.id) ?? [], byId);
  const names = inputsOf(template);
  const keys = names.map((name) => inputAt(name, (key) => items.has(key))?.key);
  const [first] = keys;
  if (keys.every((key) => key === undefined)) {
    if (names.some((name) => inputValue(defaults, name)?.ok !== true)) return [];
    const value = resolvePathTemplate(template, defaults);
    return [{ value, subject: `tasks.${task.id}`, at: path, where: 'the default of an input' }];
  }
  const region = first === undefined ? undefined : items.get(first)?.region;
  if (region === undefined || keys.some((key) => items.get(key ?? '')?.region !== region))
    return [];
  const forEach = byId.get(region)?.for_each;
  if (forEach === undefined || typeof forEach.items === 'string') return [];
  const { as } = forEach;
  return forEach.items.map((item, index) => ({
    value: resolvePathTemplate(template, { [as]: item, [indexInput(as)]: index }),
    subject: `tasks.${region}`,
    at: ['for_each', 'items', index],
    where: `item ${index} of "${region}"`,
  }));
}
