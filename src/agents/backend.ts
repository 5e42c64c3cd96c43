/**
 * What an agent is to the rest: a table of what it can honour, and functions from an order to a command
 * line, from its output to activities, from its end to a failure. Each lies in a folder of its own, and
 * nobody else knows its name. Pure, but for `locate` and `doctor`, which look at the machine.
 */
import type { AgentActivity } from '../model/activity.ts';
import type { AttemptOrder } from '../model/attempt.ts';
import type { Json } from '../model/json.ts';
import type { AgentSpec, Sandbox, TaskSpec } from '../model/program.ts';
import type { Refusal } from '../model/refusal.ts';
import type { FailureKind, TerminationReason, Usage } from '../model/run.ts';
import type { Finding } from './finding.ts';

export interface Backend {
  /** As in `agents.<name>.backend`. */
  readonly name: string;
  /** As in `role.yaml`; null: no assistant runs on it. */
  readonly roleName: string | null;
  /** What it does with an attempt, after "the agent": `runs commands`. */
  readonly does: string;
  readonly can: Capabilities;
  /** Whether it has nothing to do without a prompt. */
  readonly needsPrompt: boolean;
  /** The characters (code points) that a prompt may have at most; null: as many as the disk holds. */
  readonly longestPromptChars: number | null;
  readonly fields: HonouredFields;
  /** Keys of its own section of config.toml; each is a path. */
  readonly configKeys: readonly string[];
  /** Set by such an agent for what it runs; no attempt of ours may take them for its own. */
  readonly ownVariables: readonly string[];
  /** Empty files and directories that it leaves in a writable root, above all when it is cut off; inner ones first, `x/*` for all in x. */
  readonly leaves: readonly string[];
  /** Whether what it starts may leave its process group, and so outlive it. */
  readonly startsSessions: boolean;
  /** What it is called when its process is gone, and nothing recorded how it ended. */
  readonly goneAs: FailureKind;
  /** Whether its process keeps the limits of the attempt itself, so that they hold without an engine. */
  readonly keepsLimits: boolean;

  /** Whether a text may name a session of its own. Anything else is never taken for one, wherever it stands. */
  isSessionId(text: string): boolean;
  /** What it needs of the agent, the task and the configuration, for the order. */
  settings(use: AgentUse, config: AgentConfig): Settled;
  /** What is wrong with this use, beside fields that it does not honour. */
  check(use: NamedUse): UseFinding[];
  /** Why nothing would hold such an agent to a sandbox; null where something does, or nobody says that it would. */
  unheld(agent: AgentSpec, sandbox: Sandbox): Unheld | null;
  /** In a directory of ours, with nothing of the person's but the login; null: it is not known how. */
  ownHome(settings: Json, directory: string, env: Environment): OwnHome | null;
  /** Directories that its sandbox leaves writable to whatever runs in it. */
  openDirectories(env: Environment): string[];
  /** `env`: all of the attempt's. @throws Refusal where the agent's program is missing */
  locate(order: AttemptOrder, env: Environment): Promise<Located>;
  /** @throws Refusal where the session that an attempt is to continue is open elsewhere; `env` as for `locate` */
  assertFree(order: AttemptOrder, env: Environment): void;
  /** @throws Refusal where the agent names nothing to run */
  commandLine(order: AttemptOrder, at: Located): CommandLine;
  /**
   * Why no attempt with these settings could start on this machine, as far as can be seen before; null: nothing
   * is seen. `env`: as attempts will have it.
   */
  obstacle(settings: Json, env: Environment, place: Place): Refusal | null;
  reader(): OutputReader;
  /**
   * Follows what a session has used where the agent keeps it, which may be more than its output tells; null: it keeps no
   * such thing. `env`: as for `locate`.
   */
  sessionUse(env: Environment): SessionUse | null;
  /** The directory below which it finds any session that it has kept, on whatever machine; null: nobody knows. `env`: as for `locate`. */
  sessionRoot(env: Environment): string | null;
  /** The file in which it keeps a session, where that can be told; `env`: as for `locate`. */
  sessionFile(sessionId: string, env: Environment): string | null;
  /**
   * What tells the account that such an agent draws on from others, as far as this machine shows it; null: there is
   * none. `env`: as attempts will have it. It may hold secrets: for a hash, and nothing else.
   */
  account(agent: AgentSpec, env: Environment): string[] | null;
  /** What it means that its process ended without success, by itself. */
  failure(evidence: FailureEvidence): Failure;
  /** How it is asked to stop: in this order, the first at once. After the grace it is killed. */
  stopping(order: AttemptOrder): StopStep[];
  /** What on this machine would stop an attempt. `uses` null: whatever it may be used for. */
  doctor(uses: readonly AgentUse[] | null, machine: Machine): Promise<Finding[]>;
}

export interface Capabilities {
  /** Continues a session of an earlier attempt. */
  session: boolean;
  /** Keeps what runs in it from writing elsewhere. */
  sandbox: boolean;
  /** Uses servers of tools that its definition names: `mcp`. */
  mcp: boolean;
  /** Works within our sandbox: `wrap: sandbox`. `agent_alone`: what starts the agent stays outside. */
  wrapped: boolean | 'agent_alone';
  /** Holds the final message to a JSON Schema. */
  outputSchema: boolean;
  /** Reports the tokens that it used, as a sum of all of its session or of this attempt; null: it does not. */
  usage: 'of_session' | 'of_attempt' | null;
  /** Says itself what that cost, at the end of a turn. */
  tellsCost: boolean;
  /**
   * Its output says what it does and how its turn ended, so that no line may be left out however many
   * come. Else each line stands for itself, and all of the output is the final message.
   */
  structuredOutput: boolean;
}

