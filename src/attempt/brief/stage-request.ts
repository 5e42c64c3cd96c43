/**
 * What the engine hands over to have an attempt staged: data (results, which may be large, on demand),
 * joined from the run's state, the store's layout, the agent's backend and the program's roles. Every
 * path is absolute unless it says otherwise; nothing here is read from the environment.
 */
import type { Json, JsonObject } from '../../model/json.ts';
import type { ProjectSpec, RolePolicy, Sandbox, TaskSpec } from '../../model/program.ts';
import type { MergeConflict } from '../../model/trees.ts';
import type {
  Continuation,
  FailureKind,
  FileRecord,
  GivenUp,
  Instance,
  InterruptRecord,
} from '../../model/run.ts';

export interface StageRequest {
  run: StagedRun;
  project: ProjectSpec;
  task: TaskSpec;
  instance: Instance;
  /** From 1. */
  attempt: number;
  /** `instances/<instance-id>/attempts/<n>`; created if it is not there. */
  attemptDir: string;
  /** The engine's own, likewise. */
  controlDir: string;
  instanceDir: string;
  /** The attempt before this one, so that the agent finds what it left there; null for the first. */
  previousAttemptDir: string | null;
  /** `fresh`: the full prompt. `continue`: the session remembers; only what is new. */
  mode: 'fresh' | 'continue';
  /** What the scope of the instance sees: `effectiveValues`. */
  values: JsonObject;
  /** Dependency scope name → the upstream instance bound to it. */
  upstream: Record<string, UpstreamOutput>;
  /** By dependency scope name, for those that gather. */
  gathered: Record<string, GatheredOutput>;
  /**
   * Records whose replies this attempt receives, in order. For `fresh` after the first attempt: all
   * replies so far; for `continue`: those not delivered yet.
   */
  replies: InterruptRecord[];
  /** Every interrupt of the instance, in creation order. */
  interrupts: InterruptRecord[];
  /** Why the previous attempt failed, where it did: the agent is asked to mend it. */
  previousFailure: PreviousFailure | null;
  /** Why its instance goes on by itself with this attempt; null: it does not. */
  told: Continuation | null;
  /** Agents whose place this one has taken, in order. */
  gaveUp: readonly GivenUp[];
  /** A loop controller's budget; null for other tasks. */
  loop: LoopBudget | null;
  /** The roles that this task may ask. */
  roles: AskableRole[];
  /** `interaction_policy.allow_human`. */
  allowHuman: boolean;
  /** The task's workspace: where the process starts. */
  cwd: string;
  projectWorkspaceDir: string;
  sandbox: Sandbox;
  /** Beside the workspace and the attempt directory, which are always named. */
  writableRoots: string[];
  /** Where the workspace lies in a tree of the instance's own; null: everybody works there. */
  tree: StagedTree | null;
  backend: StagedBackend;
  /** The `codex-orch` shim, as commands in the prompt name it. */
  commandPath: string;
  /**
   * Whether a result is expected: the task is a controller, has a `result_schema`, publishes
   * `result.json`, or a dependent refers to its result.
   */
  resultCalledFor: boolean;
}

export interface StagedTree {
  directory: string;
  /** Whether the agent may commit; else what it leaves is committed for it. */
  mayCommit: boolean;
  isReadOnly: boolean;
  /** What it starts with that could not be merged. */
  conflicts: readonly MergeConflict[];
  /** Whose work meets there: the instances whose commits were merged. */
  sides: StagedSide[];
}

export interface StagedSide {
  /** As it names its side in conflict markers. */
  label: string;
  instanceId: string;
  taskId: string;
  title: string;
  /** What it was asked to do: its own prompt, where that is kept. */
  promptFile: string | null;
}

export interface StagedRun {
  runId: string;
  /** The live program. */
  programDir: string;
  /** `.runs/<run-id>/program`: files by their program-relative path. */
  frozenProgramDir: string;
  runDir: string;
}

export interface UpstreamOutput {
  instanceId: string;
  taskId: string;
  publishedDir: string;
  /** What the log recorded of the files there. */
  published: readonly FileRecord[];
  /** The directory of the attempt that it was done with, for messages. */
  attemptDir: string;
  /** What it changed in its tree, as `git diff` prints it; empty: nothing. Asked only for what is referred to. */
  changes(): Promise<Uint8Array>;
  /** The result as the log recorded it; null where that attempt left none. Asked only for what is referred to. */
  result(): { value: Json } | null;
}

/** What a dependency gives that gathers the items of a region. */
export interface GatheredOutput {
  taskId: string;
  /** As a reference to its result means it. */
  list(): Json;
  /** Of the items that are done, in their order. */
  done: { key: string; output: UpstreamOutput }[];
}

export interface PreviousFailure {
  kind: FailureKind | null;
  summary: string;
}

export interface LoopBudget {
  /** Continues that this loop has taken already. */
  continuesUsed: number;
  /** `max_iterations` with all grants; null: no bound. */
  continuesAllowed: number | null;
  /** Granted by the operator since the previous attempt; 0 for none. */
  newlyGranted: number;
}

export interface AskableRole extends RolePolicy {
  id: string;
  title: string;
  description: string;
}

export interface StagedBackend {
  name: string;
  /** Whether it has nothing to do without a prompt. */
  needsPrompt: boolean;
  /** Whether a later attempt continues the conversation. */
  hasSession: boolean;
  /** Whether `sandbox` and `writableRoots` are enforced. */
  hasSandbox: boolean;
  /** Whether the backend holds the final message to an output schema. */
  takesOutputSchema: boolean;
}

/** How a file of the attempt came about. */
export type StagedFileKind = 'reference' | 'program_file' | 'output_schema' | 'guidance';

/** One entry of `context/manifest.json`. */
export interface StagedFile {
  /** Relative to the attempt directory, with `/`. */
  path: string;
  /** The reference (`inputs.brief`), or the path of the program file. */
  source: string;
  kind: StagedFileKind;
  content_type: string;
  /** Bytes. */
  size: number;
  sha256: string;
}

export type StageOutcome =
  | {
      ok: true;
      /** Self-contained JSON Schema to hand to the agent; null: none, or the backend takes none. */
      outputSchemaFile: string | null;
      stagedFiles: StagedFile[];
    }
  | {
      ok: false;
      /** What cannot be staged, and what to do. */
      message: string;
      /** Where it is asked for: `tasks.build.compose[2]`. */
      location: string;
    };
