/**
 * Lays a tree out: its files, what is copied into it, what its author has run in it. While that goes on a mark lies
 * beside the run, so that nobody takes for whole what a crash has left half made.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { copyTree, makeDirectory, remove, removeTree, writeFile } from '../../disk/disk.ts';
import { realPathOf } from '../../disk/real-path.ts';
import {
  bubblewrapIn,
  sandboxProblem,
  sandboxWords,
  type HeldOrder,
} from '../../execution/local/surroundings.ts';
import type { Git } from '../../git/git.ts';
import { makeTree, type NewTree } from '../../git/tree.ts';
import type { FailureKind, Instance } from '../../model/run.ts';
import { withoutRepository } from '../../processes/git-environment.ts';
import { runBounded } from '../../processes/run-briefly.ts';
import type { RunPaths } from '../../store/layout.ts';
import { secretsIn, withoutSecretsIn } from '../../text/redact.ts';
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

const SETUP_MS = 600_000;
const SETUP_BYTES = 64 * 1024 * 1024;
const KEPT_BYTES = 1024 * 1024;

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

/** In the sandbox of the task, as its checks are: what it runs was written by those before. */
async function setUp(
  { paths, env }: LayOutContext,
  { instance_id: id, attempt }: Instance,
  own: OwnTree,
  directory: string,
): Promise<TreeProblem | null> {
  const { spec, workspaces, base } = own;
  if (spec.setup === null) return null;
  const { cwd, extraRoots } = inTree(workspaces, base.worktree, directory);
  const attemptDir = paths.attemptDir(id, attempt);
  const scratch = path.join(attemptDir, 'scratch');
  makeDirectory(scratch);
  const held = await sandboxOf(own, env, {
    ...{ cwd, attemptDir: scratch, programDir: paths.authoredDir },
    writableRoots: [directory, ...extraRoots],
    // The repository is the tree's own, and not yet anybody's at work.
    closed: [],
  });
  const line = ['/bin/sh', '-c', `exec 2>&1\n${spec.setup}`];
  const [program = '', ...words] = [...held.before, ...line];
  const { code, stdout, stderr } = await runBounded([program, ...words], {
    cwd,
    env: { ...withoutRepository(env), PWD: cwd, ...held.env },
    timeoutMs: SETUP_MS,
    maxBytes: SETUP_BYTES,
  });
  const printed = Buffer.concat([stdout, Buffer.from(stderr)]);
  const output = withoutSecretsIn(printed, secretsIn(env, own.secrets)).subarray(-KEPT_BYTES);
  writeFile(path.join(attemptDir, 'setup.log'), output);
  if (code === 0) return null;
  const how = code === null ? 'did not end' : `ended with exit status ${code}`;
  const tail = output.toString('utf8').trimEnd().split('\n').slice(-20).join('\n');
  return failed('tree_setup', `"tree.setup" ${how}: ${spec.setup}\n${tail}`);
}

/** Nothing where the task has none, or none can be had. Caches of package managers lie in the attempt, then. */
async function sandboxOf(
  { isHeld }: OwnTree,
  env: LayOutContext['env'],
  place: Omit<HeldOrder, 'sandbox'>,
): Promise<{ before: string[]; env: Record<string, string> }> {
  if (!isHeld || (await sandboxProblem(env)) !== null) return { before: [], env: {} };
  const cache = path.join(place.attemptDir, 'cache');
  return {
    before: sandboxWords({ ...place, sandbox: 'workspace-write' }, bubblewrapIn(env), []),
    env: { TMPDIR: place.attemptDir, XDG_CACHE_HOME: cache, npm_config_cache: cache },
  };
}

function failed(failureKind: FailureKind, message: string): TreeProblem {
  return { kind: 'failed', failureKind, message };
}
