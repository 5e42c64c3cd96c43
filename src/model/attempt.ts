/**
 * What the engine hands over to start, or to find again, one attempt, and what it gets back.
 * Types only. All paths are absolute; the engine has checked that directories exist.
 */
import type { AgentSpec, BackendName, Sandbox } from './program.ts';
import type { FailureKind, TerminationReason, Usage } from './run.ts';
import type { AgentActivity } from './activity.ts';

/** Plain data: the same object starts an attempt and recovers it after the engine's death. */
export interface AgentLaunch {
  backend: BackendName;
  agent: AgentSpec;
  /** `command` backend: the task's own shell line, which wins over the agent's. */
  run: string | null;
  /** `codex.path` of config.toml; null: `codex` on PATH. CODEX_ORCH_CODEX_BIN wins over both. */
  codexPath: string | null;
  /** The directory the agent works in. */
  cwd: string;
  projectWorkspaceDir: string;
  programDir: string;
  /** Holds prompt.md before the start; events.jsonl, stderr.log, runtime.json are written here. */
  attemptDir: string;
  inboxDir: string;
  sandbox: Sandbox;
  /** Extra roots of the task. The attempt directory and the inbox are always writable. */
  writableRoots: string[];
  model: string | null;
  outputSchemaFile: string | null;
  /** The session to continue, or null for a fresh one. */
  sessionId: string | null;
  /** What the session's earlier attempts used in sum; subtracted, because agents report per session. */
  previousUsage: Usage | null;
  /**
   * CODEX_ORCH_* and PATH of the worker. Precedence: the engine's own environment, then
   * `agent.env`, then this; so PATH here must already start from `agent.env.PATH` if that is set.
   */
  env: Record<string, string>;
  /** Counted from `startedAt`; null: no limit. */
  wallTimeoutMs: number | null;
  /** Counted from the last byte on standard output or error; null: no limit. */
  idleTimeoutMs: number | null;
  /** Between asking the process group to stop and killing it. */
  graceMs: number;
  /** ISO 8601; `created_at` of the attempt_started event. */
  startedAt: string;
  /** From 0. One more each time `recoverAttempt` says `never_started`. */
  generation: number;
}

/** Why the engine stops an attempt. */
export type StopReason = 'terminated' | 'wall_timeout' | 'idle_timeout';

/** How an attempt ended. snake_case fields go into events and runtime.json as they stand. */
export interface AttemptEnd {
  termination_reason: TerminationReason;
  /** 128 + n for a death by signal n; null where nobody saw the exit. */
  return_code: number | null;
  /** null exactly when `termination_reason` is `completed`. */
  failure_kind: FailureKind | null;
  /** One line for a person. */
  failure_summary: string | null;
  resume_recommended: boolean;
  /** The session that a later attempt may continue; null after `session_lost`. */
  session_id: string | null;
  /** This attempt's own use; null where the agent reported none. */
  usage: Usage | null;
  /** `file`: standard output as it stands, of any size (`command` backend). */
  final_message: { text: string } | { file: string } | null;
  started_at: string;
  finished_at: string;
  /** The session asked for is gone: start again with `sessionId: null` and the full prompt. */
  session_lost: boolean;
}

/** What a live attempt has shown so far. */
export interface AttemptProgress {
  lastStdoutAt: string | null;
  lastStderrAt: string | null;
  /** When the last activity was read. */
  lastEventAt: string | null;
  lastProgressAt: string | null;
  lastEventSummary: string | null;
  stdoutLineCount: number;
  stderrLineCount: number;
  sessionId: string | null;
}

export interface StopOptions {
  /** Kill at once, without asking. Escalates a stop that is under way. */
  force?: boolean;
}

export interface AttemptProcess {
  /** Also the process group; null where no process came to be. */
  pid: number | null;
  /**
   * Resolves once the process and its group are gone and all output is read. Rejects only where the
   * disk cannot be read; the agent then lives on, and can be recovered.
   */
  ended: Promise<AttemptEnd>;
  /** Asks the group to stop, then kills it. The first reason stands. */
  stop(reason: StopReason, options?: StopOptions): void;
  /** Called with what new output means, in order. Returns how to unsubscribe. */
  onActivity(listener: (activities: AgentActivity[]) => void): () => void;
  progress(): AttemptProgress;
  /** Stops watching and lets the agent live on; `ended` then never resolves. */
  detach(): void;
}

export type Recovery =
  | { kind: 'running'; process: AttemptProcess }
  | { kind: 'ended'; process: AttemptProcess }
  /** No process ever ran and none can any more: start again with this generation. */
  | { kind: 'never_started'; nextGeneration: number };
