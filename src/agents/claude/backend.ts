/** The `claude` backend: Claude Code, `claude -p --output-format stream-json`. Prompt on stdin, activities on stdout. */
import path from 'node:path';
import { findExecutable } from '../../disk/executable.ts';
import { MESSAGE_LIMITS, readForeignJson } from '../../disk/foreign-json.ts';
import { realPathOf } from '../../disk/real-path.ts';
import type { AttemptOrder } from '../../model/attempt.ts';
import type { Json } from '../../model/json.ts';
import { Refusal } from '../../model/refusal.ts';
import type { Backend, Environment, Located, Place } from '../backend.ts';
import { findProgram, programObstacle } from '../find-program.ts';
import { nothingLocated } from '../located.ts';
import { isSessionUuid } from '../session-uuid.ts';
import { ownHome } from '../own-home.ts';
import { claudeCli, claudeHome } from './cli.ts';
import { claudeAccount } from './account.ts';
import { claudeCommandLine } from './command-line.ts';
import { claudeFailure } from './failures.ts';
import { isWithin, keptBesideAttempt } from './kept.ts';
import { takenSchema } from './output-schema.ts';
import {
  assertUnused,
  lockWords,
  locksDirectory,
  newSession,
  claudeSessionFile,
  claudeSessions,
} from './session.ts';
import { claudeSettings, settleClaude } from './settings.ts';
import { createClaudeReader } from './stream.ts';

export const claudeBackend: Backend = {
  name: 'claude',
  roleName: 'claude',
  does: 'runs Claude Code',
  can: {
    session: true,
    sandbox: true,
    mcp: true,
    wrapped: false,
    outputSchema: true,
    usage: 'of_attempt',
    tellsCost: true,
    structuredOutput: true,
  },
  needsPrompt: true,
  // It takes 10 MB on standard input, and a character has up to four bytes.
  longestPromptChars: 2_500_000,
  fields: {
    agent: ['model', 'sandbox'],
    task: ['model', 'sandbox', 'extra_writable_roots'],
    otherwise: 'Claude Code takes none',
  },
  configKeys: ['path'],
  ownVariables: [
    'AI_AGENT',
    'CLAUDECODE',
    'CLAUDE_CODE_CHILD_NOTES_DIR',
    'CLAUDE_CODE_CHILD_SESSION',
    'CLAUDE_CODE_ENTRYPOINT',
    'CLAUDE_CODE_EXECPATH',
    'CLAUDE_CODE_MESSAGING_SOCKET',
    'CLAUDE_CODE_MESSAGING_TOKEN',
    'CLAUDE_CODE_SESSION_ATTENDED',
    'CLAUDE_CODE_SESSION_ID',
    'CLAUDE_PID',
    'CLAUDE_TMPDIR',
  ],
  // It mounts over these in the workspace; a directory of its own in the first it leaves in any case.
  leaves: [
    ...['.claude/*', '.claude'],
    ...['.bashrc', '.bash_profile', '.profile', '.zshrc', '.zprofile', '.gitconfig'],
    ...['.gitmodules', '.mcp.json', '.ripgreprc', '.idea', '.vscode'],
  ],
  startsSessions: true,
  goneAs: 'unknown',
  keepsLimits: false,
  isSessionId: isSessionUuid,
  settings: settleClaude,
  check: () => [],
  unheld: () => null,
  ownHome(_settings, directory, env) {
    const login = path.join(claudeHome(env), '.credentials.json');
    return ownHome(
      directory,
      { CLAUDE_CONFIG_DIR: '.claude' },
      { '.claude/.credentials.json': login },
    );
  },
  openDirectories: () => [],
  locate: (order, env) => Promise.resolve(locate(order, env)),
  assertFree(order, env) {
    if (order.sessionId !== null) assertUnused(order.sessionId, env);
  },
  commandLine: claudeCommandLine,
  obstacle,
  reader: createClaudeReader,
  // What it uses, its output tells.
  sessionUse: () => null,
  sessionRoot: claudeSessions,
  sessionFile: claudeSessionFile,
  account: (_, env) => claudeAccount(env),
  failure: claudeFailure,
  // TERM ends it and its commands in a moment. On INT it may end without a word, and as if all were well.
  stopping: () => [{ signal: 'SIGTERM', afterMs: 0 }],
  async doctor(uses, machine) {
    const { doctorClaude } = await import('./doctor.ts');
    return doctorClaude(uses, machine);
  },
};

function locate(order: AttemptOrder, env: Environment): Located {
  const problem = placeProblem(order);
  if (problem !== null) throw problem;
  return {
    ...nothingLocated,
    program: findProgram(claudeCli, claudeSettings(order).program, env),
    kept: order.sandbox === 'workspace-write' ? keptBesideAttempt(order) : [],
    outputSchema: schemaIn(order.outputSchemaFile),
    before: lockWords(order.sessionId ?? newSession(order), env),
    directories: [locksDirectory(env)],
  };
}

function schemaIn(file: string | null): Json | null {
  if (file === null) return null;
  const read = readForeignJson(file, MESSAGE_LIMITS);
  return read.ok ? takenSchema(read.value) : null;
}

/** What its sandbox closes stays closed in all of its parts: the attempt's directory cannot lie within. */
function placeProblem({ sandbox, cwd, programDir }: Place): Refusal | null {
  if (sandbox !== 'read-only' || cwd === null) return null;
  if (!isWithin(realPathOf(programDir), realPathOf(cwd))) return null;
  const message = `Claude Code cannot keep the workspace ${cwd} read-only and open the attempt's directory in it.`;
  const hint =
    'Move the program out of the workspace, or let the task have "sandbox: workspace-write".';
  return new Refusal('claude-place', message, { hint });
}

function obstacle(settings: Json, env: Environment, place: Place): Refusal | null {
  const missing = programObstacle(claudeCli, claudeSettings({ settings }).program, env);
  return missing ?? sandboxObstacle(env, place) ?? placeProblem(place);
}

/** Why its sandbox, or its doing without, would end every attempt at once. */
function sandboxObstacle(env: Environment, { sandbox }: Place): Refusal | null {
  if (sandbox === 'danger-full-access') {
    if (process.getuid?.() !== 0 || env['IS_SANDBOX']) return null;
    const message = 'Claude Code refuses "danger-full-access" to root.';
    const hint =
      'Use another user or sandbox; or, where the machine itself is the sandbox, set IS_SANDBOX=1 in its environment.';
    return new Refusal('claude-root', message, { hint });
  }
  const lacks = ['bwrap', 'socat'].filter(
    (name) => findExecutable(name, env['PATH'] ?? '') === null,
  );
  if (lacks.length === 0 || process.platform !== 'linux') return null;
  const message = `The sandbox of Claude Code needs ${lacks.join(' and ')}, which is not on PATH.`;
  return new Refusal('claude-sandbox', message, {
    hint: 'Install the packages bubblewrap and socat; `codex-orch doctor` says when they are there.',
  });
}
