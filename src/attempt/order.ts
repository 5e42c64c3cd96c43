/**
 * The order for one attempt, whoever carries it out, and whether a worker or an assistant is to do it: its
 * place, model, sandbox, session, limits and environment are decided here, once.
 */
import path from 'node:path';
import type { AgentConfig, AgentUse } from '../agents/backend.ts';
import { backendOf } from '../agents/backends.ts';
import { environmentSpec, profileOf, secretsOf } from '../agents/profile.ts';
import { agentOfRole, effectiveAgent } from '../agents/resolve-agent.ts';
import {
  agentTrouble,
  effectiveValues,
  instanceOf,
  linksOf,
  type RunState,
  taskOf,
} from '../core/state/run-state.ts';
import { budgetOfAttempt } from '../core/state/budgets.ts';
import type { AttemptBudget, AttemptOrder } from '../model/attempt.ts';
import { policyOf } from '../core/state/policies.ts';
import { limitsOfRole, usageLimitPolicy } from '../core/state/usage-limits.ts';
import { isJsonObject, type Json } from '../model/json.ts';
import { OPERATING_MODEL_FILE, roleFolder } from '../model/program-files.ts';
import type { AgentSpec, ProjectSpec, RoleSpec, Sandbox, TaskSpec } from '../model/program.ts';
import type { Instance, Interrupt, TokenKey, Usage } from '../model/run.ts';
import { roleWorkspace, type RunPaths } from '../store/layout.ts';
import { placesInTree } from './tree/own-tree.ts';
import { locateRoleFile } from './brief/assistant/role-files.ts';
import { heldPlace } from './place/held-away.ts';
import { forElsewhere, isElsewhere } from './remote-order.ts';
import { resolveWorkspaces } from '../program/workspaces.ts';

export interface OrderedAttempt {
  order: AttemptOrder;
  /** Why it may not start (it may be found again all the same); null where it may. */
  problem: string | null;
}

/** What all orders of an engine are made with. */
export interface OrderBasis {
  paths: RunPaths;
  state: RunState;
  /** The user's config.toml. */
  config: AgentConfig;
  /** The engine's own environment. */
  env: Readonly<NodeJS.ProcessEnv>;
  /** Where the `codex-orch` shim of workers lies. */
  commandDir: string;
  /** Where attempts go to other machines: the queue of tasks and agents that name none; null: all stay here. */
  taskQueue: string | null;
  /** ISO 8601, UTC. */
  now(): string;
}

/** For the running attempt of an instance. */
export function workerOrder(
  basis: OrderBasis,
  instanceId: string,
  generation: number,
): OrderedAttempt {
  const { state, paths } = basis;
  const { project } = state.plan;
  const instance = instanceOf(state, instanceId);
  const task = taskOf(state, instance);
  const values = effectiveValues(state, instance.input_scope_id);
  const tree = placesInTree(basis, instanceId);
  const resolved =
    tree === null
      ? resolveWorkspaces(paths.authoredDir, project, task, values)
      : ({ ok: true, workspaces: tree.workspaces } as const);
  const { cwd, projectWorkspaceDir, extraRoots } = resolved.ok
    ? resolved.workspaces
    : { cwd: paths.authoredDir, projectWorkspaceDir: paths.authoredDir, extraRoots: [] };
  const { agent, model, sandbox } = effectiveAgent(project, task);
  const attemptDir = paths.attemptDir(instanceId, instance.attempt);
  const writableRoots = [...extraRoots, ...(tree?.writable ?? [])];
  const goesElsewhere = isElsewhere(basis);
  // Where programs of this machine lie is nothing to another.
  const config = goesElsewhere ? { ...basis.config, sections: {} } : basis.config;
  const here = orderOf(
    { ...basis, config },
    {
      use: { agent, run: task.run },
      cwd,
      projectWorkspaceDir,
      attemptDir,
      controlDir: paths.controlDir(instanceId, instance.attempt),
      sandbox,
      writableRoots,
      closed: tree?.closed ?? [],
      model,
      outputSchemaFile: null,
      sessionId: instance.session_id,
      previousUsage: usageOfSession(instance),
      wallSec: linksOf(state, instanceId).wallSec,
      budget: budgetOfAttempt(state, instanceId),
      knowsUsageLimits: usageLimitPolicy(state, instance) !== null,
      stall: stallOf(project, task),
      variables: {
        CODEX_ORCH_PROGRAM_DIR: paths.authoredDir,
        CODEX_ORCH_RUN_ID: state.runId,
        // A sandbox keeps it from writing there, not from reading.
        CODEX_ORCH_RUN_DIR: paths.root,
        CODEX_ORCH_INSTANCE_ID: instanceId,
        CODEX_ORCH_TASK_ID: task.id,
        CODEX_ORCH_INSTANCE_DIR: paths.instanceDir(instanceId),
        CODEX_ORCH_ATTEMPT_DIR: attemptDir,
        CODEX_ORCH_QUESTIONS_DIR: paths.questionsDir(instanceId, instance.attempt),
        CODEX_ORCH_PROJECT_WORKSPACE_DIR: projectWorkspaceDir,
        CODEX_ORCH_WORKSPACE_DIR: cwd,
        ...(tree === null ? {} : ceilings(basis.env, [path.dirname(attemptDir), tree.folder])),
      },
      startedAt: instance.attempts.at(-1)?.started_at ?? basis.now(),
      generation,
    },
  );
  const ordered = goesElsewhere
    ? { ...here, order: forElsewhere(basis, instanceId, here.order) }
    : here;
  if (!resolved.ok) return { ...ordered, problem: resolved.message };
  const trouble = agentTrouble(state, instance);
  if (trouble !== null) return { ...ordered, problem: trouble };
  const workspaces = { ...resolved.workspaces, extraRoots: writableRoots };
  const place = heldPlace(state, instance, workspaces, tree?.directory ?? null);
  if (!place.ok) return { ...ordered, problem: place.why };
  return { ...ordered, order: { ...ordered.order, ...place.begins } };
}

