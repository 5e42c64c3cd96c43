/**
 * The HTTP API as types: what the server answers and the page reads. `docs/http-api.md` has the routes;
 * `/api/openapi.json` is made from this file. Field names are those of the files on disk. Types only,
 * and only of the core: the page is built with this file.
 *
 * Times are ISO 8601 in UTC, sizes and offsets are bytes, unless a name says otherwise.
 */
import type { AgentActivity } from '../app/watch/agent-activity.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Json, JsonObject } from '../model/json.ts';
import type {
  Confidence,
  DecisionKind,
  DependencyKind,
  PresetSpec,
  Priority,
  ProjectSpec,
  RequestKind,
  RoleSpec,
  Sandbox,
  TaskSpec,
} from '../model/program.ts';
import type {
  AttemptRecord,
  FileRecord,
  Instance,
  InstanceStatus,
  Interrupt,
  InterruptStatus,
  Proposal,
  ProposalKind,
  ProposalStatus,
  Reply,
  RunStatus,
} from '../model/run.ts';

// ---- Errors

/** The body of every answer with a status of 400 and above. */
export interface ApiErrorBody {
  error: ApiError;
}

export interface ApiError {
  /** Stable, kebab-case: `run-not-found`, `edit-conflict`, `payload-invalid`, `defect`. */
  code: string;
  /** What failed, and where. */
  message: string;
  /** What to do next. */
  hint: string | null;
  /** 422 of program edits and run starts: every problem, with its line. */
  diagnostics?: Diagnostic[];
  /** 422 of replies: the fields of the payload that do not fit the reply schema. */
  problems?: PayloadProblem[];
}

// ---- The server

/** `GET /api/server` */
export interface ServerInfo {
  version: string;
  /** Absolute. */
  program_dir: string;
  program_name: string;
  /** Whether only this machine can reach the server. */
  loopback: boolean;
  /** The server's clock, for relative times. */
  now: string;
}

/** `POST /api/login` */
export interface LoginBody {
  token: string;
}

// ---- Runs in lists

/** A run in a list: small however large the run is. */
export interface RunListItem {
  id: string;
  status: RunStatus;
  aborted: boolean;
  roots: string[];
  labels: string[];
  created_at: string;
  updated_at: string;
  instance_count: number;
  counts: Record<InstanceStatus, number>;
  /** Open questions, of people and of assistants. */
  attention: number;
  /** The last event that this item knows of. */
  seq: number;
  /** Someone drives it now. */
  driven: boolean;
  /** Set where the run cannot be read; the other fields are then empty. */
  damage: string | null;
}

/** `GET /api/runs`: newest activity first. */
export interface RunPage {
  runs: RunListItem[];
  /** Give as `cursor` for what follows; null at the end. */
  next_cursor: string | null;
  /** Runs on disk, whatever the filter. */
  total: number;
}

/** A question in a list. */
export interface QuestionListItem {
  run_id: string;
  run_status: RunStatus;
  instance_id: string;
  task_id: string;
  task_title: string;
  interrupt_id: string;
  audience: Interrupt['audience'];
  /** Assistants: the role that is asked. */
  role_id: string | null;
  blocking: boolean;
  status: InterruptStatus;
  request_kind: RequestKind;
  decision_kind: DecisionKind | null;
  priority: Priority;
  /** The first 400 characters. */
  question: string;
  options: string[];
  has_reply_schema: boolean;
  /** An assistant looked at it first, and handed it over. */
  handed_over: boolean;
  created_at: string;
  resolved_at: string | null;
}

/** `GET /api/overview` */
export interface Overview {
  /** Open questions for people, over all runs, oldest first; at most 200. */
  questions: QuestionListItem[];
  /** Open questions for assistants, oldest first; at most 50. */
  assistant_questions: QuestionListItem[];
  /** At most 50 of each, latest activity first. */
  running: RunListItem[];
  /** Nothing runs, something is left to do, nobody asks: `pending`, as after a stop. */
  pending: RunListItem[];
  waiting: RunListItem[];
  failed: RunListItem[];
  /** At most 20. */
  done: RunListItem[];
  /** How many runs there are in all, by status. */
  totals: Record<RunStatus, number>;
  /** Recorded proposals that nobody has decided about yet. */
  open_proposals: number;
  /** False while runs from before the server's start are still being looked at; ask again soon. */
  complete: boolean;
  scanned: number;
  total: number;
}

// ---- The program

