/**
 * What on this machine would stop a run: Node, the agents, the program, the disk, and what earlier runs left
 * behind. Reads, but for the agents' probes, in directories of their own.
 */
import { tasksWithChecks, unheldBecause } from '../../attempt/check/unheld.ts';
import { sandboxProblem } from '../../execution/local/surroundings.ts';
import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import type { AgentUse, Backend } from '../../agents/backend.ts';
import { backends } from '../../agents/backends.ts';
import { agentOfRole, resolveAgent } from '../../agents/resolve-agent.ts';
import type { ProjectSpec, TaskSpec } from '../../model/program.ts';
import { FILE_SYSTEM, fileSystemTrouble } from '../../disk/file-system.ts';
import { namesIn } from '../../disk/names-in.ts';
import { closeToOthers, isOpenToOthers } from '../../disk/permissions.ts';
import { realPathOf } from '../../disk/real-path.ts';
import { agentConfigOf, globalRootFrom, loadGlobalConfig } from '../../program/global-config.ts';
import type { LoadedProgram } from '../../program/load-program.ts';
import { executorOf, machinesOf, type MachineConfig } from '../../program/machine-settings.ts';
import { WORKSPACE_MISSING } from '../../program/missing-workspaces.ts';
import { listRunIds, runPaths } from '../../store/layout.ts';
import { describeHolder } from '../../store/lock/numbered-lock.ts';
import { currentHolder } from '../../store/lock/run-lock.ts';
import { listRunSummaries } from '../../store/run-list.ts';
import type { World } from '../world.ts';
import { treeOf } from '../../model/trees.ts';
import { nameWorkspaces } from '../../program/workspaces.ts';
import { checkPrices } from './doctor-prices.ts';
import { checkForTrees } from './doctor-trees.ts';
import { validate } from '../program/validate.ts';
import { isBound } from '../../text/path-template.ts';
import { plural } from '../../text/plural.ts';
import { fine, problem, type Finding } from '../../agents/finding.ts';

export type { Finding };

/** What package.json asks for. */
const OLDEST_NODE = [20, 19] as const;
const LITTLE_SPACE_BYTES = 1024 ** 3;
const NO_SPACE_BYTES = 100 * 1024 ** 2;

/** All findings, good ones too, in the order of what depends on what. `programDir` null: the machine alone. */
export async function doctor(
  world: World,
  programDir: string | null,
  options: { /** Take from others what earlier versions left open to them. */ fix?: boolean } = {},
): Promise<Finding[]> {
  const globalRoot = globalRootFrom(world.env, world.cwd);
  const findings = [checkNode(process.versions.node)];
  let uses: AgentUse[] | null = null;
  if (programDir !== null) {
    const checked = await checkProgram(world, programDir, globalRoot);
    findings.push(...checked.findings);
    uses = checked.uses;
  } else findings.push(...(await checkWorker(world, globalRoot)));
  findings.push(...(await checkAgents(uses, globalRoot, world)));
  if (programDir !== null) {
    findings.push(...checkPlace(programDir, uses, world.env));
    findings.push(...checkPermissions(programDir, options.fix === true));
    findings.push(...checkRuns(programDir));
  }
  return findings;
}

/** 0 nothing, 1 warnings only, 2 errors: as `project validate`. */
export function severityOf(findings: readonly Finding[]): 'ok' | 'warning' | 'error' {
  const bad = findings.filter((finding) => !finding.ok);
  if (bad.some((finding) => finding.severity === 'error')) return 'error';
  return bad.length > 0 ? 'warning' : 'ok';
}

function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantedMajor, wantedMinor] = OLDEST_NODE;
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) {
    return fine('node.version', `Node ${version}.`);
  }
  const wanted = OLDEST_NODE.join('.');
  return problem(
    'node.version',
    'error',
    `Node ${version} is older than ${wanted}.`,
    `Install Node ${wanted} or later.`,
  );
}

/** `uses`: by the program's tasks and roles; null: whatever there may be. */
async function checkAgents(
  uses: readonly AgentUse[] | null,
  globalRoot: string,
  { env, cwd }: World,
): Promise<Finding[]> {
  const loaded = await loadGlobalConfig(globalRoot);
  const findings: Finding[] = [];
  if (backends.some((backend) => backend.configKeys.length > 0 && isUsed(backend, uses))) {
    for (const { code, severity, message, hint } of loaded.diagnostics) {
      if (severity === 'note') continue;
      findings.push(problem(code, severity, message, hint ?? 'Correct the file.'));
    }
  }
  const machine = {
    env,
    config: agentConfigOf(loaded),
    // Not under /tmp, which sandboxes leave writable.
    scratchParent: isWritable(homedir()) ? homedir() : cwd,
  };
  for (const backend of backends) {
    findings.push(...(await backend.doctor(usesOf(backend, uses), machine)));
  }
  return findings;
}

