/** What the running attempt of an instance is told, from the state of its run; then it is laid out. */
import path from 'node:path';
import { backendOf } from '../../agents/backends.ts';
import { asShown } from '../../core/state/hand-off.ts';
import { gatheredList, gatheredParts } from '../../core/state/gathered-value.ts';
import { repliesOfRunningAttempt } from '../../core/state/replies.ts';
import { effectiveValues, instanceOf, type RunState, taskOf } from '../../core/state/run-state.ts';
import { scopeOf } from '../../core/state/scope-index.ts';
import type { AttemptOrder } from '../../model/attempt.ts';
import type { Json } from '../../model/json.ts';
import { scopeName, type TaskSpec } from '../../model/program.ts';
import type { Continuation, Instance } from '../../model/run.ts';
import type { RunPaths } from '../../store/layout.ts';
import { writeAsking, type Asking } from './asking.ts';
import { isResultCalledFor } from './called-for.ts';
import { isFile } from '../../disk/stats-of.ts';
import { patchBetween } from '../../git/changes.ts';
import type { Git } from '../../git/git.ts';
import { runRefs } from '../../git/refs.ts';
import { ownTreeOf } from '../tree/own-tree.ts';
import { stageAttempt } from './stage-attempt.ts';
import type {
  AskableRole,
  GatheredOutput,
  LoopBudget,
  PreviousFailure,
  StagedSide,
  StagedTree,
  UpstreamOutput,
} from './stage-request.ts';

export interface BriefedRun {
  state: RunState;
  paths: RunPaths;
  /** The result of a done instance, as the log recorded it. */
  result(instanceId: string): { value: Json } | null;
  /** The `codex-orch` shim, as commands in the prompt name it. */
  commandPath: string;
  git: Git;
  /** All roles of the program. */
  roles: readonly AskableRole[];
}

export type Briefed =
  | { ok: true; order: AttemptOrder }
  /** `passes`: trying it again later can help. */
  | { ok: false; message: string; passes?: boolean };

/** Writes what the attempt is given into its directory, and completes the order with it. */
export async function briefWorker(
  run: BriefedRun,
  instanceId: string,
  order: AttemptOrder,
): Promise<Briefed> {
  const { state, paths } = run;
  const instance = instanceOf(state, instanceId);
  const task = taskOf(state, instance);
  const { can, needsPrompt } = backendOf(order.backend);
  const outcome = await stageAttempt({
    run: {
      runId: state.runId,
      programDir: paths.authoredDir,
      frozenProgramDir: paths.programDir,
      runDir: paths.root,
    },
    project: state.plan.project,
    task,
    instance,
    attempt: instance.attempt,
    attemptDir: order.attemptDir,
    controlDir: order.controlDir,
    instanceDir: paths.instanceDir(instanceId),
    previousAttemptDir:
      instance.attempt > 1 ? paths.attemptDir(instanceId, instance.attempt - 1) : null,
    mode: order.sessionId === null ? 'fresh' : 'continue',
    values: effectiveValues(state, instance.input_scope_id),
    upstream: upstreamOutputs(run, instance),
    gathered: gatheredOutputs(run, instance),
    replies: repliesOfRunningAttempt(state, instanceId),
    interrupts: (state.links.get(instanceId)?.interrupts ?? [])
      .flatMap((id) => state.interrupts.get(id) ?? [])
      .map((record) => asShown(state, record)),
    previousFailure: previousFailure(instance),
    told: toldWhy(instance),
    gaveUp: instance.given_up ?? [],
    loop: loopBudget(state, instance, task),
    roles: allowedRoles(task, run.roles),
    allowHuman: task.interaction_policy.allow_human,
    cwd: order.cwd,
    projectWorkspaceDir: order.projectWorkspaceDir,
    sandbox: order.sandbox,
    writableRoots: order.writableRoots,
    tree: stagedTree(run, instanceId),
    backend: {
      name: order.backend,
      needsPrompt,
      hasSession: can.session,
      hasSandbox: can.sandbox || order.profile?.wrap === 'sandbox',
      takesOutputSchema: can.outputSchema,
    },
    commandPath: run.commandPath,
    resultCalledFor: isResultCalledFor(state, task),
  });
  if (!outcome.ok) return { ok: false, message: `${outcome.location}: ${outcome.message}` };
  if (order.remote !== undefined) writeAsking(order, askingOf(run, instance, task));
  return { ok: true, order: { ...order, outputSchemaFile: outcome.outputSchemaFile } };
}