/** Where git of what runs in a tree is not to look for a repository: above the tree, above its own directory. */
export function ceilings(env: OrderBasis['env'], more: readonly string[]): Record<string, string> {
  const before = env['GIT_CEILING_DIRECTORIES'] ?? '';
  const all = [...(before === '' ? [] : [before]), ...more];
  return { GIT_CEILING_DIRECTORIES: all.join(path.delimiter) };
}

/** For a try of a role at a question; its files lie in `attemptDir`. */
export function assistantOrder(
  basis: Omit<OrderBasis, 'taskQueue'>,
  interrupt: Interrupt,
  role: RoleSpec,
  files: { attemptDir: string; controlDir: string; outputSchemaFile: string; workspaceDir: string },
): OrderedAttempt {
  const { paths, state } = basis;
  const { attemptDir, controlDir, outputSchemaFile, workspaceDir } = files;
  const agent = agentOfRole(state.plan.project, role);
  return orderOf(basis, {
    use: { agent, run: null },
    cwd: roleWorkspace(paths.authoredDir, role.id),
    projectWorkspaceDir: workspaceDir,
    attemptDir,
    controlDir,
    sandbox: role.sandbox,
    writableRoots: [],
    model: modelOfRole(state.plan.project, role),
    outputSchemaFile,
    sessionId: null,
    previousUsage: null,
    wallSec: null,
    budget: null,
    knowsUsageLimits: limitsOfRole(state.plan.project, role) !== null,
    stall: null,
    // An assistant is no worker of the run: what a worker asks questions by is emptied, in case whoever
    // started us has it.
    variables: {
      CODEX_ORCH_PROGRAM_DIR: paths.authoredDir,
      CODEX_ORCH_RUN_ID: paths.runId,
      CODEX_ORCH_INTERRUPT_ID: interrupt.interrupt_id,
      CODEX_ORCH_ROLE_ID: role.id,
      CODEX_ORCH_ATTEMPT_DIR: attemptDir,
      CODEX_ORCH_RUN_DIR: paths.root,
      CODEX_ORCH_RUN_INSTANCES_DIR: paths.instancesDir,
      ...variablesOfRole(paths.authoredDir, role),
      CODEX_ORCH_INSTANCE_ID: '',
      CODEX_ORCH_TASK_ID: '',
      CODEX_ORCH_INSTANCE_DIR: '',
      CODEX_ORCH_QUESTIONS_DIR: '',
      CODEX_ORCH_SLOT: '',
    },
    startedAt: basis.now(),
    generation: 0,
  });
}

/** Its own, or else its agent's, or else the project's; null where nobody names one. */
export function modelOfRole(
  project: Pick<ProjectSpec, 'agents' | 'default_model'>,
  role: Pick<RoleSpec, 'agent' | 'backend' | 'model'>,
): string | null {
  return role.model ?? agentOfRole(project, role).model ?? project.default_model;
}

/** Where what makes the role lies; all absolute. */
function variablesOfRole(programDir: string, role: RoleSpec): Record<string, string> {
  const assets = role.managed_assets.flatMap((name) => {
    const located = locateRoleFile(programDir, role.id, name);
    return located.ok ? [located.absolute] : [];
  });
  return {
    CODEX_ORCH_ASSISTANT_ROLE_ID: role.id,
    CODEX_ORCH_ASSISTANT_ROLE_DIR: path.join(programDir, roleFolder(role.id)),
    CODEX_ORCH_ASSISTANT_ROLE_WORKSPACE_DIR: roleWorkspace(programDir, role.id),
    CODEX_ORCH_ASSISTANT_MANAGED_ASSET_PATHS: assets.join(path.delimiter),
    CODEX_ORCH_ASSISTANT_OPERATING_MODEL_PATH: path.join(programDir, OPERATING_MODEL_FILE),
  };
}

