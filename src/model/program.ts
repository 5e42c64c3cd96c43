/**
 * The program as its author wrote it, after defaults: sections 2 and 10 of the contract.
 * Field names are those of the YAML files. Types only; reading and checking is `src/program/`.
 */
import type { CheckSpec } from './checks.ts';
import type { Json, JsonObject } from './json.ts';
import type { DepotSettings, ExecutorName, TemporalSettings } from './machines.ts';
import type { Isolation, TreeSpec } from './trees.ts';
import type { Budget } from './budget.ts';
import type { Edition, Policies } from './policies.ts';

export const taskStatuses = [
  'draft',
  'ready',
  'blocked',
  'running',
  'done',
  'failed',
  'archived',
] as const;
export type TaskStatus = (typeof taskStatuses)[number];

export const sandboxes = ['read-only', 'workspace-write', 'danger-full-access'] as const;
export type Sandbox = (typeof sandboxes)[number];

export const requestKinds = ['question', 'clarification', 'approval', 'control_request'] as const;
export type RequestKind = (typeof requestKinds)[number];

export const decisionKinds = [
  'policy',
  'scope',
  'naming',
  'sequencing',
  'recovery',
  'review',
] as const;
export type DecisionKind = (typeof decisionKinds)[number];

export const priorities = ['low', 'normal', 'high'] as const;
export type Priority = (typeof priorities)[number];

export const dependencyKinds = ['order', 'context'] as const;
export type DependencyKind = (typeof dependencyKinds)[number];

export const confidences = ['low', 'medium', 'high'] as const;
export type Confidence = (typeof confidences)[number];

/** What no two instances hold at the same time; with `slots`, no more than so many. */
export interface LockSpec {
  name: string;
  /** Among the instances of the run, or among all runs of this user. */
  scope: 'run' | 'user';
  slots: number;
}

/** What a million tokens of a model cost, in US dollars. Cached input is charged at its own price alone. */
export interface Price {
  input: number;
  cached_input: number;
  output: number;
}

/** Model, or a pattern with `*` for any characters → price. */
export type Prices = Record<string, Price>;

export const notifyKinds = [
  'question',
  'failed',
  'done',
  'budget',
  'usage_limit',
  'stalled',
] as const;
export type NotifyKind = (typeof notifyKinds)[number];

/** Where a notification goes: one of these. */
export interface NotifyTarget {
  /** A program of the user's, which reads it as JSON. */
  command?: string[];
  /** A URL that it is posted to as JSON. */
  webhook?: string;
  /** With `webhook`: the environment variable with the secret that signs it. */
  secret_env?: string;
  /** The environment variable with the URL of an incoming webhook of Slack. */
  slack?: string;
  /** A message on the screen of whoever drives the run. */
  desktop?: 'desktop';
}

export interface NotifyRule {
  on: NotifyKind[];
  to: NotifyTarget;
}

/** `agents.<name>` in project.yaml. */
export interface AgentSpec extends Policies {
  /** A name of the table of backends. */
  backend: string;
  model: string | null;
  sandbox: Sandbox | null;
  /** Extra arguments, after ours. */
  args: string[];
  env: Record<string, string> | AgentEnvironment;
  /** For agents that run commands: an argv. Exclusive with `run`. */
  command: string[] | null;
  /** For agents that run commands: a shell line; a task's own `run` wins. */
  run: string | null;
  /** What instances hold that it runs, unless their task says so itself; left out: nothing. */
  locks?: LockSpec[];
  /** Servers of tools that it may use, by name. */
  mcp?: Record<string, ToolServer>;
  /** Words before the agent's own, or our sandbox around it. */
  wrap?: 'sandbox' | string[];
  /** Names of variables whose values are kept out of all output. */
  secrets?: string[];
  /** What of the person's reaches it; left out: `user`. */
  ambient?: Ambient;
  /** Workers of which queue have what it runs, unless its task says so itself; left out: the project's own. */
  runs_on?: string;
  /** Names of what `env` sets that other machines see; left out: none. */
  worker_env?: string[];
}

/** `user`: its home is the person's; `none`: one of its own, with the login alone. */
export type Ambient = (typeof ambients)[number];
export const ambients = ['user', 'none'] as const;

/** A server of the Model Context Protocol, on standard input and output. */
export interface ToolServer {
  command: string[];
  env: Record<string, string>;
}

