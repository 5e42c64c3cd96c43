/** What has to hold before a run is made: one that could only fail is none. Creates nothing. */
import { bubblewrapIn } from '../../execution/local/surroundings.ts';
import { nameWorkspaces, resolveWorkspaces } from '../../program/workspaces.ts';
import { boundTask, isBoundToInputs } from '../../core/state/bound-agent.ts';
import { selectTasks } from '../../core/plan/selection.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { JsonObject } from '../../model/json.ts';
import { decidesByRules, type ProjectSpec, type TaskSpec } from '../../model/program.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import { backendOf } from '../../agents/backends.ts';
import { environmentSpec, passedOn } from '../../agents/profile.ts';
import { effectiveAgent } from '../../agents/resolve-agent.ts';
import type { Uncommitted } from '../../model/trees.ts';
import { PRICE_HINT, unpricedInWords, unpricedTasks } from '../../program/rules/budgets.ts';
import {
  agentConfigOf,
  globalRootFrom,
  loadGlobalConfig,
  type LoadedConfig,
} from '../../program/global-config.ts';
import { machineFindings } from '../../program/machine-findings.ts';
import { refuseMachineTrouble } from '../../program/machine-trouble.ts';
import { executorOf } from '../../program/machine-settings.ts';
import { loadProgram, type LoadedProgram } from '../../program/load-program.ts';
import { missingWorkspaces } from '../../program/missing-workspaces.ts';
import { resolveInputs, type InputOption } from '../../program/resolve-inputs.ts';
import { directorySource } from '../../program/source/source.ts';
import { byPlace, validateProgram } from '../../program/validate.ts';
import { inOneLine } from '../program/validate.ts';
import type { World } from '../world.ts';
import { inputTrouble } from './needed-inputs.ts';

export interface StartOptions {
  roots: readonly string[];
  labels: readonly string[];
  /** Of those for one key the last wins. */
  inputs: readonly InputOption[];
  /** Where relative input files are looked up. */
  cwd: string;
  /** What to do with uncommitted changes where tasks have trees; left out: refuse them. */
  uncommitted?: Uncommitted;
  /** Lists of up to so many items need no consent; left out: as their tasks say (`ask_above`). */
  yesItems?: number;
  /** What the person calls the run; without one it is known by its tasks. */
  title?: string;
  /** `--assistants`: the engine answers assistant interrupts itself. */
  assistants?: boolean;
}

export interface PreparedStart {
  program: LoadedProgram;
  /** With what of the user's configuration the run freezes. */
  project: ProjectSpec;
  /** The tasks named or labelled, sorted. */
  roots: string[];
  tasks: TaskSpec[];
  inputs: JsonObject;
  warnings: Diagnostic[];
}

/** Reads and checks the program, chooses its tasks, and takes the inputs. @throws Refusal with what blocks it */
export async function prepareStart(
  world: World,
  programDir: string,
  options: StartOptions,
): Promise<PreparedStart> {
  const globalRoot = globalRootFrom(world.env, world.cwd);
  const program = loadProgram(directorySource(programDir, world.texts?.(programDir)), {
    globalRoot,
  });
  const diagnostics = await validateProgram(program, { notes: false });
  const loaded = await loadGlobalConfig(globalRoot);
  const isError = (each: Diagnostic): boolean => each.severity === 'error';
  const ofMachines = machineFindings(program, loaded.config);
  const blocking = [...diagnostics, ...ofMachines].filter(isError);
  // By themselves, missing workspaces are judged with the inputs of this start.
  const errors =
    blocking.length === 0
      ? []
      : [...blocking, ...missingWorkspaces(program).filter(isError)].sort(byPlace);
  const [first] = errors;
  if (first) {
    const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
    throw new Refusal('program-invalid', `${inOneLine(first)}${more}`, {
      hint: `codex-orch project validate ${programDir}`,
      data: { diagnostics: await validateProgram(program) },
    });
  }
  refuseMachineTrouble(loaded, program.project);
  const selection = selectTasks(program.tasks, options);
  if (!selection.ok) {
    throw new Refusal(selection.code, selection.message, {
      hint: selection.hint ?? undefined,
      exit: selection.code === 'nothing-selected' ? ExitStatus.usage : ExitStatus.notFound,
    });
  }
  const byId = new Map(program.tasks.map((task) => [task.id, task]));
  const tasks = selection.taskIds.flatMap((id) => byId.get(id) ?? []);
  const warnings = [...diagnostics, ...ofMachines].filter((each) => each.severity === 'warning');
  warnings.push(...checkBoard(tasks));
  const inputs = resolveInputs(program.source, program.project, options.inputs, options.cwd);
  warnings.push(...checkInputs(program.project, tasks, inputs, options.inputs));
  checkWorkspaces(program, tasks, inputs);
  await checkAgents(world, loaded, program, tasks, inputs);
  const project = withUserSettings(loaded, program.project, tasks);
  if (project.executor === 'temporal' && world.executor === undefined) {
    const { checkServer, machinesFor } = await import('./elsewhere.ts');
    await checkServer(world, machinesFor(loaded, program.programDir, project));
  }
  return { program, project, roots: [...selection.roots].sort(), tasks, inputs, warnings };
}