/** `GET /api/program` */
export interface ProgramView {
  /** Changes with any authored file. */
  hash: string;
  program_dir: string;
  project: ProjectSpec;
  tasks: TaskSpec[];
  /** Dependencies first, then control edges. Ends may name tasks that do not exist. */
  edges: GraphEdge[];
  roles: RoleView[];
  presets: PresetView[];
  inputs: InputView[];
  diagnostics: Diagnostic[];
  /** No errors: a run may start. */
  ok: boolean;
}

export interface GraphEdge {
  source: string;
  target: string;
  /** `order` and `context` are dependencies; the others are control edges. */
  kind: DependencyKind | 'route' | 'continue' | 'stop';
  /** Dependencies: the scope name. */
  scope: string | null;
  consume: string[];
  /** Routes: the label. */
  label: string | null;
}

export interface RoleView extends RoleSpec {
  /** For `GET /api/program/files/…`. */
  instructions_file: string;
}

export interface PresetView {
  source: 'program' | 'global';
  preset: PresetSpec;
}

/** A key that the program knows: a default of project.yaml, or a reference of a task. */
export interface InputView {
  key: string;
  /** Relative to the program; null: no default, a start or a loop must give it. */
  file: string | null;
  /** null where there is no default, where it does not load, and where it is longer than 64 KiB. */
  default_value: Json;
  type: 'string' | 'json';
  /** Why the default does not load, or is not shown. */
  problem: string | null;
  /** Tasks that refer to it. */
  used_by: string[];
}

/** `GET /api/program/tasks/:id` */
export interface TaskView {
  id: string;
  /** null where the file cannot be read as a task. */
  task: TaskSpec | null;
  /** The file as it is on disk. */
  yaml: string;
  /** SHA-256 of `yaml`: give it back with an edit, so that nobody's edit is lost. */
  hash: string;
  /** Relative to the program. */
  file: string;
  /** Those of this file. */
  diagnostics: Diagnostic[];
  /** The texts of `compose`, in its order. */
  compose: ComposeView[];
  result_schema: Json;
}

export type ComposeView =
  /** `text`: null where the file is missing. At most 256 KiB. */
  | { kind: 'file'; path: string; text: string | null; truncated: boolean }
  | { kind: 'ref'; ref: string }
  | { kind: 'literal'; text: string };

/** `POST /api/program/tasks` (yaml: one task, or a list), `POST /api/program/tasks/:id/check` */
export interface YamlBody {
  yaml: string;
}

/** `PUT /api/program/tasks/:id/yaml` */
export interface SaveYamlBody {
  yaml: string;
  /** The `hash` that the edit began with; a conflict is refused with 409 `edit-conflict`. */
  base_hash: string;
}

/** `PATCH /api/program/tasks/:id`: sets the given top-level fields; null removes one. */
export interface SaveFieldsBody {
  fields: JsonObject;
  base_hash: string;
}

/** What `check` answers: nothing is written. */
export interface CheckResult {
  /** Problems of the program, were this saved; the edited file's first. */
  diagnostics: Diagnostic[];
  /** Saving it would be accepted. */
  ok: boolean;
}

export interface EditResult {
  /** Tasks written or deleted. */
  ids: string[];
  /** Warnings that the edit adds. */
  warnings: Diagnostic[];
}

/** `POST /api/program/edges` */
export interface NewEdgeBody {
  source: string;
  target: string;
  kind: DependencyKind;
  /** Default: the source's id. */
  scope_alias?: string | null;
  /** `context` edges: what is consumed. */
  consume?: string[];
}

/** `POST /api/program/presets/:id/preview` */
export interface PresetVariablesBody {
  variables: Record<string, string>;
}

/** `POST /api/program/presets/:id/apply` */
export interface PresetApplyBody {
  variables: Record<string, string>;
  overwrite?: boolean;
}

export interface PresetPreview {
  tasks: JsonObject[];
  /** The same, as the files that would be written. */
  files: { path: string; yaml: string; exists: boolean }[];
}

// ---- Starting

/** `POST /api/start/preview` and `POST /api/runs` */
export interface StartBody {
  roots: string[];
  labels: string[];
  /** Over the defaults of the program. */
  inputs: JsonObject;
  /** The engine also answers questions to assistants. */
  assistants?: boolean;
}

export interface StartPreview {
  tasks: PlannedTask[];
  /** What the run would see. */
  inputs: JsonObject;
  warnings: Diagnostic[];
}

export interface PlannedTask {
  task_id: string;
  title: string;
  kind: TaskSpec['kind'];
  agent: string;
  backend: string;
  model: string | null;
  /** null where the backend has none. */
  sandbox: Sandbox | null;
  /** null where it depends on an input that comes later. */
  directory: string | null;
  depends_on: string[];
  /** Tasks start in the order of their waves. */
  wave: number;
}

