/**
 * The run as it stands: what `evolve` makes of the event log. Field names of stored records are the
 * contract's (sections 9, 10 and 12); camelCase fields are derived in memory and stored nowhere.
 */
import type { Json, JsonObject } from './json.ts';
import type { CheckReceipt } from './checks.ts';
import type { SeenWork } from './seen.ts';
import type { InstanceWorkspace, WorkspaceBase } from './trees.ts';
import type { Subject } from './questions.ts';
import type {
  Confidence,
  DecisionKind,
  Priority,
  ProjectSpec,
  RequestKind,
  TaskSpec,
} from './program.ts';

/**
 * The version of the run directory's format in which new runs begin; earlier ones are read and gone on with, each in
 * its own. 2: an `interrupt_closed` says that nobody waits for an answer any more.
 */
export const FORMAT_VERSION = 2;
export const OLDEST_FORMAT_VERSION = 1;

/** Whether it is a version of the format that this program knows. */
export function isFormatVersion(value: unknown): value is number {
  return (
    Number.isInteger(value) &&
    (value as number) >= OLDEST_FORMAT_VERSION &&
    (value as number) <= FORMAT_VERSION
  );
}

/** In the metadata of the human's question that a hand-off opens: what the assistant said. The engine's alone. */
export const handOffKeys = [
  'assistant_interrupt_id',
  'assistant_role_id',
  'assistant_summary',
  'assistant_rationale',
  'assistant_citations',
] as const;

/** The largest `result.json` that is taken. */
export const MAX_RESULT_BYTES = 16 * 1024 * 1024;

export const instanceStatuses = [
  'pending',
  'runnable',
  'running',
  'waiting',
  'done',
  'failed',
  'skipped',
] as const;
export type InstanceStatus = (typeof instanceStatuses)[number];
/** What a waiting instance waits for. */
export type WaitingReason = 'interrupts_pending' | 'lock' | 'delay' | 'budget' | 'usage_limit';
export type RunStatus = 'pending' | 'running' | 'waiting' | 'done' | 'failed';

export const terminationReasons = [
  'completed',
  'nonzero_exit',
  'wall_timeout',
  'idle_timeout',
  'terminated',
  'budget',
  'orphaned',
] as const;
export type TerminationReason = (typeof terminationReasons)[number];

export const failureKinds = [
  'external_auth',
  'external_network',
  'external_protocol',
  'external_rate_limit',
  'external_usage_limit',
  'session_lost',
  'tree_setup',
  'merge_conflict',
  'workspace',
  'check_failed',
  'output_schema',
  'runner_invocation',
  'task_runtime',
  'decision_obligation',
  'loop_limit',
  'condition',
  'agent_lost',
  'worker_lost',
  'items',
  'budget',
  'interrupted',
  'unknown',
] as const;
export type FailureKind = (typeof failureKinds)[number];

/** Why an instance goes on by itself, in the session that it has, with an attempt that is told what happened. */
export const continueReasons = ['repair', 'stall'] as const;
export type ContinueReason = (typeof continueReasons)[number];

/** What an attempt ended with, where its instance goes on with another; the next one is told. */
export interface Continuation {
  reason: ContinueReason;
  /** What happened, as plain text of a few lines; it may hold what a program printed. */
  message: string;
  /** What the instance would have failed with. */
  failure_kind: FailureKind | null;
  /** SHA-256 over all that the attempt left, by which one that changed nothing is told; not there where it is not known. */
  left?: string;
}

export const skipReasons = ['upstream', 'condition', 'stop_after', 'first_n', 'aborted'] as const;
export type SkipReason = (typeof skipReasons)[number];

/** Tokens of one attempt, as its agent reported them. */
export interface Usage {
  input_tokens: number;
  cached_input_tokens: number;
  output_tokens: number;
  reasoning_output_tokens: number;
  /** US dollars, where the agent itself tells what it cost. */
  cost_usd?: number;
}

/** What the attempts of a run have used that have ended, of one agent and model. */
export interface UseByModel {
  agent: string;
  /** null: nobody names one. */
  model: string | null;
  attempts: number;
  input_tokens: number;
  cached_input_tokens: number;
  output_tokens: number;
  /** US dollars, of those whose agent tells what it cost; they are apart from those whose agent does not. */
  cost_usd?: number;
}