/** The environment of an agent, where its author says what it gets of other's. */
export interface AgentEnvironment {
  set: Record<string, string>;
  /** Names of what passes; null: all. */
  pass: string[] | null;
}

export interface ProjectSpec extends Policies {
  name: string;
  workspace: string;
  /** Left out: none. */
  isolation?: Isolation;
  tree?: TreeSpec;
  description: string;
  /** Which defaults hold for what is left out; left out itself: 1, as programs of the original are. */
  edition?: Edition;
  default_agent: string;
  default_model: string | null;
  default_sandbox: Sandbox;
  max_concurrency: number;
  node_wall_timeout_sec: number | null;
  node_idle_timeout_sec: number | null;
  node_terminate_grace_sec: number;
  /** Input key → file, relative to the program. */
  user_inputs: Record<string, string>;
  agents: Record<string, AgentSpec>;
  /** `inline`: the engine itself answers assistant interrupts while it drives a run. */
  assistants: 'worker' | 'inline';
  /** Left out: those of config.toml. */
  prices?: Prices;
  /** Left out: as config.toml says. */
  notify?: NotifyRule[];
  /** Of all tasks that write and have none of their own. */
  checks?: CheckSpec[];
  /** Of a run; left out: as config.toml says. */
  budget?: Budget;
  /** Whether what its attempts change is recorded; left out: by edition and agent. */
  changes?: boolean;
  /** Who carries attempts out; left out: as config.toml says, or else this machine. */
  executor?: ExecutorName;
  /** Left out: as config.toml says. */
  temporal?: TemporalSettings;
  /** Left out: as config.toml says. */
  depot?: DepotSettings;
}

/** When a dependency that takes the items of a region together is met: when each is settled, or when all are done. */
export const gatherings = ['settled', 'all'] as const;
export type Gathering = (typeof gatherings)[number];

export interface Dependency {
  task: string;
  kind: DependencyKind;
  consume: string[];
  /** The alias; null: the task id is the scope name. See `scopeName`. */
  as: string | null;
  /** An upstream instance that was skipped by its condition counts as settled, and its references as absent. */
  optional?: boolean;
  /** All instances of a task of a region are taken together, in the scope around its items. */
  gather?: Gathering;
}

/** `for_each` of a task: it, and what descends from it up to a gather, for every item of a list. */
export interface ForEach {
  /** A reference to the list, or the list. */
  items: string | Json[];
  /** The input that holds the item; its place, from 0, is the input `<as>_index`. */
  as: string;
  /** A path in the item to what names it; null: its place. */
  key: string | null;
  /** Items at a time; null: no bound of its own. */
  max_parallel: number | null;
  /** A longer list asks a person first; null: none does. */
  ask_above: number | null;
  /** A longer list fails. */
  max_items: number;
  /** Once so many items have failed no further one begins; null: all begin. */
  stop_after: number | null;
}

/** A test on the value that a reference leads to. */
export interface ConditionTest {
  ref: string;
  /** A JSON Schema. */
  matches: JsonObject | boolean;
  /** Its outcome where there is no such value; left out: a value that is missing fails the instance. */
  missing?: boolean;
}

/** One test, tests that must all hold, or tests of which one must. */
export type Condition = ConditionTest | ConditionTest[] | { any: ConditionTest[] };

/** A rule of a controller that needs no agent; without `when` it holds always. */
export interface RouteRule {
  when?: Condition;
  labels: string[];
}

export interface LoopRule {
  when?: Condition;
  action: 'continue' | 'stop';
  next_inputs?: Record<string, { ref: string } | { value: Json }>;
}

export type ComposePart =
  { kind: 'file'; path: string } | { kind: 'ref'; ref: string } | { kind: 'literal'; text: string };

export interface RouteSpec {
  label: string;
  targets: string[];
}

export type ControlSpec =
  | { mode: 'route'; routes: RouteSpec[]; decide?: RouteRule[] }
  | {
      mode: 'loop';
      continue_targets: string[];
      stop_targets: string[];
      max_iterations: number | null;
      /** The first rule that holds decides, and nothing is run. */
      decide?: LoopRule[];
    };

export interface AssistantHints {
  preferred_roles: string[];
  decision_kind_overrides: Partial<Record<DecisionKind, string>>;
  ask_when: string[];
}

