/** The tree of an attempt on a worker: laid out of what was given, and what became of it on its way back. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { makeDirectory, remove } from '../../../disk/disk.ts';
import { makeStore, takeBundle } from '../../../git/bundle.ts';
import { GitFailure, type Git } from '../../../git/git.ts';
import { makeCommit } from '../../../git/make-commit.ts';
import { operationUnderWay } from '../../../git/repository.ts';
import { setRef } from '../../../git/set-ref.ts';
import { makeTree, type Tree } from '../../../git/tree.ts';
import { writeWork } from '../../../git/work.ts';
import type { RemoteTree } from '../../../model/attempt.ts';
import type { BlobFolder } from './blobs.ts';
import type { Bundle, GivenTree } from './manifest.ts';
import { rootsAt } from './marks.ts';
import { cachedBase, storeAt, writeInfo, type FetchBlob } from './base-cache.ts';
import { keepBundle, wayRefs } from './tree-out.ts';

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
