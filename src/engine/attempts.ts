/**
 * One attempt, from the decision to start it to the facts of how it ended: joins the run's state, the
 * staging of its context, and the agent's process. It decides nothing about the run; the core does.
 */
import { statSync } from 'node:fs';
import path from 'node:path';
import { instanceOf } from '../core/events/evolve.ts';
import type { AttemptFacts } from '../core/judge/finish.ts';
import { taskOf } from '../core/judge/finish.ts';
import type { TaskSpec } from '../model/program.ts';
import { repliesOfRunningAttempt } from '../core/state/replies.ts';
import type { Instance, Usage } from '../model/run.ts';
import { effectiveValues, type RunState } from '../core/state/run-state.ts';
import { scopeOf } from '../core/state/scope-index.ts';
import type { AgentConfig } from '../agents/backend.ts';
import { backendOf } from '../agents/backends.ts';
import { effectiveAgent } from '../agents/resolve-agent.ts';
import type { AttemptEnd, AttemptOrder, ProcessEnd } from '../model/attempt.ts';
import { realPathOf } from '../disk/real-path.ts';
import { collectResult } from '../attempt/harvest/collect-result.ts';
import { publishArtifacts } from '../attempt/harvest/publish-artifacts.ts';
import { stageAttempt } from '../attempt/brief/stage-attempt.ts';
import type {
  AskableRole,
  LoopBudget,
  PreviousFailure,
  UpstreamOutput,
} from '../attempt/brief/stage-request.ts';
import { workerEnvironment } from '../attempt/worker-environment.ts';
import type { Attempts, LaidOut, OrderedAttempt } from './parts.ts';
import type { RunSession } from './session.ts';
import type { Surroundings } from './surroundings.ts';
import { resolveWorkspaces } from '../attempt/place/workspaces.ts';

/** What all attempts of one engine share. */
export interface AttemptContext {
  session: RunSession;
  env: Surroundings['env'];
  config: AgentConfig;
  /** The `codex-orch` shim that workers call. */
  commandPath: string;
  /** Roles of the program; read when the first prompt needs them. */
  roles(): Promise<AskableRole[]>;
}

/** The attempts of a run on disk. */
export function attemptsOf(context: AttemptContext): Attempts {
  return {
    order: (instanceId, generation) => orderOf(context, instanceId, generation),
    layOut: (instanceId, order) => layOut(context, instanceId, order),
    isOverdue: (order) => isOverdue(order, Date.parse(context.session.clock.now())),
    harvest: (instanceId, end) => harvest(context, instanceId, end),
  };
}

function orderOf(context: AttemptContext, instanceId: string, generation: number): OrderedAttempt {
  const { state, paths } = context.session;
  const { project } = state.plan;
  const instance = instanceOf(state, instanceId);
  const task = taskOf(state, instance);
  const values = effectiveValues(state, instance.input_scope_id);
  const resolved = resolveWorkspaces(paths.authoredDir, project, task, values);
  const { cwd, projectWorkspaceDir, extraRoots } = resolved.ok
    ? resolved.workspaces
    : { cwd: paths.authoredDir, projectWorkspaceDir: paths.authoredDir, extraRoots: [] };
  const { agent, model, sandbox } = effectiveAgent(project, task);
  const backend = backendOf(agent.backend);
  const { settings, problem } = backend.settings({ agent, run: task.run }, context.config);
  const attemptDir = paths.attemptDir(instanceId, instance.attempt);
  const { session_id: sessionId } = instance;
  return {
    problem: resolved.ok ? problem : resolved.message,
    order: {
      backend: backend.name,
      settings,
      cwd,
      projectWorkspaceDir,
      programDir: paths.authoredDir,
      attemptDir,
      // Workers may ask, but not answer: the rest of the inbox stays closed to them.
      inboxDir: paths.inboxInterrupts,
      sandbox,
      writableRoots: extraRoots,
      model,
      outputSchemaFile: null,
      sessionId: backend.can.session ? sessionId : null,
      previousUsage: usageOfSession(instance),
      env: {
        ...agent.env,
        ...workerEnvironment({
          programDir: paths.authoredDir,
          runId: state.runId,
          instanceId,
          taskId: task.id,
          instanceDir: paths.instanceDir(instanceId),
          attemptDir,
          projectWorkspaceDir,
          workspaceDir: cwd,
          shimDir: paths.binDir,
          basePath: agent.env['PATH'] ?? context.env['PATH'],
        }),
      },
      wallTimeoutMs: milliseconds(project.node_wall_timeout_sec),
      idleTimeoutMs: milliseconds(project.node_idle_timeout_sec),
      graceMs: project.node_terminate_grace_sec * 1000,
      startedAt: instance.attempts.at(-1)?.started_at ?? context.session.now(),
      generation,
    },
  };
}

