import { globalRootFrom, loadGlobalConfig } from '../program/global-config.ts';
import type { Surroundings } from './surroundings.ts';

export interface CodexPath {
  /** `codex.path` of config.toml, or null. */
  path: string | null;
  /** Why config.toml cannot be read: it might name another Codex than would be found without it. */
  problem: string | null;
}

export async function readCodexPath({ env, cwd }: Surroundings): Promise<CodexPath> {
  const { config, file, diagnostics } = await loadGlobalConfig(globalRootFrom(env, cwd));
  const broken = diagnostics.find(({ severity }) => severity === 'error');
  if (!broken) return { path: config.codex.path, problem: null };
  const place = broken.line === null ? file : `${file}:${broken.line}`;
  return { path: null, problem: `${place}: ${broken.message}` };
}
