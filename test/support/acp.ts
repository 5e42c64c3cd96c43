/** Runs agents over ACP: the scripted one beside this file, and real ones, which scripts/test-agents.mjs installs. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { findExecutable } from '../../src/disk/executable.ts';
import type { AgentSpec } from '../../src/model/program.ts';
import { modelScript, type ModelStep } from './model-server.ts';

/** The command of the scripted agent; see its file for the flags, and for the steps of a prompt. */
export function scriptedAgent(...flags: string[]): string[] {
  return [process.execPath, path.join(import.meta.dirname, 'acp-agent.mjs'), ...flags];
}

/** A prompt for it. */
export function acpPrompt(steps: ModelStep[]): string {
  return `Go.\n${modelScript(steps)}\n`;
}

/** Real agents, by the variable that names where they are. */
const variables = {
  'codex-acp': 'CODEX_ORCH_TEST_CODEX_ACP',
  'claude-agent-acp': 'CODEX_ORCH_TEST_CLAUDE_AGENT_ACP',
} as const;
export type RealAgent = keyof typeof variables;

/** Its program; null where it is missing, which whoever needs it says loudly. */
export function realAgent(name: RealAgent): string | null {
  return process.env[variables[name]] ?? findExecutable(name, process.env['PATH'] ?? '');
}

/** Why it cannot be tried on this machine; null where it can. */
export function realAgentProblem(name: RealAgent): string | null {
  if (realAgent(name) !== null) return null;
  return `${name} is not installed: node scripts/test-agents.mjs says how to have it`;
}

/** Why bubblewrap cannot be tried on this machine; null where it can. */
export function bubblewrapProblem(): string | null {
  const probe = [
    '--ro-bind',
    '/',
    '/',
    '--dev',
    '/dev',
    '--unshare-pid',
    '--proc',
    '/proc',
    'true',
  ];
  return spawnSync('bwrap', probe).status === 0
    ? null
    : 'bubblewrap is missing, or does not work here';
}

/** As `agents.<name>`, in our sandbox where that works. */
export function acpAgent(command: string[]): Partial<AgentSpec> {
  return { command, ...(bubblewrapProblem() === null ? { wrap: 'sandbox' } : {}) };
}
