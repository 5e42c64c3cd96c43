/** The Codex program, how people come by it, and where it keeps its things. */
import { homedir } from 'node:os';
import path from 'node:path';
import type { Environment } from '../backend.ts';
import type { AgentProgram } from '../find-program.ts';

export const codexCli: AgentProgram = {
  title: 'Codex',
  command: 'codex',
  variable: 'CODEX_ORCH_CODEX_BIN',
  install: 'npm install -g @openai/codex',
};

/** Its home: configuration, login and sessions. */
export function codexHomeIn(env: Environment): string {
  return env['CODEX_HOME'] || path.join(env['HOME'] || homedir(), '.codex');
}
