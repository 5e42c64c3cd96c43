/** Starts a run: checks the program, freezes what the run needs, writes the first events. */
import { resolveAgent } from '../../agents/resolve-agent.ts';
import { createRun } from '../../core/plan/create-run.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Sandbox, TaskSpec } from '../../model/program.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import { FORMAT_VERSION, type PathTemplates, type RunPlan } from '../../model/run.ts';
import { selectTasks } from '../../core/plan/selection.ts';
import { buildTaskGraph } from '../../core/state/task-graph.ts';
import { backendOf } from '../../agents/backends.ts';
import { remove } from '../../disk/disk.ts';
import { globalRootFrom, loadAgentConfig } from '../../program/global-config.ts';
import { loadProgram, type LoadedProgram } from '../../program/load-program.ts';
import { resolveInputs, type InputOption } from '../../program/resolve-inputs.ts';
import { validateProgram } from '../../program/validate.ts';
import { EventLog } from '../../store/log/writer.ts';
import { newRunId, runPaths } from '../../store/layout.ts';
import { createRunDirectory } from '../../store/run-store.ts';
import { StateCache } from '../../store/cache/state-cache.ts';
import { freezeFiles } from './freeze.ts';
import { keepHeapSmall } from '../../engine/keep-heap-small.ts';
import { flushes } from '../../engine/session.ts';
import { resolveWorkspaces } from '../../attempt/place/workspaces.ts';
import type { World } from '../world.ts';

declare const CODEX_ORCH_VERSION: string;

export interface StartOptions {
  roots: readonly string[];
  labels: readonly string[];
  /** In the order of the command line: later ones win. */
  inputs: readonly InputOption[];
  /** Where relative input files are looked up. */
  cwd: string;
  /** `--assistants`: the engine answers assistant interrupts itself. */
  assistants?: boolean;
}

export interface StartedRun {
  runId: string;
  /** Problems of the program that do not block it. */
  warnings: Diagnostic[];
}

/** One task of a run to come, for `--dry-run`. */
export interface PlannedTask {
  taskId: string;
  title: string;
  kind: TaskSpec['kind'];
  agent: string;
  backend: string;
  model: string | null;
  /** null where the backend has none. */
  sandbox: Sandbox | null;
  /** null where it depends on an input that comes later. */
  directory: string | null;
  dependsOn: string[];
  /** Tasks start in the order of their waves; those of one wave at the same time, slots permitting. */
  wave: number;
}

export interface PlannedRun {
  tasks: PlannedTask[];
  inputs: JsonObject;
  warnings: Diagnostic[];
}

/** Creates the run; nothing has started when this returns. @throws Refusal with what blocks it */
export async function startRun(
  world: World,
  programDir: string,
  options: StartOptions,
): Promise<StartedRun> {
  keepHeapSmall();
  const { program, tasks, inputs, warnings } = await prepare(world, programDir, options);
  const now = world.clock.now();
  const runId = newRunId(now);
  const paths = runPaths(program.programDir, runId);
  createRunDirectory(paths);
  try {
    const files = await freezeFiles(program.programDir, paths.programDir, tasks);
    const project = options.assistants
      ? { ...program.project, assistants: 'inline' as const }
      : program.project;
    const plan: RunPlan = {
      format_version: FORMAT_VERSION,
      tool_version: CODEX_ORCH_VERSION,
      roots: [...options.roots],
      labels: [...options.labels],
      project,
      project_workspace_template: project.workspace,
      tasks: Object.fromEntries(tasks.map((task) => [task.id, task])),
      task_path_templates: Object.fromEntries(tasks.map((task) => [task.id, templatesOf(task)])),
      user_inputs: inputs,
      files,
    };
    const { state, events } = createRun(plan, runId, now);
    EventLog.create(paths.eventsLog, events, { sync: flushes(world.env) }).close();
    const cache = StateCache.create(paths);
    for (const event of events) cache.note(event);
    cache.flush(state);
  } catch (error) {
    remove(paths.root);
    throw error;
  }
  return { runId, warnings };
}

/** What `startRun` would run, in which order, with which agent, and where. Creates nothing. */
export async function planRun(
  world: World,
  programDir: string,
  options: StartOptions,
): Promise<PlannedRun> {
  const { program, tasks, inputs, warnings } = await prepare(world, programDir, options);
  const waves = wavesOf(tasks);
  const planned = tasks.map((task): PlannedTask => {
    const agent = resolveAgent(program.project, task.agent);
    const { fields } = backendOf(agent.backend);
    const resolved = resolveWorkspaces(program.programDir, program.project, task, inputs);
    return {
      taskId: task.id,
      title: task.title,
      kind: task.kind,
      agent: task.agent,
      backend: agent.backend,
      model: fields.task.includes('model')
        ? (task.model ?? agent.model ?? program.project.default_model)
        : null,
      sandbox: fields.task.includes('sandbox')
        ? (task.sandbox ?? agent.sandbox ?? program.project.default_sandbox)
        : null,
      directory: resolved.ok ? resolved.workspaces.cwd : null,
      dependsOn: task.depends_on.map((each) => each.task),
      wave: waves.get(task.id) ?? 1,
    };
  });
  planned.sort((a, b) => a.wave - b.wave);
  return { tasks: planned, inputs, warnings };
}

