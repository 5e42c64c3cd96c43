/** The `codex` backend: the Codex CLI, `codex exec --json`. Prompt on stdin, activities on stdout. */
import path from 'node:path';
import type { AttemptOrder } from '../../model/attempt.ts';
import { realPathOf } from '../../disk/real-path.ts';
import type { Backend, StopStep } from '../backend.ts';
import { findProgram, programObstacle } from '../find-program.ts';
import { keptOfProgram } from '../kept-of-program.ts';
import { nothingLocated } from '../located.ts';
import { isSessionUuid } from '../session-uuid.ts';
import { ownHome } from '../own-home.ts';
import { codexCli, codexHomeIn } from './binary.ts';
import { codexAccount } from './account.ts';
import { codexCommandLine } from './command-line.ts';
import { codexFailure } from './failures.ts';
import { codexSessionUse, sessionFile, sessionsIn } from './session-use.ts';
import { codexSettings, settleCodex } from './settings.ts';
import { createCodexReader } from './stream.ts';

export const codexBackend: Backend = {
  name: 'codex',
  roleName: 'codex_cli',
  does: 'runs Codex',
  can: {
    session: true,
    sandbox: true,
    mcp: true,
    wrapped: false,
    outputSchema: true,
    usage: 'of_session',
    tellsCost: false,
    structuredOutput: true,
  },
  needsPrompt: true,
  // Of 0.169.0: "Input exceeds the maximum length of 1048576 characters", after the thread was started.
  longestPromptChars: 1024 * 1024,
  fields: {
    agent: ['model', 'sandbox'],
    task: ['model', 'sandbox', 'extra_writable_roots'],
    otherwise: 'Codex takes none',
  },
  configKeys: ['path'],
  ownVariables: ['CODEX_THREAD_ID', 'CODEX_SESSION_ID', 'CODEX_TOOL_CALL_ID'],
  // It mounts over these in every writable root.
  leaves: ['.git', '.codex', '.agents', '.aws'],
  startsSessions: true,
  goneAs: 'unknown',
  keepsLimits: false,
  isSessionId: isSessionUuid,
  settings: settleCodex,
  check: () => [],
  unheld: () => null,
  ownHome(_settings, directory, env) {
    const login = path.join(codexHomeIn(env), 'auth.json');
    return ownHome(directory, { CODEX_HOME: '.codex' }, { '.codex/auth.json': login });
  },
  // `workspace-write` lets everybody write there.
  openDirectories: (env) => ['/tmp', ...(env['TMPDIR'] ? [env['TMPDIR']] : [])],
  locate(order, env) {
    const program = findProgram(codexCli, codexSettings(order).program, env);
    const place = realPathOf(order.programDir);
    const isProgramOpen = codexBackend.openDirectories(env).some((directory) => {
      const root = realPathOf(directory);
      return place === root || place.startsWith(root + path.sep);
    });
    const kept = keptOfProgram(order);
    return Promise.resolve({ ...nothingLocated, program, isProgramOpen, kept });
  },
  // It refuses a session that has a writer.
  assertFree: () => undefined,
  commandLine: codexCommandLine,
  obstacle: (settings, env) => programObstacle(codexCli, codexSettings({ settings }).program, env),
  reader: createCodexReader,
  sessionUse: codexSessionUse,
  sessionRoot: sessionsIn,
  sessionFile: (sessionId, env) => sessionFile(env, sessionId),
  account: codexAccount,
  failure: codexFailure,
  stopping,
  async doctor(uses, machine) {
    const { doctorCodex } = await import('./doctor.ts');
    return doctorCodex(uses, machine);
  },
};

/**
 * With full access it is asked by INT first, the only signal on which it ends the sessions of its
 * commands too; sandboxed, TERM ends all of it and, unlike INT, leaves no litter.
 */
function stopping({ sandbox, graceMs }: AttemptOrder): StopStep[] {
  if (sandbox !== 'danger-full-access') return [{ signal: 'SIGTERM', afterMs: 0 }];
  return [
    { signal: 'SIGINT', afterMs: 0 },
    { signal: 'SIGTERM', afterMs: graceMs / 2 },
  ];
}
