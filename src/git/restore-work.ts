/** Makes an instance's tree again what it was, down to what git does not ignore. */
import { remove, temporaryName } from '../disk/disk.ts';
import { copyKeepingTime } from '../disk/foreign-file.ts';
import type { Git } from './git.ts';
import { leftOut } from './repository.ts';
import { engineGit, type Tree } from './tree.ts';
import { globsOf } from './work.ts';

/** `copied`: files that were copied into the tree, relative to its top. What git ignores stays, and nested repositories. @throws GitFailure */
export async function restoreWork(
  git: Git,
  tree: Tree,
  wanted: { tree: string; copied: readonly string[] },
): Promise<void> {
  // A copy, as for `writeWork`: the other stays as the checkout left it.
  const indexFile = temporaryName(tree.indexFile);
  const place = engineGit({ ...tree, indexFile });
  try {
    await copyKeepingTime(tree.indexFile, indexFile);
    await git.text(['read-tree', '--reset', '-u', wanted.tree], place);
    const excluded = [...leftOut, ...wanted.copied.flatMap(globsOf)];
    await git.text(['clean', '-f', '-d', '-q', '--', '.', ...excluded], place);
  } finally {
    remove(indexFile);
    remove(`${indexFile}.lock`);
  }
}