/** What of a use is a count of tokens. */
export type TokenKey = Exclude<keyof Usage, 'cost_usd'>;

export interface FileRecord {
  /** Relative, with `/`. */
  relative_path: string;
  size: number;
  sha256: string;
}

export interface PathTemplates {
  workspace: string | null;
  extra_writable_roots: string[];
}

export interface InputScope {
  input_scope_id: string;
  parent_input_scope_id: string | null;
  seed_task_ids: string[];
  /** What this scope itself sets. `effectiveValues` gives what its instances see. */
  own_values: JsonObject;
  created_by_instance_id: string | null;
  created_at: string;
  /** Of the scope of an item of a list. */
  item?: ItemOfScope;
}

/** Which item of which task a scope is of. */
export interface ItemOfScope {
  task: string;
  /** From 0. */
  index: number;
  key: string;
}

/** What a task that gathers was given of one item. */
export interface GatheredItem {
  /** Of the gathered task; where none came to be in the item, what failed on the way to it, or null. */
  instance_id: string | null;
  /** How it stood when the items were gathered; `skipped` where nothing came to be. */
  status: 'done' | 'failed' | 'skipped';
}

export interface AttemptRecord {
  attempt: number;
  started_at: string;
  finished_at: string | null;
  termination_reason: TerminationReason | null;
  return_code: number | null;
  failure_kind: FailureKind | null;
  /** Why the instance failed with this attempt; null where it did not. */
  error: string | null;
  session_id: string | null;
  usage: Usage | null;
  /** Why the instance goes on after it, in the same session where there is one; not there where it does not. */
  continued?: Continuation;
  /** Of what it left, and before the first attempt; not there where its task has none. */
  checks?: CheckReceipt[];
  /** What it changed, where it shares its working tree; not there where that was not recorded. */
  seen?: SeenWork;
  /** Of one that stood still: whether it had done something before; not there where nobody looked. */
  progressed?: boolean;
  /** Of one that came to a usage limit: when that ends, ISO 8601; null where nobody says. */
  retry_at?: string | null;
  /** The account that it tried out, which was limited: others wait for how it goes. */
  probes?: string;
  /** Of one that is carried out on another machine: who has it, as of the last that is known. */
  placed?: AttemptPlace;
}

/** Which host of which queue has an attempt. */
export interface AttemptPlace {
  queue: string;
  host: string;
}

/** An agent whose place another has taken, with the attempt after which, and why. */
export interface GivenUp {
  agent: string;
  attempt: number;
  failure_kind: FailureKind | null;
  error: string;
}

export interface Instance {
  instance_id: string;
  task_id: string;
  input_scope_id: string;
  /** Dependency scope name (alias or task id) → upstream instance id. */
  dependency_instances: Readonly<Record<string, string>>;
  /** Controller task id → the controller's instance that activated this one. */
  activation_bindings: Readonly<Record<string, string>>;
  /** Dependency scope name → the region whose items it gathers; absent where it gathers none. */
  gathers?: Record<string, string>;
  /** By the same names: what it was given, in the order of the items; absent until then. */
  gathered?: Record<string, GatheredItem[]>;
  status: InstanceStatus;
  waiting_reason: WaitingReason | null;
  /** Why it was skipped; there while it is. Runs of format 1 do without. */
  skip_reason?: SkipReason;
  /** When it goes on by itself: ISO 8601; not there where it does not wait for time. */
  waiting_until?: string;
  published: readonly FileRecord[];
  error: string | null;
  /** Attempts begun so far; the number of the latest one. */
  attempt: number;
  session_id: string | null;
  /** Open blocking interrupts. */
  blocking_interrupts: readonly string[];
  termination_reason: TerminationReason | null;
  failure_kind: FailureKind | null;
  failure_summary: string | null;
  resume_recommended: boolean;
  started_at: string | null;
  finished_at: string | null;
  attempts: readonly AttemptRecord[];
  /** Who works on it in place of its task's own agent; not there while nobody does. */
  agent?: string;
  /** Whose place was taken, in order; not there while nobody's was. */
  given_up?: GivenUp[];
  /** Of its own; absent where it has none, and before its first attempt. */
  workspace?: InstanceWorkspace;
}

