/**
 * What is known of single agents, and no handshake tells: seen in codex-acp 2.6.0, claude-agent-acp 0.49.0, Gemini CLI
 * 0.61.0 and opencode 1.18.33. Of all others the best is not assumed. Pure.
 */
import { homedir } from 'node:os';
import path from 'node:path';
import type { Environment } from '../backend.ts';

export interface KnownProgram {
  /** The modes of its own sandbox, where that holds; null: it has none that does. */
  own: { agent: string; writing: string; unheld: string } | null;
  /** Where it keeps its sessions and login, below which it must write; of an unknown one, where it may. */
  homes(env: Environment): string[];
}

const programs: Readonly<Record<string, KnownProgram | undefined>> = {
  'codex-acp': {
    own: {
      agent: '@agentclientprotocol/codex-acp',
      writing: 'workspace-write',
      unheld: 'agent-full-access',
    },
    homes: (env) => [env['CODEX_HOME'] || inHome(env, '.codex')],
  },
  'claude-agent-acp': {
    own: null,
    homes: (env) => [env['CLAUDE_CONFIG_DIR'] || inHome(env, '.claude')],
  },
  gemini: { own: null, homes: (env) => [inHome(env, '.gemini')] },
};

/** What runs as which program: `npx @scope/name@1.2.3` runs `name`, and `node /a/name.js`. */
export function programIn(argv: readonly string[]): string {
  const names = argv
    .filter((word) => !word.startsWith('-'))
    .map((word) => path.basename(word).replace(/(?<=.)@.*$|\.[cm]?js$/g, ''));
  return names.find((name) => !starters.has(name)) ?? names[0] ?? '';
}

/** They run what their words name. */
const starters = new Set(['node', 'npx', 'bun', 'bunx', 'deno', 'env', 'uvx', 'python3']);

export function knownProgram(argv: readonly string[]): KnownProgram {
  const name = programIn(argv);
  return programs[name] ?? { own: null, homes: (env) => usualHomes(name, env) };
}

/** https://specifications.freedesktop.org/basedir-spec, or the custom of before it. */
function usualHomes(name: string, env: Environment): string[] {
  const base = (variable: string, fallback: string): string =>
    path.join(env[variable] || inHome(env, fallback), name);
  return [
    inHome(env, `.${name}`),
    base('XDG_DATA_HOME', '.local/share'),
    base('XDG_STATE_HOME', '.local/state'),
    base('XDG_CACHE_HOME', '.cache'),
    base('XDG_CONFIG_HOME', '.config'),
  ];
}

function inHome(env: Environment, below: string): string {
  return path.join(env['HOME'] || homedir(), below);
}

/** What an agent's name in its handshake tells of it. */
export interface KnownAgent {
  /** Whether a session that it loads is always whole. */
  loadsSafely: boolean;
  /** Whether what it says of a turn's tokens is of the whole turn. */
  tellsWholeTurns: boolean;
  /** Whether its sum of costs begins with its process, not with the session. */
  sumsUpProcess: boolean;
}

export function knownAgent(name: string): KnownAgent {
  return {
    // Gemini CLI wipes one that is loaded in the minute of its making (google-gemini/gemini-cli#28775).
    loadsSafely: !/gemini/i.test(name),
    // opencode tells that of its last call of the model.
    tellsWholeTurns: !/opencode/i.test(name),
    sumsUpProcess: /claude-agent-acp/.test(name),
  };
}
