/** Finds the Codex program: CODEX_ORCH_CODEX_BIN, else the configured path, else `codex` on PATH. */
import { homedir } from 'node:os';
import path from 'node:path';
import { findExecutable } from '../../disk/executable.ts';
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
  const place = named.startsWith('~/') ? path.join(homedir(), named.slice(2)) : named;
  const found = findExecutable(place, env['PATH'] ?? '');
  if (found !== null) return found;
  const where = named.includes('/') ? '' : ' on PATH';
  const message = `The Codex program "${named}"${source} is not an executable file${where}.`;
  throw new Refusal('codex-not-found', message, { hint });
}