export interface InteractionPolicy {
  /** null: all roles. */
  allowed_assistant_roles: string[] | null;
  allow_human: boolean;
}

export interface RequiredDecision {
  decision_kind: DecisionKind;
  audience: 'human' | 'assistant' | 'any';
  description: string;
}

export interface TaskSpec extends Policies {
  id: string;
  title: string;
  /** After defaults: the project's `default_agent` when the author named none. */
  agent: string;
  kind: 'work' | 'controller';
  status: TaskStatus;
  description: string;
  labels: string[];
  depends_on: Dependency[];
  compose: ComposePart[];
  publish: string[];
  /** Set exactly when `kind` is `controller`. */
  control: ControlSpec | null;
  assistant_hints: AssistantHints;
  interaction_policy: InteractionPolicy;
  required_decisions: RequiredDecision[];
  model: string | null;
  sandbox: Sandbox | null;
  workspace: string | null;
  /** Left out: the project's. */
  isolation?: Isolation;
  tree?: TreeSpec;
  extra_writable_roots: string[];
  /** A JSON Schema file, relative to the program. */
  result_schema: string | null;
  /** For agents that run commands: the shell line. */
  run: string | null;
  /** What its instances hold while they run; left out: what their agent says. */
  locks?: LockSpec[];
  /** Of an instance, with all of its attempts. */
  budget?: Budget;
  /** Where it does not hold, the instance is skipped. */
  when?: Condition;
  /** It stands for a task for every item of a list. */
  for_each?: ForEach;
  /** Must hold before it is done; of a run that has begun: those of its project too, where they are for it. */
  checks?: CheckSpec[];
  /** Whether what its attempts change in a shared workspace is recorded; left out: as the project says. */
  changes?: boolean;
  /** Workers of which queue have its attempts; left out: as its agent says. */
  runs_on?: string;
}

export interface RolePolicy {
  request_kinds: RequestKind[];
  decision_kinds: DecisionKind[];
  task_labels_any: string[];
  ask_when: string[];
}

export interface RoleSpec {
  id: string;
  title: string;
  description: string;
  /** A role's name for one of the table of backends. */
  backend: string;
  /** An agent of the project, in place of `backend`. */
  agent?: string;
  model: string | null;
  sandbox: Sandbox;
  instructions: string;
  managed_assets: string[];
  policy: RolePolicy;
}

export interface PresetVariable {
  description: string;
  default: string | null;
  required: boolean;
}

export interface PresetSpec {
  id: string;
  title: string;
  description: string;
  variables: Record<string, PresetVariable>;
  tasks: JsonObject[];
}

/** The tests of a condition, in order. */
export function testsOf(condition: Condition): readonly ConditionTest[] {
  if (Array.isArray(condition)) return condition;
  return 'any' in condition ? condition.any : [condition];
}

/** All conditions of a task, with the places where they are written. */
export function conditionsOf(task: Pick<TaskSpec, 'when' | 'control'>): PlacedCondition[] {
  const rules: { when?: Condition }[] = task.control?.decide ?? [];
  return [
    ...(task.when === undefined ? [] : [{ path: ['when'], condition: task.when }]),
    ...rules.flatMap(({ when }, index) =>
      when === undefined ? [] : [{ path: ['control', 'decide', index, 'when'], condition: when }],
    ),
  ];
}

export interface PlacedCondition {
  path: (string | number)[];
  condition: Condition;
}

/** Each JSON Schema that a condition of these tasks is judged by. */
export function schemasOfConditions(tasks: Record<string, TaskSpec>): (JsonObject | boolean)[] {
  return Object.values(tasks)
    .flatMap(conditionsOf)
    .flatMap(({ condition }) => testsOf(condition).map(({ matches }) => matches));
}

/** Whether a controller decides by rules: it needs no agent. */
export function decidesByRules({ control }: Pick<TaskSpec, 'control'>): boolean {
  return control?.decide !== undefined;
}

/** The name by which a dependency is known inside its task: the alias, or else the task id. */
export function scopeName(dependency: Dependency): string {
  return dependency.as ?? dependency.task;
}

/** A safe file name (section 2): a letter or digit, then letters, digits, `.`, `_`, `-`, at most 100. */
export const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
