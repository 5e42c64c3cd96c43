/** The launcher as a program of its own: launcher.c, which `npm run build` compiles where it can. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Environment, LaunchRequest, LauncherProgram } from './launcher.ts';

/** Beside the built program; named after what it runs on. scripts/build-launcher.mjs puts it there. */
const builtFile = path.join(import.meta.dirname, `launcher-${process.platform}-${process.arch}`);

/** null where it was not built for this machine. `file`: absolute. */
export function nativeLauncher(file = builtFile): LauncherProgram | null {
  return existsSync(file) ? { argv: [file], accepts, encode } : null;
}

/** Words end with a zero byte. What is not changed of the environment has none: the system has handed it to us. */
function accepts(
  { cwd, env, stdin, stdout, stderr, words }: LaunchRequest,
  own: Environment,
): boolean {
  const isTaken = (word: string): boolean => !word.includes('\0');
  return (
    [cwd, stdin, stdout, stderr, ...words].every(isTaken) &&
    changed(env, own).every((name) => isTaken(name) && isTaken(env[name] ?? ''))
  );
}

/** The names of variables that are set otherwise than in our own environment. */
function changed(env: Environment, own: Environment): string[] {
  return Object.keys(env).filter((name) => env[name] !== undefined && env[name] !== own[name]);
}

function encode(
  id: string,
  { cwd, env, stdin, stdout, stderr, words }: LaunchRequest,
  own: Environment,
): string {
  const unset = Object.keys(own).filter((name) => env[name] === undefined);
  const set = changed(env, own);
  const entries = set.map((name) => `${name}=${env[name]}`);
  const changes = [String(unset.length), ...unset, String(set.length), ...entries];
  return [id, cwd, stdin, stdout, stderr, ...changes, ...words, ''].join('\0');
}
