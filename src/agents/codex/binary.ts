/** Finds the Codex program: CODEX_ORCH_CODEX_BIN, else the configured path, else `codex` on PATH. */
import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { Refusal } from '../../model/refusal.ts';

/** The environment variable that names the Codex program. */
export const codexVariable = 'CODEX_ORCH_CODEX_BIN';

const hint =
  `Install it (npm install -g @openai/codex), or name the program in ${codexVariable} or as ` +
  '`path` under [codex] in ~/.codex-orch/config.toml; then run `codex-orch doctor`.';

/** Absolute path of the Codex program. Throws Refusal `codex-not-found`. */
export function findCodex(configuredPath: string | null, env: NodeJS.ProcessEnv): string {
  const fromVariable = env[codexVariable];
  const [named, source] = fromVariable
    ? [fromVariable, `, as ${codexVariable} says,`]
    : configuredPath !== null
      ? [configuredPath, ', as codex.path in config.toml says,']
      : ['codex', ''];
  const found = findExecutable(named, env['PATH'] ?? '');
  if (found !== null) return found;
  const where = named.includes('/') ? '' : ' on PATH';
  const message = `The Codex program "${named}"${source} is not an executable file${where}.`;
  throw new Refusal('codex-not-found', message, { hint });
}

/** A name with a slash is a path (`~/` is the home directory); any other is looked up in `searchPath`. */
function findExecutable(name: string, searchPath: string): string | null {
  if (name.startsWith('~/')) name = path.join(homedir(), name.slice(2));
  if (name.includes('/')) {
    const absolute = path.resolve(name);
    return isExecutable(absolute) ? absolute : null;
  }
  for (const directory of searchPath.split(':')) {
    if (!path.isAbsolute(directory)) continue;
    const candidate = path.join(directory, name);
    if (isExecutable(candidate)) return candidate;
  }
  return null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