/** What differs from one order to the next. */
interface OrderNeed {
  use: AgentUse;
  cwd: string;
  projectWorkspaceDir: string;
  attemptDir: string;
  controlDir: string;
  sandbox: Sandbox;
  writableRoots: string[];
  closed?: string[];
  model: string | null;
  outputSchemaFile: string | null;
  sessionId: string | null;
  previousUsage: Usage | null;
  /** Where it is another than the project's. */
  wallSec: number | null;
  budget: AttemptBudget | null;
  knowsUsageLimits: boolean;
  /** As in the order. */
  stall: AttemptOrder['stall'] | null;
  /** Of ours, but for PATH. */
  variables: Record<string, string>;
  startedAt: string;
  generation: number;
}

function orderOf(
  { paths, state, config, env, commandDir }: Omit<OrderBasis, 'taskQueue'>,
  need: OrderNeed,
): OrderedAttempt {
  const { agent } = need.use;
  const backend = backendOf(agent.backend);
  const { settings, problem } = backend.settings(need.use, config);
  const { set } = environmentSpec(agent);
  const profile = profileOf(agent, secretsOf(state.plan.project));
  return {
    problem,
    order: {
      backend: backend.name,
      settings,
      cwd: need.cwd,
      projectWorkspaceDir: need.projectWorkspaceDir,
      programDir: paths.authoredDir,
      attemptDir: need.attemptDir,
      controlDir: need.controlDir,
      runFormat: state.plan.format_version,
      ...(need.knowsUsageLimits ? { knowsUsageLimits: true as const } : {}),
      sandbox: need.sandbox,
      writableRoots: need.writableRoots,
      ...(need.closed === undefined || need.closed.length === 0 ? {} : { closed: need.closed }),
      model: need.model,
      outputSchemaFile: need.outputSchemaFile,
      sessionId:
        need.sessionId !== null && backend.isSessionId(need.sessionId) ? need.sessionId : null,
      previousUsage: need.previousUsage,
      env: {
        ...set,
        ...need.variables,
        PATH: withShim(commandDir, set['PATH'] ?? env['PATH']),
      },
      ...(need.budget !== null || state.plan.project.edition === 2 ? { metered: true } : {}),
      ...(need.budget === null ? {} : { budget: need.budget }),
      ...(profile === null ? {} : { profile }),
      ...limitsOf(state.plan.project, need.wallSec),
      ...(need.stall ? { stall: need.stall } : {}),
      startedAt: need.startedAt,
      generation: need.generation,
    },
  };
}

/** The `codex-orch` of this installation before any other. */
function withShim(commandDir: string, base: string | undefined): string {
  // An empty entry would mean the current directory.
  return base ? `${commandDir}${path.delimiter}${base}` : commandDir;
}

function limitsOf(
  project: ProjectSpec,
  wallSec: number | null,
): Pick<AttemptOrder, 'wallTimeoutMs' | 'idleTimeoutMs' | 'graceMs'> {
  return {
    wallTimeoutMs: milliseconds(wallSec ?? project.node_wall_timeout_sec),
    idleTimeoutMs: milliseconds(project.node_idle_timeout_sec),
    graceMs: project.node_terminate_grace_sec * 1000,
  };
}

/** null: its output alone tells whether it stands still. */
function stallOf(project: ProjectSpec, task: TaskSpec): AttemptOrder['stall'] | null {
  const commandSec = policyOf(project, task, 'command_timeout_sec');
  if (commandSec === null && policyOf(project, task, 'on_stall') === null) return null;
  return { commandTimeoutMs: milliseconds(commandSec) };
}

function milliseconds(seconds: number | null): number | null {
  return seconds === null ? null : seconds * 1000;
}

/** Agents report use per session; the sum of the earlier attempts is what to subtract. */
function usageOfSession(instance: Instance): Usage | null {
  const sum: Usage = {
    input_tokens: 0,
    cached_input_tokens: 0,
    output_tokens: 0,
    reasoning_output_tokens: 0,
  };
  let any = false;
  for (const { session_id, usage } of instance.attempts) {
    if (usage === null || session_id !== instance.session_id) continue;
    any = true;
    for (const key of Object.keys(sum) as TokenKey[]) sum[key] += usage[key];
  }
  return any ? sum : null;
}

/** An order as it was written down for these directories, or null where that is damaged. */
export function asOrder(
  value: Json,
  { attemptDir, controlDir }: Pick<AttemptOrder, 'attemptDir' | 'controlDir'>,
): AttemptOrder | null {
  if (!isJsonObject(value) || value['attemptDir'] !== attemptDir) return null;
  // Version 1.0 wrote down neither of the two.
  const order = { runFormat: 1, ...value, controlDir } as unknown as AttemptOrder;
  if (value['settings'] !== undefined) return order;
  // By version 1.0, which wrote down what the settings are made of.
  const { agent, run, codexPath } = value as unknown as EarlierOrder;
  const section: Record<string, string> = codexPath === null ? {} : { path: codexPath };
  const config = { sections: { [order.backend]: section }, problem: null };
  const { settings } = backendOf(order.backend).settings({ agent, run }, config);
  return { ...order, settings };
}

interface EarlierOrder {
  agent: AgentSpec;
  run: string | null;
  codexPath: string | null;
}
