/** What an order says beside the rest where another machine carries it out; see docs/design/machines.md. */
import path from 'node:path';
import { environmentSpec } from '../agents/profile.ts';
import { effectiveAgent } from '../agents/resolve-agent.ts';
import { instanceOf, taskOf, type RunState } from '../core/state/run-state.ts';
import type { AttemptOrder, RemoteOrder, RemoteTree } from '../model/attempt.ts';
import type { AgentSpec } from '../model/program.ts';
import { queueOf } from '../program/rules/machines.ts';
import { placeInAttempt, type RunPaths } from '../store/layout.ts';
import { ASKING_FILE, ASKING_VARIABLE } from './brief/asking.ts';
import { copiedPaths } from './tree/leave-work.ts';
import { ownTreeOf, treeAt } from './tree/own-tree.ts';

interface Basis {
  state: RunState;
  paths: RunPaths;
  /** Of tasks and agents that name none; null: all attempts stay on this machine. */
  taskQueue: string | null;
}

/** Whether attempts of workers go to other machines; those of assistants, and checks, never do. */
export function isElsewhere({ state, taskQueue }: Basis): boolean {
  return taskQueue !== null && state.plan.project.executor === 'temporal';
}

/** The order as another machine may have it, for the running attempt of an instance. */
export function forElsewhere(basis: Basis, instanceId: string, order: AttemptOrder): AttemptOrder {
  const { state, paths, taskQueue } = basis;
  const { project } = state.plan;
  const instance = instanceOf(state, instanceId);
  const task = taskOf(state, instance);
  const { agent } = effectiveAgent(project, task);
  const remote: RemoteOrder = {
    id: `${state.runId}/${instanceId}/${instance.attempt}`,
    queue: queueOf(project, task, taskQueue ?? ''),
    runDir: paths.root,
    questionsDir: paths.questionsDir(instanceId, instance.attempt),
    tree: remoteTree(basis, instanceId),
  };
  const asking = path.join(order.attemptDir, placeInAttempt(ASKING_FILE));
  const env = { ...environmentElsewhere(order.env, agent), [ASKING_VARIABLE]: asking };
  return { ...order, env, remote };
}

/** Of what its author sets, what is named in `worker_env`; PATH begins with the `codex-orch` of whoever carries it out. */
function environmentElsewhere(
  env: Readonly<Record<string, string>>,
  agent: AgentSpec,
): Record<string, string> {
  const { set } = environmentSpec(agent);
  const named = agent.worker_env ?? [];
  const [commandDir = ''] = (env['PATH'] ?? '').split(path.delimiter);
  const travelling = Object.entries(env).filter(
    ([name, value]) => named.includes(name) || !Object.hasOwn(set, name) || set[name] !== value,
  );
  const ownPath = named.includes('PATH') ? (set['PATH'] ?? '') : '';
  const PATH = ownPath === '' ? commandDir : `${commandDir}${path.delimiter}${ownPath}`;
  return { ...Object.fromEntries(travelling), PATH };
}

function remoteTree({ state, paths }: Basis, instanceId: string): RemoteTree | null {
  const { workspace } = instanceOf(state, instanceId);
  const found = ownTreeOf({ state, paths }, instanceId);
  const directory = workspace?.directory ?? null;
  if (found?.ok !== true || workspace === undefined || directory === null) return null;
  const { own } = found;
  const { base, spec } = own;
  return {
    folder: path.dirname(directory),
    ...treeAt(paths, base, directory),
    objectFormat: base.object_format,
    base: base.commit,
    start: workspace.start,
    copied: copiedPaths(own),
    setup: spec.setup,
    maxFileBytes: spec.max_file_mb * 1024 * 1024,
  };
}
