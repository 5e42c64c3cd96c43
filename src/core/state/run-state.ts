/**
 * A run in memory: the stored records, and the indices that keep planning incremental.
 * Only `evolve` writes to it. It has one owner at a time; a second view is a second replay.
 */
import type { Amounts, Budget } from '../../model/budget.ts';
import type { JsonObject } from '../../model/json.ts';
import type {
  ContinueReason,
  GatheredItem,
  InputScope,
  Instance,
  InterruptRecord,
  Proposal,
  RunPlan,
  RunStatus,
  UseByModel,
} from '../../model/run.ts';
import type { AccountLimit } from '../../model/limits.ts';
import type { TaskSpec } from '../../model/program.ts';
import type { RunResult } from '../../model/trees.ts';
import type { Agenda, OrdinalHeap } from './agenda.ts';
import { boundTask, boundTrouble, isBoundToInputs } from './bound-agent.ts';
import type { SparseMap } from './sparse-map.ts';
import type { TaskGraph } from './task-graph.ts';

export interface RunState {
  runId: string;
  plan: RunPlan;
  graph: TaskGraph;
  /** Sequence number of the last event. */
  seq: number;
  createdAt: string;
  updatedAt: string;
  /** Set by `run_aborted`, cleared when an instance is requeued. */
  aborted: boolean;
  /** The status that the last `run_completed` announced, until an instance goes back. */
  announced: RunStatus | null;
  baseScopeId: string;
  scopes: Map<string, InputScope>;
  /** In creation order. */
  instances: Map<string, Instance>;
  interrupts: Map<string, InterruptRecord>;
  /** Open questions of the run itself, none of its instances': it waits for them. */
  runQuestions: Set<string>;
  /** The work of all instances, merged; null: that has not been done since the last of it came. */
  result: readonly RunResult[] | null;
  /** Question about a conflict there → the task that was made to resolve it. */
  mergeTasks: Map<string, string>;
  proposals: Map<string, Proposal>;
  /** Interrupt → suggestions of its answer that were dropped: a crash can leave a part of a recording. */
  droppedProposals: Map<string, number>;
  scopeIndex: Map<string, ScopeIndex>;
  links: Map<string, InstanceLinks>;
  /** Regions whose list is known, by the id of the instance that stood for it before. See regions.ts. */
  regions: Map<string, Region>;
  counts: Record<Instance['status'], number>;
  /** How long at least one attempt has run, as far as that has ended: milliseconds. See `workedMs`. */
  workedMs: number;
  /** Since when at least one attempt runs: ISO 8601; null while none does. */
  workingSince: string | null;
  /** By attempts that have ended, and attempts that have begun. See budgets.ts. */
  spent: Omit<Amounts, 'wall_sec'>;
  /** What of it whom took, by agent and model. */
  use: Map<string, UseByModel>;
  /** What a person has added to its budget. */
  granted: Budget;
  /** A person ended it at its budget: nothing of it begins, until they have some of it tried again. */
  isStopped: boolean;
  /** Whether anything in it takes locks. */
  hasLocks: boolean;
  /** By name: the locks that an instance has held or waited for. See locks.ts. */
  locks: Map<string, LockLine>;
  /** By account and model: the instances that wait for its usage limit to end. See usage-limits.ts. */
  limited: Map<string, OrdinalHeap>;
  agenda: Agenda;
}

/** Of one lock; see locks.ts. */
export interface LockLine {
  holders: Set<string>;
  /** Entries may be stale. */
  waiting: OrdinalHeap;
}

/** What an instance is tied to; derived. */
export interface InstanceLinks {
  /** Position in creation order, from 0. */
  ordinal: number;
  /** Distinct upstream instances, and regions. */
  upstream: readonly string[];
  /** Instances that have this one upstream. */
  downstream: readonly string[];
  /** Distinct upstream instances that are not done, and what it gathers that is not over in every item. */
  unfinished: number;
  /** Distinct upstream instances that are failed or skipped, and what it gathers that bars it. */
  blocked: number;
  interrupts: readonly string[];
  /** While skipped: the upstream instance to blame, or null where an abort skipped it. */
  skippedBecauseOf: string | null;
  /** Of the result that the latest attempt left; null while there is none. See `resultOf`. */
  resultSha256: string | null;
  /** Events of its attempt's choice that are recorded: a crash can leave a part of them. */
  controlEvents: number;
  /** Two instances that are aligned to one scope have histories that agree: see `isAligned`. */
  aligned: boolean;
  /** Loop iterations that the operator granted when it was last requeued. */
  newlyGranted: number;
  /** How long the attempt that runs, or is to come, may take, seconds; null: as the project says. */
  wallSec: number | null;
  /** What a person has added to its budget. */
  granted: Budget;
  /** How often it was tried again by itself, since a person last wanted it tried. */
  retries: number;
  /** How often it went on by itself, by reason, since a person last wanted it tried. */
  continuations: Readonly<Partial<Record<ContinueReason, number>>>;
  /** While a usage limit holds it up: of which account, and when a person is asked about it (null: not by itself). */
  limit: WaitingForLimit | null;
}

