/**
 * An order to carry out one attempt, and how it ended. An order is plain JSON: it is handed to
 * whoever carries attempts out, in this process or on another machine, and finds the attempt again after
 * the engine's death. All paths are absolute; the engine has checked that directories exist.
 */
import type { Json } from './json.ts';
import type { Price, Sandbox } from './program.ts';
import type { FailureKind, TerminationReason, Usage } from './run.ts';

export interface AttemptOrder {
  /** A name of the table of backends. */
  backend: string;
  /** What the backend made of the agent, the task and the configuration; only it reads this. */
  settings: Json;
  /** The directory the agent works in. */
  cwd: string;
  /** Where that really lay when it was judged: it begins there or not at all; left out: nobody looks. */
  realCwd?: string;
  projectWorkspaceDir: string;
  programDir: string;
  /** The agent's own: what it hands in, and what it asks. */
  attemptDir: string;
  /**
   * The engine's, which no sandbox opens: prompt.md before the start, then events.jsonl, stderr.log,
   * runtime.json and what tells who runs.
   */
  controlDir: string;
  /** Of the run's format: in a run of version 1 the attempt may have been started by an earlier program. */
  runFormat: number;
  /** Left out: what it says of usage limits counts as any limit of its rate. */
  knowsUsageLimits?: true;
  sandbox: Sandbox;
  /** Extra roots of the task. The attempt directory is always writable. */
  writableRoots: string[];
  /** In them, what is not to be written to all the same; left out: in our own sandbox the `.git` of each. Codex keeps that closed by itself. */
  closed?: string[];
  model: string | null;
  outputSchemaFile: string | null;
  /** The session to continue, or null for a fresh one. */
  sessionId: string | null;
  /** What the session's earlier attempts used in sum; subtracted, because agents report per session. */
  previousUsage: Usage | null;
  /**
   * Added to the environment of whoever carries the order out: what the agent's definition sets, then
   * CODEX_ORCH_* and PATH. So PATH here must already start from `agent.env.PATH` if that is set.
   */
  env: Record<string, string>;
  /** Whether what its agent keeps of the session counts as what it used; left out: what its output tells counts alone. */
  metered?: true;
  /** What it may use; left out: nobody counts that before its end. */
  budget?: AttemptBudget;
  /** What surrounds the agent; left out: nothing. */
  profile?: AgentProfile;
  /** Counted while its process lives; null: no limit. */
  wallTimeoutMs: number | null;
  /** Counted from the last byte on standard output or error; null: no limit. */
  idleTimeoutMs: number | null;
  /**
   * Left out: its idle limit is for its output alone. Else any sign of progress counts, and while the agent has a
   * command under way, this limit in place of the idle one (null: none).
   */
  stall?: { commandTimeoutMs: number | null };
  /** Between asking the agent to stop and killing it. */
  graceMs: number;
  /** ISO 8601; `created_at` of the attempt_started event. */
  startedAt: string;
  /** From 0. One more each time that `never_started` was found. */
  generation: number;
  /** It is carried out on another machine; left out: on this one. */
  remote?: RemoteOrder;
}

/** What whoever carries an attempt out elsewhere must know beside its order. */
export interface RemoteOrder {
  /** `<run>/<instance>/<attempt>` */
  id: string;
  /** Workers of which queue may have it. */
  queue: string;
  /** `.runs/<run-id>`; together with the tree's folder and the program's directory all that its paths lie in. */
  runDir: string;
  /** Where what its agent asks is to lie. */
  questionsDir: string;
  /** null: it has no tree, and begins in an empty directory. */
  tree: RemoteTree | null;
}

/** The tree that an attempt works in, as it lies on the machine of the run. */
export interface RemoteTree {
  /** What it lies in, and its top. */
  folder: string;
  directory: string;
  /** The git directory that holds the objects, and the engine's index of the tree. */
  repository: string;
  indexFile: string;
  objectFormat: string;
  /** The commit that the run began with, and the one that the instance starts from. */
  base: string;
  start: string;
  /** Relative to its top; no part of the work. */
  copied: string[];
  /** A shell line that makes it ready; null: it is. */
  setup: string | null;
  maxFileBytes: number;
}

/** What surrounds an agent, whatever it runs on. */
export interface AgentProfile {
  /** Names of what it gets of the environment of whoever starts it; null: all. */
  pass: string[] | null;
  /** Words before its own, or our sandbox around it. */
  wrap: 'sandbox' | string[] | null;
  /** Names of variables whose values are kept out of its output. */
  secrets: string[];
  /** Whether it has a home of its own, with the login alone; left out: no. */
  ambient?: 'none';
}

/** What shows an attempt to whoever looks: in its control directory while it lives, in its own afterwards. */
export const shownFiles = [
  'prompt.md',
  'events.jsonl',
  'stderr.log',
  'runtime.json',
  'manifest.json',
] as const;
export type ShownFile = (typeof shownFiles)[number];

/** Why the engine stops an attempt. */
export const stopReasons = ['terminated', 'wall_timeout', 'idle_timeout', 'budget'] as const;
export type StopReason = (typeof stopReasons)[number];

/** What an attempt may use at most; null: without a bound. */
export interface AttemptBudget {
  tokens: number | null;
  cost_usd: number | null;
  /** Counted while its process lives. */
  wallMs: number | null;
  /** Of its model; null: none is known, and only what its agent itself says that it cost counts. */
  price: Price | null;
}

/** How an attempt's process ended, as the log records it. */
export interface ProcessEnd {
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
  /** Of `idle_timeout` alone, where `stall` of the order has it looked at: whether its agent did something before. */
  progressed?: boolean;
  /** Of `external_usage_limit` alone: when the limit ends, ISO 8601; null where nobody says. */
  retry_at?: string | null;
}

/** How an attempt ended, as whoever carried it out tells. */
export interface AttemptEnd extends ProcessEnd {
  /** `file`: standard output as it stands, of any size, where the backend does not structure it. */
  final_message: { text: string } | { file: string } | null;
  started_at: string;
  finished_at: string;
  /** The session asked for is gone: start again with `sessionId: null` and the full prompt. */
  session_lost: boolean;
}
