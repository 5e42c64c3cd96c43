/** What stands in the working tree of an instance that shares it with others: recorded before and after its attempts. */
import { backendOf } from '../../agents/backends.ts';
import { effectiveAgent } from '../../agents/resolve-agent.ts';
import { effectiveValues, instanceOf, taskOf, type RunState } from '../../core/state/run-state.ts';
import type { SeenTree } from '../../core/judge/workspace.ts';
import type { Git } from '../../git/git.ts';
import { seePlaceOf, seeTree } from '../../git/seen.ts';
import { Refusal } from '../../model/refusal.ts';
import type { ProjectSpec, TaskSpec } from '../../model/program.ts';
import { treeDefaults, treeOf } from '../../model/trees.ts';
import { resolveWorkspaces } from '../../program/workspaces.ts';
import type { RunPaths } from '../../store/layout.ts';

export interface SeeContext {
  state: RunState;
  paths: RunPaths;
  git: Git;
}

/** Whether what its attempts change is recorded: its own trees are commits, and need it not. */
export function recordsChanges(project: ProjectSpec, task: TaskSpec): boolean {
  if (treeOf(project, task) !== null) return false;
  if (task.checks?.some(({ unchanged, changed }) => unchanged !== undefined || changed === true))
    return true;
  const said = task.changes ?? project.changes;
  if (said !== undefined) return said;
  const { agent, sandbox } = effectiveAgent(project, task);
  const mayWrite = backendOf(agent.backend).needsPrompt && sandbox !== 'read-only';
  return project.edition === 2 && mayWrite;
}

/** null: it works in no git repository, or git cannot tell. */
export async function seeWork(
  { state, paths, git }: SeeContext,
  instanceId: string,
): Promise<SeenTree | null> {
  const { project } = state.plan;
  const instance = instanceOf(state, instanceId);
  const task = taskOf(state, instance);
  const values = effectiveValues(state, instance.input_scope_id);
  const resolved = resolveWorkspaces(paths.authoredDir, project, task, values);
  if (!resolved.ok) return null;
  try {
    const place = await seePlaceOf(git, resolved.workspaces.cwd);
    if (place === null) return null;
    const { max_file_mb: most } = { ...treeDefaults, ...(task.tree ?? project.tree) };
    const tree = await seeTree(git, paths.treesDir, place, { maxFileBytes: most * 1024 * 1024 });
    return { worktree: place.worktree, tree };
  } catch (error) {
    // For people to look at, as a rule: it keeps nobody from working.
    if (!(error instanceof Refusal)) throw error;
    return null;
  }
}
