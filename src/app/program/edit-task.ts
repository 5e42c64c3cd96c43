/** The verbs on tasks: list, show, add, update, delete. */
import type { Diagnostic } from '../../model/diagnostic.ts';
import { isJsonObject, type Json, type JsonObject } from '../../model/json.ts';
import { idPattern, type TaskSpec } from '../../model/program.ts';
import { taskFile } from '../../model/program-files.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import { controlTargets } from '../../core/plan/selection.ts';
import { suggest } from '../../text/suggest.ts';
import { setFields, toYaml } from '../../program/source/edit-yaml.ts';
import { loadProject, loadTask, loadTasks } from '../../program/load-program.ts';
import { directorySource, type ProgramSource } from '../../program/source/source.ts';
import type { ParsedTexts } from '../../program/source/parsed-texts.ts';
import { parseYaml } from '../../program/source/yaml-source.ts';
import { commitEdit } from './edit.ts';
import { renamingEdits } from './rename-task.ts';
import { editProgram, type Editor, type HeldProgram } from './held-program.ts';
import { inOneLine, type ProgramPlace } from './validate.ts';

export interface TaskFilter {
  /** Tasks that have one of these; none given: all tasks. */
  statuses?: readonly string[];
  /** Tasks that have all of these. */
  labels?: readonly string[];
}

/** The tasks that can be read, in the order of their ids, and what is wrong with the others. */
export function listTasks(
  programDir: string,
  filter: TaskFilter = {},
  texts?: ParsedTexts,
): { tasks: TaskSpec[]; unreadable: Diagnostic[] } {
  const { statuses = [] } = filter;
  const source = directorySource(programDir, texts);
  const loaded = loadTasks(source, loadProject(source).project);
  const tasks = loaded
    .flatMap(({ task }) => (task === null ? [] : [task]))
    .filter((task) => statuses.length === 0 || statuses.includes(task.status))
    .filter((task) => (filter.labels ?? []).every((label) => task.labels.includes(label)));
  const unreadable = loaded
    .filter(({ task }) => task === null)
    .flatMap(({ origin }) =>
      origin.diagnostics.filter((one) => one.severity === 'error').slice(0, 1),
    );
  return { tasks, unreadable };
}

/** Throws a Refusal `task-unknown` (exit 4), or `task-invalid` where the file cannot be read. */
export function showTask(programDir: string, id: string): TaskSpec {
  const source = directorySource(programDir);
  if (idPattern.test(id)) {
    const { task, origin } = loadTask(source, id, loadProject(source).project);
    if (task !== null) return task;
    const [problem] = origin.diagnostics;
    if (problem && problem.code !== 'file.missing') throw invalid(inOneLine(problem));
  }
  throw unknownTask(source, id);
}

/**
 * Adds the task, or the list of tasks, that `text` holds (YAML or JSON). Comments of a single task are
 * kept. Returns the ids and what the edit adds in warnings. Throws a Refusal where a task exists, or where
 * the program would break.
 */
export async function addTasks(
  editor: Editor,
  place: ProgramPlace,
  text: string,
  shownAs: string,
): Promise<{ ids: string[]; warnings: Diagnostic[] }> {
  return editProgram(editor, place, 'task add', (held) => addTo(held, text, shownAs));
}

async function addTo(
  held: HeldProgram,
  text: string,
  shownAs: string,
): Promise<{ ids: string[]; warnings: Diagnostic[] }> {
  const value = parseInputText(text, shownAs);
  const single = isJsonObject(value);
  const items = single ? [value] : Array.isArray(value) ? value : [];
  if (items.length === 0 || !items.every(isJsonObject)) {
    throw invalid(`${shownAs} must hold a task (a mapping), or a list of tasks`);
  }
  const edits = new Map<string, string>();
  const ids: string[] = [];
  for (const task of items) {
    const id = taskIdOf(task, shownAs);
    if (ids.includes(id)) throw invalid(`${shownAs} holds two tasks with the id "${id}"`);
    if (held.source.kindOf(taskFile(id)) !== null) {
      throw new Refusal('task-exists', `the task "${id}" exists already`, {
        hint: `change it with: codex-orch task update ${id} FILE`,
      });
    }
    ids.push(id);
    const asWritten = single && !text.trimStart().startsWith('{');
    edits.set(taskFile(id), asWritten ? text : toYaml(task));
  }
  const { warnings } = await commitEdit(held, edits);
  return { ids, warnings };
}

/**
 * Sets the top-level fields that `text` holds; every other byte stays. Another id renames the task, and
 * what refers to it follows. Returns the id that it has then.
 */
