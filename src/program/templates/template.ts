/** What a template is: files of a new program, made from what the person said on the command line. */

export interface TemplateFiles {
  /** Added to the project's description, if the person gave none. */
  description: string;
  /** `user_inputs` of project.yaml. */
  userInputs: Record<string, string>;
  /** File, relative to the program, → text. project.yaml and the shared files are added. */
  files: Record<string, string>;
}

/** The line by which editors find a task's schema. */
export const taskHeader = '# yaml-language-server: $schema=../schemas/codex-orch/task.json\n';
export const roleHeader = '# yaml-language-server: $schema=../../schemas/codex-orch/role.json\n';
