/** The verbs on presets: list, preview, apply. */
import path from 'node:path';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { isJsonObject, type Json, type JsonObject } from '../../model/json.ts';
import { idPattern, type PresetSpec, type TaskSpec } from '../../model/program.ts';
import { taskFile } from '../../model/program-files.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import { suggest } from '../../text/suggest.ts';
import { toYaml, withAllFields } from '../../program/source/edit-yaml.ts';
import { parseYaml } from '../../program/source/yaml-source.ts';
import { listPresets, loadProgram, type LoadedPreset } from '../../program/load-program.ts';
import { renderPreset } from '../../program/presets/presets.ts';
import { checkProgramRules } from '../../program/rules/program-rules.ts';
import { fileKinds } from '../../program/shape/file-kinds.ts';
import { checkShape } from '../../program/shape/shape.ts';
import { directorySource, type ProgramSource } from '../../program/source/source.ts';
import { commitEdit } from './edit.ts';
import { editProgram, type Editor, type HeldProgram } from './held-program.ts';
import { inOneLine, type ProgramPlace } from './validate.ts';

export interface PresetEntry {
  source: 'program' | 'global';
  preset: PresetSpec;
}

/** Preset id → preset, by id; and what is wrong with the files that cannot be read. */
export function presetsOf(place: ProgramPlace): {
  presets: Record<string, PresetEntry>;
  unreadable: Diagnostic[];
} {
  const { presets, diagnostics } = listPresets(directorySource(place.programDir), place.globalRoot);
  const entries = [...presets].map(([id, { source, preset }]) => [id, { source, preset }] as const);
  const readable = new Set([...presets.values()].map(({ origin }) => origin.file));
  return {
    presets: Object.fromEntries(entries),
    unreadable: diagnostics.filter((one) => one.file !== null && !readable.has(one.file)),
  };
}

/** The tasks that `applyPreset` would write. */
export function previewPreset(
  place: ProgramPlace,
  presetId: string,
  variables: ReadonlyMap<string, string>,
): { preset: PresetSpec; tasks: JsonObject[] } {
  const { preset, origin } = find(place, presetId);
  const broken = origin.diagnostics.find((one) => one.severity === 'error');
  if (broken) throw new Refusal('preset-invalid', inOneLine(broken));
  const rendered = renderPreset(preset, variables);
  if (!rendered.ok) {
    const hint = rendered.hint === null ? {} : { hint: rendered.hint };
    throw new Refusal('preset-variables', rendered.message, hint);
  }
  return { preset, tasks: rendered.tasks };
}

/**
 * The same for somebody who wants to know whether they could be applied, with the defaults filled in.
 * @throws Refusal `preset-invalid` also where they break the rules of fields, references and edges
 */
export function checkedPreview(
  place: ProgramPlace,
  presetId: string,
  variables: ReadonlyMap<string, string>,
): { tasks: JsonObject[]; complete: TaskSpec[] } {
  const { tasks } = previewPreset(place, presetId, variables);
  const program = loadProgram(directorySource(place.programDir), { globalRoot: place.globalRoot });
  const { fields, words } = fileKinds.task;
  const refuse = (id: Json | undefined, message: string): never => {
    const of = typeof id === 'string' ? `the task "${id}" of ` : '';
    throw new Refusal('preset-invalid', `${of}the preset "${presetId}": ${message}`);
  };
  const complete = tasks.map((task) => {
    const value = checkShape({ type: 'object', fields, words }, task, ({ severity, message }) => {
      if (severity === 'error') refuse(task['id'], message);
    }) as unknown as TaskSpec;
    value.agent = (value.agent as string | null) ?? program.project.default_agent;
    return value;
  });
  const ids = new Set(complete.map(({ id }) => id));
  const findings = checkProgramRules({
    project: program.project,
    // They may depend on what is there.
    tasks: [...program.tasks.filter(({ id }) => !ids.has(id)), ...complete],
    roles: program.roles,
    isProjectUnreadable: program.unreadable.project,
    unreadableTasks: program.unreadable.tasks,
    unreadableRoles: program.unreadable.roles,
  });
  for (const { severity, subject, message } of findings) {
    const id = subject.replace(/^tasks\./, '');
    if (severity === 'error' && ids.has(id)) refuse(id, message);
  }
  return { tasks, complete };
}

export interface AppliedPreset {
  ids: string[];
  /** Those that were there. */
  overwritten: string[];
  warnings: Diagnostic[];
}

/** Writes all tasks of the preset, or none. */
export async function applyPreset(
  editor: Editor,
  place: ProgramPlace,
  presetId: string,
  variables: ReadonlyMap<string, string>,
  options: { overwrite: boolean },
): Promise<AppliedPreset> {
  return editProgram(editor, place, 'preset apply', (held) =>
    applyTo(held, presetId, variables, options),
  );
}

async function applyTo(
  held: HeldProgram,
  presetId: string,
  variables: ReadonlyMap<string, string>,
  options: { overwrite: boolean },
): Promise<AppliedPreset> {
  const { tasks } = previewPreset(held, presetId, variables);
  const edits = new Map<string, string>();
  const ids: string[] = [];
  const existing: string[] = [];
  for (const task of tasks) {
    const id = task['id'];
    if (typeof id !== 'string' || !idPattern.test(id)) {
      throw new Refusal(
        'preset-invalid',
        `the preset "${presetId}" makes a task with the id ${JSON.stringify(id ?? null)}, which is no safe file name`,
      );
    }
    if (ids.includes(id)) {
      throw new Refusal('preset-invalid', `the preset "${presetId}" makes two tasks "${id}"`);
    }
    ids.push(id);
    if (held.source.kindOf(taskFile(id)) !== null) existing.push(id);
    edits.set(taskFile(id), presetTaskText(held.source, task, id));
  }
  if (existing.length > 0 && !options.overwrite) {
    throw new Refusal(
      'task-exists',
      `nothing was written: ${existing.map((id) => `"${id}"`).join(', ')} exist${existing.length === 1 ? 's' : ''} already`,
      { hint: 'add --overwrite to replace what is there' },
    );
  }
  const { warnings } = await commitEdit(held, edits);
  return { ids, overwritten: existing, warnings };
}

/** What a preset makes of a task's file. Of one that is there, comments and order stay. */
export function presetTaskText(source: ProgramSource, task: JsonObject, id: string): string {
  const read = source.read(taskFile(id));
  const isTask = read.ok && isJsonObject(parseYaml(read.text).source?.value ?? null);
  return isTask ? withAllFields(read.text, task) : toYaml(task);
}

function find(place: ProgramPlace, presetId: string): LoadedPreset {
  const { presets, diagnostics } = listPresets(directorySource(place.programDir), place.globalRoot);
  const preset = presets.get(presetId);
  if (preset) return preset;
  const broken = diagnostics.find(
    (one) => one.file !== null && path.basename(one.file) === `${presetId}.yaml`,
  );
  if (broken) throw new Refusal('preset-invalid', inOneLine(broken));
  const near = suggest(presetId, presets.keys());
  throw new Refusal('preset-unknown', `there is no preset "${presetId}"`, {
    hint: near === null ? 'codex-orch preset list shows what there is' : `did you mean "${near}"?`,
    exit: ExitStatus.notFound,
  });
}
