/** Whether attempts can be carried out on other machines as a program, or config.toml, wants it. Pure. */
import path from 'node:path';
import { environmentSpec } from '../../agents/profile.ts';
import { resolveAgent } from '../../agents/resolve-agent.ts';
import {
  depotUrlOf,
  isThisMachine,
  type DepotSettings,
  type ExecutorName,
  type TemporalSettings,
} from '../../model/machines.ts';
import { decidesByRules, type ProjectSpec, type TaskSpec } from '../../model/program.ts';
import { treeOf } from '../../model/trees.ts';
import { suggest } from '../../text/suggest.ts';
import type { Add, RuleFinding } from './finding.ts';

/** What is wrong with `temporal` or `depot`, wherever it is said; the path begins with that. */
export interface SettingsProblem {
  code: string;
  path: string[];
  message: string;
  hint: string;
}

export function serverProblems(temporal: TemporalSettings): SettingsProblem[] {
  const { address, tls, api_key_env: apiKey, fence_sec: fence, insecure } = temporal;
  const problems: SettingsProblem[] = [];
  const add = (code: string, field: string, message: string, hint: string): void =>
    void problems.push({ code: `machines.${code}`, path: ['temporal', field], message, hint });
  if (tls !== null && (tls.cert === null) !== (tls.key === null)) {
    const message = '"cert" and "key" go together: one shows who this side is, the other proves it';
    add('tls', 'tls', message, 'Name both files, or neither.');
  }
  const isElsewhere = !isThisMachine(address);
  if (isElsewhere && tls === null && apiKey === null && !insecure) {
    const message = `all that attempts are given would go to ${address} in plain text`;
    const hint =
      'Set "tls: {}" or "api_key_env"; "insecure: true" where nobody else reads the network.';
    add('plain_text', 'address', message, hint);
  }
  if (isElsewhere && temporal.queue_key_env === null) {
    const message = `the server ${address} is another machine, and nothing seals what it passes on to workers`;
    const hint =
      'Set "queue_key_env" to the name of a variable that holds a key, the same for the run and all workers: openssl rand -hex 32';
    add('queue_key', 'address', message, hint);
  }
  const lost = temporal.heartbeat_timeout_sec + temporal.lost_after_sec;
  if (fence !== null && fence >= lost) {
    const message = `an attempt counts as lost after ${lost} s (heartbeat_timeout_sec and lost_after_sec), and its agent would go on until ${fence} s`;
    add('fence', 'fence_sec', message, `Set it below ${lost}, or leave it out.`);
  }
  return problems;
}

/** `insecure`: whether plain text may go to other machines. */
export function depotProblems(depot: DepotSettings, insecure: boolean): SettingsProblem[] {
  const problem = (field: string | null, message: string, hint: string): SettingsProblem[] => [
    {
      code: 'machines.depot',
      path: ['depot', ...(field === null ? [] : [field])],
      message,
      hint,
    },
  ];
  const { directory, listen, url } = depot;
  if (directory !== null && (listen !== null || url !== null)) {
    const message = 'files are handed over in a directory, or at an endpoint, and not in both';
    return problem(null, message, 'Keep "directory", or "listen" with "url".');
  }
  if (directory !== null) return [];
  if (listen === null) {
    const message =
      url === null ? 'it says nothing' : 'nothing says where the run’s machine is to listen';
    return problem(null, message, 'Add, for example, "listen: 127.0.0.1:7300".');
  }
  if (url === null && /^(0\.0\.0\.0|\[::\]):/.test(listen)) {
    const message = `workers cannot reach ${listen}, which stands for all addresses of a machine`;
    return problem('listen', message, 'Add "url" with the address that workers know it by.');
  }
  const reached = depotUrlOf(depot) ?? '';
  // Of what is no host or no URL, its form tells.
  if (insecure || !URL.canParse(reached)) return [];
  if (/^http:/i.test(reached) && !isThisMachine(new URL(reached).host)) {
    const message = `the files of attempts would go to ${reached} in plain text`;
    const hint =
      'Put something before it that speaks https, and name that in "url"; "insecure: true" in "temporal" where nobody else reads the network.';
    return problem(url === null ? 'listen' : 'url', message, hint);
  }
  // What listens speaks plain text, whatever stands before it.
  if (isThisMachine(listen)) return [];
  const message = `the depot would speak plain text at ${listen}, which is more than this machine`;
  const hint =
    'Listen at 127.0.0.1, behind what speaks https; "insecure: true" in "temporal" where nobody else reads the network.';
  return problem('listen', message, hint);
}