export interface WaitingForLimit extends Pick<AccountLimit, 'account' | 'model' | 'retry_at'> {
  /** ISO 8601. */
  askAt: string | null;
}

export interface LoopCount {
  /** Iterations that led here: 0 before the first `continue`. */
  iteration: number;
  /** What the operator granted beyond `max_iterations`. */
  granted: number;
}

/** What planning must find quickly in a scope; derived. See scope-index.ts. */
export interface ScopeIndex {
  parent: string | null;
  /** The item in which it lies; null: it lies in none. */
  item: Item | null;
  /** In how many items it lies, one in the other. */
  depth: number;
  children: string[];
  body: ReadonlySet<string>;
  /** Instances created in this scope, by task. */
  instancesOf: Map<string, string[]>;
  /** Gated task → the controller instances of this scope that chose it. */
  activations: SparseMap<string[]>;
  /** Task → the nearest scope above that has an instance of it, or null; a memo. */
  nearestAbove: SparseMap<string | null>;
  /** Task → the nearest scope above whose body has it; a memo. */
  nearestBody: SparseMap<string>;
  /** Task → how many of its upstream tasks, from the first on, are known to have a candidate. */
  satisfied: SparseMap<number>;
  /** Loop controller task → its count in this scope. */
  loops: SparseMap<LoopCount>;
}

/** A list of which a task is done for each item; derived. See regions.ts. */
export interface Region extends Node {
  region_id: string;
  /** How many items there are to be. */
  count: number;
  /** How many of them a person wants. */
  taken: number;
  /** The instance that gave the list; null: an input or the program did. */
  givenBy: string | null;
  /** What was gathered for the list itself. */
  gathered?: Record<string, GatheredItem[]>;
  /** Those that have been made, in order. */
  items: Item[];
  /** Instances within it that have failed, oldest first. */
  failed: Set<string>;
  /** How many items such an instance lies in. */
  failedItems: number;
  /** How many items have a place and something unfinished. */
  atWork: number;
  /** In the order of `TaskGraph.gathered`. */
  gathering: RegionGather[];
}

interface RegionGather {
  task: string;
  /** In how many items it is not over yet. */
  open: number;
  /** Those that bar whoever needs all. */
  barring: Set<Item>;
}

export interface Item {
  region: Region;
  index: number;
  scopeId: string;
  /** The item itself, then those in which its region lies, the innermost first. */
  chain: readonly Item[];
  /** In how many items what lies in it lies. */
  depth: number;
  unfinished: number;
  failed: number;
  /** An attempt within it has begun. */
  hasBegun: boolean;
  /** Something within it has been let in. Lost where something goes back while all in it is over. */
  hasPlace: boolean;
  /** In the order of `TaskGraph.gathered`; empty until the first instance is there. */
  gathering: ItemGather[];
}

export interface ItemGather {
  /** Instances that lead to the gathered task, or are of it, and are unfinished. */
  open: number;
  /** Of the same: failed, or skipped for a reason that bars whoever needs all. */
  missed: number;
  /** The latest instance of the gathered task. */
  entry: string | null;
  /** Whether that is `missed`. */
  isEntryMissed: boolean;
}

/** @throws Error where there is none: a defect, since the log names only what it created */
export function instanceOf(state: RunState, instanceId: string | null): Instance {
  const instance = instanceId === null ? undefined : state.instances.get(instanceId);
  if (!instance) throw new Error(`no instance ${instanceId}`);
  return instance;
}

