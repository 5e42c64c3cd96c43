/** What a template is: files of a new program, made from what the person said on the command line. */
import type { JsonObject } from '../../model/json.ts';

export interface TemplateFiles {
  /** Added to the project's description, if the person gave none. */
  description: string;
  /** `user_inputs` of project.yaml. */
  userInputs: Record<string, string>;
  /** More of project.yaml; what the person said counts before it. */
  project?: JsonObject;
  /** File, relative to the program, → text. project.yaml and the shared files are added. */
  files: Record<string, string>;
}

/** The line by which editors find a task's schema. */
export const taskHeader = '# yaml-language-server: $schema=../schemas/codex-orch/task.json\n';
export const roleHeader = '# yaml-language-server: $schema=../../schemas/codex-orch/role.json\n';

/** A JSON file. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** The schema of a result: an object with all of these, and nothing else. */
export function schemaOf(title: string, properties: JsonObject): JsonObject {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title,
    type: 'object',
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  };
}