function usesOf({ name }: Backend, uses: readonly AgentUse[] | null): readonly AgentUse[] | null {
  return uses?.filter(({ agent }) => agent.backend === name) ?? null;
}

function isUsed(backend: Backend, uses: readonly AgentUse[] | null): boolean {
  return usesOf(backend, uses)?.length !== 0;
}

async function checkProgram(
  world: World,
  programDir: string,
  globalRoot: string,
): Promise<{ findings: Finding[]; uses: AgentUse[] | null }> {
  const { program, report } = await validate({ programDir, globalRoot });
  // Told in its own words: it is no mistake in the files that validation alone would find.
  const missing = report.errors.filter(({ code }) => code === WORKSPACE_MISSING);
  const errors = report.errors.length - missing.length;
  const warnings = report.warnings.length;
  const remedy = 'See them with: codex-orch project validate';
  const uses = [
    ...program.tasks.flatMap(({ agent, run }) =>
      // What an input names may be any of them.
      (isBound(agent) ? Object.keys(program.project.agents) : [agent]).map((name) => ({
        agent: resolveAgent(program.project, name),
        run,
      })),
    ),
    ...program.roles.map((role) => ({ agent: agentOfRole(program.project, role), run: null })),
  ];
  const finding =
    errors > 0
      ? problem('program.valid', 'error', `The program has ${plural(errors, 'error')}.`, remedy)
      : warnings > 0
        ? problem(
            'program.valid',
            'warning',
            `The program has ${plural(warnings, 'warning')}.`,
            remedy,
          )
        : fine('program.valid', 'The program is valid.');
  // A program without tasks may come to use anything.
  const places = missing.map(({ message, hint }) =>
    problem('program.workspace', 'error', message, hint ?? remedy),
  );
  const { config } = await loadGlobalConfig(globalRoot);
  const trees = await checkTrees(world, programDir, program);
  const held = await checkHeldChecks(program.project, program.tasks, world.env);
  const unpriced = checkPrices(program.project, program.tasks, config);
  const machines = await checkMachines(world, program, config);
  return {
    findings: [finding, ...places, ...trees, ...held, ...unpriced, ...machines],
    uses: uses.length === 0 ? null : uses,
  };
}

/** Nothing to say where all attempts stay here. */
async function checkMachines(
  world: World,
  { project, tasks, programDir }: Pick<LoadedProgram, 'project' | 'tasks' | 'programDir'>,
  config: MachineConfig,
): Promise<Finding[]> {
  if (executorOf(project, config) === 'local') return [];
  const { temporal, depot } = machinesOf(project, config, programDir);
  const { checkDepot, checkServerOf, queuesOf } = await import('./doctor-machines.ts');
  const queues = queuesOf(project, tasks, temporal);
  return [...(await checkServerOf(world, temporal, queues)), ...(await checkDepot(depot))];
}

/** Of a machine that has no program: whether it could be a worker, where its configuration names a server. */
async function checkWorker(world: World, globalRoot: string): Promise<Finding[]> {
  const { temporal } = (await loadGlobalConfig(globalRoot)).config;
  if (temporal === null) return [];
  const { checkServerOf, checkWorkerSdk } = await import('./doctor-machines.ts');
  return [...(await checkServerOf(world, temporal, [])), ...(await checkWorkerSdk())];
}

/** Nothing to say where no task has a tree. */
async function checkTrees(
  world: World,
  programDir: string,
  { project, tasks }: { project: ProjectSpec; tasks: readonly TaskSpec[] },
): Promise<Finding[]> {
  const isolated = tasks.filter((task) => treeOf(project, task) !== null);
  if (isolated.length === 0) return [];
  const { config } = await loadGlobalConfig(globalRootFrom(world.env, world.cwd));
  const named = isolated.map((task) => nameWorkspaces(programDir, project, task, {}));
  const workspaces = named.flatMap((each) => (each.ok ? [each.workspaces.cwd] : []));
  return checkForTrees(world, workspaces, config.trees.dir);
}

