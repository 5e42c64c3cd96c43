/** The whole program as the page shows it: model, texts, problems. Only reads. */
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { Json } from '../../model/json.ts';
import { Refusal } from '../../model/refusal.ts';
import {
  idPattern,
  type ComposePart,
  type PresetSpec,
  type ProjectSpec,
  type RoleSpec,
  type TaskSpec,
} from '../../model/program.ts';
import { resolveInside } from '../../disk/inside.ts';
import { bundleSchema } from '../../schema/bundle.ts';
import { sha256 } from '../../disk/sha256.ts';
import { toYaml } from '../../program/source/edit-yaml.ts';
import { loadTask, loadProject, taskFile, type LoadedProgram } from '../../program/load-program.ts';
import { readText } from '../../program/source/read-text.ts';
import { loadInputFile } from '../../program/resolve-inputs.ts';
import { commitEdit } from './commit-edit.ts';
import { unknownTask, updateTask } from './edit-task.ts';
import { previewPreset } from './apply-preset.ts';
import { textStart } from '../../agents/output/output-pages.ts';
import { findFile, type ServedFile } from '../run/served-file.ts';
import { graphOf, type GraphEdge } from './show-graph.ts';
import { validate, type ProgramPlace } from './validate.ts';

export interface ProgramDetails {
  hash: string;
  program_dir: string;
  project: ProjectSpec;
  tasks: TaskSpec[];
  edges: GraphEdge[];
  roles: (RoleSpec & { instructions_file: string })[];
  presets: { source: 'program' | 'global'; preset: PresetSpec }[];
  inputs: InputDetails[];
  diagnostics: Diagnostic[];
  ok: boolean;
}

interface InputDetails {
  key: string;
  file: string | null;
  default_value: Json;
  type: 'string' | 'json';
  problem: string | null;
  used_by: string[];
}

const MAX_TEXT_BYTES = 256 * 1024;
const MAX_DEFAULT_CHARS = 64 * 1024;

export async function inspectProgram(place: ProgramPlace): Promise<ProgramDetails> {
  const hash = programHash(place.programDir);
  const { program, report } = await validate(place);
  return {
    hash,
    program_dir: place.programDir,
    project: program.project,
    tasks: program.tasks,
    edges: graphOf(program.tasks).edges,
    roles: program.roles.map((role) => ({
      ...role,
      instructions_file: instructionsOf(place.programDir, role),
    })),
    presets: [...program.presets.values()].map(({ source, preset }) => ({ source, preset })),
    inputs: inputsOf(program),
    diagnostics: [...report.errors, ...report.warnings],
    ok: report.ok,
  };
}

const AUTHORED = [
  'assistant_roles',
  'inputs',
  'presets',
  'prompts',
  'runtime_guidance',
  'schemas',
  'tasks',
];
const MAX_HASHED = 5000;

/** Changes when an authored file does: its name, size or time. Cheap enough to ask every second. */
export function programHash(programDir: string): string {
  const seen: string[] = [];
  const note = (relative: string): void => {
    const stats = statSync(path.join(programDir, relative), { throwIfNoEntry: false });
    if (stats) seen.push(`${relative}\0${stats.size}\0${stats.mtimeMs}`);
  };
  note('project.yaml');
  const waiting = [...AUTHORED];
  for (const directory of waiting) {
    for (const entry of entriesOf(path.join(programDir, directory))) {
      if (seen.length + waiting.length > MAX_HASHED) break;
      if (entry.name.startsWith('.')) continue;
      const relative = `${directory}/${entry.name}`;
      if (entry.isDirectory()) waiting.push(relative);
      else note(relative);
    }
  }
  return sha256(seen.sort().join('\n')).slice(0, 16);
}

export interface TaskDetails {
  id: string;
  task: TaskSpec | null;
  yaml: string;
  hash: string;
  file: string;
  diagnostics: Diagnostic[];
  compose: ComposeDetails[];
  result_schema: Json;
}

