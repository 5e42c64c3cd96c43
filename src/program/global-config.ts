/** `~/.codex-orch/`: what all programs of a user share. Reading creates nothing. */
import { homedir } from 'node:os';
import path from 'node:path';
import type { Diagnostic } from '../model/diagnostic.ts';
import { didYouMean, suggest } from '../text/suggest.ts';
import { readText } from './source/read-text.ts';

interface GlobalConfig {
  codex: { /** The Codex program; null: `codex` on PATH. */ path: string | null };
  web: { /** null: the built-in one. */ port: number | null };
}

export interface LoadedConfig {
  config: GlobalConfig;
  /** Absolute; it need not exist. */
  file: string;
  diagnostics: Diagnostic[];
}

/** `CODEX_ORCH_GLOBAL_ROOT` (relative: to `cwd`), or else `~/.codex-orch`. Absolute. */
export function globalRootFrom(env: NodeJS.ProcessEnv, cwd: string): string {
  const moved = env['CODEX_ORCH_GLOBAL_ROOT'];
  if (moved !== undefined && moved !== '') return path.resolve(cwd, moved);
  return path.join(env['HOME'] || homedir(), '.codex-orch');
}

const known: Record<string, readonly string[]> = { codex: ['path'], web: ['port'] };

/** config.toml of `globalRoot`. What is wrong with it is reported, and otherwise as if it were not there. */
export async function loadGlobalConfig(globalRoot: string): Promise<LoadedConfig> {
  const file = path.join(globalRoot, 'config.toml');
  const loaded: LoadedConfig = {
    config: { codex: { path: null }, web: { port: null } },
    file,
    diagnostics: [],
  };
  const add = (
    severity: Diagnostic['severity'],
    code: string,
    message: string,
    location = 'config',
    place: { line: number; column: number } | null = null,
    hint: string | null = null,
  ): number =>
    loaded.diagnostics.push({
      severity,
      code: `config.${code}`,
      message,
      location,
      reference_url: null,
      file,
      line: place?.line ?? null,
      column: place?.column ?? null,
      hint,
    });
  const read = readText(file);
  if (!read.ok) {
    if (read.problem.code !== 'missing')
      add('error', read.problem.code, `${file} ${read.problem.message}`);
    return loaded;
  }
  const { parse, TomlError } = await import('smol-toml');
  let content: Record<string, unknown>;
  try {
    content = parse(read.text);
  } catch (error) {
    const place = error instanceof TomlError ? { line: error.line, column: error.column } : null;
    const reason = (error as Error).message.split('\n')[0]?.replace(/^Invalid TOML document: /, '');
    add('error', 'syntax', `${file} is not valid TOML: ${reason}`, 'config', place);
    return loaded;
  }
  for (const [section, value] of Object.entries(content)) {
    const keys = Object.hasOwn(known, section) ? known[section] : undefined;
    if (!keys) {
      const hint = didYouMean(section, Object.keys(known));
      add(
        'warning',
        'unknown_key',
        `"${section}" is unknown and ignored`,
        `config.${section}`,
        null,
        hint,
      );
      continue;
    }
    if (typeof value !== 'object' || value === null) {
      add('error', 'wrong_type', `"${section}" must be a table`, `config.${section}`);
      continue;
    }
    for (const key of Object.keys(value)) {
      if (keys.includes(key)) continue;
      const near = suggest(key, keys);
      const hint = near === null ? null : `Did you mean "${section}.${near}"?`;
      const name = `${section}.${key}`;
      add(
        'warning',
        'unknown_key',
        `"${name}" is unknown and ignored`,
        `config.${name}`,
        null,
        hint,
      );
    }
  }
  const codexPath = valueAt(content, 'codex', 'path');
  if (typeof codexPath === 'string' && codexPath !== '') loaded.config.codex.path = codexPath;
  else if (codexPath !== undefined) {
    add('error', 'wrong_type', '"codex.path" must be a path in quotes', 'config.codex.path');
  }
  const port = valueAt(content, 'web', 'port');
  if (typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= 65535) {
    loaded.config.web.port = port;
  } else if (port !== undefined) {
    add('error', 'wrong_type', '"web.port" must be a number from 0 to 65535', 'config.web.port');
  }
  return loaded;
}

function valueAt(content: Record<string, unknown>, section: string, key: string): unknown {
  const table = Object.hasOwn(content, section) ? content[section] : undefined;
  if (typeof table !== 'object' || table === null || !Object.hasOwn(table, key)) return undefined;
  return (table as Record<string, unknown>)[key];
}
