/** The tree of an attempt on its way to a worker, as the run's side packs it: see docs/design/machines.md. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { jsonFile, makeDirectory, replaceFile, temporaryName } from '../../../disk/disk.ts';
import { readForeign, readForeignText } from '../../../disk/foreign-file.ts';
import { NOTE, MAX_BLOB_BYTES } from '../depot/limits.ts';
import { readForeignJson } from '../../../disk/foreign-json.ts';
import { writeBundle, type BundleContent } from '../../../git/bundle.ts';
import type { Git } from '../../../git/git.ts';
import { makeCommit } from '../../../git/make-commit.ts';
import { runRefs, type RunRefs } from '../../../git/refs.ts';
import { deleteRefs } from '../../../git/set-ref.ts';
import { engineGit, type Tree } from '../../../git/tree.ts';
import { writeWork } from '../../../git/work.ts';
import { isJsonObject } from '../../../model/json.ts';
import type { AttemptOrder, RemoteTree } from '../../../model/attempt.ts';
import type { BlobFolder } from './blobs.ts';
import { isBundle, type Bundle, type GivenTree, type TreeInfo } from './manifest.ts';
import { cannotTravel } from './pack.ts';

/** What the bundles call their commits on the way. */
export const wayRefs = {
  base: 'refs/codex-orch/base',
  snapshot: 'refs/codex-orch/snapshot',
  returned: 'refs/codex-orch/returned',
} as const;

/** Of the files that git keeps beside objects. */
const MAX_INFO_BYTES = 4 * 1024 * 1024;

/** Of the run that an order belongs to, and its instance. */
export function refsOfOrder({ remote }: AttemptOrder): { refs: RunRefs; instanceId: string } {
  const [run = '', instanceId = ''] = remote?.id.split('/') ?? [];
  return { refs: runRefs(run), instanceId };
}

export function treeOfOrder({ repository, directory, indexFile }: RemoteTree): Tree {
  return { repository, directory, indexFile };
}

/**
 * Packs what the tree's repository holds of it, and the tree as it lies. `bases`: where bundles of bases are known.
 *
 * @throws Refusal `cannot-travel`; GitFailure
 */
export async function packTree(
  git: Git,
  order: AttemptOrder,
  { blobs, bases }: { blobs: BlobFolder; bases: string },
): Promise<GivenTree | null> {
  const tree = order.remote?.tree ?? null;
  if (tree === null) return null;
  const { repository, base, start, directory, folder, objectFormat, copied } = tree;
  const at = treeOfOrder(tree);
  const work = await writeWork(git, at, { start, maxFileBytes: Infinity, copied });
  if (!work.ok) throw cannotTravel(`its tree ${directory}: ${work.message}`);
  const commit = await makeCommit(git, repository, {
    ...{ tree: work.tree, parents: [start], at: order.startedAt },
    message: 'What stood in the tree before an attempt on another machine',
  });
  const { refs, instanceId } = refsOfOrder(order);
  const keep = (content: BundleContent): Promise<Bundle> =>
    keepBundle(git, repository, content, blobs);
  return {
    name: path.relative(folder, directory),
    objectFormat,
    base: await keptBase(bases, base, blobs, async () => {
      const ref = `${refs.sent(instanceId)}-base`;
      const made = await keep({ ref, commit: base, without: [] });
      await deleteRefs(git, repository, [ref]);
      return made;
    }),
    snapshot: await keep({ ref: refs.sent(instanceId), commit, without: [base] }),
    start,
    merge: await mergeUnderWay(git, at),
    info: infoOf(repository),
  };
}

/** Makes a bundle in a folder of blobs. */
export async function keepBundle(
  git: Git,
  repository: string,
  content: BundleContent,
  blobs: BlobFolder,
): Promise<Bundle> {
  makeDirectory(blobs.directory);
  const file = temporaryName(path.join(blobs.directory, 'bundle'));
  try {
    await writeBundle(git, repository, content, file);
    const kept = await blobs.keepFile(file, { maxBytes: MAX_BLOB_BYTES });
    if (!kept.ok) throw cannotTravel(`the repository ${repository}: its bundle: ${kept.reason}`);
    return { size: kept.size, sha256: kept.sha256, commit: content.commit, ref: content.ref };
  } finally {
    for (const each of [file, `${file}.lock`]) rmSync(each, { force: true });
  }
}

/** The bundle of a base is the same for all of a run: made once. */
async function keptBase(
  bases: string,
  commit: string,
  blobs: BlobFolder,
  make: () => Promise<Bundle>,
): Promise<Bundle> {
  const record = path.join(bases, `${commit}.json`);
  const read = readForeignJson(record, NOTE);
  if (read.ok && isJsonObject(read.value) && isBundle(read.value) && blobs.has(read.value.sha256)) {
    return read.value;
  }
  const made = await make();
  makeDirectory(bases);
  replaceFile(record, jsonFile(made));
  return made;
}

/** As the tree's own repository has it, which an agent may have written to: it is read, and not asked. */
async function mergeUnderWay(git: Git, tree: Tree): Promise<GivenTree['merge']> {
  const own = path.join(tree.directory, '.git');
  const idsIn = (name: string): string[] => {
    const read = readForeignText(path.join(own, name), {
      below: tree.directory,
      maxBytes: 64 * 1024,
    });
    const lines = read.ok ? read.text.trim().split('\n') : [];
    return lines.every((line) => /^[0-9a-f]{40,64}$/.test(line)) ? lines : [];
  };
  const [others, [head]] = [idsIn('MERGE_HEAD'), idsIn('HEAD')];
  if (others.length === 0 || head === undefined) return null;
  // By the person's repository: of the tree's own, the list alone counts.
  const place = { ...engineGit(tree), indexFile: path.join(own, 'index') };
  const stages = await git.run(['ls-files', '-u', '-z'], place);
  if (stages.code !== 0) return null;
  return { head, others, stages: stages.stdout.toString('utf8').split('\0').filter(Boolean) };
}

/** What a repository says of its files beside its commits. */
function infoOf(repository: string): TreeInfo {
  const info: TreeInfo = {};
  for (const name of ['shallow', 'info/exclude', 'info/attributes'] as const) {
    const read = readForeign(path.join(repository, name), { maxBytes: MAX_INFO_BYTES });
    if (read.ok) info[name] = read.bytes.toString('utf8');
    else if (read.code !== 'missing') {
      throw cannotTravel(`${path.join(repository, name)}: ${read.reason}`);
    }
  }
  return info;
}
