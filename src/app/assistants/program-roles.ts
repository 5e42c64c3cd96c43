/** The assistant roles of a program as they stand now, without reading the rest of the program. */
import { lstatSync } from 'node:fs';
import path from 'node:path';
import { idPattern, type RoleSpec } from '../../model/program.ts';
import { ROLES_FOLDER, roleFile } from '../../model/program-files.ts';
import { namesIn } from '../../disk/names-in.ts';

export interface ProgramRoles {
  /** By id. */
  roles: RoleSpec[];
  /** Role id → what is wrong with its file, in one line. */
  broken: Map<string, string>;
}

/** Reads `assistant_roles/<id>/role.yaml` of every role. */
export async function readRoles(programDir: string): Promise<ProgramRoles> {
  const roles: RoleSpec[] = [];
  const broken = new Map<string, string>();
  const ids = roleIds(programDir);
  if (ids.length === 0) return { roles, broken };
  const [{ readAuthoredFile }, { fileKinds }, { directorySource }] = await Promise.all([
    import('../../program/source/authored-file.ts'),
    import('../../program/shape/file-kinds.ts'),
    import('../../program/source/source.ts'),
  ]);
  const source = directorySource(programDir);
  for (const id of ids) {
    const file = roleFile(id);
    const { value, diagnostics } = readAuthoredFile(source, file, fileKinds.role, id);
    const error = diagnostics.find(({ severity }) => severity === 'error');
    if (value !== null && !error) roles.push({ ...value, id } as unknown as RoleSpec);
    else if (error) broken.set(id, `${file}: ${error.message}`);
  }
  return { roles, broken };
}

/** Directories that have a role in them; agents' caches and editors leave others behind. */
function roleIds(programDir: string): string[] {
  const hasRole = (id: string): boolean =>
    lstatSync(path.join(programDir, roleFile(id)), { throwIfNoEntry: false }) !== undefined;
  return namesIn(path.join(programDir, ROLES_FOLDER))
    .filter((name) => idPattern.test(name) && hasRole(name))
    .sort();
}