/**
 * With what holds of usage limits, the budget, the prices that it is counted by, and who carries attempts out: of the user
 * where the program says nothing of them.
 */
function withUserSettings(
  { config }: LoadedConfig,
  project: ProjectSpec,
  tasks: readonly TaskSpec[],
): ProjectSpec {
  const budget = project.budget ?? config.budget ?? undefined;
  const usageLimit = project.usage_limit ?? config.usageLimit ?? undefined;
  const isElsewhere = executorOf(project, config) === 'temporal';
  const held = {
    ...project,
    ...(isElsewhere ? { executor: 'temporal' as const } : {}),
    ...(budget === undefined ? {} : { budget }),
    ...(usageLimit === undefined ? {} : { usage_limit: usageLimit }),
  };
  const isPriced = [held, ...tasks].some((each) => each.budget?.cost_usd !== undefined);
  if (!isPriced) return held;
  const prices = project.prices ?? config.prices ?? {};
  const unpriced = unpricedTasks(held, tasks, prices);
  if (unpriced.length === 0) return { ...held, prices };
  const message = `A budget of cost_usd cannot hold: nobody knows what the model costs: ${unpricedInWords(unpriced)}.`;
  throw new Refusal('budget-unpriced', message, { hint: PRICE_HINT });
}

/** The user's configuration, and the agents' programs: they must be there, and start. */
async function checkAgents(
  world: World,
  loaded: LoadedConfig,
  program: LoadedProgram,
  tasks: readonly TaskSpec[],
  inputs: JsonObject,
): Promise<void> {
  const config = agentConfigOf(loaded);
  const isElsewhere = executorOf(program.project, loaded.config) === 'temporal';
  const seen = new Set<string>();
  for (const frozen of tasks) {
    if (decidesByRules(frozen)) continue;
    const task = isBoundToInputs(frozen) ? boundTask(frozen, inputs) : frozen;
    // An input that only comes with an item says who it is.
    if (isBoundToInputs(task)) continue;
    const { agent, sandbox } = effectiveAgent(program.project, task);
    const backend = backendOf(agent.backend);
    const { settings, problem } = backend.settings({ agent, run: task.run }, config);
    if (problem !== null) {
      throw new Refusal('config-invalid', problem, {
        hint: 'Correct the file; `codex-orch doctor` says when it is right.',
      });
    }
    // Who else carries attempts out has programs of its own.
    if (world.executor !== undefined || isElsewhere) continue;
    // They are there, as far as they can be named.
    const named = nameWorkspaces(program.programDir, program.project, task, inputs);
    const cwd = named.ok ? named.workspaces.cwd : null;
    const place = { cwd, programDir: program.programDir, sandbox };
    const key = JSON.stringify([agent.backend, settings, agent.env, agent.wrap, place]);
    if (seen.has(key)) continue;
    seen.add(key);
    const { set, pass } = environmentSpec(agent);
    const env = { ...passedOn(world.env, pass), ...set };
    if (agent.wrap === 'sandbox') bubblewrapIn(env);
    const obstacle = backend.obstacle(settings, env, place);
    if (obstacle === null) continue;
    const message = `${obstacle.message} The task ${task.id} needs it.`;
    const { code, hint, exit, data } = obstacle;
    throw new Refusal(code, message, { hint, exit, data });
  }
}

/** What tasks need must be given, or could come from a loop; what nobody reads is a warning. */
function checkInputs(
  project: ProjectSpec,
  tasks: readonly TaskSpec[],
  inputs: JsonObject,
  options: readonly InputOption[],
): Diagnostic[] {
  const named = new Set(options.map(({ key }) => key));
  const trouble = inputTrouble(project, tasks, new Set(Object.keys(inputs)), named);
  for (const [key, meant] of trouble.unread) {
    if (meant === null) continue;
    const message = `No selected task reads the input "${key}", and "${meant}" is not given.`;
    const hint = `Did you mean "${meant}"?`;
    throw new Refusal('input-unknown', message, { hint });
  }
  const [first] = trouble.missing;
  if (first !== undefined) {
    const [key, ids] = first;
    const more = trouble.missing.size > 1 ? ` (and ${trouble.missing.size - 1} more)` : '';
    const message = `The input "${key}" is needed by ${someOf(ids)}, and nothing gives it${more}.`;
    const keys = [...trouble.missing.keys()].map((one) => `--input ${one}=…`).join(' ');
    const hint = `Give it with the start: ${keys}; or a default in "user_inputs" of project.yaml.`;
    throw new Refusal('input-missing', message, { hint });
  }
  return [...trouble.unread.keys()].map((key) => ({
    severity: 'warning',
    code: 'input.unread',
    message: `no selected task reads the input "${key}"`,
    location: `inputs.${key}`,
    reference_url: null,
    file: null,
    line: null,
    column: null,
    hint: null,
  }));
}

function someOf(ids: readonly string[]): string {
  const shown = ids.slice(0, 3).join(', ');
  return ids.length > 3 ? `${shown} and ${ids.length - 3} more` : shown;
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
