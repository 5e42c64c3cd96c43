/**
 * Reads a program's files into the model. Nothing in them makes it throw: what is wrong becomes a
 * diagnostic, and the rest is read as far as it goes. It writes nothing.
 */
import path from 'node:path';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { JsonObject } from '../model/json.ts';
import {
  idPattern,
  type PresetSpec,
  type ProjectSpec,
  type RoleSpec,
  type TaskSpec,
} from '../model/program.ts';
import { ROLES_FOLDER, roleFile, roleFolder, taskFile } from '../model/program-files.ts';
import { addFinding, readAuthoredFile, type AuthoredFile } from './source/authored-file.ts';
import { fileKinds } from './shape/file-kinds.ts';
import { emptyOf } from './shape/shape.ts';
import { strayFiles } from './stray-files.ts';
import { byName, directorySource, type ProgramSource } from './source/source.ts';

export interface LoadedPreset {
  source: 'program' | 'global';
  preset: PresetSpec;
  origin: AuthoredFile;
}

export interface LoadedProgram {
  source: ProgramSource;
  /** Absolute. */
  programDir: string;
  project: ProjectSpec;
  /** In the order of their file names. Those with errors are there as far as they could be read. */
  tasks: TaskSpec[];
  roles: RoleSpec[];
  /** Preset id → what it stands for: the program's hides a global one. */
  presets: Map<string, LoadedPreset>;
  /** Problems of the files by themselves. `validateProgram` adds those of the whole. */
  diagnostics: Diagnostic[];
  /** What could not be read at all: what refers to it is not to blame. */
  unreadable: { project: boolean; tasks: Set<string>; roles: Set<string> };
  /** `project`, `tasks.<id>`, `roles.<id>`, `presets.<id>` → its file. */
  files: Map<string, AuthoredFile>;
}

export interface LoadOptions {
  /** Directory of what all programs share; its `presets/` are read. Null: none. */
  globalRoot: string | null;
}

/** Reads the whole program. */
export function loadProgram(source: ProgramSource, options: LoadOptions): LoadedProgram {
  const { project, origin } = loadProject(source);
  const program: LoadedProgram = {
    source,
    programDir: source.programDir,
    project,
    tasks: [],
    roles: [],
    presets: new Map(),
    diagnostics: [...origin.diagnostics],
    unreadable: { project: origin.value === null, tasks: new Set(), roles: new Set() },
    files: new Map([[origin.subject, origin]]),
  };
  for (const { id, task, origin: file } of loadTasks(source, project)) {
    take(program, file);
    if (task === null) program.unreadable.tasks.add(id);
    else program.tasks.push(task);
  }
  program.diagnostics.push(...strayFiles(source));
  loadRoles(program);
  loadPresets(program, options.globalRoot);
  return program;
}

/** project.yaml alone; where it cannot be read, an empty project. */
export function loadProject(source: ProgramSource): {
  project: ProjectSpec;
  origin: AuthoredFile;
} {
  const origin = readAuthoredFile(source, 'project.yaml', fileKinds.project, null);
  const value =
    origin.value ?? (emptyOf({ type: 'object', fields: fileKinds.project.fields }) as JsonObject);
  return { project: value as unknown as ProjectSpec, origin };
}

export interface LoadedTask {
  id: string;
  /** null where the file could not be read as YAML. */
  task: TaskSpec | null;
  origin: AuthoredFile;
}

/** tasks/*.yaml, in the order of their names. */
export function loadTasks(source: ProgramSource, project: ProjectSpec): LoadedTask[] {
  const tasks = yamlNames(source, 'tasks').map((id) => loadTask(source, id, project));
  source.keepParsed();
  return tasks;
}

export function loadTask(
  source: ProgramSource,
  id: string,
  project: Pick<ProjectSpec, 'default_agent'>,
): LoadedTask {
  const origin = readAuthoredFile(source, taskFile(id), fileKinds.task, id);
  checkFileName(origin, id, 'task');
  if (origin.value === null) return { id, task: null, origin };
  const task = { ...origin.value, id } as unknown as TaskSpec;
  // A field of null means "none was named".
  task.agent = (task.agent as string | null) ?? project.default_agent;
  return { id, task, origin };
}

