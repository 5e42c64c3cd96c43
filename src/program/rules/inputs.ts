/** The inputs that a task names, in references and in texts that may hold them. Pure. */
import type { TaskSpec } from '../../model/program.ts';
import { inputsOf, isBound } from '../../text/path-template.ts';
import type { RuleFinding } from './finding.ts';
import { pathTemplatesOf, type PathTemplate } from './paths.ts';
import { referencesOf } from './references.ts';

export interface PlacedInput {
  /** A key, perhaps with a path behind it: see `inputAt`. */
  name: string;
  path: RuleFinding['path'];
}

/** With the places where they are written. */
export function placesOfInputs(task: TaskSpec): PlacedInput[] {
  const templates = [...pathTemplatesOf(task), ...boundNamesOf(task)];
  return [
    ...referencesOf(task).flatMap(({ ref, path }) =>
      ref.startsWith('inputs.') ? [{ name: ref.slice('inputs.'.length), path }] : [],
    ),
    ...templates.flatMap(({ template, path }) =>
      inputsOf(template).map((name) => ({ name, path })),
    ),
  ];
}

/** Each once. */
export function inputsNamedBy(task: TaskSpec): Set<string> {
  return new Set(placesOfInputs(task).map(({ name }) => name));
}

/** The agent and the model of a task, where inputs tell them. */
export function boundNamesOf({ agent, model }: Pick<TaskSpec, 'agent' | 'model'>): PathTemplate[] {
  return [
    ...(isBound(agent) ? [{ path: ['agent'], template: agent }] : []),
    ...(model !== null && isBound(model) ? [{ path: ['model'], template: model }] : []),
  ];
}
