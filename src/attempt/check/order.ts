/**
 * The order for a check: the author's shell line as a process of the engine's own, supervised like an attempt, in the
 * instance's workspace and the sandbox of its task. The agent wrote what it runs, and has no say in anything else: not
 * in the line, which is frozen with the run, not in the environment, which is the engine's, not in what is found on PATH.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { shellBackend } from '../../agents/backends.ts';
import { secretsOf } from '../../agents/profile.ts';
import { effectiveAgent } from '../../agents/resolve-agent.ts';
import type { AgentConfig } from '../../agents/backend.ts';
import type { DueCheck } from '../../core/state/checks.ts';
import { effectiveValues, instanceOf, taskOf, type RunState } from '../../core/state/run-state.ts';
import { makeDirectory, writeFile } from '../../disk/disk.ts';
import { realPathOf } from '../../disk/real-path.ts';
import { argvOf } from '../../model/checks.ts';
import { agentDefaults } from '../../model/defaults.ts';
import type { AttemptOrder } from '../../model/attempt.ts';
import { resolveWorkspaces, type Workspaces } from '../../program/workspaces.ts';
import type { RunPaths } from '../../store/layout.ts';
import { ceilings } from '../order.ts';
import { heldPlace } from '../place/held-away.ts';
import { placesInTree } from '../tree/own-tree.ts';
import { unheldBecause } from './unheld.ts';

export interface CheckBasis {
  state: RunState;
  paths: RunPaths;
  config: AgentConfig;
  /** The engine's own. */
  env: Readonly<NodeJS.ProcessEnv>;
  /** Where the `codex-orch` shim of workers lies. */
  commandDir: string;
  /** Whether a sandbox can be had. */
  hasSandbox: boolean;
  /** ISO 8601, UTC. */
  now(): string;
}

export type CheckOrder =
  /** `mayHaveBegun`: by an engine that died. */
  | { ok: true; order: AttemptOrder; mayHaveBegun: boolean }
  /** `left`: what an engine that died has begun before; good for finding that again, not for starting it. */
  | { ok: false; message: string; left: AttemptOrder | null };

/** Lays out a check, and says how to carry it out. */
export function orderCheck(basis: CheckBasis, instanceId: string, due: DueCheck): CheckOrder {
  const { state, paths } = basis;
  const { project } = state.plan;
  const instance = instanceOf(state, instanceId);
  const task = taskOf(state, instance);
  const tree = placesInTree(basis, instanceId);
  const { attemptDir, controlDir } = paths.checkPlace(instanceId, instance.attempt, due);
  const mayHaveBegun = existsSync(controlDir);
  const refuse = (message: string): CheckOrder => {
    const nowhere = { cwd: attemptDir, projectWorkspaceDir: attemptDir, extraRoots: [] };
    const left = mayHaveBegun ? orderIn(basis, instanceId, due, nowhere, tree) : null;
    return { ok: false, message, left };
  };
  const values = effectiveValues(state, instance.input_scope_id);
  const resolved =
    tree === null
      ? resolveWorkspaces(paths.authoredDir, project, task, values)
      : ({ ok: true, workspaces: tree.workspaces } as const);
  if (!resolved.ok) return refuse(resolved.message);
  const place = heldPlace(state, instance, resolved.workspaces, tree?.directory ?? null);
  if (!place.ok) return refuse(place.why);
  makeDirectory(controlDir);
  makeDirectory(path.join(attemptDir, 'scratch'));
  // Its standard input.
  if (!mayHaveBegun) writeFile(path.join(controlDir, 'prompt.md'), '');
  const order = orderIn(basis, instanceId, due, resolved.workspaces, tree);
  return { ok: true, mayHaveBegun, order: { ...order, ...place.begins } };
}

function orderIn(
  basis: CheckBasis,
  instanceId: string,
  due: DueCheck,
  { cwd, projectWorkspaceDir, extraRoots }: Workspaces,
  tree: ReturnType<typeof placesInTree>,
): AttemptOrder {
  const { state, paths, env } = basis;
  const { project } = state.plan;
  const secrets = secretsOf(project);
  const instance = instanceOf(state, instanceId);
  const task = taskOf(state, instance);
  const { sandbox } = effectiveAgent(project, task);
  const isWrapped = basis.hasSandbox && unheldBecause(project, task) === null;
  const { attemptDir, controlDir } = paths.checkPlace(instanceId, instance.attempt, due);
  const command = ['/bin/sh', '-c', 'exec "$@" 2>&1', 'sh', ...argvOf(due.spec)];
  const use = { agent: { ...agentDefaults, command }, run: null };
  return {
    backend: shellBackend.name,
    settings: shellBackend.settings(use, basis.config).settings,
    cwd,
    projectWorkspaceDir,
    programDir: paths.authoredDir,
    attemptDir,
    controlDir,
    runFormat: state.plan.format_version,
    sandbox,
    writableRoots: extraRoots,
    // Of a tree nobody's git but its own agent's reads what is in there.
    ...(tree === null ? {} : { closed: [] }),
    model: null,
    outputSchemaFile: null,
    sessionId: null,
    previousUsage: null,
    env: {
      CODEX_ORCH_PROGRAM_DIR: paths.authoredDir,
      CODEX_ORCH_RUN_ID: state.runId,
      CODEX_ORCH_INSTANCE_ID: instanceId,
      CODEX_ORCH_TASK_ID: task.id,
      CODEX_ORCH_ATTEMPT_DIR: paths.attemptDir(instanceId, instance.attempt),
      CODEX_ORCH_PROJECT_WORKSPACE_DIR: projectWorkspaceDir,
      CODEX_ORCH_WORKSPACE_DIR: cwd,
      // It is no worker, and asks nobody.
      CODEX_ORCH_QUESTIONS_DIR: '',
      ...(tree === null ? {} : ceilings(env, [path.dirname(attemptDir), tree.folder])),
      PATH: [
        // It keeps secrets out of what a check prints.
        ...(secrets.length === 0 ? [] : [basis.commandDir]),
        ...ownPath(env['PATH'], [cwd, projectWorkspaceDir, ...extraRoots]),
      ].join(path.delimiter),
    },
    profile: { pass: null, wrap: isWrapped ? 'sandbox' : null, secrets },
    wallTimeoutMs: due.spec.timeout_sec * 1000,
    idleTimeoutMs: null,
    graceMs: project.node_terminate_grace_sec * 1000,
    startedAt: basis.now(),
    generation: 0,
  };
}

/** Without what is relative, and without what lies where the agent could put a program. */
function ownPath(searchPath = '', open: readonly string[]): string[] {
  const roots = open.map(realPathOf);
  const isOpen = (directory: string): boolean => {
    const real = realPathOf(directory);
    return roots.some((root) => real === root || real.startsWith(`${root}${path.sep}`));
  };
  return searchPath
    .split(path.delimiter)
    .filter((directory) => path.isAbsolute(directory) && !isOpen(directory));
}
