/** What files a program has, and where they lie: paths relative to it, with `/`. */

export const fileKindNames = ['project', 'task', 'role', 'preset'] as const;
export type FileKindName = (typeof fileKindNames)[number];

export const ROLES_FOLDER = 'assistant_roles';

/** What all assistants of a program share. */
export const OPERATING_MODEL_FILE = `${ROLES_FOLDER}/_shared/operating-model.md`;

export function taskFile(taskId: string): string {
  return `tasks/${taskId}.yaml`;
}

/** The task of a file that is named as one; null: it is none. */
export function taskOfFile(file: string): string | null {
  return /^tasks\/([^/]+)\.yaml$/.exec(file)?.[1] ?? null;
}

export function roleFolder(roleId: string): string {
  return `${ROLES_FOLDER}/${roleId}`;
}

export function roleFile(roleId: string): string {
  return `${roleFolder(roleId)}/role.yaml`;
}

/** Where a file that a role names may lie, the first that is there: the role's directory, then the program. */
export function placesOfRoleFile(roleId: string, name: string): readonly [string, string] {
  return [`${roleFolder(roleId)}/${name}`, name];
}

/** Which schema holds for a file of a program; null: none. */
export function kindOfFile(file: string): FileKindName | null {
  if (file === 'project.yaml') return 'project';
  if (taskOfFile(file) !== null) return 'task';
  if (/^presets\/[^/]+\.yaml$/.test(file)) return 'preset';
  return new RegExp(`^${ROLES_FOLDER}/[^/]+/role\\.yaml$`).test(file) ? 'role' : null;
}