/** What tells where something is bound: an instance, or a region. */
export interface Node {
  task_id: string;
  input_scope_id: string;
  dependency_instances: Readonly<Record<string, string>>;
  activation_bindings: Readonly<Record<string, string>>;
  gathers?: Record<string, string>;
}

/** As `instanceOf`, also of a region. */
export function nodeOf(state: RunState, id: string): Node {
  return state.regions.get(id) ?? instanceOf(state, id);
}

/** As `instanceOf`. */
export function linksOf(state: RunState, instanceId: string): InstanceLinks {
  const links = state.links.get(instanceId);
  if (!links) throw new Error(`no instance ${instanceId}`);
  return links;
}

/** The task of an instance, as the run froze it, with the agent and the model that its inputs name. */
export function ownTaskOf(state: RunState, instance: Instance): TaskSpec {
  const task = frozenTask(state, instance);
  if (!isBoundToInputs(task)) return task;
  const known = boundTasks.get(instance);
  if (known !== undefined) return known;
  const bound = boundTask(task, effectiveValues(state, instance.input_scope_id));
  boundTasks.set(instance, bound);
  return bound;
}

/** What `taskOf` found of those whose agent their inputs name: neither changes. */
const boundTasks = new WeakMap<Instance, TaskSpec>();

/** As `ownTaskOf`, but with the agent that has taken over, where one has. */
export function taskOf(state: RunState, instance: Instance): TaskSpec {
  const task = ownTaskOf(state, instance);
  return instance.agent === undefined ? task : takenOver(task, instance.agent);
}

/** What `takenOver` made, by task and agent. */
const tasksOfOthers = new WeakMap<TaskSpec, Map<string, TaskSpec>>();

/** A task in the hands of another agent. The model that it names is meant for its own. */
function takenOver(task: TaskSpec, agent: string): TaskSpec {
  let known = tasksOfOthers.get(task);
  if (!known) tasksOfOthers.set(task, (known = new Map()));
  let found = known.get(agent);
  if (!found) known.set(agent, (found = { ...task, agent, model: null }));
  return found;
}

/** As `taskOf`, as the run froze it: the agent and the model may be others. */
export function frozenTask(state: RunState, { task_id: id }: Pick<Instance, 'task_id'>): TaskSpec {
  const task = state.plan.tasks[id];
  if (!task) throw new Error(`no task ${id}`);
  return task;
}

/** Why no agent can work on the instance; null where one can. See bound-agent.ts. */
export function agentTrouble(state: RunState, instance: Instance): string | null {
  const task = frozenTask(state, instance);
  if (!isBoundToInputs(task)) return null;
  const values = effectiveValues(state, instance.input_scope_id);
  return boundTrouble(state.plan.project, task, values);
}

/** What `effectiveValues` found, by scope: scopes never change. */
const effective = new WeakMap<InputScope, Readonly<JsonObject>>();

/**
 * The input values that instances of a scope see: its own over its ancestors'. Remembered, because in a
 * loop every scope is its predecessor's child: the way up may be ten thousand scopes long.
 */
export function effectiveValues(state: RunState, scopeId: string): Readonly<JsonObject> {
  const asked = state.scopes.get(scopeId);
  const chain: InputScope[] = [];
  let values: Readonly<JsonObject> | undefined;
  for (let scope = asked; scope !== undefined;) {
    values = effective.get(scope);
    if (values !== undefined) break;
    chain.push(scope);
    const parent: string | null = scope.parent_input_scope_id;
    scope = parent === null ? undefined : state.scopes.get(parent);
  }
  const found = { ...values };
  for (const { own_values: own } of chain.reverse()) Object.assign(found, own);
  if (asked !== undefined) effective.set(asked, found);
  return found;
}

/** How a run ends in which nothing is left to do. */
export function endOf({ counts, aborted }: RunState): 'done' | 'failed' {
  return counts.failed > 0 || aborted ? 'failed' : 'done';
}

/**
 * Run status, section 5 of the contract. Nothing is `done` before the engine has said so: a crash between
 * an instance's end and the instances that follow from it leaves only instances that are done.
 */
export function runStatus(state: RunState): RunStatus {
  const { counts } = state;
  if (counts.running > 0) return 'running';
  if (counts.failed > 0 || state.aborted) return 'failed';
  if (counts.waiting > 0 || state.runQuestions.size > 0) return 'waiting';
  return state.announced === 'done' ? 'done' : 'pending';
}
