/** The Claude Code program, how people come by it, and where it keeps its things. */
import { homedir } from 'node:os';
import path from 'node:path';
import type { Environment } from '../backend.ts';
import type { AgentProgram } from '../find-program.ts';

export const claudeCli: AgentProgram = {
  title: 'Claude Code',
  command: 'claude',
  variable: 'CODEX_ORCH_CLAUDE_BIN',
  install: 'npm install -g @anthropic-ai/claude-code',
};

/** Its home: settings, login and sessions. */
export function claudeHome(env: Environment): string {
  return env['CLAUDE_CONFIG_DIR'] || path.join(env['HOME'] || homedir(), '.claude');
}