/** What a program itself says; what hangs on config.toml is told in machine-findings.ts. */
export function checkMachines(
  project: ProjectSpec,
  tasks: readonly TaskSpec[],
  addTo: (subject: string) => Add,
): void {
  const add = addTo('project');
  const { temporal, depot, executor } = project;
  const problems = [
    ...(temporal === undefined ? [] : serverProblems(temporal)),
    // Whether plain text may go out, config.toml may say.
    ...(depot === undefined ? [] : depotProblems(depot, temporal?.insecure ?? true)),
  ];
  for (const { code, path: at, message, hint } of problems) add('error', code, at, message, hint);
  for (const [name, agent] of Object.entries(project.agents)) {
    const set = Object.keys(environmentSpec(agent).set);
    for (const [index, variable] of (agent.worker_env ?? []).entries()) {
      if (set.includes(variable)) continue;
      const message = `"worker_env" names ${variable}, which "env" of the agent "${name}" does not set`;
      const near = suggest(variable, set);
      const hint = near === null ? `Set it in "env", or remove it.` : `Did you mean "${near}"?`;
      add('error', 'machines.worker_env', ['agents', name, 'worker_env', index], message, hint);
    }
  }
  if (executor !== undefined) checkTasksFor(executor, project, tasks, addTo);
}

/** What tasks ask of whoever carries their attempts out. */
export function checkTasksFor(
  executor: ExecutorName,
  project: ProjectSpec,
  tasks: readonly TaskSpec[],
  addTo: (subject: string) => Add,
): void {
  if (executor === 'temporal') {
    for (const task of tasks) checkRemoteTask(task, project, addTo(`tasks.${task.id}`));
    return;
  }
  const says = (at: RuleFinding['path'], add: Add): void => {
    const message = '"runs_on" has no effect without "executor: temporal"';
    const hint = 'Set "executor: temporal" in project.yaml, or remove it.';
    add('warning', 'machines.unused', at, message, hint);
  };
  for (const task of tasks) {
    if (task.runs_on !== undefined) says(['runs_on'], addTo(`tasks.${task.id}`));
  }
  for (const [name, { runs_on: queue }] of Object.entries(project.agents)) {
    if (queue !== undefined) says(['agents', name, 'runs_on'], addTo('project'));
  }
}

function checkRemoteTask(task: TaskSpec, project: ProjectSpec, add: Add): void {
  if (decidesByRules(task)) return;
  if (treeOf(project, task) === null) {
    const message =
      'with "executor: temporal" the workspace travels to other machines, which needs "isolation: tree"';
    const hint = 'Set "isolation: tree" in project.yaml or here.';
    add('error', 'machines.isolation', ['isolation'], message, hint);
  }
  if (task.workspace !== null && path.isAbsolute(task.workspace)) {
    const message = `the workspace "${task.workspace}" is a place of this machine, and with "executor: temporal" the task is worked on elsewhere`;
    const hint = 'Name it relative to the workspace of the project, in the same repository.';
    add('error', 'machines.workspace', ['workspace'], message, hint);
  }
  if (task.extra_writable_roots.length > 0) {
    const message =
      '"extra_writable_roots" are places of this machine, and with "executor: temporal" the task is worked on elsewhere';
    const hint = 'Remove them: what is to be kept belongs into the workspace.';
    add('error', 'machines.writable_roots', ['extra_writable_roots'], message, hint);
  }
}

/** Workers of which queue may have the attempts of a task: the nearest word counts; `taskQueue`: where there is none. */
export function queueOf(
  project: Pick<ProjectSpec, 'agents'>,
  task: Pick<TaskSpec, 'agent' | 'runs_on'>,
  taskQueue: string,
): string {
  return task.runs_on ?? resolveAgent(project, task.agent).runs_on ?? taskQueue;
}
