/** From the state of a run to what the API says of it. Pure. */
import type { RunEvent } from '../../core/events/events.ts';
import type { JsonObject } from '../../model/json.ts';
import { isJsonObject } from '../../model/json.ts';
import type { Interrupt, InterruptRecord, Proposal, RunStatus } from '../../model/run.ts';
import { effectiveValues, runStatus, type RunState } from '../../core/state/run-state.ts';
import type { IndexedQuestion, IndexedRun } from '../../app/watch/run-index.ts';
import type {
  EventItem,
  Holder,
  InterruptView,
  ProposalListItem,
  QuestionListItem,
  RunListItem,
  RunUpdate,
  ScopeView,
} from '../api-types.ts';

const MAX_QUESTION_CHARS = 400;
const MAX_VALUE_CHARS = 16 * 1024;
const MAX_PAYLOAD_CHARS = 16 * 1024;

export function runItem(state: RunState, driven: boolean): RunListItem {
  let attention = 0;
  for (const { interrupt } of state.interrupts.values()) {
    if (interrupt.status === 'open') attention += 1;
  }
  return {
    id: state.runId,
    status: runStatus(state),
    aborted: state.aborted,
    roots: state.plan.roots,
    labels: state.plan.labels,
    created_at: state.createdAt,
    updated_at: state.updatedAt,
    instance_count: state.instances.size,
    counts: { ...state.counts },
    attention,
    seq: state.seq,
    driven,
    damage: null,
  };
}

export function indexedItem(run: IndexedRun, driven: boolean): RunListItem {
  const { summary } = run;
  if (summary === null) return damagedItem(run);
  const { id, status, aborted, roots, labels, created_at, updated_at } = summary;
  const { instance_count, counts, attention, seq } = summary;
  return {
    ...{ id, status, aborted, roots, labels, created_at, updated_at },
    ...{ instance_count, counts, attention, seq, driven, damage: run.damage },
  };
}

function damagedItem({ runId, changedMs, damage }: IndexedRun): RunListItem {
  const at = new Date(changedMs).toISOString();
  const none = { pending: 0, runnable: 0, running: 0, waiting: 0, done: 0, failed: 0, skipped: 0 };
  return {
    ...{ id: runId, status: 'failed', aborted: false, roots: [], labels: [] },
    ...{ created_at: at, updated_at: at, instance_count: 0, counts: none, attention: 0 },
    ...{ seq: 0, driven: false, damage: damage ?? 'it cannot be read' },
  };
}

export function questionItem({ record, taskTitle, runStatus }: IndexedQuestion): QuestionListItem {
  return questionOf(record.interrupt, taskTitle, runStatus);
}

export function questionOf(
  interrupt: Interrupt,
  taskTitle: string,
  status: RunStatus,
): QuestionListItem {
  const { question } = interrupt;
  return {
    run_id: interrupt.run_id,
    run_status: status,
    instance_id: interrupt.instance_id,
    task_id: interrupt.task_id,
    task_title: taskTitle,
    interrupt_id: interrupt.interrupt_id,
    audience: interrupt.audience,
    role_id: interrupt.resolved_target_role_id,
    blocking: interrupt.blocking,
    status: interrupt.status,
    request_kind: interrupt.request_kind,
    decision_kind: interrupt.decision_kind,
    priority: interrupt.priority,
    question:
      question.length > MAX_QUESTION_CHARS
        ? `${question.slice(0, MAX_QUESTION_CHARS - 1)}…`
        : question,
    options: interrupt.options,
    has_reply_schema: interrupt.reply_schema !== null,
    handed_over: typeof interrupt.metadata['assistant_summary'] === 'string',
    created_at: interrupt.created_at,
    resolved_at: interrupt.resolved_at,
  };
}

export function proposalItem(each: Proposal): ProposalListItem {
  const { kind, summary } = each.proposal;
  return {
    proposal_id: each.proposal_id,
    run_id: each.run_id,
    instance_id: each.instance_id,
    interrupt_id: each.interrupt_id,
    source_role_id: each.source_role_id,
    requester_task_id: each.requester_task_id,
    kind,
    summary,
    target_file_path: each.target_file_path,
    status: each.status,
    created_at: each.created_at,
    status_updated_at: each.status_updated_at,
  };
}