export async function updateTask(
  editor: Editor,
  place: ProgramPlace,
  id: string,
  text: string,
  shownAs: string,
): Promise<{ id: string; warnings: Diagnostic[] }> {
  return editProgram(editor, place, 'task update', async (held) => {
    const before = editableText(held.source, id);
    const { id: to = id, ...fields } = mappingIn(text, shownAs);
    const after = setFields(before, fields);
    if (to === id) {
      const { warnings } = await commitEdit(held, new Map([[taskFile(id), after]]));
      return { id, warnings };
    }
    if (typeof to !== 'string') throw invalid(`${shownAs}: the id must be text`);
    const renamed = { from: id, to };
    const edits = renamingEdits(held.source, renamed, after);
    const { warnings } = await commitEdit(held, edits, renamed);
    return { id: to, warnings };
  });
}

function mappingIn(text: string, shownAs: string): JsonObject {
  const fields = parseInputText(text, shownAs);
  if (!isJsonObject(fields)) throw invalid(`${shownAs} must hold a mapping of fields`);
  return fields;
}

/** Refused where another task depends on it or leads to it. */
export async function deleteTask(
  editor: Editor,
  place: ProgramPlace,
  id: string,
): Promise<{ warnings: Diagnostic[] }> {
  return editProgram(editor, place, 'task delete', (held) => deleteFrom(held, id));
}

async function deleteFrom(held: HeldProgram, id: string): Promise<{ warnings: Diagnostic[] }> {
  editableText(held.source, id);
  const { tasks } = listTasks(held.programDir);
  const others = tasks.filter((task) => task.id !== id);
  const dependents = others.filter((task) => task.depends_on.some((dep) => dep.task === id));
  if (dependents.length > 0) {
    throw new Refusal('task-in-use', `${names(dependents)} on "${id}"; nothing was deleted`, {
      hint: `remove the edge first: codex-orch edge remove ${id} ${dependents[0]?.id} ${
        dependents[0]?.depends_on.find((dep) => dep.task === id)?.kind
      }`,
    });
  }
  const controllers = others.filter((task) => controlTargets(task).includes(id));
  if (controllers.length > 0) {
    throw new Refusal(
      'task-in-use',
      `"${id}" is a control target of ${controllers.map((task) => `"${task.id}"`).join(', ')}; nothing was deleted`,
      { hint: `change it with: codex-orch task update ${controllers[0]?.id} FILE` },
    );
  }
  const { warnings } = await commitEdit(held, new Map([[taskFile(id), null]]));
  return { warnings };
}

/** Text of a task's file. @throws Refusal `task-unknown`, or `task-invalid` where it is no text */
export function taskText(source: ProgramSource, id: string): string {
  if (!idPattern.test(id)) throw unknownTask(source, id);
  const read = source.read(taskFile(id));
  if (read.ok) return read.text;
  if (read.problem.code === 'missing') throw unknownTask(source, id);
  throw invalid(`${taskFile(id)} ${read.problem.message}`);
}

/** The same, where it is YAML, so that a part of it can be changed. @throws Refusal as `taskText` */
export function editableText(source: ProgramSource, id: string): string {
  const text = taskText(source, id);
  parseInputText(text, taskFile(id));
  return text;
}

export function unknownTask(source: ProgramSource, id: string): Refusal {
  const tasks = loadTasks(source, loadProject(source).project);
  const near = suggest(
    id,
    tasks.map((task) => task.id),
  );
  return new Refusal('task-unknown', `there is no task "${id}"`, {
    hint: near === null ? 'codex-orch task list shows what there is' : `did you mean "${near}"?`,
    exit: ExitStatus.notFound,
  });
}

function parseInputText(text: string, shownAs: string): Json {
  const { source, problems } = parseYaml(text);
  const problem = problems.find((one) => one.severity === 'error');
  if (source !== null && !problem) return source.value;
  const at = problem ? `:${problem.line}:${problem.column}` : '';
  throw invalid(`${shownAs}${at}: ${problem?.message ?? 'is not YAML'}`);
}

function taskIdOf(task: JsonObject, shownAs: string): string {
  const id = task['id'];
  if (typeof id === 'string' && idPattern.test(id)) return id;
  if (id === undefined) throw invalid(`${shownAs}: the field "id" is missing`);
  throw invalid(`${shownAs}: ${JSON.stringify(id)} cannot be a task's id`);
}

function names(dependents: TaskSpec[]): string {
  const list = dependents.map((task) => `"${task.id}"`).join(', ');
  return `${list} depend${dependents.length === 1 ? 's' : ''}`;
}

function invalid(message: string): Refusal {
  return new Refusal('task-invalid', message);
}
