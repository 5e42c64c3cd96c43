/** What every command gets: where to print, and how to say how it ended. No command touches `process`. */
import type { World } from '../app/world.ts';

export interface Output {
  /** Results. Adds the newline. What is no text of ours or plain is made visible: see render/visible.ts. */
  line(text?: string): void;
  /** The same without the newline. */
  write(text: string): void;
  /** Into a pipe or a file as it stands, for who wants the very bytes; on a terminal it is made visible, colours too. */
  bytes(text: string): void;
  /** Sequences that steer the terminal, around text that is visible already. */
  steer(text: string): void;
  /** True for a terminal. */
  isTerminal: boolean;
  /** Whether to colour (terminal, and NO_COLOR unset). */
  color: boolean;
  /** Width in characters; 80 when unknown. Changes when the terminal is resized. */
  columns: number;
  /** Height in lines; 24 when unknown. Changes when the terminal is resized. */
  rows: number;
  /** Hides or shows the terminal's cursor; it is shown again when the process ends, however it ends. */
  showCursor(visible: boolean): void;
  /** Calls back when the terminal was resized, or came back to the foreground. Returns what ends that. */
  onResize(listener: () => void): () => void;
}

export interface CliContext extends World {
  stdout: Output;
  /** Progress, warnings, errors. */
  stderr: Output;
  stdin: NodeJS.ReadStream;
  /** This process. */
  pid: number;
  /** Whether this process is in the foreground of its terminal: only then may it read from that. */
  isInForeground(): boolean;
  /** Sets the exit status; the process ends when its work does. Default 0. */
  exit(code: number): void;
  /** Takes SIGINT, SIGTERM and SIGHUP instead of dying of them. Returns what gives them back. */
  onSignal(listener: (signal: NodeJS.Signals) => void): () => void;
  /**
   * From now on a standard output that is closed or full ends nothing: a run that is driven goes on. Returns what
   * takes that back.
   */
  outliveOutput(): () => void;
  /**
   * Takes defects that surface outside any call (a rejected promise that nobody awaits) instead of dying
   * of them: for a server, which one broken request must not end. Returns what gives them back.
   */
  onDefect(listener: (error: unknown) => void): () => void;
}
