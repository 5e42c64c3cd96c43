/**
 * Runs the real Claude Code against the stand-in for the Messages API. It may not be handed on, so it is no dependency:
 * it is found on PATH or by CODEX_ORCH_CLAUDE_BIN, and scripts/test-agents.mjs installs it outside of the repository.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { claudeCli } from '../../src/agents/claude/cli.ts';
import { findProgram } from '../../src/agents/find-program.ts';

/** null where it is missing, which whoever needs it says loudly. */
const claudeProgram = found();

function found(): string | null {
  try {
    return findProgram(claudeCli, null, process.env);
  } catch {
    return null;
  }
}

/** Why Claude Code cannot be tried on this machine; null where it can. */
export function claudeProblem(): string | null {
  if (claudeProgram !== null) return null;
  return 'Claude Code is not installed: node scripts/test-agents.mjs says how to have it';
}

/** Why its sandbox cannot be tried on this machine; null where it can. */
export function claudeSandboxProblem(): string | null {
  const problem = claudeProblem();
  if (problem !== null) return problem;
  const probe = ['--ro-bind', '/', '/', '--dev', '/dev', '--unshare-pid', '--proc', '/proc'];
  if (spawnSync('bwrap', [...probe, 'socat', '-V']).status === 0) return null;
  return 'bubblewrap or socat is missing, or does not work here';
}

/** A home of its own, pointing at the model server. Returns the environment to run Claude Code with. */
export function claudeEnvironment(directory: string, port: number): Record<string, string> {
  mkdirSync(directory, { recursive: true });
  return {
    ANTHROPIC_API_KEY: 'test-key',
    ANTHROPIC_BASE_URL: `http://127.0.0.1:${port}`,
    CLAUDE_CONFIG_DIR: directory,
    // Its commands run in login shells, whose start files may wait for the person's other shells.
    HOME: directory,
    // Tests run as root, too, and on machines that are thrown away.
    IS_SANDBOX: '1',
    ...(claudeProgram === null ? {} : { CODEX_ORCH_CLAUDE_BIN: claudeProgram }),
  };
}