export interface StartResult {
  run_id: string;
  warnings: Diagnostic[];
}

// ---- A run

/** `GET /api/runs/:run` */
export interface RunView {
  run: RunListItem;
  holder: Holder | null;
  format_version: number;
  tool_version: string;
  user_inputs: JsonObject;
  project: ProjectSpec;
  /** The frozen tasks, in the author's order. */
  tasks: TaskSpec[];
  /** Of the frozen tasks. */
  edges: GraphEdge[];
  /** In creation order; the base scope first. */
  scopes: ScopeView[];
  /** In creation order. */
  instances: Instance[];
  interrupts: InterruptView[];
  proposals: Proposal[];
  /** Every instance that is not done. */
  explanations: Explanation[];
  /** What the controllers chose, in order. */
  decisions: Decision[];
  /** Files in the inbox that were not taken, with their reasons. */
  refused_files: RefusedFile[];
}

/** Who drives a run. */
export interface Holder {
  pid: number;
  host: string;
  command: string;
  since: string;
}

export interface ScopeView {
  input_scope_id: string;
  parent_input_scope_id: string | null;
  seed_task_ids: string[];
  /** What its instances see. Values above 16 KiB are left out, and named in `omitted`. */
  values: JsonObject;
  /** What it sets itself, as keys. */
  own_keys: string[];
  omitted: string[];
  created_by_instance_id: string | null;
  /** The controller whose `continue` opened it; null for the base scope. */
  controller_task_id: string | null;
  /** 0 for the base scope, then from 1, per loop. */
  iteration: number;
  created_at: string;
}

export interface InterruptView {
  interrupt: Interrupt;
  reply: Reply | null;
  /** The attempt that received the reply. */
  applied_in_attempt: number | null;
}

export interface Explanation {
  instance_id: string;
  task_id: string;
  input_scope_id: string;
  status: InstanceStatus;
  /** One or a few sentences. */
  why: string;
  /** The command line that would move it, after `codex-orch`; null: nothing need be done. */
  command: string[] | null;
}

export interface Decision {
  instance_id: string;
  task_id: string;
  input_scope_id: string;
  control: JsonObject;
  /** Tasks that the choice activated. */
  chosen: string[];
  not_chosen: string[];
  /** For `continue`: the scope that it opened, and the number of the iteration, from 1. */
  opened: { input_scope_id: string; iteration: number } | null;
}

export interface RefusedFile {
  /** Relative to the run's directory. */
  file: string;
  reason: string;
}

/** `GET /api/runs/:run/explain` */
export interface RunExplain {
  seq: number;
  holder: Holder | null;
  explanations: Explanation[];
  decisions: Decision[];
}

/** One event of the log. */
export interface EventItem {
  seq: number;
  event_type: string;
  instance_id: string | null;
  created_at: string;
  /** null where it is longer than 16 KiB. */
  payload: Json;
  payload_omitted: boolean;
}

/** `GET /api/runs/:run/events`: from `after` (a seq) on, at most `limit`. */
export interface EventPage {
  events: EventItem[];
  /** The last event of the log. */
  seq: number;
  more: boolean;
}

/** `POST /api/runs/:run/resume`, `…/retry`, `…/reconcile`, `…/abort` */
export interface ActionResult {
  /**
   * `started`: an engine of its own was started in the background. `told`: the engine that drives the
   * run was told, and has taken it. `done`: nothing is left to be waited for.
   */
  outcome: 'started' | 'told' | 'done';
  /** One sentence. */
  message: string;
}

/** `POST /api/runs/:run/instances/:instance/retry` */
export interface RetryBody {
  /** Iterations beyond `max_iterations`, for an instance that failed with `loop_limit`. */
  grant_iterations?: number;
}

/** `GET /api/runs/:run/verify` */
export interface VerifyResult {
  ok: boolean;
  /** As printed by `run verify --json`. */
  report: Json;
}

// ---- An instance and its attempts

/** `GET /api/runs/:run/instances/:instance` */
export interface InstanceView {
  run: RunListItem;
  instance: Instance;
  task: TaskSpec;
  scope: ScopeView;
  explanation: Explanation;
  decision: Decision | null;
  /** What it depends on, by scope name. */
  upstream: InstanceLink[];
  downstream: InstanceLink[];
  interrupts: InterruptView[];
  /** `result.json` as it was accepted; null before, and where it is longer than 256 KiB. */
  result: Json;
  /** For `…/published/<path>`. */
  published: ArtifactView[];
}

