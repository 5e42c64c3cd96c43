/** What came back of a tree: judged, taken into the person's repository, and laid into the tree of the run. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { makeDirectory, writeFile } from '../../../disk/disk.ts';
import { resolveInside } from '../../../disk/inside.ts';
import { GitFailure, type Git } from '../../../git/git.ts';
import { largestNewFile, takeBundle } from '../../../git/bundle.ts';
import { restoreWork } from '../../../git/restore-work.ts';
import { deleteRefs, refCommit } from '../../../git/set-ref.ts';
import type { AttemptOrder } from '../../../model/attempt.ts';
import { refusedParcel, type Bundle } from './manifest.ts';
import { refsOfOrder, treeOfOrder } from './tree-out.ts';

/** Takes a bundle's objects in, with nothing of the tree changed. @throws Refusal `parcel-refused` */
export async function takeTree(
  git: Git,
  order: AttemptOrder,
  { commit, ref }: Bundle,
  file: string,
): Promise<void> {
  const tree = order.remote?.tree ?? null;
  if (tree === null) throw refusedParcel('it brings a tree, and was given none');
  const { repository, maxFileBytes } = tree;
  const { refs, instanceId } = refsOfOrder(order);
  const sent = await refCommit(git, repository, refs.sent(instanceId));
  if (sent === null) throw refusedParcel(`${refs.sent(instanceId)} is gone, which it was given`);
  const to = refs.returned(instanceId);
  try {
    await takeBundle(git, repository, file, { ref, to, commit, isChecked: true });
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error;
    throw refusedParcel(`its tree: ${error.message}`);
  }
  const largest = await largestNewFile(git, repository, sent, commit);
  if (largest > maxFileBytes) {
    throw refusedParcel(`its tree holds a file of ${largest} bytes; ${maxFileBytes} may be`);
  }
}

/**
 * Has the tree of the run be what came back. After `takeTree`. `leftOut`: repositories that stay where they are; an empty
 * one takes the place of each, so that whoever looks at the tree finds it left out here, too.
 */
export async function layTree(
  git: Git,
  order: AttemptOrder,
  { commit }: Bundle,
  leftOut: readonly string[],
): Promise<void> {
  const tree = order.remote?.tree ?? null;
  if (tree === null) return;
  const wanted = { tree: `${commit}^{tree}`, copied: tree.copied };
  await restoreWork(git, treeOfOrder(tree), wanted);
  for (const name of leftOut) standIn(tree.directory, name);
}

/** As `git init` would make it; nothing where its place is taken, or leads elsewhere. */
function standIn(top: string, name: string): void {
  const inside = resolveInside(top, name);
  if (!inside.ok || name.split('/').includes('.git') || existsSync(inside.path)) return;
  const repository = path.join(inside.path, '.git');
  for (const each of ['objects', 'refs']) makeDirectory(path.join(repository, each));
  writeFile(path.join(repository, 'HEAD'), 'ref: refs/heads/main\n');
}

/** Lets go of what named the commits of the way. */
export async function forgetTree(git: Git, order: AttemptOrder): Promise<void> {
  const tree = order.remote?.tree ?? null;
  if (tree === null) return;
  const { refs, instanceId } = refsOfOrder(order);
  await deleteRefs(git, tree.repository, [refs.sent(instanceId), refs.returned(instanceId)]);
}