/** `closed`: the run is over, and nobody waits for an answer any more. */
export type InterruptStatus = 'open' | 'resolved' | 'applied' | 'closed';

/** How the run ended that closed its open questions. */
export type ClosingReason = 'run_aborted' | 'run_completed';

export interface Interrupt {
  interrupt_id: string;
  run_id: string;
  /** null: the run itself asks. */
  instance_id: string | null;
  /** null: as `instance_id`. */
  task_id: string | null;
  audience: 'assistant' | 'human';
  blocking: boolean;
  request_kind: RequestKind;
  question: string;
  decision_kind: DecisionKind | null;
  options: string[];
  /** Relative to the program. */
  context_artifacts: string[];
  /** Relative to the program. */
  reply_schema: string | null;
  priority: Priority;
  requested_target_role_id: string | null;
  recommended_target_role_id: string | null;
  resolved_target_role_id: string | null;
  target_resolution_reason: string | null;
  metadata: JsonObject;
  status: InterruptStatus;
  created_at: string;
  resolved_at: string | null;
  applied_at: string | null;
  /** Of a question that the engine itself asks; not there where a worker asks. */
  subject?: Subject;
}

/** A question of an instance. */
export type InstanceInterrupt = Interrupt & { instance_id: string; task_id: string };

export function isOfInstance(interrupt: Interrupt): interrupt is InstanceInterrupt {
  return interrupt.instance_id !== null && interrupt.task_id !== null;
}

export interface Reply {
  interrupt_id: string;
  audience: 'assistant' | 'human';
  reply_kind: 'answer' | 'handoff_to_human';
  text: string;
  payload: Json;
  rationale: string | null;
  confidence: Confidence | null;
  citations: string[];
  created_at: string;
}

export interface InterruptRecord {
  interrupt: Interrupt;
  reply: Reply | null;
  /** The attempt that received the reply; null until then. */
  appliedInAttempt: number | null;
  /** Why it is closed; null while it is not. */
  closedBecause: ClosingReason | null;
  /** Of the engine's own: its answer has had an effect that must not come twice. */
  isObeyed?: true;
}

export const proposalKinds = [
  'instruction_update',
  'managed_asset_update',
  'routing_policy_update',
  'program_asset_update',
] as const satisfies readonly ProposalKind[];
export type ProposalKind =
  'instruction_update' | 'managed_asset_update' | 'routing_policy_update' | 'program_asset_update';
export const proposalStatuses = [
  'proposed',
  'accepted',
  'rejected',
  'applied',
] as const satisfies readonly ProposalStatus[];
export type ProposalStatus = 'proposed' | 'accepted' | 'rejected' | 'applied';

export interface Proposal {
  proposal_id: string;
  run_id: string;
  instance_id: string;
  interrupt_id: string;
  source_role_id: string;
  requester_task_id: string;
  proposal: {
    kind: ProposalKind;
    summary: string;
    rationale: string;
    suggested_content_mode: 'snippet' | 'full_replacement';
    suggested_content: string;
    target: JsonObject;
  };
  target_file_path: string;
  status: ProposalStatus;
  created_at: string;
  status_updated_at: string;
  status_note: string | null;
}

/** What a run freezes when it starts: the payload of `run_created`. */
export interface RunPlan {
  format_version: number;
  tool_version: string;
  roots: string[];
  labels: string[];
  project: ProjectSpec;
  project_workspace_template: string;
  /** In the order in which the author's files list; ids are unique. */
  tasks: Record<string, TaskSpec>;
  task_path_templates: Record<string, PathTemplates>;
  user_inputs: JsonObject;
  /** Frozen files under `program/`. */
  files: FileRecord[];
  /** Where tasks have trees of their own. */
  workspace_bases?: WorkspaceBase[];
  /** Lists of up to so many items need no person's consent. */
  yes_items?: number;
  /** What the person calls the run, on one line. */
  title?: string;
}
