/**
 * The files that make a role: the operating model that all roles share, the role's instructions and its
 * managed assets. Instructions and assets are looked up in the role's directory first, then in the
 * program (section 10 of the contract).
 */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import type { RoleSpec } from '../../../model/program.ts';
import {
  OPERATING_MODEL_FILE,
  placesOfRoleFile,
  roleFolder,
} from '../../../model/program-files.ts';
import { Refusal } from '../../../model/refusal.ts';
import { resolveInside } from '../../../disk/inside.ts';
import { readText } from '../../../disk/read-text.ts';
import { readExcerpt, type Excerpt } from './excerpt.ts';
import { isFile } from '../../../disk/stats-of.ts';

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
  const [own, shared] = placesOfRoleFile(roleId, name);
  const first = resolveInside(programDir, own);
  const places = [first, resolveInside(programDir, shared)];
  const found = places.find((place) => place.ok && isFile(place.path)) ?? first;
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
  const model = resolveInside(programDir, OPERATING_MODEL_FILE);
  if (!model.ok) throw outside(OPERATING_MODEL_FILE, model.reason);
  if (!isFile(model.path)) {
    throw new Refusal('role-file-missing', `${OPERATING_MODEL_FILE} does not exist.`, {
      hint: 'codex-orch assistant-doc install',
    });
  }
  const assets: RoleAsset[] = [];
  for (const name of role.managed_assets) {
    const { absolute, path: relative } = existing(programDir, role.id, name);
    const excerpt = await readExcerpt(absolute, { below: programDir });
    if ('ok' in excerpt) throw unreadable(relative, excerpt.reason.replace(/^it /, ''));
    assets.push({ name, path: relative, excerpt });
  }
  const instructions = existing(programDir, role.id, role.instructions);
  return {
    operatingModel: textOf(model.path, OPERATING_MODEL_FILE),
    instructions: textOf(instructions.absolute, instructions.path),
    assets,
  };
}

function existing(programDir: string, roleId: string, name: string) {
  const located = locateRoleFile(programDir, roleId, name);
  if (!located.ok) throw outside(`"${name}" of role ${roleId}`, located.reason);
  if (isFile(located.absolute)) return located;
  throw new Refusal(
    'role-file-missing',
    `"${name}" of role ${roleId} exists neither in ${roleFolder(roleId)} nor in the program.`,
  );
}

function textOf(file: string, shownAs: string): string {
  const read = readText(file, MAX_BYTES);
  if (read.ok) return read.text;
  const { code, message } = read.problem;
  throw unreadable(shownAs, code === 'not_utf8' ? 'is not UTF-8 text' : message);
}

function unreadable(shownAs: string, said: string): Refusal {
  return new Refusal('role-file-unreadable', `${shownAs} ${said}.`);
}

function outside(what: string, reason: string): Refusal {
  return new Refusal('role-file-outside', `${what} cannot be used: ${reason}.`);
}