export function interruptView({
  interrupt,
  reply,
  appliedInAttempt,
}: InterruptRecord): InterruptView {
  return { interrupt, reply, applied_in_attempt: appliedInAttempt };
}

export function holderView(
  holder: { pid: number; host: string; command: string; acquired_at: string } | null,
): Holder | null {
  if (holder === null) return null;
  const { pid, host, command, acquired_at } = holder;
  return { pid, host, command, since: acquired_at };
}

export function scopeView(state: RunState, scopeId: string): ScopeView | null {
  const scope = state.scopes.get(scopeId);
  if (!scope) return null;
  const omitted: string[] = [];
  const values: JsonObject = {};
  for (const [key, value] of Object.entries(effectiveValues(state, scopeId))) {
    if (JSON.stringify(value).length > MAX_VALUE_CHARS) omitted.push(key);
    else values[key] = value;
  }
  const creator = scope.created_by_instance_id;
  const controller = creator === null ? undefined : state.instances.get(creator)?.task_id;
  const loops = state.scopeIndex.get(scopeId)?.loops;
  return {
    input_scope_id: scope.input_scope_id,
    parent_input_scope_id: scope.parent_input_scope_id,
    seed_task_ids: scope.seed_task_ids,
    values,
    own_keys: Object.keys(scope.own_values),
    omitted,
    created_by_instance_id: creator,
    controller_task_id: controller ?? null,
    iteration: controller === undefined ? 0 : (loops?.get(controller)?.iteration ?? 0),
    created_at: scope.created_at,
  };
}

export function scopeViews(state: RunState): ScopeView[] {
  return [...state.scopes.keys()].flatMap((id) => scopeView(state, id) ?? []);
}

export function eventItem(event: RunEvent): EventItem {
  const { seq, event_type, instance_id, created_at, payload } = event;
  const isLong = JSON.stringify(payload).length > MAX_PAYLOAD_CHARS;
  return {
    ...{ seq, event_type, instance_id, created_at },
    payload: isLong ? null : (payload as unknown as JsonObject),
    payload_omitted: isLong,
  };
}

/** What the events changed, as it stands now. */
export function runUpdate(
  state: RunState,
  events: readonly RunEvent[],
  driven: boolean,
): RunUpdate {
  const instances = new Set<string>();
  const scopes = new Set<string>();
  const interrupts = new Set<string>();
  const proposals = new Set<string>();
  for (const event of events) {
    if (event.instance_id !== null) instances.add(event.instance_id);
    if (event.event_type === 'run_created') scopes.add(state.baseScopeId);
    for (const [key, value] of Object.entries(event.payload)) {
      if (key === 'input_scope_id' && typeof value === 'string' && opensScope(event)) {
        scopes.add(value);
      }
      if (key === 'interrupt_id' && typeof value === 'string') interrupts.add(value);
      if (key === 'proposal_id' && typeof value === 'string') proposals.add(value);
      if (!isJsonObject(value)) continue;
      if (key === 'interrupt') interrupts.add(String(value['interrupt_id']));
      if (key === 'proposal') proposals.add(String(value['proposal_id']));
    }
  }
  return {
    events: events.map(eventItem),
    run: runItem(state, driven),
    instances: existing(instances, state.instances).sort(
      (a, b) => ordinal(state, a.instance_id) - ordinal(state, b.instance_id),
    ),
    scopes: [...scopes].flatMap((id) => scopeView(state, id) ?? []),
    interrupts: existing(interrupts, state.interrupts).map(interruptView),
    proposals: existing(proposals, state.proposals),
  };
}

function existing<T>(ids: ReadonlySet<string>, all: ReadonlyMap<string, T>): T[] {
  return [...ids].flatMap((id) => all.get(id) ?? []);
}

function ordinal(state: RunState, id: string): number {
  return state.links.get(id)?.ordinal ?? 0;
}

function opensScope({ event_type }: RunEvent): boolean {
  return event_type === 'input_scope_created' || event_type === 'loop_continued';
}
