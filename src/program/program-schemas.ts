/** The JSON Schemas of the authored files, for editors. */
import type { JsonObject } from '../model/json.ts';
import { presetFields, projectFields, roleFields, taskFields } from './shape/fields.ts';
import { jsonSchemaOf } from './shape/json-schema-of.ts';

export const schemaNames = ['project', 'task', 'role', 'preset'] as const;
export type SchemaName = (typeof schemaNames)[number];

export function programSchema(name: SchemaName): JsonObject {
  switch (name) {
    case 'project':
      return jsonSchemaOf(
        'codex-orch project',
        'project.yaml of a codex-orch program.',
        projectFields,
      );
    case 'task':
      return jsonSchemaOf(
        'codex-orch task',
        'tasks/<id>.yaml of a codex-orch program.',
        taskFields,
      );
    case 'role':
      return jsonSchemaOf(
        'codex-orch assistant role',
        'assistant_roles/<id>/role.yaml of a codex-orch program.',
        roleFields,
      );
    case 'preset':
      return jsonSchemaOf(
        'codex-orch preset',
        'presets/<id>.yaml of a codex-orch program, or of ~/.codex-orch.',
        presetFields,
      );
  }
}
