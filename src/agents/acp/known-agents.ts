/**
 * What is known of single agents, and no handshake tells: seen in codex-acp 2.6.0, claude-agent-acp 0.49.0, Gemini CLI
 * 0.61.0 and opencode 1.18.33. Of all others the best is not assumed. Pure.
 */
import { homedir } from 'node:os';
import path from 'node:path';
import type { Environment, OwnHome, SessionUse } from '../backend.ts';
import { claudeAccount } from '../claude/account.ts';
import { claudeHome } from '../claude/cli.ts';
import { claudeSessionUse } from '../claude/session-use.ts';
import { codexAccount } from '../codex/account.ts';
import { codexHomeIn } from '../codex/binary.ts';
import { codexSessionUse } from '../codex/session-use.ts';
import { recordIn } from '../output/fields.ts';
import { ownHome } from '../own-home.ts';

export interface KnownProgram {
  isKnown: boolean;
  /** The modes of its own sandbox, where that holds; null: it has none that does. */
  own: { agent: string; writing: string; unheld: string } | null;
  /** Where it keeps its sessions and login, below which it must write; of an unknown one, where it may. */
  homes(env: Environment): string[];
  /** With the person's login; null: it is not known where that lies. */
  ownHome(directory: string, env: Environment): OwnHome | null;
  /** What it is to have in its environment besides, so that what it runs finds `codex-orch` on PATH. */
  around(env: Environment): Record<string, string>;
  /** What tells its account from others, as `Backend.account`; `words`: its command line. null: it is not known. */
  account(words: string[], env: Environment): string[] | null;
}

const programs: Readonly<Record<string, KnownProgram | undefined>> = {
  'codex-acp': {
    isKnown: true,
    own: {
      agent: '@agentclientprotocol/codex-acp',
      writing: 'workspace-write',
      unheld: 'agent-full-access',
    },
    homes: (env) => [codexHomeIn(env)],
    ownHome: (directory, env) =>
      ownHome(
        directory,
        { CODEX_HOME: '.codex' },
        { '.codex/auth.json': path.join(codexHomeIn(env), 'auth.json') },
      ),
    around: withoutLoginShell,
    account: (args, env) => codexAccount({ args }, env),
  },
  'claude-agent-acp': {
    isKnown: true,
    own: null,
    homes: (env) => [claudeHome(env)],
    ownHome: (directory, env) =>
      ownHome(
        directory,
        { CLAUDE_CONFIG_DIR: '.claude' },
        { '.claude/.credentials.json': path.join(claudeHome(env), '.credentials.json') },
      ),
    around: nothing,
    account: (_, env) => claudeAccount(env),
  },
  gemini: {
    isKnown: true,
    own: null,
    homes: (env) => [inHome(env, '.gemini')],
    ownHome: (directory, env) =>
      ownHome(
        directory,
        {},
        { '.gemini/oauth_creds.json': path.join(inHome(env, '.gemini'), 'oauth_creds.json') },
      ),
    around: nothing,
    account: () => null,
  },
  opencode: {
    isKnown: true,
    own: null,
    homes: (env) => inBaseDirectories('opencode', env),
    ownHome: (directory, env) =>
      ownHome(directory, Object.fromEntries(baseDirectories), {
        '.local/share/opencode/auth.json': path.join(below(DATA, 'opencode', env), 'auth.json'),
      }),
    around: nothing,
    account: () => null,
  },
};

function nothing(): Record<string, string> {
  return {};
}

/** A login shell would reset PATH. What the person has in CODEX_CONFIG stays, and comes first. */
function withoutLoginShell({ CODEX_CONFIG: given }: Environment): Record<string, string> {
  const config = given ? recordIn(given) : {};
  if (config === null) return {};
  return { CODEX_CONFIG: JSON.stringify({ allow_login_shell: false, ...config }) };
}

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
  const known = Object.hasOwn(programs, name) ? programs[name] : undefined;
  if (known !== undefined) return known;
  return {
    isKnown: false,
    own: null,
    homes: (env) => usualHomes(name, env),
    ownHome: () => null,
    around: nothing,
    account: () => null,
  };
}

/** https://specifications.freedesktop.org/basedir-spec, or the custom of before it. */
function usualHomes(name: string, env: Environment): string[] {
  return [inHome(env, `.${name}`), ...inBaseDirectories(name, env)];
}

const DATA = ['XDG_DATA_HOME', '.local/share'] as const;
const baseDirectories = [
  DATA,
  ['XDG_STATE_HOME', '.local/state'],
  ['XDG_CACHE_HOME', '.cache'],
  ['XDG_CONFIG_HOME', '.config'],
] as const;

function inBaseDirectories(name: string, env: Environment): string[] {
  return baseDirectories.map((base) => below(base, name, env));
}

function below(
  [variable, usual]: readonly [string, string],
  name: string,
  env: Environment,
): string {
  return path.join(env[variable] || inHome(env, usual), name);
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
  /** What its sessions use, by the files that it keeps of them; null: it is not known where these lie. */
  sessionUse(env: Environment): SessionUse | null;
}

const sessionUses: Readonly<Record<string, KnownAgent['sessionUse'] | undefined>> = {
  '@agentclientprotocol/codex-acp': codexSessionUse,
  '@agentclientprotocol/claude-agent-acp': claudeSessionUse,
};

export function knownAgent(name: string): KnownAgent {
  return {
    // Gemini CLI wipes one that is loaded in the minute of its making (google-gemini/gemini-cli#28775).
    loadsSafely: !/gemini/i.test(name),
    // opencode tells that of its last call of the model.
    tellsWholeTurns: !/opencode/i.test(name),
    sumsUpProcess: /claude-agent-acp/.test(name),
    sessionUse: (env) => (Object.hasOwn(sessionUses, name) && sessionUses[name]?.(env)) || null,
  };
}