async function layOut(
  context: AttemptContext,
  instanceId: string,
  order: AttemptOrder,
): Promise<LaidOut> {
  const { state, paths } = context.session;
  const instance = instanceOf(state, instanceId);
  const task = taskOf(state, instance);
  const { can } = backendOf(order.backend);
  const outcome = await stageAttempt({
    run: {
      runId: state.runId,
      programDir: paths.authoredDir,
      frozenProgramDir: paths.programDir,
      inboxDir: order.inboxDir,
      runDir: paths.root,
    },
    project: state.plan.project,
    task,
    instance,
    attempt: instance.attempt,
    attemptDir: order.attemptDir,
    instanceDir: paths.instanceDir(instanceId),
    previousAttemptDir:
      instance.attempt > 1 ? paths.attemptDir(instanceId, instance.attempt - 1) : null,
    mode: order.sessionId === null ? 'fresh' : 'continue',
    values: effectiveValues(state, instance.input_scope_id),
    upstream: upstreamOutputs(context.session, instance),
    replies: repliesOfRunningAttempt(state, instanceId),
    interrupts: (state.links.get(instanceId)?.interrupts ?? []).flatMap(
      (id) => state.interrupts.get(id) ?? [],
    ),
    previousFailure: previousFailure(instance),
    loop: loopBudget(state, instance, task),
    roles: allowedRoles(task, await context.roles()),
    allowHuman: task.interaction_policy.allow_human,
    cwd: order.cwd,
    projectWorkspaceDir: order.projectWorkspaceDir,
    sandbox: order.sandbox,
    writableRoots: order.writableRoots,
    backend: {
      name: order.backend,
      hasSession: can.session,
      hasSandbox: can.sandbox,
      takesOutputSchema: can.outputSchema,
    },
    commandPath: context.commandPath,
    resultCalledFor: isResultCalledFor(state, task),
  });
  if (!outcome.ok) return { ok: false, message: `${outcome.location}: ${outcome.message}` };
  return { ok: true, order: { ...order, outputSchemaFile: outcome.outputSchemaFile } };
}

async function harvest(
  context: AttemptContext,
  instanceId: string,
  end: AttemptEnd,
): Promise<AttemptFacts> {
  const { state, paths } = context.session;
  const instance = instanceOf(state, instanceId);
  const task = taskOf(state, instance);
  const process = processFacts(end);
  if (process.termination_reason !== 'completed') return withoutOutput(process);
  const attemptDir = paths.attemptDir(instanceId, instance.attempt);
  try {
    const result = await collectResult({
      attemptDir,
      finalMessage: end.final_message,
      resultCalledFor: isResultCalledFor(state, task),
      schema:
        task.result_schema === null
          ? null
          : { frozenProgramDir: paths.programDir, path: task.result_schema },
    });
    const artifacts = await publishArtifacts({
      attemptDir,
      publishedDir: paths.publishedDir(instanceId),
      publish: task.publish,
    });
    return { process, result, artifacts };
  } catch (error) {
    if (!isSpoilt(error, attemptDir)) throw error;
    const message = `what the attempt left cannot be taken: ${error.message}`;
    return { process, result: { kind: 'none' }, artifacts: { kind: 'missing', message } };
  }
}

/**
 * Whether a worker has made its own directory unusable: removed it, or taken away the permission to
 * read what is there. That is the failure of its attempt, and must not end the engine.
 */
function isSpoilt(error: unknown, attemptDir: string): error is NodeJS.ErrnoException {
  const { code, path: file } = error as NodeJS.ErrnoException;
  const codes = ['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM', 'ELOOP'];
  if (!codes.includes(code ?? '') || file === undefined) return false;
  // What was looked up in it is known by its real path.
  return file.startsWith(attemptDir) || file.startsWith(realPathOf(attemptDir));
}

