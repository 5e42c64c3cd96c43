/** The Codex program, and how people come by it. */
import type { AgentProgram } from '../find-program.ts';

export const codexCli: AgentProgram = {
  title: 'Codex',
  command: 'codex',
  variable: 'CODEX_ORCH_CODEX_BIN',
  install: 'npm install -g @openai/codex',
};
