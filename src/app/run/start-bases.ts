/** What a run starts from, where its tasks have trees of their own: one base for each working tree that they work in. */
import type { RunState } from '../../core/state/run-state.ts';
import { remove } from '../../disk/disk.ts';
import { realPathOf } from '../../disk/real-path.ts';
import { checkBase, makeBase, type CheckedBase } from '../../git/base.ts';
import { GitFailure, gitOf, type Git } from '../../git/git.ts';
import { runRefs } from '../../git/refs.ts';
import { gitVersion, repositoryAt } from '../../git/repository.ts';
import { refCommit, setRef } from '../../git/set-ref.ts';
import type { JsonObject } from '../../model/json.ts';
import type { ProjectSpec, TaskSpec } from '../../model/program.ts';
import { Refusal } from '../../model/refusal.ts';
import { treeOf, type Uncommitted, type WorkspaceBase } from '../../model/trees.ts';
import { globalRootFrom, loadGlobalConfig } from '../../program/global-config.ts';
import { resolveWorkspaces } from '../../program/workspaces.ts';
import { placeIn } from '../../attempt/tree/own-tree.ts';
import type { RunPaths } from '../../store/layout.ts';
import type { World } from '../world.ts';

export interface StartBases {
  git: Git;
  uncommitted: Uncommitted | null;
  bases: CheckedBase[];
}

/** null where no task has a tree of its own. @throws Refusal with what keeps a working tree from being a base */
export async function checkBases(
  world: World,
  program: { programDir: string; project: ProjectSpec },
  tasks: readonly TaskSpec[],
  inputs: JsonObject,
  uncommitted: Uncommitted | null,
): Promise<StartBases | null> {
  const isolated = tasks.filter((task) => treeOf(program.project, task) !== null);
  if (isolated.length === 0) return null;
  const git = gitOf(world.env);
  await gitVersion(git, program.programDir);
  const { config } = await loadGlobalConfig(globalRootFrom(world.env, world.cwd));
  const bases = new Map<string, CheckedBase>();
  const seen = new Set<string>();
  for (const task of isolated) {
    const resolved = resolveWorkspaces(program.programDir, program.project, task, inputs);
    if (!resolved.ok) {
      throw new Refusal('workspace-missing', resolved.message, {
        hint: 'With "isolation: tree" workspaces must be known when the run starts.',
      });
    }
    const { cwd, extraRoots } = resolved.workspaces;
    const repository = seen.has(cwd) ? null : await repositoryAt(git, realPathOf(cwd));
    seen.add(cwd);
    if (repository === null) continue;
    const { topLevel } = repository;
    for (const root of extraRoots) {
      if (placeIn(realPathOf(root), topLevel) === null || realPathOf(root) === topLevel) continue;
      const message = `The task ${task.id} has a writable root, ${root}, that holds the repository ${topLevel}: its trees would keep nothing apart.`;
      throw new Refusal('repository-writable', message, {
        hint: 'Name roots beside or inside of the repository.',
      });
    }
    if (placeIn(topLevel, config.trees.dir) !== null) {
      const message = `Trees would lie in ${config.trees.dir}, inside of the repository ${topLevel}.`;
      throw new Refusal('trees-inside', message, {
        hint: 'Set "dir" in the section [trees] of config.toml to a directory elsewhere.',
      });
    }
    if (!bases.has(topLevel)) bases.set(topLevel, await checkBase(git, repository, uncommitted));
  }
  return { git, uncommitted, bases: [...bases.values()] };
}

/** Makes the commits. `now`: the start of the run. Nothing names them yet: see `keepBases`. */
export async function makeBases(
  { git, uncommitted, bases }: StartBases,
  paths: RunPaths,
  now: string,
): Promise<WorkspaceBase[]> {
  const made: WorkspaceBase[] = [];
  for (const [place, checked] of bases.entries()) {
    const scratch = paths.treeFile(String(place), 'base');
    made.push(await makeBase(git, checked, uncommitted, { scratch, at: now }));
  }
  remove(paths.treesDir);
  return made;
}

/**
 * Has refs of the run name what it starts from, where none does yet. Not before the run is on record: of a start that
 * dies, nothing would ever take them away. Where a repository cannot be written to, its instances will say so: what is
 * at work has to be found again all the same.
 */
export async function keepBases(world: World, { plan, runId }: RunState): Promise<void> {
  const refs = runRefs(runId);
  const git = gitOf(world.env);
  for (const [place, { repository, commit }] of (plan.workspace_bases ?? []).entries()) {
    const ref = refs.base(place);
    try {
      if ((await refCommit(git, repository, ref)) !== commit) {
        await setRef(git, repository, ref, commit);
      }
    } catch (error) {
      if (!(error instanceof GitFailure)) throw error;
    }
  }
}