export interface InstanceLink {
  /** The scope name; null downstream. */
  scope: string | null;
  instance_id: string;
  task_id: string;
  status: InstanceStatus;
}

export interface ArtifactView extends FileRecord {
  content_type: string;
  /** How a page may show it: see `docs/http-api.md`. */
  render: 'markdown' | 'json' | 'text' | 'image' | 'none';
}

/** `GET /api/runs/:run/instances/:instance/attempts/:attempt` */
export interface AttemptView {
  attempt: number;
  record: AttemptRecord;
  /** Whether it is the instance's latest, and runs. */
  running: boolean;
  /** The prompt that it got; at most 256 KiB. null before it is staged. */
  prompt: TextPart | null;
  /** `runtime.json` as it stands: pid, command, timeouts, counters, usage. */
  runtime: JsonObject | null;
  /** `context/manifest.json`: what was staged. */
  staged: StagedFileView[];
  /** The other files of the attempt's directory: at most 500. For `…/files/<path>`. */
  files: AttemptFileView[];
  files_omitted: number;
  /** Of `events.jsonl` and `stderr.log`. */
  stdout_size: number;
  stderr_size: number;
  /** Interrupts whose replies this attempt received. */
  replies: string[];
}

export interface TextPart {
  text: string;
  size: number;
  truncated: boolean;
}

export interface StagedFileView {
  /** Relative to the attempt's directory. */
  path: string;
  /** `inputs.topic`, `deps.build.result`, … */
  source: string;
  kind: string;
  content_type: string;
  size: number;
  sha256: string;
}

export interface AttemptFileView {
  path: string;
  size: number;
  content_type: string;
  render: ArtifactView['render'];
}

/**
 * `GET …/attempts/:attempt/activities`. Without a place, the end: what happened last. `before=<from>`
 * gives what precedes a page, `after=<to>` what follows it.
 */
export interface ActivityPage {
  activities: ActivityItem[];
  /** The part of `events.jsonl` that this page is made of. */
  from: number;
  to: number;
  /** Of the file now. */
  size: number;
}

export interface ActivityItem {
  /** Offset of its line in `events.jsonl`: grows, and names it within the attempt. */
  at: number;
  activity: AgentActivity;
  /** Texts longer than 32 KiB were cut; `…/raw` has them whole. */
  clipped: boolean;
}

/** `GET …/attempts/:attempt/raw?stream=stdout|stderr`, and `…/files/<path>?as=text`. Places as above. */
export interface TextPage {
  /** Whole lines where possible; malformed UTF-8 comes as U+FFFD. */
  text: string;
  from: number;
  to: number;
  size: number;
  content_type: string;
  /** Not text: `text` is empty. */
  binary: boolean;
}

// ---- The inbox

/** `GET /api/inbox`: open ones oldest first; answered ones latest first. */
export interface QuestionPage {
  questions: QuestionListItem[];
  /** Give as `cursor` for what follows (answered questions only); null at the end. */
  next_cursor: string | null;
  complete: boolean;
}

/** `GET /api/runs/:run/interrupts/:interrupt` */
export interface QuestionView {
  run: RunListItem;
  interrupt: Interrupt;
  reply: Reply | null;
  applied_in_attempt: number | null;
  instance: Instance;
  task: TaskSpec;
  /** What an assistant said when it handed the question over. */
  handed_over: HandOver | null;
  context_artifacts: ContextArtifact[];
  /** The reply schema in one piece: `$ref`s to other files stand under `$defs`. */
  reply_schema: Json;
  /** Why the schema cannot be used. */
  reply_schema_problem: string | null;
  /** A reply file in the inbox that was not taken, with its reason. */
  refused_reply: RefusedFile | null;
  /** Other questions of the instance that must be answered before it goes on. */
  also_open: string[];
}

export interface HandOver {
  interrupt_id: string | null;
  role_id: string | null;
  summary: string;
  rationale: string | null;
  citations: string[];
}

export interface ContextArtifact {
  /** Relative to the program. For `…/interrupts/:interrupt/artifacts/<path>`. */
  path: string;
  size: number | null;
  content_type: string | null;
  render: ArtifactView['render'];
  problem: string | null;
}

/** `POST /api/runs/:run/interrupts/:interrupt/preview` and `…/reply` */
export interface ReplyBody {
  text: string;
  /** Must fit the reply schema where there is one. */
  payload?: Json;
  rationale?: string | null;
  confidence?: Confidence | null;
  citations?: string[];
  /** `reply` only: starts an engine in the background once nothing else holds the instance. */
  resume?: boolean;
}

