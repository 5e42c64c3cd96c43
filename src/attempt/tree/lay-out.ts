/**
 * Lays a tree out: its files, what is copied into it, what its author has run in it. While that goes on a mark lies
 * beside the run, so that nobody takes for whole what a crash has left half made.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { copyTree, makeDirectory, remove, removeTree, writeFile } from '../../disk/disk.ts';
import { realPathOf } from '../../disk/real-path.ts';
import { setUpTree } from '../../execution/local/tree-setup.ts';
import type { Git } from '../../git/git.ts';
import { makeTree, type NewTree } from '../../git/tree.ts';
import type { FailureKind, Instance } from '../../model/run.ts';
import type { RunPaths } from '../../store/layout.ts';
import { inTree, treeAt, type OwnTree } from './own-tree.ts';

export interface LayOutContext {
  git: Git;
  paths: RunPaths;
  /** The engine's own environment. */
  env: Readonly<NodeJS.ProcessEnv>;
}

/** Why there is no tree that work could begin in. */
export interface TreeProblem {
  kind: 'failed';
  failureKind: FailureKind;
  message: string;
}

export interface TreeToLayOut extends Pick<NewTree, 'start' | 'merge' | 'left'> {
  instance: Instance;
  directory: string;
}

/** Whether a tree is there, and all of it. */
export function isWhole(paths: RunPaths, directory: string): boolean {
  return existsSync(directory) && !existsSync(paths.treeFile(directory, 'making'));
}

/** `directory`: what lies there is not whole, and goes. Null where the tree is ready. @throws GitFailure */
export async function layOut(
  context: LayOutContext,
  own: OwnTree,
  { instance, directory, ...fresh }: TreeToLayOut,
): Promise<TreeProblem | null> {
  const { git, paths } = context;
  const { object_format: objectFormat, worktree } = own.base;
  const mark = paths.treeFile(directory, 'making');
  makeDirectory(paths.treesDir);
  writeFile(mark, '');
  if (existsSync(directory)) await removeTree(directory);
  makeDirectory(directory);
  await makeTree(git, treeAt(paths, own.base, directory), { objectFormat, worktree, ...fresh });
  const problem =
    (await copyAlong(own, directory)) ??
    openPlaces(own, directory) ??
    (await setUp(context, instance, own, directory));
  if (problem === null) remove(mark);
  return problem;
}

/** What git ignores and the tree needs. */
async function copyAlong(
  { spec, workspaces, base }: OwnTree,
  directory: string,
): Promise<TreeProblem | null> {
  const { cwd } = inTree(workspaces, base.worktree, directory);
  for (const name of spec.copy) {
    const from = path.join(workspaces.cwd, name);
    const to = path.join(cwd, name);
    if (!existsSync(from)) {
      return failed('tree_setup', `${from}, which "tree.copy" names, does not exist`);
    }
    const outside = leadsOutside(directory, path.dirname(to));
    if (outside !== null) return outside;
    makeDirectory(path.dirname(to), { shared: true });
    await copyTree(from, to);
  }
  return null;
}

/** The workspace and roots in the tree are there: an empty directory is not in a commit. */
function openPlaces({ workspaces, base }: OwnTree, directory: string): TreeProblem | null {
  const places = inTree(workspaces, base.worktree, directory);
  for (const place of [places.projectWorkspaceDir, places.cwd, ...places.extraRoots]) {
    if (!isBelow(directory, place)) continue;
    const outside = leadsOutside(directory, place);
    if (outside !== null) return outside;
    makeDirectory(place, { shared: true });
  }
  return null;
}

/** A link that somebody has committed would open what it leads to. */
function leadsOutside(directory: string, place: string): TreeProblem | null {
  let existing = place;
  while (!existsSync(existing)) existing = path.dirname(existing);
  if (isBelow(realPathOf(directory), realPathOf(existing))) return null;
  const name = path.relative(directory, place);
  return failed('workspace', `${name} of the tree leads out of it, to ${realPathOf(existing)}`);
}

function isBelow(directory: string, place: string): boolean {
  return place === directory || place.startsWith(directory + path.sep);
}

async function setUp(
  { paths, env }: LayOutContext,
  { instance_id: id, attempt }: Instance,
  own: OwnTree,
  directory: string,
): Promise<TreeProblem | null> {
  const { spec, workspaces, base, isHeld, secrets } = own;
  if (spec.setup === null) return null;
  const { cwd, extraRoots } = inTree(workspaces, base.worktree, directory);
  const problem = await setUpTree(env, {
    ...{ line: spec.setup, cwd, isHeld, secrets },
    writableRoots: [directory, ...extraRoots],
    attemptDir: paths.attemptDir(id, attempt),
    programDir: paths.authoredDir,
  });
  return problem === null ? null : failed('tree_setup', problem);
}

function failed(failureKind: FailureKind, message: string): TreeProblem {
  return { kind: 'failed', failureKind, message };
}
