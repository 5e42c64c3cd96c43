/** Who works on an instance, where its task has an input say so: `agent` and `model` with `${inputs.<path>}`. */
import type { JsonObject } from '../../model/json.ts';
import type { ProjectSpec, TaskSpec } from '../../model/program.ts';
import { isBound, resolvePathTemplate } from '../../text/path-template.ts';

/** Names that need no definition. */
const KNOWN = ['default', 'shell'];

export function isBoundToInputs({ agent, model }: Pick<TaskSpec, 'agent' | 'model'>): boolean {
  return isBound(agent) || isBound(model ?? '');
}

/** The task as an instance with these inputs has it. What cannot be resolved stays as it is: see `boundTrouble`. */
export function boundTask(task: TaskSpec, values: JsonObject): TaskSpec {
  const { agent, model } = task;
  return { ...task, agent: filled(agent, values), model: model && filled(model, values) };
}

function filled(template: string, values: JsonObject): string {
  const resolved = resolvePathTemplate(template, values);
  return resolved.ok ? resolved.path : template;
}

/** Why nobody can work on an instance with these inputs, as a sentence; null where somebody can. */
export function boundTrouble(
  project: Pick<ProjectSpec, 'agents'>,
  task: TaskSpec,
  values: JsonObject,
): string | null {
  for (const field of ['agent', 'model'] as const) {
    const template = task[field];
    if (template === null || !isBound(template)) continue;
    const resolved = resolvePathTemplate(template, values);
    if (!resolved.ok) return `${field}: ${template} names nothing: ${resolved.reason}`;
    const { path: name } = resolved;
    if (field === 'model' || KNOWN.includes(name) || Object.hasOwn(project.agents, name)) continue;
    const known = [...Object.keys(project.agents), ...KNOWN].join(', ');
    return `agent: ${template} is "${name}", which is no agent of the project; there are ${known}`;
  }
  return null;
}
