/** The tree of an attempt on a worker: laid out of what was given, and what became of it on its way back. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { makeDirectory, remove, renameFile, temporaryName, writeFile } from '../../../disk/disk.ts';
import { sha256 } from '../../../disk/sha256.ts';
import { makeStore, takeBundle } from '../../../git/bundle.ts';
import { GitFailure, type Git } from '../../../git/git.ts';
import { makeCommit } from '../../../git/make-commit.ts';
import { operationUnderWay } from '../../../git/repository.ts';
import { setRef } from '../../../git/set-ref.ts';
import { makeTree, type Tree } from '../../../git/tree.ts';
import { writeWork } from '../../../git/work.ts';
import type { RemoteTree } from '../../../model/attempt.ts';
import type { BlobFolder } from './blobs.ts';
import type { Blob, Bundle, GivenTree, TreeInfo } from './manifest.ts';
import { rootsAt } from './marks.ts';
import { keepBundle, wayRefs } from './tree-out.ts';

/** Puts a blob of what was given into a file of ours, which has its hash. */
export type FetchBlob = (blob: Blob, file: string) => Promise<void>;

/** Where a worker's git keeps what an attempt needs. */
function storeAt(place: string): string {
  return path.join(place, 'repository');
}

export function treeThere(place: string, name: string): Tree {
  return {
    repository: storeAt(place),
    directory: path.join(rootsAt(place).tree, name),
    indexFile: path.join(place, 'tree.index'),
  };
}

/**
 * Makes the tree below `place`. `cacheDir`: where bases are kept, for all attempts to come.
 *
 * @throws GitFailure; Refusal; what `fetch` throws
 */
export async function layOutTree(
  git: Git,
  given: GivenTree,
  { place, cacheDir, fetch }: { place: string; cacheDir: string; fetch: FetchBlob },
): Promise<Tree> {
  const { base, snapshot, objectFormat, start, merge, info } = given;
  const cached = await cachedBase(git, given, cacheDir, fetch);
  const store = storeAt(place);
  await makeStore(git, store, { objectFormat, borrows: cached });
  writeInfo(store, info);
  await setRef(git, store, wayRefs.base, base.commit);
  const file = path.join(place, 'snapshot.bundle');
  await fetch(snapshot, file);
  const { commit, ref } = snapshot;
  await takeBundle(git, store, file, { ref, to: wayRefs.snapshot, commit, isChecked: false });
  remove(file);
  const tree = treeThere(place, given.name);
  makeDirectory(tree.directory);
  await makeTree(git, tree, { objectFormat, worktree: cached, start, merge, left: commit });
  return tree;
}

/** A repository with a base and its history; made once, and whole. The same base of another run is not asked for again. */
async function cachedBase(
  git: Git,
  { base, objectFormat, info }: GivenTree,
  cacheDir: string,
  fetch: FetchBlob,
): Promise<string> {
  // By what is in it: the bundle also names the run that made it.
  const known = sha256(JSON.stringify([objectFormat, base.commit, info]));
  const cached = path.join(cacheDir, `${known}.git`);
  if (existsSync(cached)) return cached;
  makeDirectory(cacheDir);
  const making = temporaryName(cached);
  const file = `${making}.bundle`;
  try {
    await fetch(base, file);
    await makeStore(git, making, { objectFormat, borrows: null });
    writeInfo(making, info);
    const { commit, ref } = base;
    await takeBundle(git, making, file, { ref, to: wayRefs.base, commit, isChecked: false });
    try {
      renameFile(making, cached);
    } catch (error) {
      // Another attempt of this worker was first.
      if (!existsSync(cached)) throw error;
    }
    return cached;
  } finally {
    for (const each of [making, file]) remove(each);
  }
}

function writeInfo(repository: string, info: TreeInfo): void {
  for (const [name, text] of Object.entries(info)) {
    const file = path.join(repository, name);
    makeDirectory(path.dirname(file));
    writeFile(file, text);
  }
}

export interface BroughtTree {
  tree: Bundle | null;
  /** Repositories inside it. */
  leftOut: string[];
  /** Why not all of it is work that can be taken; null: it is. */
  trouble: string | null;
}

/** What the tree holds now, as a bundle without what was sent. */
export async function bringTree(
  git: Git,
  place: string,
  spec: RemoteTree,
  how: Bringing,
): Promise<BroughtTree> {
  try {
    return await bring(git, place, spec, how);
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error;
    return { tree: null, leftOut: [], trouble: `its tree on the worker: ${error.message}` };
  }
}

interface Bringing {
  blobs: BlobFolder;
  /** What was sent. */
  snapshot: string;
  /** ISO 8601. */
  at: string;
  /** Whether it began in the middle of a merge. */
  isWithMerge: boolean;
}

async function bring(
  git: Git,
  place: string,
  spec: RemoteTree,
  { blobs, snapshot, at, isWithMerge }: Bringing,
): Promise<BroughtTree> {
  const { start, maxFileBytes, copied } = spec;
  const tree = treeThere(place, path.basename(spec.directory));
  if (!existsSync(tree.directory)) {
    return { tree: null, leftOut: [], trouble: 'its tree on the worker is gone' };
  }
  const options = { start, maxFileBytes, copied };
  let [work, trouble] = [await writeWork(git, tree, options), unfinished(tree, isWithMerge)];
  if (!work.ok && work.large !== undefined) {
    // The rest of it is not lost for that.
    trouble ??= `its tree on the worker: ${work.message}`;
    work = await writeWork(git, tree, { ...options, copied: [...copied, ...work.large] });
  }
  if (!work.ok) {
    return { tree: null, leftOut: [], trouble: `its tree on the worker: ${work.message}` };
  }
  const store = storeAt(place);
  const commit = await makeCommit(git, store, {
    ...{ tree: work.tree, parents: [snapshot], at },
    message: 'What stood in the tree after an attempt on another machine',
  });
  const content = { ref: wayRefs.returned, commit, without: [snapshot, spec.base] };
  const bundle = await keepBundle(git, store, content, blobs);
  return { tree: bundle, leftOut: work.left_out.map((one) => one.path), trouble };
}

/** What its agent has begun with git and not finished, which the run's side could not see. */
function unfinished({ directory }: Tree, isWithMerge: boolean): string | null {
  const busy = operationUnderWay(path.join(directory, '.git'));
  if (busy === null || (busy === 'merge' && isWithMerge)) return null;
  return `a ${busy} is in progress in its tree on the worker: finish it, or: git ${busy} --abort`;
}