/** The fields of the author's files that a backend reads; validation reports the others. */
export interface HonouredFields {
  agent: readonly AgentField[];
  task: readonly TaskField[];
  /** Why the others are ignored: `"model" is ignored: …`. */
  otherwise: string;
}

/** Fields of `agents.<name>` that some backends have no use for. */
export const optionalAgentFields = ['command', 'run', 'model', 'sandbox'] as const;
type AgentField = (typeof optionalAgentFields)[number];

/** Fields of a task that some backends have no use for. */
export const optionalTaskFields = ['run', 'model', 'sandbox', 'extra_writable_roots'] as const;
type TaskField = (typeof optionalTaskFields)[number];

/** An agent as one task, or nobody in particular, uses it. */
export interface AgentUse {
  agent: AgentSpec;
  /** The task's own shell line. */
  run: string | null;
}

/** A use as its author wrote it. */
export interface NamedUse {
  name: string;
  agent: AgentSpec;
  /** null: the definition itself. */
  task: Pick<TaskSpec, 'run'> | null;
}

/** Where attempts to come will be. */
export interface Place {
  /** null where it is not known yet. */
  cwd: string | null;
  programDir: string;
  sandbox: Sandbox;
}

/** What the user's config.toml says to backends. */
export interface AgentConfig {
  /** Section → key → value. */
  sections: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Why the file cannot be read: it might name another program than is found without it. */
  problem: string | null;
}

export interface Settled {
  settings: Json;
  /** Why no attempt may start with them; null where it may. */
  problem: string | null;
}

/** A finding of validation, at a field of the agent's definition or of the task. */
export interface UseFinding {
  field: 'agent' | AgentField;
  message: string;
  hint: string;
}

/** Why a sandbox does not hold. */
export type Unheld = Pick<UseFinding, 'message' | 'hint'>;

/** What makes a home for an agent in a directory of ours. */
export interface OwnHome {
  /** Outranks all else. */
  env: Record<string, string>;
  /** Link in it → the file of the person's that it leads to, which need not be there. */
  links: Record<string, string>;
}

/** What the machine that runs an attempt must be asked. */
export interface Located {
  /** The agent's program; null where its settings say all. */
  program: string | null;
  /** Whether the program directory lies in one of the `openDirectories`. */
  isProgramOpen: boolean;
  /** What of the program lies in a directory that the agent may write to, and is to be kept from it. */
  kept: string[];
  /** The output schema, where its command line holds that itself, and the agent takes it. */
  outputSchema: Json | null;
  /** Words before the program: what keeps a lock for as long as it lives. */
  before: string[];
  /** Must exist when it starts. */
  directories: string[];
  /** What of its own it must write to, in whatever sandbox: sessions, login. */
  homes: string[];
  /** Words to be put around the agent itself, where its command line is of something that starts it. */
  around: string[];
}

export interface CommandLine {
  argv: [string, ...string[]];
  /** Added to the environment, after everything else. */
  env: Record<string, string>;
  /** Must exist when it starts. */
  directories: string[];
  /** Of `givenFile`: file → what it reads there as it starts. */
  given: Record<string, string>;
}

export interface OutputSummary {
  /** As reported by the agent in this attempt. */
  sessionId: string | null;
  finalMessage: string | null;
  /** `open`: neither completed nor failed so far. `untold`: the agent speaks of no turns, its exit status tells. */
  turn: 'completed' | 'failed' | 'open' | 'untold';
  /** What ended the turn, or else the latest error seen. */
  errorMessage: string | null;
  /** What the agent says of the error in fields rather than words; its backend alone reads it. */
  errorFields: Readonly<Record<string, unknown>> | null;
  /** As `Capabilities.usage` says; so far. */
  usage: Usage | null;
  /** What the agent is busy with: its own commands, or (nothing of it open) the model's answer. */
  busyWith: 'command' | 'model' | 'retrying' | null;
}

/** Reads the lines of one attempt's standard output, in order. */
export interface OutputReader {
  push(line: string): AgentActivity[];
  summary(): OutputSummary;
}

export interface SessionUse {
  /** The sum of all of the session, as far as it is known now. Reads on from where it was; null: nothing is known. */
  look(sessionId: string): Usage | null;
  close(): void;
}

export interface FailureEvidence {
  termination: Exclude<TerminationReason, 'completed'>;
  returnCode: number | null;
  output: OutputSummary;
  /** The end of standard error. */
  stderrTail: string;
  /** The session asked for, or null. */
  requestedSessionId: string | null;
  /** The limit that a timeout ran into, in ms. */
  timeoutMs: number | null;
  /** ms since the epoch. */
  finishedAtMs: number;
  /** Of an idle limit: any sign of progress counted, and there was none. */
  isStall: boolean;
}

export interface Failure {
  failure_kind: FailureKind;
  failure_summary: string;
  resume_recommended: boolean;
  /** As in `ProcessEnd`. */
  retry_at?: string | null;
}

export interface StopStep {
  signal: 'SIGINT' | 'SIGTERM';
  /** Since it was first asked. */
  afterMs: number;
}

export interface Machine {
  env: Environment;
  config: AgentConfig;
  /** An existing directory that no sandbox leaves writable; probes make theirs in it. */
  scratchParent: string;
}

export type Environment = Readonly<NodeJS.ProcessEnv>;
