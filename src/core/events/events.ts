/**
 * The event log's vocabulary, section 12 of the contract: one record per line of events.jsonl.
 * The state of a run follows from these alone (`evolve`).
 */
import type { Json, JsonObject } from '../../model/json.ts';
import type {
  FailureKind,
  FileRecord,
  Interrupt,
  Proposal,
  ProposalStatus,
  Reply,
  RunPlan,
  RunStatus,
  TerminationReason,
  Usage,
} from '../../model/run.ts';

/** Why an instance goes back to `pending`. */
export type RequeueReason = 'resume' | 'retry' | 'upstream_retried' | 'session_lost';

/** Event type → payload. */
export interface EventPayloads {
  run_created: RunPlan;
  input_scope_created: {
    input_scope_id: string;
    parent_input_scope_id: string | null;
    seed_task_ids: string[];
    /** What the scope itself sets; the rest is its parent's. */
    values: JsonObject;
    created_by_instance_id: string | null;
  };
  instance_created: {
    task_id: string;
    input_scope_id: string;
    dependency_instances: Record<string, string>;
    activation_bindings: Record<string, string>;
  };
  instance_runnable: Record<string, never>;
  attempt_started: {
    attempt: number;
    /** The session to continue, or null for a fresh one. */
    session_id: string | null;
    /** Interrupts whose replies this attempt receives. */
    replies: string[];
  };
  attempt_finished: {
    attempt: number;
    termination_reason: TerminationReason;
    return_code: number | null;
    failure_kind: FailureKind | null;
    failure_summary: string | null;
    resume_recommended: boolean;
    session_id: string | null;
    usage: Usage | null;
  };
  interrupt_requested: { interrupt: Interrupt };
  interrupt_resolved: { interrupt_id: string; reply: Reply };
  interrupt_applied: { interrupt_id: string; attempt: number };
  instance_waiting: { waiting_reason: 'interrupts_pending'; blocking_interrupts: string[] };
  instance_resumed: Record<string, never>;
  instance_requeued: { reason: RequeueReason; granted_iterations: number };
  instance_skipped: { reason: string; caused_by_instance_id: string | null };
  instance_done: Record<string, never>;
  instance_failed: {
    error: string;
    failure_kind: FailureKind | null;
    failure_summary: string | null;
    termination_reason: TerminationReason | null;
    resume_recommended: boolean;
  };
  result_materialized: { attempt: number; sha256: string; result: Json };
  artifacts_published: { attempt: number; artifacts: FileRecord[] };
  control_emitted: { control: JsonObject };
  route_selected: { label: string; targets: string[] };
  route_unselected: { label: string; targets: string[] };
  loop_continued: { input_scope_id: string; iteration: number; targets: string[] };
  loop_stopped: { targets: string[] };
  proposal_recorded: { proposal: Proposal };
  proposal_dropped: { interrupt_id: string; reason: string; proposal: Json };
  proposal_status_updated: { proposal_id: string; status: ProposalStatus; note: string | null };
  session_lost: { session_id: string; reason: string };
  run_aborted: Record<string, never>;
  run_completed: { status: RunStatus };
}

export type EventType = keyof EventPayloads;

export type RunEventOf<T extends EventType> = {
  /** From 1, without gaps. */
  seq: number;
  /** `<seq, six digits>-<event type>`. */
  event_id: string;
  event_type: T;
  run_id: string;
  instance_id: string | null;
  /** ISO 8601, UTC, milliseconds. */
  created_at: string;
  payload: EventPayloads[T];
};

/** One event, without the `prev` hash that the store adds when it writes the line. */
export type RunEvent = { [T in EventType]: RunEventOf<T> }[EventType];
