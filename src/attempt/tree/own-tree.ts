/** Which tree an instance has of its own: from what base, by what settings, and where places of the person's lie in it. */
import path from 'node:path';
import { backendOf } from '../../agents/backends.ts';
import { secretsOf } from '../../agents/profile.ts';
import { effectiveAgent } from '../../agents/resolve-agent.ts';
import { effectiveValues, instanceOf, taskOf, type RunState } from '../../core/state/run-state.ts';
import { realPathOf } from '../../disk/real-path.ts';
import type { Tree } from '../../git/tree.ts';
import type { TaskSpec } from '../../model/program.ts';
import { treeOf, type TreeSpec, type WorkspaceBase } from '../../model/trees.ts';
import { nameWorkspaces, type Workspaces } from '../../program/workspaces.ts';
import type { RunPaths } from '../../store/layout.ts';

export interface OwnTree {
  spec: TreeSpec;
  base: WorkspaceBase;
  task: TaskSpec;
  /** As the author names them, in the person's working tree. */
  workspaces: Workspaces;
  /** Whether its agent may not write to it, and so leaves nothing. */
  isReadOnly: boolean;
  /** Whether its agent is held by a sandbox. */
  isHeld: boolean;
  /** Names of variables whose values are kept out of what is captured. */
  secrets: string[];
  onConflict: 'resolve' | 'fail';
}

export type OwnTreeOf = { ok: true; own: OwnTree } | { ok: false; message: string };

/** null where the instance works where everybody does. */
export function ownTreeOf(
  { state, paths }: { state: RunState; paths: RunPaths },
  instanceId: string,
): OwnTreeOf | null {
  const instance = instanceOf(state, instanceId);
  const task = taskOf(state, instance);
  const { project, workspace_bases: bases = [] } = state.plan;
  const spec = treeOf(project, task);
  if (spec === null) return null;
  const values = effectiveValues(state, instance.input_scope_id);
  const named = nameWorkspaces(paths.authoredDir, project, task, values);
  if (!named.ok) return named;
  const { cwd } = named.workspaces;
  const base = nearestBase(bases, cwd);
  if (base === null) {
    const message = `the workspace ${cwd} lies in no working tree that the run started with; with "isolation: tree" it must be known when the run starts`;
    return { ok: false, message };
  }
  const { agent, sandbox } = effectiveAgent(project, task);
  const { can, needsPrompt } = backendOf(agent.backend);
  const own: OwnTree = {
    spec,
    base,
    task,
    workspaces: named.workspaces,
    isReadOnly: can.sandbox && sandbox === 'read-only',
    isHeld: (can.sandbox || agent.wrap === 'sandbox') && sandbox !== 'danger-full-access',
    secrets: secretsOf(project),
    onConflict: spec.on_conflict ?? (needsPrompt ? 'resolve' : 'fail'),
  };
  return { ok: true, own };
}

/** The innermost working tree that holds a directory. */
function nearestBase(bases: readonly WorkspaceBase[], directory: string): WorkspaceBase | null {
  const holding = bases.filter(({ worktree }) => placeIn(worktree, directory) !== null);
  return holding.sort((a, b) => b.worktree.length - a.worktree.length)[0] ?? null;
}

/** Where a directory lies in a working tree, relative to its top; null: elsewhere. */
export function placeIn(worktree: string, directory: string): string | null {
  const relative = path.relative(worktree, realPathOf(directory));
  const isOutside = relative === '..' || relative.startsWith(`..${path.sep}`);
  return isOutside || path.isAbsolute(relative) ? null : relative;
}

/** The same places in the tree: of all that lie in the person's working tree, which nobody is to write to. */
export function inTree(workspaces: Workspaces, worktree: string, directory: string): Workspaces {
  const mapped = (one: string): string => {
    const relative = placeIn(worktree, one);
    return relative === null ? one : path.join(directory, relative);
  };
  return {
    projectWorkspaceDir: mapped(workspaces.projectWorkspaceDir),
    cwd: mapped(workspaces.cwd),
    extraRoots: workspaces.extraRoots.map(mapped),
  };
}

/** With the engine's index of it, beside the run. */
export function treeAt(paths: RunPaths, base: WorkspaceBase, directory: string): Tree {
  const { repository } = base;
  return { repository, directory, indexFile: paths.treeFile(directory, 'index') };
}

export interface PlacesInTree {
  workspaces: Workspaces;
  /** What of the tree is open to its agent beside the workspace. */
  writable: string[];
  /** What in its workspace is not. */
  closed: string[];
  /** Its top, and what that lies in. */
  directory: string;
  folder: string;
}

/** Where an instance works that has a tree; null where it has none, or none yet. */
export function placesInTree(
  run: { state: RunState; paths: RunPaths },
  instanceId: string,
): PlacesInTree | null {
  const directory = instanceOf(run.state, instanceId).workspace?.directory ?? null;
  if (directory === null) return null;
  const found = ownTreeOf(run, instanceId);
  if (found?.ok !== true) return null;
  const { spec, workspaces, base } = found.own;
  const repository = [path.join(directory, '.git')];
  return {
    workspaces: inTree(workspaces, base.worktree, directory),
    writable: spec.commits === 'agent' ? repository : [],
    closed: spec.commits === 'agent' ? [] : repository,
    directory,
    folder: path.dirname(directory),
  };
}
