/** Starts a run: freezes what it needs of a program that was checked, and writes the first events. */
import { withChecks } from '../../attempt/check/checks-of-run.ts';
import { createRun } from '../../core/plan/create-run.ts';
import { FILE_SYSTEM, fileSystemTrouble } from '../../disk/file-system.ts';
import { compileLate } from '../../engine/compile-late.ts';
import { keepHeapSmall } from '../../engine/keep-heap-small.ts';
import { runStore } from '../../engine/session.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { TaskSpec } from '../../model/program.ts';
import { Refusal } from '../../model/refusal.ts';
import { FORMAT_VERSION, type PathTemplates, type RunPlan } from '../../model/run.ts';
import { newRunId } from '../../store/layout.ts';
import type { World } from '../world.ts';
import { freezeFiles } from './freeze.ts';
import { checkBases, makeBases } from './start-bases.ts';
import { prepareStart, type StartOptions } from './prepare-start.ts';

declare const CODEX_ORCH_VERSION: string;

export type { StartOptions };

export interface StartedRun {
  runId: string;
  /** Problems of the program that do not block it. */
  warnings: Diagnostic[];
}

/** Creates the run; nothing has started when this returns. @throws Refusal with what blocks it */
export async function startRun(
  world: World,
  programDir: string,
  options: StartOptions,
): Promise<StartedRun> {
  keepHeapSmall();
  compileLate();
  const title = titleIn(options);
  const {
    program,
    project: held,
    roots,
    tasks,
    inputs,
    warnings,
  } = await prepareStart(world, programDir, options);
  const bases = await checkBases(world, program, tasks, inputs, options.uncommitted ?? null);
  const now = world.clock.now();
  const runId = newRunId(now);
  const run = runStore(world, program.programDir).create(runId);
  try {
    const files = await freezeFiles(program.programDir, run.paths.programDir, tasks);
    const project = options.assistants ? { ...held, assistants: 'inline' as const } : held;
    const plan: RunPlan = {
      format_version: FORMAT_VERSION,
      tool_version: CODEX_ORCH_VERSION,
      roots,
      labels: [...options.labels],
      project,
      project_workspace_template: project.workspace,
      tasks: Object.fromEntries(tasks.map((task) => [task.id, withChecks(project, task)])),
      task_path_templates: Object.fromEntries(tasks.map((task) => [task.id, templatesOf(task)])),
      user_inputs: inputs,
      files,
      ...(options.yesItems === undefined ? {} : { yes_items: options.yesItems }),
      ...(title === null ? {} : { title }),
      ...(bases === null ? {} : { workspace_bases: await makeBases(bases, run.paths, now) }),
    };
    const { state, events } = createRun(plan, runId, now);
    run.begin(events, state);
    warnings.push(...fileSystemWarnings(run.paths.root));
  } catch (error) {
    run.discard();
    throw error;
  }
  return { runId, warnings };
}

/** More than anybody reads in a list. */
const TITLE_CHARS = 200;

/** null: it has none. @throws Refusal `bad-title` */
function titleIn({ title = '' }: StartOptions): string | null {
  const said = title.trim();
  if (said === '') return null;
  if (said.length <= TITLE_CHARS && !/\p{Cc}/u.test(said)) return said;
  throw new Refusal('bad-title', `a title is one line of at most ${TITLE_CHARS} characters`);
}

/** What a run on this disk cannot promise. */
function fileSystemWarnings(directory: string): Diagnostic[] {
  const trouble = fileSystemTrouble(directory, { isQuick: true });
  if (trouble === null) return [];
  const { message, remedy: hint } = trouble;
  return [
    {
      ...{ severity: 'warning', code: FILE_SYSTEM, message, hint },
      ...{ location: '.runs', reference_url: null, file: null, line: null, column: null },
    },
  ];
}

function templatesOf(task: TaskSpec): PathTemplates {
  return { workspace: task.workspace, extra_writable_roots: task.extra_writable_roots };
}
