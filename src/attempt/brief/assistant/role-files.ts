/**
 * The files that make a role: the operating model that all roles share, the role's instructions and its
 * managed assets. Instructions and assets are looked up in the role's directory first, then in the
 * program (section 10 of the contract).
 */
import { isUtf8 } from 'node:buffer';
import { readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import type { RoleSpec } from '../../../model/program.ts';
import { Refusal } from '../../../model/refusal.ts';
import { resolveInside } from '../../../disk/inside.ts';
import { readExcerpt, type Excerpt } from './excerpt.ts';
import { isFile } from '../../../disk/stats-of.ts';

const OPERATING_MODEL = 'assistant_roles/_shared/operating-model.md';
const MAX_BYTES = 1024 * 1024;

export interface RoleFiles {
  operatingModel: string;
  instructions: string;
  assets: RoleAsset[];
}

interface RoleAsset {
  /** As the role declares it. */
  name: string;
  /** Relative to the program, with `/`. */
  path: string;
  excerpt: Excerpt;
}

export type LocatedRoleFile =
  | {
      ok: true;
      /** Relative to the program, with `/`, links resolved. */ path: string;
      absolute: string;
    }
  | { ok: false; reason: string };

/**
 * Finds a file that a role names. Where there is none, the place in the role's directory is where it
 * would be. Refused: what leads out of the program, also through a symbolic link.
 */
export function locateRoleFile(programDir: string, roleId: string, name: string): LocatedRoleFile {
  const own = resolveInside(programDir, `assistant_roles/${roleId}/${name}`);
  const shared = resolveInside(programDir, name);
  const found = [own, shared].find((place) => place.ok && isFile(place.path)) ?? own;
  if (!found.ok) return found;
  const relative = path.relative(realpathSync(programDir), found.path).split(path.sep).join('/');
  return { ok: true, path: relative, absolute: found.path };
}

/**
 * Reads everything that a role's prompt is made of.
 * @throws Refusal `role-file-missing`, `role-file-outside`, `role-file-unreadable` that names the file
 */
export async function readRoleFiles(
  programDir: string,
  role: Pick<RoleSpec, 'id' | 'instructions' | 'managed_assets'>,
): Promise<RoleFiles> {
  const model = resolveInside(programDir, OPERATING_MODEL);
  if (!model.ok) throw outside(OPERATING_MODEL, model.reason);
  if (!isFile(model.path)) {
    throw new Refusal('role-file-missing', `${OPERATING_MODEL} does not exist.`, {
      hint: 'codex-orch assistant-doc install',
    });
  }
  const assets: RoleAsset[] = [];
  for (const name of role.managed_assets) {
    const { absolute, path: relative } = existing(programDir, role.id, name);
    assets.push({ name, path: relative, excerpt: await readExcerpt(absolute) });
  }
  const instructions = existing(programDir, role.id, role.instructions);
  return {
    operatingModel: readText(model.path, OPERATING_MODEL),
    instructions: readText(instructions.absolute, instructions.path),
    assets,
  };
}

function existing(programDir: string, roleId: string, name: string) {
  const located = locateRoleFile(programDir, roleId, name);
  if (!located.ok) throw outside(`"${name}" of role ${roleId}`, located.reason);
  if (isFile(located.absolute)) return located;
  throw new Refusal(
    'role-file-missing',
    `"${name}" of role ${roleId} exists neither in assistant_roles/${roleId} nor in the program.`,
  );
}

function readText(file: string, shown: string): string {
  let bytes: Buffer;
  try {
    const { size } = statSync(file);
    if (size > MAX_BYTES) {
      const message = `${shown} has ${size} bytes; at most ${MAX_BYTES} are allowed.`;
      throw new Refusal('role-file-unreadable', message);
    }
    bytes = readFileSync(file);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const message = `${shown} cannot be read: ${(error as Error).message}`;
    throw new Refusal('role-file-unreadable', message);
  }
  if (!isUtf8(bytes)) throw new Refusal('role-file-unreadable', `${shown} is not UTF-8 text.`);
  return bytes.toString('utf8').replace(/^\uFEFF/, '');
}

function outside(what: string, reason: string): Refusal {
  return new Refusal('role-file-outside', `${what} cannot be used: ${reason}.`);
}
