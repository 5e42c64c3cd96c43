/**
 * A backend is a small table and two pure functions: what it can honour, the command line it makes of
 * an attempt, and what it makes of a line of output. Nothing here touches the disk or a process.
 */
import type { BackendName } from '../model/program.ts';
import type { Usage } from '../model/run.ts';
import type { AgentActivity } from '../model/activity.ts';
import type { AgentLaunch } from '../model/attempt.ts';

/** What a backend can honour; validation reports fields that it cannot. */
export interface Capabilities {
  session: boolean;
  sandbox: boolean;
  extraRoots: boolean;
  outputSchema: boolean;
  model: boolean;
  usage: boolean;
}

export interface CommandLine {
  argv: [string, ...string[]];
  /** Added to the environment, after everything else. */
  env: Record<string, string>;
}

/** What a backend must know of the machine to write a command line. */
export interface Surroundings {
  /** The Codex program; the `command` backend ignores it. */
  codexProgram: string;
  /** True where the program directory lies under /tmp or TMPDIR, which Codex leaves writable. */
  programInTemporaryDir: boolean;
  /** An existing directory of the attempt's own. */
  scratchDir: string;
}

export interface OutputSummary {
  /** As reported by the agent in this attempt. */
  sessionId: string | null;
  finalMessage: string | null;
  /** `open`: neither completed nor failed so far. */
  turn: 'completed' | 'failed' | 'open';
  /** What ended the turn, or else the latest error seen. */
  errorMessage: string | null;
  /** Cumulative for the session, as reported. */
  usage: Usage | null;
  /** What the agent is busy with: its own commands, or (nothing of it open) the model's answer. */
  busyWith: 'command' | 'model' | 'retrying' | null;
}

/** Reads the lines of one attempt's standard output, in order. */
export interface OutputReader {
  push(line: string): AgentActivity[];
  summary(): OutputSummary;
}

export interface Backend {
  name: BackendName;
  capabilities: Capabilities;
  /** Whether its reader understands each line, so that none may be left out however many come. */
  structuredOutput: boolean;
  /** Throws a Refusal where the agent names nothing to run. */
  commandLine(launch: AgentLaunch, surroundings: Surroundings): CommandLine;
  createReader(): OutputReader;
}