type ComposeDetails =
  | { kind: 'file'; path: string; text: string | null; truncated: boolean }
  | Exclude<ComposePart, { kind: 'file' }>;

/** @throws Refusal `task-unknown`, exit status 4 */
export async function inspectTask(place: ProgramPlace, id: string): Promise<TaskDetails> {
  const yaml = textOf(place.programDir, id);
  const { project } = loadProject(place.programDir);
  const { task } = loadTask(place.programDir, id, project);
  const { report } = await validate(place);
  const file = taskFile(id);
  const all = [...report.errors, ...report.warnings];
  return {
    id,
    task,
    yaml,
    hash: sha256(yaml),
    file,
    diagnostics: all.filter((one) => one.file === file),
    compose: (task?.compose ?? []).map((part) => composeText(place.programDir, part)),
    result_schema: await schemaOf(place.programDir, task?.result_schema ?? null),
  };
}

/** What validation would say of the program, were `yaml` the text of the task. Writes nothing. */
export async function checkTask(
  place: ProgramPlace,
  id: string,
  yaml: string,
): Promise<{ diagnostics: Diagnostic[]; ok: boolean }> {
  requireId(id);
  const file = taskFile(id);
  const before = await validate(place);
  const { report } = await validate(place, new Map([[file, yaml]]));
  const all = [...report.errors, ...report.warnings];
  return {
    diagnostics: [
      ...all.filter((one) => one.file === file),
      ...all.filter((one) => one.file !== file),
    ],
    ok: newErrors(before.report.errors, report.errors).length === 0,
  };
}

/**
 * Saves the text of a task. `baseHash`: SHA-256 of the text that the author began with.
 * @throws Refusal `edit-conflict`, `edit-breaks-program`, `task-unknown`
 */
export async function saveTaskYaml(
  place: ProgramPlace,
  id: string,
  yaml: string,
  baseHash: string,
): Promise<Diagnostic[]> {
  requireBase(place.programDir, id, baseHash);
  const text = yaml.endsWith('\n') ? yaml : `${yaml}\n`;
  return commitEdit(place, new Map([[taskFile(id), text]]));
}

/** Sets top-level fields; others stay, comments too. @throws Refusal as `saveTaskYaml` */
export async function saveTaskFields(
  place: ProgramPlace,
  id: string,
  fields: Record<string, Json>,
  baseHash: string,
): Promise<Diagnostic[]> {
  requireBase(place.programDir, id, baseHash);
  const { warnings } = await updateTask(place, id, JSON.stringify(fields), 'the form');
  return warnings;
}

/** The files that a preset would write. @throws Refusal `preset-…` */
export function presetFiles(
  place: ProgramPlace,
  presetId: string,
  variables: ReadonlyMap<string, string>,
): {
  tasks: Record<string, Json>[];
  files: { path: string; yaml: string; exists: boolean }[];
} {
  const { tasks } = previewPreset(place, presetId, variables);
  const files = tasks.map((task) => {
    const file = taskFile(String(task['id']));
    const there = statSync(path.join(place.programDir, file), { throwIfNoEntry: false });
    return { path: file, yaml: toYaml(task), exists: there !== undefined };
  });
  return { tasks, files };
}

/** An authored file. What a run or a tool keeps for itself (names with a dot) is not one. */
export function authoredFile(programDir: string, relative: string): ServedFile {
  if (relative.split('/').some((part) => part.startsWith('.'))) {
    throw new Refusal('path-refused', `"${relative}" is not an authored file`);
  }
  return findFile(programDir, relative);
}

function textOf(programDir: string, id: string): string {
  if (!idPattern.test(id)) throw unknownTask(programDir, id);
  const read = readText(path.join(programDir, taskFile(id)));
  if (read.ok) return read.text;
  if (read.problem.code === 'missing') throw unknownTask(programDir, id);
  throw new Refusal('task-invalid', `${taskFile(id)} ${read.problem.message}`);
}

