/** The launcher as a program of its own: launcher.c, which `npm run build` compiles where it can. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Environment, LaunchRequest, LauncherProgram } from './launcher.ts';

/** Beside the built program; named after what it runs on. scripts/build-launcher.mjs puts it there. */
const builtFile = path.join(import.meta.dirname, `launcher-${process.platform}-${process.arch}`);

/** null where it was not built for this machine. `file`: absolute. */
export function nativeLauncher(file = builtFile): LauncherProgram | null {
  return existsSync(file) ? { argv: [file], encode } : null;
}

/** Words end with a zero byte, so none may have one. */
function encode(
  id: string,
  { cwd, env, stdin, stdout, stderr, words }: LaunchRequest,
  own: Environment,
): string | null {
  const unset = Object.keys(own).filter((name) => env[name] === undefined);
  const set: string[] = [];
  for (const name of Object.keys(env)) {
    const value = env[name];
    if (value !== undefined && value !== own[name]) set.push(`${name}=${value}`);
  }
  const changes = [String(unset.length), ...unset, String(set.length), ...set];
  const all = [id, cwd, stdin, stdout, stderr, ...changes, ...words, ''];
  return all.some((word) => word.includes('\0')) ? null : all.join('\0');
}
