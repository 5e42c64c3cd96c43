/** `run start --dry-run`: what a start would run, in which order, with which agent, and where. */
import { resolveWorkspaces } from '../../program/workspaces.ts';
import { wavesOf } from '../../core/plan/waves.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Sandbox, TaskSpec } from '../../model/program.ts';
import { regionsOf, stackAround } from '../../model/regions.ts';
import { notesOn } from '../../text/task-words.ts';
import { isBound } from '../../text/path-template.ts';
import { honoured } from '../../agents/resolve-agent.ts';
import type { World } from '../world.ts';
import { prepareStart, type StartOptions } from './prepare-start.ts';

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
  /** How it is more than one step: for each item, only when, decided by rules. */
  notes: string[];
  /** Tasks start in the order of their waves; those of one wave at the same time, slots permitting. */
  wave: number;
}

export interface PlannedRun {
  tasks: PlannedTask[];
  inputs: JsonObject;
  warnings: Diagnostic[];
}

/** What `startRun` would run, in which order, with which agent, and where. Creates nothing. */
export async function planRun(
  world: World,
  programDir: string,
  options: StartOptions,
): Promise<PlannedRun> {
  const { program, tasks, inputs, warnings } = await prepareStart(world, programDir, options);
  const waves = wavesOf(tasks);
  const regions = regionsOf(tasks);
  const planned = tasks.map((task): PlannedTask => {
    const resolved = resolveWorkspaces(program.programDir, program.project, task, inputs);
    return {
      taskId: task.id,
      title: task.title,
      kind: task.kind,
      agent: task.agent,
      ...(isBound(task.agent)
        ? { backend: '(from an input)', model: task.model, sandbox: task.sandbox }
        : honoured(program.project, task)),
      directory: resolved.ok ? resolved.workspaces.cwd : null,
      dependsOn: task.depends_on.map((each) => each.task),
      notes: notesOn(task, stackAround(regions, task).at(-1) ?? null),
      wave: waves.get(task.id) ?? 1,
    };
  });
  planned.sort((a, b) => a.wave - b.wave);
  return { tasks: planned, inputs, warnings };
}
