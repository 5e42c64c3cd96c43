/** What every command gets: where to print, and how to say how it ended. No command touches `process`. */
import type { ExitCode } from '../core/refusal.ts';

export interface Output {
  /** Results. Adds the newline. */
  line(text?: string): void;
  /** Writes as it stands. */
  write(text: string): void;
  /** True for a terminal. */
  isTerminal: boolean;
  /** Whether to colour (terminal, and NO_COLOR unset). */
  color: boolean;
  /** Width in characters; 80 when unknown. */
  columns: number;
}

export interface CliContext {
  stdout: Output;
  /** Progress, warnings, errors. */
  stderr: Output;
  stdin: NodeJS.ReadStream;
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** Sets the exit status; the process ends when its work does. Default 0. */
  exit(code: ExitCode): void;
}
