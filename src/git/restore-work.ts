/** Makes an instance's tree again what it was, down to what git does not ignore. */
import { remove, temporaryName } from '../disk/disk.ts';
import { copyKeepingTime } from '../disk/foreign-file.ts';
import type { Git } from './git.ts';
import { leftOut, unreadableIndex } from './repository.ts';
import { engineGit, type Tree } from './tree.ts';
import { globsOf } from './work.ts';

/** `copied`: files that were copied into the tree, relative to its top. What git ignores stays, and nested repositories. @throws GitFailure; Refusal `index-unreadable` */
export async function restoreWork(
  git: Git,
  tree: Tree,
  wanted: { tree: string; copied: readonly string[] },
): Promise<void> {
  // A copy, as for `writeWork`: the other stays as the checkout left it.
  const indexFile = temporaryName(tree.indexFile);
  const place = engineGit({ ...tree, indexFile });
  try {
    const copied = await copyKeepingTime(tree.indexFile, indexFile);
    // With none, git takes all that is there to be unknown to it.
    if (!copied.ok && copied.code !== 'missing') throw unreadableIndex(tree.indexFile, copied);
    await git.text(['read-tree', '--reset', '-u', wanted.tree], place);
    const excluded = [...leftOut, ...wanted.copied.flatMap(globsOf)];
    await git.text(['clean', '-f', '-d', '-q', '--', '.', ...excluded], place);
  } finally {
    remove(indexFile);
    remove(`${indexFile}.lock`);
  }
}