/** Whether what checks run, which agents wrote, is held by a sandbox. */
async function checkHeldChecks(
  project: ProjectSpec,
  tasks: readonly TaskSpec[],
  env: NodeJS.ProcessEnv,
): Promise<Finding[]> {
  const held = tasksWithChecks(project, tasks).filter(
    (task) => unheldBecause(project, task) === null,
  );
  if (held.length === 0) return [];
  const trouble = await sandboxProblem(env);
  if (trouble === null) return [fine('checks.sandbox', 'Checks run in a sandbox (bubblewrap).')];
  const message = `The checks of ${plural(held.length, 'task')} run as you, without a sandbox: ${trouble}.`;
  const remedy = 'Install the package bubblewrap, and allow it to make namespaces.';
  return [problem('checks.sandbox', 'warning', message, remedy)];
}

function checkPlace(
  programDir: string,
  uses: readonly AgentUse[] | null,
  env: NodeJS.ProcessEnv,
): Finding[] {
  const runs = path.join(programDir, '.runs');
  const written = existsSync(runs) ? runs : programDir;
  const findings = [
    isWritable(written)
      ? fine('disk.writable', `${written} can be written to.`)
      : problem(
          'disk.writable',
          'error',
          `${written} cannot be written to.`,
          'Give yourself the permission, or copy the program elsewhere.',
        ),
    checkSpace(written),
    ...checkFileSystem(written),
  ];
  const open = backends
    .filter((backend) => isUsed(backend, uses))
    .flatMap(({ openDirectories }) => openDirectories(env))
    .map(realPathOf);
  const real = realPathOf(programDir);
  if (open.some((dir) => real === dir || real.startsWith(dir + path.sep))) {
    const message = `The program lies under ${tmpdir()}, which agents may write to.`;
    const remedy = 'Move it elsewhere: an agent could change the program and its runs.';
    findings.push(problem('program.place', 'warning', message, remedy));
  }
  return findings;
}

function checkSpace(directory: string): Finding {
  const { bavail, bsize } = statfsSync(directory);
  const free = bavail * bsize;
  const message = `${Math.floor(free / 1024 ** 2)} MiB are free on the disk of ${directory}.`;
  const remedy = 'Free some space; old runs lie in .runs/ and may be deleted.';
  if (free < NO_SPACE_BYTES) return problem('disk.space', 'error', message, remedy);
  if (free < LITTLE_SPACE_BYTES) return problem('disk.space', 'warning', message, remedy);
  return fine('disk.space', message);
}

function checkFileSystem(directory: string): Finding[] {
  const trouble = fileSystemTrouble(directory, { isQuick: false });
  if (trouble === null) return [];
  return [problem(FILE_SYSTEM, 'warning', trouble.message, trouble.remedy)];
}

/** Runs that nobody drives though something runs in them, that nobody can see, or that are damaged. */
function checkRuns(programDir: string): Finding[] {
  const findings: Finding[] = [];
  for (const run of listRunSummaries(programDir)) {
    if (!run.ok) {
      const remedy = run.refusal.hint ?? `codex-orch run verify ${run.runId}`;
      findings.push(problem('runs.damaged', 'warning', run.refusal.message, remedy));
      continue;
    }
    const { id, counts } = run.summary;
    const holder = currentHolder(runPaths(programDir, id));
    if (holder?.liveness === 'unknown') {
      const message = `Run ${id} is held by ${describeHolder(holder)}.`;
      const remedy = `If that process is gone, delete ${holder.file}.`;
      findings.push(problem('runs.lock', 'warning', message, remedy));
    } else if (holder === null && counts.running > 0) {
      const message = `Run ${id} has ${plural(counts.running, 'running instance')}, but no engine.`;
      findings.push(problem('runs.engine', 'warning', message, `codex-orch run resume ${id}`));
    }
  }
  if (findings.length > 0) return findings;
  return [fine('runs', 'No run was left in between.')];
}

/** Runs, and workspaces of roles, of before these were their owner's alone. */
function checkPermissions(programDir: string, fix: boolean): Finding[] {
  const roles = path.join(programDir, '.codex-orch', 'assistant_roles');
  const kept = [
    ...listRunIds(programDir).map((id) => runPaths(programDir, id).root),
    ...namesIn(roles).map((id) => path.join(roles, id, 'workspace')),
  ].filter(isOpenToOthers);
  if (fix) for (const directory of kept) closeToOthers(directory);
  const left = kept.filter(isOpenToOthers);
  if (left.length === 0) return [];
  const remedy = fix
    ? 'The disk keeps no modes, or they are not yours: keep the program on a local disk.'
    : `codex-orch doctor ${programDir} --fix`;
  const message = `${plural(left.length, 'directory', 'directories')} of runs and roles can be read by others: ${left[0]}${left.length > 1 ? ', …' : ''}.`;
  return [problem('disk.private', 'warning', message, remedy)];
}

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
