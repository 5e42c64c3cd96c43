/** A run as JSON for others, as it lies under `state/`. Pure. Section 12 of the contract names the fields. */
import type { JsonObject } from '../../model/json.ts';
import type { ProjectSpec } from '../../model/program.ts';
import type {
  InstanceStatus,
  InputScope,
  Interrupt,
  ItemOfScope,
  RunStatus,
  UseByModel,
  WaitingReason,
} from '../../model/run.ts';
import { saysWhatIsClosed } from '../../core/events/interrupt.ts';
import {
  answeredCount,
  isRunStopped,
  waitingReason,
  waitingUntil,
  workedMs,
} from '../../core/state/standing.ts';
import { effectiveValues, runStatus, type RunState } from '../../core/state/run-state.ts';

/**
 * A scope with the values that its instances see: its own over its ancestors'. That of an item has its own alone: the
 * list may be among the others, and would be there once for each of its items.
 */
export interface InputScopeDocument {
  input_scope_id: string;
  parent_input_scope_id: string | null;
  seed_task_ids: string[];
  values: JsonObject;
  created_by_instance_id: string | null;
  created_at: string;
  /** Of the scope of an item. */
  item?: ItemOfScope;
}

/** What tells one run from another in a list: small however large the run is. */
export interface RunSummary {
  id: string;
  format_version: number;
  /** The codex-orch that started it. */
  tool_version: string;
  /** What the person calls it; not there where it has no title. */
  title?: string;
  roots: string[];
  labels: string[];
  created_at: string;
  updated_at: string;
  status: RunStatus;
  aborted: boolean;
  /** It has `failed` because a person stopped it: a resume goes on with it. */
  stopped: boolean;
  /** What it waits for; not there where it does not wait. */
  waiting_reason?: WaitingReason;
  /** When it goes on by itself, ISO 8601; not there where nothing in it waits for time. */
  waiting_until?: string;
  /** Waiting instances whose questions are all answered: they go on as soon as an engine drives the run. */
  answered: number;
  /** How long at least one attempt has been at work, up to `updated_at`, in milliseconds. */
  worked_ms: number;
  /** What its attempts have used, as far as their agents tell; not there before any has. Runs of format 1 do without. */
  use?: UseByModel[];
  project: ProjectSpec;
  project_workspace_template: string;
  base_input_scope_id: string;
  instance_count: number;
  counts: Record<InstanceStatus, number>;
  /** Open interrupts. */
  attention: number;
  /** The last event that this summary knows of. */
  seq: number;
}

/** What `state/run.json` of an earlier codex-orch lacks. */
export const summaryAdditions = ['stopped', 'answered', 'worked_ms'] as const;

export function runSummary(state: RunState): RunSummary {
  const { plan } = state;
  const reason = waitingReason(state);
  const until = waitingUntil(state);
  let attention = 0;
  for (const { interrupt } of state.interrupts.values()) {
    if (interrupt.status === 'open') attention += 1;
  }
  return {
    id: state.runId,
    format_version: plan.format_version,
    tool_version: plan.tool_version,
    ...(plan.title === undefined ? {} : { title: plan.title }),
    roots: plan.roots,
    labels: plan.labels,
    created_at: state.createdAt,
    updated_at: state.updatedAt,
    status: runStatus(state),
    aborted: state.aborted,
    stopped: isRunStopped(state),
    ...(reason === null ? {} : { waiting_reason: reason }),
    ...(until === null ? {} : { waiting_until: until }),
    answered: answeredCount(state),
    worked_ms: workedMs(state, Date.parse(state.updatedAt)),
    ...(state.use.size === 0 || plan.format_version === 1 ? {} : { use: [...state.use.values()] }),
    project: plan.project,
    project_workspace_template: plan.project_workspace_template,
    base_input_scope_id: state.baseScopeId,
    instance_count: state.instances.size,
    counts: { ...state.counts },
    attention,
    seq: state.seq,
  };
}

/** As the inbox keeps it: a run whose log does not say what is closed (`closeUnsaid`) has no such record either. */
export function interruptDocument(state: RunState, interrupt: Interrupt): Interrupt {
  const unsaid = interrupt.status === 'closed' && !saysWhatIsClosed(state);
  return unsaid ? { ...interrupt, status: 'open' } : interrupt;
}

export function inputScopeDocument(state: RunState, scope: InputScope): InputScopeDocument {
  return {
    input_scope_id: scope.input_scope_id,
    parent_input_scope_id: scope.parent_input_scope_id,
    seed_task_ids: scope.seed_task_ids,
    values:
      scope.item === undefined ? effectiveValues(state, scope.input_scope_id) : scope.own_values,
    created_by_instance_id: scope.created_by_instance_id,
    created_at: scope.created_at,
    ...(scope.item === undefined ? {} : { item: scope.item }),
  };
}