/** Task id → how many tasks stand in a row up to it. A program without errors has no cycle. */
function wavesOf(tasks: readonly TaskSpec[]): Map<string, number> {
  const graph = buildTaskGraph(Object.fromEntries(tasks.map((task) => [task.id, task])));
  const waves = new Map<string, number>();
  const missing = new Map(tasks.map(({ id }) => [id, graph.upstream.get(id)?.length ?? 0]));
  const ready = tasks.map(({ id }) => id).filter((id) => missing.get(id) === 0);
  for (const id of ready) {
    const upstream = graph.upstream.get(id) ?? [];
    waves.set(id, 1 + Math.max(0, ...upstream.map((up) => waves.get(up.task) ?? 0)));
    for (const next of graph.dependents.get(id) ?? []) {
      const left = (missing.get(next) ?? 0) - 1;
      missing.set(next, left);
      if (left === 0) ready.push(next);
    }
  }
  return waves;
}

interface Prepared {
  program: LoadedProgram;
  tasks: TaskSpec[];
  inputs: JsonObject;
  warnings: Diagnostic[];
}

async function prepare(world: World, programDir: string, options: StartOptions): Promise<Prepared> {
  const program = loadProgram(programDir, {
    globalRoot: globalRootFrom(world.env, world.cwd),
  });
  const diagnostics = await validateProgram(program);
  const errors = diagnostics.filter((each) => each.severity === 'error');
  const [first] = errors;
  if (first) {
    const place = [first.file, first.line, first.column].filter((each) => each !== null).join(':');
    const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
    throw new Refusal('program-invalid', `${place}: ${first.message}${more}`, {
      hint: `codex-orch project validate ${programDir}`,
      data: { diagnostics },
    });
  }
  const selection = selectTasks(program.tasks, options);
  if (!selection.ok) {
    throw new Refusal(selection.code, selection.message, {
      hint: selection.hint ?? undefined,
      exit: selection.code === 'nothing-selected' ? ExitStatus.usage : ExitStatus.notFound,
    });
  }
  const byId = new Map(program.tasks.map((task) => [task.id, task]));
  const tasks = selection.taskIds.flatMap((id) => byId.get(id) ?? []);
  const warnings = diagnostics.filter((each) => each.severity === 'warning');
  warnings.push(...checkBoard(tasks));
  const inputs = resolveInputs(program.programDir, program.project, options.inputs, options.cwd);
  checkWorkspaces(program, tasks, inputs);
  await checkConfig(world, program, tasks);
  return { program, tasks, inputs, warnings };
}

/** Before anything is made: a run that could only fail is none. */
async function checkConfig(
  world: World,
  { project }: LoadedProgram,
  tasks: readonly TaskSpec[],
): Promise<void> {
  const config = await loadAgentConfig(globalRootFrom(world.env, world.cwd));
  const problems = tasks.map(({ agent: name, run }) => {
    const agent = resolveAgent(project, name);
    return backendOf(agent.backend).settings({ agent, run }, config).problem;
  });
  const problem = problems.find((each) => each !== null);
  if (problem === undefined) return;
  throw new Refusal('config-invalid', problem, {
    hint: 'Correct the file; `codex-orch doctor` says when it is right.',
  });
}

/** The author's board: what is blocked or archived does not run; a draft does, with a warning. */
function checkBoard(tasks: readonly TaskSpec[]): Diagnostic[] {
  const barred = tasks.filter(({ status }) => status === 'blocked' || status === 'archived');
  const [first] = barred;
  if (first) {
    const names = barred.map((task) => `${task.id} (${task.status})`).join(', ');
    throw new Refusal('task-not-ready', `The run needs tasks that may not run: ${names}.`, {
      hint: `Set "status: ready" in tasks/${first.id}.yaml, or choose other roots.`,
    });
  }
  return tasks
    .filter(({ status }) => status === 'draft')
    .map((task) => ({
      severity: 'warning',
      code: 'task.draft',
      message: `task ${task.id} is a draft`,
      location: `tasks.${task.id}.status`,
      reference_url: null,
      file: `tasks/${task.id}.yaml`,
      line: null,
      column: null,
      hint: 'set "status: ready" when it is',
    }));
}

/** Workspaces must exist, as far as the inputs of the start can tell. */
function checkWorkspaces(
  program: LoadedProgram,
  tasks: readonly TaskSpec[],
  inputs: JsonObject,
): void {
  for (const task of tasks) {
    const resolved = resolveWorkspaces(program.programDir, program.project, task, inputs);
    if (resolved.ok || resolved.missingInput) continue;
    throw new Refusal('workspace-missing', resolved.message, {
      hint: 'Create the directory, or correct the path in the program or in the input.',
    });
  }
}

function templatesOf(task: TaskSpec): PathTemplates {
  return { workspace: task.workspace, extra_writable_roots: task.extra_writable_roots };
}
