/**
 * Workspaces and writable roots that are not there: what a start would refuse, told before it. Apart from the
 * other rules, for they depend on what lies outside of the program: no edit of the program is to blame.
 */
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Json, JsonObject } from '../model/json.ts';
import type { TaskSpec } from '../model/program.ts';
import { inputsOf } from '../text/path-template.ts';
import { inputAt } from '../text/value-at.ts';
import type { LoadedProgram } from './load-program.ts';
import { loadInputFile } from './resolve-inputs.ts';
import { pathTemplatesOf, type PathTemplate } from './rules/paths.ts';
import { toDiagnostic } from './source/authored-file.ts';
import { resolveWorkspaces } from './workspaces.ts';

/** The code of these diagnostics. */
export const WORKSPACE_MISSING = 'workspace.missing';

/**
 * Errors; notes for paths that hold inputs, of which only the default values are known: a start may give
 * others, or a loop.
 */
export function missingWorkspaces(program: LoadedProgram): Diagnostic[] {
  const { project, tasks } = program;
  if (program.unreadable.project || project.workspace === '') return [];
  const ofAll = pathTemplatesOf(project);
  const all = checkOne(program, 'project', nowhere, ofAll);
  if (all.length > 0) return all;
  return tasks.flatMap((task) => {
    const own = pathTemplatesOf(task);
    return own.length === 0 ? [] : checkOne(program, `tasks.${task.id}`, task, [...ofAll, ...own]);
  });
}

type PathsOfTask = Pick<TaskSpec, 'id' | 'workspace' | 'extra_writable_roots'>;

/** A task that works where the project does. */
const nowhere: PathsOfTask = { id: '', workspace: null, extra_writable_roots: [] };

function checkOne(
  program: LoadedProgram,
  subject: string,
  task: PathsOfTask,
  templates: readonly PathTemplate[],
): Diagnostic[] {
  const origin = program.files.get(subject);
  const { programDir, project } = program;
  const names = templates.flatMap(({ template }) => inputsOf(template));
  const isDefault = (key: string): boolean => Object.hasOwn(project.user_inputs, key);
  const keys = names.map((name) => inputAt(name, isDefault)?.key ?? name);
  const resolved = resolveWorkspaces(programDir, project, task, defaultsOf(program, keys));
  // What else may be wrong with inputs and templates has rules of its own.
  if (!origin || resolved.ok || resolved.noDirectory === null) return [];
  const { noDirectory: path, message } = resolved;
  const finding = { code: WORKSPACE_MISSING, path, message };
  return keys.length === 0
    ? [
        toDiagnostic(origin, {
          ...finding,
          severity: 'error',
          hint: 'Create the directory, or correct the path.',
        }),
      ]
    : [
        toDiagnostic(origin, {
          ...finding,
          severity: 'note',
          hint: 'With the default inputs: a start that gives no others is refused.',
        }),
      ];
}

/** The defaults of inputs, as far as they load. */
function defaultsOf({ source, project }: LoadedProgram, keys: readonly string[]): JsonObject {
  const values: [string, Json][] = [];
  for (const key of new Set(keys)) {
    const file = project.user_inputs[key];
    const loaded = file === undefined || file === '' ? null : loadInputFile(source, file);
    if (loaded?.ok === true) values.push([key, loaded.value]);
  }
  return Object.fromEntries(values);
}
