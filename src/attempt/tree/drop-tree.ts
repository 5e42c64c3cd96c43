/** Removes the tree of an instance that is done, where all that it holds is in its commit. */
import { existsSync } from 'node:fs';
import { remove, removeTree } from '../../disk/disk.ts';
import { instanceOf } from '../../core/state/run-state.ts';
import { ownTreeOf, treeAt } from './own-tree.ts';
import type { TreeContext } from './prepare-tree.ts';

/** null where there is nothing to remove, or it is to be kept. */
export function dropTree(
  context: Pick<TreeContext, 'state' | 'paths'>,
  instanceId: string,
): Promise<void> | null {
  const { workspace, status } = instanceOf(context.state, instanceId);
  if (status !== 'done' || workspace === undefined) return null;
  const { directory, commit } = workspace;
  if (directory === null || !existsSync(directory)) return null;
  // Nothing else has that.
  if (commit !== null && commit.left_out.length > 0) return null;
  const found = ownTreeOf(context, instanceId);
  if (found?.ok !== true || found.own.spec.keep === 'all') return null;
  const { indexFile } = treeAt(context.paths, found.own.base, directory);
  return removeTree(directory).then(() => remove(indexFile));
}
