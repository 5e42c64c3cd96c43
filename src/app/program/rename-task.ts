/** A task gets another id, and all that refers to it follows: dependencies, prompts, control, presets, roles. */
import { isJsonObject, type Json, type JsonObject } from '../../model/json.ts';
import { idPattern } from '../../model/program.ts';
import { roleFile, ROLES_FOLDER, taskFile } from '../../model/program-files.ts';
import { Refusal } from '../../model/refusal.ts';
import { setFields } from '../../program/source/edit-yaml.ts';
import type { Edits, ProgramSource } from '../../program/source/source.ts';
import { parseYaml } from '../../program/source/yaml-source.ts';
import type { RenamedTask } from './worse.ts';

/**
 * The edits that rename a task. `text`: of its file, with the fields that change with it.
 * @throws Refusal `task-exists`, `task-invalid`
 */
export function renamingEdits(source: ProgramSource, renamed: RenamedTask, text: string): Edits {
  const { from, to } = renamed;
  if (!idPattern.test(to)) {
    throw new Refusal('task-invalid', `${JSON.stringify(to)} cannot be a task's id`);
  }
  if (source.kindOf(taskFile(to)) !== null) {
    throw new Refusal('task-exists', `nothing was changed: ${taskFile(to)} exists already`);
  }
  const edits = new Map<string, string | null>([
    [taskFile(from), null],
    [taskFile(to), setFields(following(text, renamed, taskReferences), { id: to })],
  ]);
  const others: [file: string, follow: Follow][] = [
    ...source.list('tasks').map((name): [string, Follow] => [`tasks/${name}`, taskReferences]),
    ...source
      .list('presets')
      .map((name): [string, Follow] => [`presets/${name}`, presetReferences]),
    ...source.list(ROLES_FOLDER).map((id): [string, Follow] => [roleFile(id), roleReferences]),
  ];
  for (const [file, follow] of others) {
    const read = file.endsWith('.yaml') && !edits.has(file) ? source.read(file) : null;
    if (!read?.ok) continue;
    const after = following(read.text, renamed, follow);
    if (after !== read.text) edits.set(file, after);
  }
  return edits;
}

/** The fields of a file in which a task was named, with its new name. */
type Follow = (fields: JsonObject, renamed: RenamedTask) => JsonObject;

function following(text: string, renamed: RenamedTask, follow: Follow): string {
  const fields = parseYaml(text).source?.value ?? null;
  return isJsonObject(fields) ? setFields(text, follow(fields, renamed)) : text;
}

const taskReferences: Follow = (task, renamed) => {
  const { from, to } = renamed;
  const dependencies = listOf(task['depends_on']).filter(isJsonObject);
  const scopes = dependencies.map((one) => one['as'] ?? one['task']);
  // Without a name of its own, a dependency is known by the task's id.
  const isScope = dependencies.some((one) => one['task'] === from && (one['as'] ?? null) === null);
  const rest = (ref: string): string | null => {
    if (!isScope || !ref.startsWith(`deps.${from}.`)) return null;
    const longer = scopes.some(
      (scope) =>
        typeof scope === 'string' && scope.length > from.length && ref.startsWith(`deps.${scope}.`),
    );
    return longer ? null : ref.slice(`deps.${from}.`.length);
  };
  const follow: FollowReference = (ref) => {
    const behind = rest(ref);
    return behind === null ? ref : `deps.${to}.${behind}`;
  };
  return present({
    depends_on: items(task['depends_on'], (one) => ({ ...one, ...named(one, 'task', from, to) })),
    compose: items(task['compose'], (one) => {
      const follows: JsonObject = typeof one['ref'] === 'string' ? { ref: follow(one['ref']) } : {};
      return { ...one, ...named(one, 'path', taskFile(from), taskFile(to)), ...follows };
    }),
    when: conditionReferences(task['when'], follow),
    control: controlReferences(task['control'], renamed, follow),
  });
};

/** Leads a reference on to the new id, where it means the task. */
type FollowReference = (ref: string) => string;

/** A test, or what holds tests. */
function conditionReferences(
  condition: Json | undefined,
  follow: FollowReference,
): Json | undefined {
  if (Array.isArray(condition)) {
    return condition.map((each) => conditionReferences(each, follow) ?? null);
  }
  if (!isJsonObject(condition)) return condition;
  return {
    ...condition,
    ...(typeof condition['ref'] === 'string' ? { ref: follow(condition['ref']) } : {}),
    ...present({ any: conditionReferences(condition['any'], follow) }),
  };
}

function ruleReferences(rule: JsonObject, follow: FollowReference): JsonObject {
  const inputs = rule['next_inputs'];
  const next = isJsonObject(inputs)
    ? Object.fromEntries(
        Object.entries(inputs).map(([key, source]) => [
          key,
          isJsonObject(source) && typeof source['ref'] === 'string'
            ? { ...source, ref: follow(source['ref']) }
            : source,
        ]),
      )
    : undefined;
  return {
    ...rule,
    ...present({ when: conditionReferences(rule['when'], follow), next_inputs: next }),
  };
}

function controlReferences(
  control: Json | undefined,
  { from, to }: RenamedTask,
  follow: FollowReference,
): Json | undefined {
  if (control === undefined || !isJsonObject(control)) return undefined;
  return {
    ...control,
    ...present({
      routes: items(control['routes'], (route) => ({
        ...route,
        ...present({ targets: words(route['targets'], from, to) }),
      })),
      continue_targets: words(control['continue_targets'], from, to),
      stop_targets: words(control['stop_targets'], from, to),
      decide: items(control['decide'], (rule) => ruleReferences(rule, follow)),
    }),
  };
}

const presetReferences: Follow = (preset, renamed) => {
  const tasks = listOf(preset['tasks']).filter(isJsonObject);
  // Of a preset that makes a task of that name, its own is meant.
  if (tasks.some((task) => task['id'] === renamed.from)) return {};
  const follow = (task: JsonObject): JsonObject => ({ ...task, ...taskReferences(task, renamed) });
  return present({ tasks: items(preset['tasks'], follow) });
};

const roleReferences: Follow = (role, { from, to }) =>
  present({ managed_assets: words(role['managed_assets'], taskFile(from), taskFile(to)) });

function named(fields: JsonObject, field: string, from: string, to: string): JsonObject {
  return fields[field] === from ? { [field]: to } : {};
}

function words(list: Json | undefined, from: string, to: string): Json | undefined {
  return Array.isArray(list) ? list.map((word) => (word === from ? to : word)) : undefined;
}

function items(list: Json | undefined, change: (item: JsonObject) => Json): Json | undefined {
  if (!Array.isArray(list)) return undefined;
  return list.map((item) => (isJsonObject(item) ? change(item) : item));
}

function listOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

function present(fields: Record<string, Json | undefined>): JsonObject {
  const there = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(there) as JsonObject;
}