/** Whether whoever watches the attempt would find it past one of its limits. */
function isOverdue(order: AttemptOrder, nowMs: number): boolean {
  const startedAtMs = Date.parse(order.startedAt);
  const { wallTimeoutMs, idleTimeoutMs } = order;
  if (wallTimeoutMs !== null && nowMs - startedAtMs >= wallTimeoutMs) return true;
  const outputs = ['events.jsonl', 'stderr.log'].map((name) =>
    statSync(path.join(order.attemptDir, name), { throwIfNoEntry: false }),
  );
  const lastOutputMs = Math.max(startedAtMs, ...outputs.map((stats) => stats?.mtimeMs ?? 0));
  return idleTimeoutMs !== null && nowMs - lastOutputMs >= idleTimeoutMs;
}

/** The facts of an attempt of which no process came to be. */
export function notStarted(
  kind: ProcessEnd['failure_kind'],
  message: string,
  resumeRecommended = false,
): AttemptFacts {
  return withoutOutput({
    termination_reason: 'orphaned',
    return_code: null,
    failure_kind: kind,
    failure_summary: message,
    resume_recommended: resumeRecommended,
    session_id: null,
    usage: null,
  });
}

function processFacts(end: AttemptEnd): ProcessEnd {
  return {
    termination_reason: end.termination_reason,
    return_code: end.return_code,
    failure_kind: end.failure_kind,
    failure_summary: end.failure_summary,
    resume_recommended: end.resume_recommended,
    session_id: end.session_id,
    usage: end.usage,
  };
}

function withoutOutput(process: ProcessEnd): AttemptFacts {
  return { process, result: { kind: 'none' }, artifacts: { kind: 'published', artifacts: [] } };
}

function upstreamOutputs(session: RunSession, instance: Instance) {
  return Object.fromEntries(
    Object.entries(instance.dependency_instances).map(([scope, id]) => {
      const { task_id: taskId, published, attempt } = instanceOf(session.state, id);
      const upstream: UpstreamOutput = {
        instanceId: id,
        taskId,
        publishedDir: session.paths.publishedDir(id),
        published,
        attemptDir: session.paths.attemptDir(id, attempt),
        result: () => session.result(id),
      };
      return [scope, upstream];
    }),
  );
}

/** Why the attempt before the running one failed, where it did, and the same session goes on. */
function previousFailure(instance: Instance): PreviousFailure | null {
  const previous = instance.attempts.at(-2);
  if (!previous || previous.error === null) return null;
  return { kind: previous.failure_kind, summary: previous.error };
}

function loopBudget(state: RunState, instance: Instance, task: TaskSpec): LoopBudget | null {
  if (task.control?.mode !== 'loop') return null;
  const count = scopeOf(state, instance.input_scope_id).loops.get(task.id);
  const { max_iterations: limit } = task.control;
  return {
    continuesUsed: count?.iteration ?? 0,
    continuesAllowed: limit === null ? null : limit + (count?.granted ?? 0),
    newlyGranted: state.links.get(instance.instance_id)?.newlyGranted ?? 0,
  };
}

function allowedRoles(task: TaskSpec, roles: readonly AskableRole[]): AskableRole[] {
  const allowed = task.interaction_policy.allowed_assistant_roles;
  return roles.filter((role) => allowed === null || allowed.includes(role.id));
}

/** A controller, a task with a schema, one that publishes its result, or one whose result is read. */
function isResultCalledFor(state: RunState, task: TaskSpec): boolean {
  if (task.control !== null || task.result_schema !== null) return true;
  if (task.publish.includes('result.json')) return true;
  return (state.graph.dependents.get(task.id) ?? []).some((dependent) => {
    const spec = state.plan.tasks[dependent];
    const names = (state.graph.upstream.get(dependent) ?? []).find(
      (u) => u.task === task.id,
    )?.names;
    return (
      spec?.compose.some(
        (part) => part.kind === 'ref' && names?.some((name) => part.ref === `deps.${name}.result`),
      ) === true
    );
  });
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
    for (const key of Object.keys(sum) as (keyof Usage)[]) sum[key] += usage[key];
  }
  return any ? sum : null;
}

function milliseconds(seconds: number | null): number | null {
  return seconds === null ? null : seconds * 1000;
}
