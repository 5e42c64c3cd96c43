/** The program as the page shows it: model, texts, problems. Only reads. */
import { statSync } from 'node:fs';
import path from 'node:path';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { itemInputsOf } from '../../model/item-inputs.ts';
import { stringifyJson, type Json, type JsonObject } from '../../model/json.ts';
import { placesOfRoleFile, taskFile } from '../../model/program-files.ts';
import { regionsOf } from '../../model/regions.ts';
import { Refusal } from '../../model/refusal.ts';
import {
  type ComposePart,
  type PresetSpec,
  type ProjectSpec,
  type RoleSpec,
  type TaskSpec,
} from '../../model/program.ts';
import { resolveInside } from '../../disk/inside.ts';
import { bundleSchema } from '../../schema/bundle.ts';
import { sha256 } from '../../disk/sha256.ts';
import { loadProject, type LoadedProgram } from '../../program/load-program.ts';
import { inputsOf } from '../../text/path-template.ts';
import { inputAt } from '../../text/value-at.ts';
import { pathTemplatesOf } from '../../program/rules/paths.ts';
import { inputsNamedBy } from '../../program/rules/inputs.ts';
import { directorySource } from '../../program/source/source.ts';
import { loadInputFile } from '../../program/resolve-inputs.ts';
import { inFolders } from './authored-text.ts';
import { taskText } from './edit-task.ts';
import { presetTaskText, previewPreset } from './apply-preset.ts';
import { textStart } from '../../agents/output/pages.ts';
import { findFile, type ServedFile } from '../run/served-file.ts';
import { graphOf, type GraphEdge } from './show-graph.ts';
import { validate, type ProgramPlace, type Validated } from './validate.ts';

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
  /** No errors: runs may start. */
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
      instructions_file: instructionsOf(program, role),
    })),
    presets: [...program.presets.values()].map(({ source, preset }) => ({ source, preset })),
    inputs: inputDetails(program),
    diagnostics: [...report.errors, ...report.warnings, ...report.notes],
    ok: !report.blocking,
  };
}

/** Changes when an authored file does: its name, size or time. Cheap enough to ask every second. */
export function programHash(programDir: string): string {
  const seen = ['project.yaml', ...inFolders(programDir)].flatMap((relative) => {
    const stats = statSync(path.join(programDir, relative), { throwIfNoEntry: false });
    return stats ? [`${relative}\0${stats.size}\0${stats.mtimeMs}`] : [];
  });
  return sha256(seen.sort().join('\n')).slice(0, 16);
}

export interface TaskDetails {
  id: string;
  task: TaskSpec | null;
  written: JsonObject | null;
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
  const yaml = taskText(directorySource(place.programDir), id);
  return taskDetails(await validate(place), id, yaml);
}

/** Of a task of a program that is validated. `yaml`: the text of its file. */
export async function taskDetails(
  { program, report }: Validated,
  id: string,
  yaml: string,
): Promise<TaskDetails> {
  const { programDir } = program;
  const task = program.tasks.find((one) => one.id === id) ?? null;
  const file = taskFile(id);
  const all = [...report.errors, ...report.warnings, ...report.notes];
  return {
    id,
    task,
    written: program.files.get(`tasks.${id}`)?.raw ?? null,
    yaml,
    hash: sha256(yaml),
    file,
    diagnostics: all.filter((one) => one.file === file),
    compose: (task?.compose ?? []).map((part) => composeText(programDir, part)),
    result_schema: await schemaOf(programDir, task?.result_schema ?? null),
  };
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
  const source = directorySource(place.programDir);
  const files = tasks.map((task) => {
    const id = String(task['id']);
    const file = taskFile(id);
    const exists = source.kindOf(file) !== null;
    return { path: file, yaml: presetTaskText(source, task, id), exists };
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
function instructionsOf({ source }: LoadedProgram, role: RoleSpec): string {
  const [own, shared] = placesOfRoleFile(role.id, role.instructions);
  return source.kindOf(own) === null ? shared : own;
}

function inputDetails({ source, project, tasks }: LoadedProgram): InputDetails[] {
  const usedBy = new Map<string, string[]>();
  const isDefault = (key: string): boolean => Object.hasOwn(project.user_inputs, key);
  const regions = regionsOf(tasks);
  const byId = new Map(tasks.map((task) => [task.id, task]));
  for (const task of tasks) {
    const ofItems = itemInputsOf(regions.stacks.get(task.id) ?? [], byId);
    for (const name of inputsNamedBy(task)) {
      // Nobody gives a run what its items bring.
      if (inputAt(name, (key) => ofItems.has(key)) !== null) continue;
      const key = inputAt(name, isDefault)?.key ?? name;
      usedBy.set(key, [...new Set([...(usedBy.get(key) ?? []), task.id])]);
    }
  }
  for (const key of keysIn(project)) if (!usedBy.has(key)) usedBy.set(key, []);
  const keys = new Set([...Object.keys(project.user_inputs), ...usedBy.keys()]);
  return [...keys].map((key): InputDetails => {
    const used_by = usedBy.get(key) ?? [];
    const file = Object.hasOwn(project.user_inputs, key) ? project.user_inputs[key] : undefined;
    if (file === undefined) {
      return { key, file: null, default_value: null, type: 'string', problem: null, used_by };
    }
    const type = /\.(json|ya?ml)$/i.test(file) ? 'json' : 'string';
    const loaded = loadInputFile(source, file);
    if (!loaded.ok) {
      return { key, file, default_value: null, type, problem: loaded.message, used_by };
    }
    const isLong = stringifyJson(loaded.value).length > MAX_DEFAULT_CHARS;
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

function keysIn(owner: ProjectSpec): string[] {
  return pathTemplatesOf(owner).flatMap(({ template }) => inputsOf(template));
}

/** `name` of project.yaml, as far as it can be read. */
export function loadProjectName(programDir: string): string {
  const { name } = loadProject(directorySource(programDir)).project as { name: unknown };
  return typeof name === 'string' && name !== '' ? name : path.basename(programDir);
}