function requireBase(programDir: string, id: string, baseHash: string): void {
  if (sha256(textOf(programDir, id)) === baseHash) return;
  throw new Refusal('edit-conflict', `${taskFile(id)} was changed since this edit began`, {
    hint: 'load the task again, and make the edit on what is there now',
  });
}

function requireId(id: string): void {
  if (idPattern.test(id)) return;
  throw new Refusal('task-invalid', `${JSON.stringify(id)} cannot be a task's id`);
}

/** Errors of before do not stand in an edit's way. */
function newErrors(before: readonly Diagnostic[], after: readonly Diagnostic[]): Diagnostic[] {
  const key = (one: Diagnostic): string => `${one.code}\0${one.location}\0${one.message}`;
  const known = new Set(before.map(key));
  return after.filter((one) => !known.has(key(one)));
}

function composeText(programDir: string, part: ComposePart): ComposeDetails {
  if (part.kind !== 'file') return part;
  const inside = resolveInside(programDir, part.path);
  const read = inside.ok ? textStart(inside.path, MAX_TEXT_BYTES) : null;
  return {
    kind: 'file',
    path: part.path,
    text: read?.text ?? null,
    truncated: read?.truncated ?? false,
  };
}

async function schemaOf(programDir: string, file: string | null): Promise<Json> {
  if (file === null) return null;
  try {
    return (await bundleSchema(programDir, file)).schema;
  } catch (error) {
    // Validation says what is wrong with it.
    if (error instanceof Refusal) return null;
    throw error;
  }
}

/** In the role's directory first, then in the program. */
function instructionsOf(programDir: string, role: RoleSpec): string {
  const own = `assistant_roles/${role.id}/${role.instructions}`;
  return statSync(path.join(programDir, own), { throwIfNoEntry: false }) ? own : role.instructions;
}

function inputsOf({ programDir, project, tasks }: LoadedProgram): InputDetails[] {
  const usedBy = new Map<string, string[]>();
  for (const task of tasks)
    for (const key of keysUsedBy(task)) {
      usedBy.set(key, [...(usedBy.get(key) ?? []), task.id]);
    }
  for (const key of keysIn([project.workspace])) if (!usedBy.has(key)) usedBy.set(key, []);
  const keys = new Set([...Object.keys(project.user_inputs), ...usedBy.keys()]);
  return [...keys].map((key): InputDetails => {
    const used_by = usedBy.get(key) ?? [];
    const file = Object.hasOwn(project.user_inputs, key) ? project.user_inputs[key] : undefined;
    if (file === undefined) {
      return { key, file: null, default_value: null, type: 'string', problem: null, used_by };
    }
    const type = /\.(json|ya?ml)$/i.test(file) ? 'json' : 'string';
    const loaded = loadInputFile(programDir, file);
    if (!loaded.ok) {
      return { key, file, default_value: null, type, problem: loaded.message, used_by };
    }
    const isLong = JSON.stringify(loaded.value).length > MAX_DEFAULT_CHARS;
    return {
      key,
      file,
      default_value: isLong ? null : loaded.value,
      type,
      problem: isLong ? 'too long to be shown here; the run gets all of it' : null,
      used_by,
    };
  });
}

function keysUsedBy(task: TaskSpec): Set<string> {
  const keys = new Set<string>();
  for (const part of task.compose) {
    if (part.kind === 'ref' && part.ref.startsWith('inputs.')) keys.add(part.ref.slice(7));
  }
  for (const key of keysIn([task.workspace ?? '', ...task.extra_writable_roots])) keys.add(key);
  return keys;
}

function keysIn(templates: readonly string[]): string[] {
  return templates.flatMap((text) =>
    [...text.matchAll(/\$\{inputs\.([^}]+)\}/g)].map((match) => match[1] ?? ''),
  );
}

function entriesOf(directory: string) {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** `name` of project.yaml, as far as it can be read. */
export function loadProjectName(programDir: string): string {
  const { name } = loadProject(programDir).project as { name: unknown };
  return typeof name === 'string' && name !== '' ? name : path.basename(programDir);
}
