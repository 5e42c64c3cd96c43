/** The fields of a task as forms: which stand together, and what of the schema each is made of. Pure. */
import { isJsonObject, type Json, type JsonObject } from '../../../../model/json.ts';
import type { ProjectSpec } from '../../../../model/program.ts';
// Of the fields of tasks alone: those of the other files name backends, which a browser cannot run.
import { jsonSchemaOf } from '../../../../program/shape/json-schema-of.ts';
import { taskFields } from '../../../../program/shape/task.ts';

export interface FieldGroup {
  title: string;
  names: string[];
  /** Short fields, side by side. */
  across?: boolean;
}

const groups: readonly FieldGroup[] = [
  { title: 'What it is', names: ['title', 'description', 'labels'] },
  {
    title: 'How it runs',
    names: ['status', 'kind', 'agent', 'model', 'sandbox', 'workspace'],
    across: true,
  },
  { title: 'What it does', names: ['run', 'compose'] },
  { title: 'What it needs', names: ['depends_on', 'extra_writable_roots'] },
  { title: 'What it leaves', names: ['publish', 'result_schema'] },
  { title: 'Where it leads', names: ['control'] },
  {
    title: 'Whom it may ask',
    names: ['interaction_policy', 'assistant_hints', 'required_decisions'],
  },
];

/** The groups of a task's form; fields that only this file has come last. The id is the file's name. */
export function fieldGroups(written: JsonObject): FieldGroup[] {
  const named = new Set(['id', ...groups.flatMap(({ names }) => names)]);
  const others = [...Object.keys(taskFields), ...Object.keys(written)];
  const left = [...new Set(others)].filter((name) => !named.has(name));
  return left.length === 0 ? [...groups] : [...groups, { title: 'Others', names: left }];
}

/** Texts that are one line as a rule: a field of one line is enough until they are more. */
const oneLine = new Set([
  'title',
  'agent',
  'model',
  'workspace',
  'result_schema',
  'labels',
  'publish',
  'extra_writable_roots',
  'task',
  'consume',
  'as',
  'path',
  'ref',
  'label',
  'targets',
  'continue_targets',
  'stop_targets',
  'preferred_roles',
  'ask_when',
  'allowed_assistant_roles',
]);

/** The schema of some fields, for `SchemaForm`. */
export function schemaOf(
  names: string[],
  known: { project: ProjectSpec | null; roles: string[] },
): Json {
  const { properties, required } = jsonSchemaOf('', '', taskFields);
  const all = isJsonObject(properties ?? null) ? (properties as JsonObject) : {};
  const agents = Object.keys(known.project?.agents ?? {});
  const suggestions: Record<string, string[]> = {
    agent: [...new Set([...agents, 'default', 'shell'])],
    preferred_roles: known.roles,
    allowed_assistant_roles: known.roles,
  };
  return {
    type: 'object',
    properties: Object.fromEntries(
      names.map((name) => [name, forForm(name, all[name] ?? true, suggestions)]),
    ),
    required: Array.isArray(required) ? required : [],
  };
}

/** Without defaults, which stay out of files, and with what only a form needs. */
function forForm(name: string, schema: Json, suggestions: Record<string, string[]>): Json {
  if (!isJsonObject(schema)) return schema;
  const form: JsonObject = { ...schema };
  delete form['default'];
  if (oneLine.has(name)) form['oneLine'] = true;
  if (Array.isArray(form['enum'])) form['enum'] = form['enum'].filter((each) => each !== null);
  const known = suggestions[name];
  if (known !== undefined) form['examples'] = known;
  if (form['items'] !== undefined) form['items'] = forForm(name, form['items'], suggestions);
  if (isJsonObject(form['properties'] ?? null)) {
    const properties = Object.entries(form['properties'] as JsonObject);
    form['properties'] = Object.fromEntries(
      properties.map(([key, part]) => [key, forForm(key, part, suggestions)]),
    );
  }
  if (Array.isArray(form['oneOf'])) {
    form['oneOf'] = form['oneOf'].map((variant) => forForm('', variant, suggestions));
  }
  return form;
}