export interface ReplyPreview {
  ok: boolean;
  /** Why it would be refused. */
  problem: string | null;
  problems: PayloadProblem[];
  /** What the worker will read, in Markdown. */
  delivered: string;
  /** `reply.json` as it would be stored. */
  reply: Reply;
}

export interface PayloadProblem {
  /** JSON pointer of the field; the empty string is the whole payload. */
  pointer: string;
  message: string;
}

export interface ReplyResult {
  reply: Reply;
  /** Questions of the same instance that are still open and hold it. */
  still_open: string[];
  /** Whether an engine was started, or one is at work, that will go on with it. */
  resumed: boolean;
}

// ---- Proposals

export interface ProposalListItem {
  proposal_id: string;
  run_id: string;
  instance_id: string;
  interrupt_id: string;
  source_role_id: string;
  requester_task_id: string;
  kind: ProposalKind;
  summary: string;
  target_file_path: string;
  status: ProposalStatus;
  created_at: string;
  status_updated_at: string;
}

/** `GET /api/proposals` */
export interface ProposalPage {
  proposals: ProposalListItem[];
  complete: boolean;
}

/** `GET /api/runs/:run/proposals/:proposal` */
export interface ProposalView {
  proposal: Proposal;
  /** What applying it now would change. */
  diff: ProposalDiff;
}

export interface ProposalDiff {
  /** Relative to the program. */
  file: string;
  /** Unified diff; empty where nothing would change. */
  unified: string;
  /** Texts before and after; null before: a new file. A snippet stands at the end. */
  before: string | null;
  after: string | null;
  /** The file is not what it was when the proposal was recorded: applying it needs `force`. */
  changed_since: boolean;
  /** Why there is no diff: a target that went away, content that cannot be used. */
  problem: string | null;
}

/** `POST /api/runs/:run/proposals/:proposal/mark` */
export interface MarkBody {
  status: ProposalStatus;
  /** Not blank where there is one. */
  note?: string | null;
}

/** `POST /api/runs/:run/proposals/:proposal/apply` */
export interface ApplyBody {
  /** A snippet does not say where it goes: add it at the end. Otherwise one is refused (`proposal-snippet`). */
  append?: boolean;
  /** Also where it was rejected or applied before, or where the file has changed since. */
  force?: boolean;
}

export interface ApplyResult {
  proposal: Proposal;
  /** Relative to the program. */
  file: string;
  /** False where the file held all of it already. */
  written: boolean;
}

// ---- Live

/**
 * `GET /api/live` (server-sent events): what changes over all runs, and in the program's files.
 * Heartbeats are comments. Each event's name is a key here, its data the value.
 */
export interface ProgramLive {
  /** First, and after that nothing is missed. */
  hello: { now: string; total: number; complete: boolean };
  /** A run is new, or changed. */
  run: RunListItem;
  run_removed: { id: string };
  /** A question was asked, answered, or received by its worker. */
  question: QuestionListItem;
  /** Authored files changed: fetch the program again. */
  program_changed: { hash: string };
  /** All runs from before the server's start have been looked at: the overview is complete. */
  complete: { total: number };
}

/**
 * `GET /api/runs/:run/live` (server-sent events). `update`s have the last seq as their id: a client
 * that comes back with `Last-Event-ID`, or `?after=<seq>`, misses nothing; without either it begins now.
 * `?activity=1` adds what running attempts print.
 */
export interface RunLive {
  /** First. `seq`: where the updates begin. */
  hello: { now: string; seq: number; holder: Holder | null };
  update: RunUpdate;
  holder: { holder: Holder | null };
  activity: ActivityUpdate;
  /** The run cannot be read any more; the stream ends. */
  damage: ApiError;
}

/** Everything that events changed, as it stands after the last of them. */
export interface RunUpdate {
  events: EventItem[];
  run: RunListItem;
  /** Whole, each once; new ones come last, in creation order. */
  instances: Instance[];
  scopes: ScopeView[];
  interrupts: InterruptView[];
  proposals: Proposal[];
}

/**
 * What an attempt printed. A client that knows an attempt up to `to` drops updates up to there; where
 * `from` lies beyond what it knows, it fetches the activities between.
 */
export interface ActivityUpdate {
  instance_id: string;
  attempt: number;
  activities: ActivityItem[];
  from: number;
  to: number;
  /** The attempt ended, and nothing more comes. */
  ended: boolean;
}