function askingOf({ state, roles }: BriefedRun, instance: Instance, task: TaskSpec): Asking {
  const { id, labels, assistant_hints, interaction_policy } = task;
  return {
    run_id: state.runId,
    instance_id: instance.instance_id,
    task: { id, labels, assistant_hints, interaction_policy },
    roles: roles.map(({ id: roleId, request_kinds, decision_kinds, task_labels_any, ask_when }) => {
      const policy = { request_kinds, decision_kinds, task_labels_any, ask_when };
      return { id: roleId, policy };
    }),
    files: state.plan.files.map(({ relative_path: file }) => file),
  };
}

function upstreamOutputs(run: BriefedRun, instance: Instance): Record<string, UpstreamOutput> {
  return Object.fromEntries(
    Object.entries(instance.dependency_instances).map(([scope, id]) => [scope, outputOf(run, id)]),
  );
}

function outputOf({ state, paths, result, git }: BriefedRun, id: string): UpstreamOutput {
  const { task_id: taskId, published, attempt } = instanceOf(state, id);
  return {
    instanceId: id,
    taskId,
    publishedDir: paths.publishedDir(id),
    published,
    attemptDir: paths.attemptDir(id, attempt),
    changes: () => changesOf(state, git, id),
    result: () => result(id),
  };
}

function gatheredOutputs(run: BriefedRun, instance: Instance): Record<string, GatheredOutput> {
  const { state, result } = run;
  return Object.fromEntries(
    taskOf(state, instance).depends_on.flatMap((dependency) => {
      const scope = scopeName(dependency);
      const parts = gatheredParts(state, instance, scope);
      if (parts === null) return [];
      const output: GatheredOutput = {
        taskId: dependency.task,
        list: () => gatheredList(state, parts, result),
        done: parts.flatMap(({ key, status, instance_id: id }) =>
          status === 'done' && id !== null ? [{ key, output: outputOf(run, id) }] : [],
        ),
      };
      return [[scope, output]];
    }),
  );
}

async function changesOf(state: RunState, git: Git, instanceId: string): Promise<Uint8Array> {
  const { workspace } = instanceOf(state, instanceId);
  const base = state.plan.workspace_bases?.find((each) => each.worktree === workspace?.worktree);
  if (!workspace?.commit || base === undefined) return new Uint8Array();
  const { start, commit } = workspace.commit;
  return patchBetween(git, { cwd: base.repository, gitDir: base.repository }, start, commit);
}

function stagedTree({ state, paths }: BriefedRun, instanceId: string): StagedTree | null {
  const { workspace } = instanceOf(state, instanceId);
  const found = workspace === undefined ? null : ownTreeOf({ state, paths }, instanceId);
  if (found?.ok !== true || !workspace?.directory) return null;
  const { spec, isReadOnly } = found.own;
  const { directory, conflicts, parents } = workspace;
  const sides = conflicts.length === 0 ? [] : sidesOf(state, paths, parents);
  return { directory, mayCommit: spec.commits === 'agent', isReadOnly, conflicts, sides };
}

function sidesOf(state: RunState, paths: RunPaths, parents: readonly string[]): StagedSide[] {
  const refs = runRefs(state.runId);
  const all = [...state.instances.values()];
  return parents.flatMap((commit) => {
    const of = all.find(({ workspace }) => workspace?.commit?.commit === commit);
    if (of === undefined) return [];
    const { instance_id: id, attempt } = of;
    const { id: taskId, title } = taskOf(state, of);
    const promptFile = path.join(paths.attemptDir(id, attempt), 'prompt.md');
    const kept = isFile(promptFile) ? promptFile : null;
    return [{ label: refs.instance(id), instanceId: id, taskId, title, promptFile: kept }];
  });
}

/** Why the attempt before the running one failed, where it did, and the same session goes on. */
function previousFailure(instance: Instance): PreviousFailure | null {
  const previous = instance.attempts.at(-2);
  if (!previous || previous.error === null) return null;
  return { kind: previous.failure_kind, summary: previous.error };
}

/** What no attempt that ended well has been told of: one that was cut off may not have got to it. */
function toldWhy({ attempts }: Instance): Continuation | null {
  const earlier = attempts.slice(0, -1);
  const latest = earlier.findLastIndex(
    ({ termination_reason: end, continued }) => end === 'completed' || continued !== undefined,
  );
  return earlier[latest]?.continued ?? null;
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