function loadRoles(program: LoadedProgram): void {
  const { source } = program;
  for (const id of source.list(ROLES_FOLDER)) {
    if (/^[._]/.test(id) || source.kindOf(roleFolder(id)) !== 'folder') continue;
    const origin = readAuthoredFile(source, roleFile(id), fileKinds.role, id);
    const missing = origin.diagnostics.find((diagnostic) => diagnostic.code === 'file.missing');
    if (missing) {
      // A directory without a role is no role: agents' caches and editors leave such things behind.
      missing.severity = 'warning';
      missing.hint = `Add it, or remove the directory ${roleFolder(id)}.`;
      program.diagnostics.push(missing);
      continue;
    }
    checkFileName(origin, id, 'role');
    take(program, origin);
    if (origin.value === null) program.unreadable.roles.add(id);
    else program.roles.push({ ...origin.value, id } as unknown as RoleSpec);
  }
}

function loadPresets(program: LoadedProgram, globalRoot: string | null): void {
  const { presets, diagnostics } = listPresets(program.source, globalRoot);
  program.presets = presets;
  program.diagnostics.push(...diagnostics);
  for (const { origin } of presets.values()) program.files.set(origin.subject, origin);
}

/** The presets that the program sees, by id. Problems of global ones are warnings: they block no run. */
export function listPresets(
  program: ProgramSource,
  globalRoot: string | null,
): { presets: Map<string, LoadedPreset>; diagnostics: Diagnostic[] } {
  const shared = globalRoot === null ? { presets: [], diagnostics: [] } : sharedPresets(globalRoot);
  const own = presetsOf(program, 'program', (file) => file);
  const presets = [...shared.presets, ...own.presets].map((one) => [one.preset.id, one] as const);
  return {
    presets: new Map([...new Map(presets)].sort(([a], [b]) => byName(a, b))),
    diagnostics: [...shared.diagnostics, ...own.diagnostics],
  };
}

interface ReadPresets {
  presets: LoadedPreset[];
  diagnostics: Diagnostic[];
}

function sharedPresets(globalRoot: string): ReadPresets {
  const absolute = (file: string): string => path.join(globalRoot, file);
  const { presets, diagnostics } = presetsOf(directorySource(globalRoot), 'global', absolute);
  // The files keep their errors: they can still not be applied.
  const asWarnings = diagnostics.map((one) =>
    one.severity === 'error' ? { ...one, severity: 'warning' as const } : one,
  );
  return { presets, diagnostics: asWarnings };
}

function presetsOf(
  files: ProgramSource,
  source: LoadedPreset['source'],
  shownAs: (file: string) => string,
): ReadPresets {
  const read: ReadPresets = { presets: [], diagnostics: [] };
  for (const id of yamlNames(files, 'presets')) {
    const file = `presets/${id}.yaml`;
    const origin = readAuthoredFile(files, file, fileKinds.preset, id, shownAs(file));
    checkFileName(origin, id, 'preset');
    read.diagnostics.push(...origin.diagnostics);
    if (origin.value !== null) {
      read.presets.push({ source, preset: presetFrom(origin.value, id), origin });
    }
  }
  return read;
}

function presetFrom(value: JsonObject, id: string): PresetSpec {
  const preset = { ...value, id } as unknown as PresetSpec;
  for (const variable of Object.values(preset.variables)) {
    if (variable.default !== null) variable.required = false;
  }
  return preset;
}

function take(program: LoadedProgram, origin: AuthoredFile): void {
  program.files.set(origin.subject, origin);
  program.diagnostics.push(...origin.diagnostics);
}

function checkFileName(origin: AuthoredFile, id: string, kind: string): void {
  if (idPattern.test(id)) return;
  addFinding(origin, {
    severity: 'error',
    code: `${kind}.bad_id`,
    path: ['id'],
    message: `"${id}" cannot be an id: a letter or digit, then letters, digits, ".", "_", "-", at most 100`,
    hint: 'Rename the file.',
  });
}

/** Names without `.yaml`, hidden files left out. */
function yamlNames(source: ProgramSource, folder: string): string[] {
  return source
    .list(folder)
    .filter((name) => name.endsWith('.yaml') && !name.startsWith('.'))
    .map((name) => name.slice(0, -'.yaml'.length))
    .sort(byName);
}
