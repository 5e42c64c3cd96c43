/** The kinds of files that authors write, with what each may hold. */
import type { JsonObject } from '../../model/json.ts';
import type { FileKindName } from '../../model/program-files.ts';
import { jsonSchemaOf } from './json-schema-of.ts';
import { presetWords, projectWords, roleWords, taskWords, type OtherWords } from './other-words.ts';
import { presetFields } from './preset.ts';
import { projectFields } from './project.ts';
import { roleFields } from './role.ts';
import type { Fields } from './shape.ts';
import { taskFields } from './task.ts';

export interface FileKind {
  /** First part of diagnostic codes: `task`. */
  name: string;
  /** First part of locations: `tasks`. */
  plural: string;
  /** Of its JSON Schema. */
  title: string;
  description: string;
  fields: Fields;
  words: OtherWords;
}

export const fileKinds = {
  project: {
    name: 'project',
    plural: 'project',
    title: 'codex-orch project',
    description: 'project.yaml of a codex-orch program.',
    fields: projectFields,
    words: projectWords,
  },
  task: {
    name: 'task',
    plural: 'tasks',
    title: 'codex-orch task',
    description: 'tasks/<id>.yaml of a codex-orch program.',
    fields: taskFields,
    words: taskWords,
  },
  role: {
    name: 'role',
    plural: 'roles',
    title: 'codex-orch assistant role',
    description: 'assistant_roles/<id>/role.yaml of a codex-orch program.',
    fields: roleFields,
    words: roleWords,
  },
  preset: {
    name: 'preset',
    plural: 'presets',
    title: 'codex-orch preset',
    description: 'presets/<id>.yaml of a codex-orch program, or of ~/.codex-orch.',
    fields: presetFields,
    words: presetWords,
  },
} satisfies Record<FileKindName, FileKind>;

/** The JSON Schema of an authored file, for editors. */
export function programSchema(name: FileKindName): JsonObject {
  const { title, description, fields } = fileKinds[name];
  return jsonSchemaOf(title, description, fields);
}
