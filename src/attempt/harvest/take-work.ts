/** All that an attempt left: what it handed in, and what it did to the tree that it worked in. */
import path from 'node:path';
import type { AttemptFacts } from '../../core/judge/finish.ts';
import { repairsOf } from '../../core/state/policies.ts';
import { instanceOf, taskOf, type RunState } from '../../core/state/run-state.ts';
import { hashForeign } from '../../disk/foreign-file.ts';
import { sha256 } from '../../disk/sha256.ts';
import { MAX_RESULT_BYTES } from '../../model/run.ts';
import type { AttemptEnd } from '../../model/attempt.ts';
import type { RunPaths } from '../../store/layout.ts';
import { leaveWork, treeNow } from '../tree/leave-work.ts';
import type { TreeContext } from '../tree/prepare-tree.ts';
import { seeWork } from '../seen/see-work.ts';
import { harvestWork } from './harvest.ts';

/** The facts by which the core judges the attempt. */
export async function takeWork(
  run: { state: RunState; paths: RunPaths },
  trees: TreeContext,
  instanceId: string,
  end: AttemptEnd,
): Promise<AttemptFacts> {
  const harvested = await harvestWork(run, instanceId, end);
  const facts = { ...harvested, ...(await seenAfter(trees, instanceId)) };
  if (end.termination_reason !== 'completed') return facts;
  const left = await leftBy(trees, instanceId, facts);
  // What has failed already leaves no commit.
  const isWhole = facts.result.kind !== 'invalid' && facts.artifacts.kind === 'published';
  // And what was left before a check was run stays what was left.
  const isCommitted = instanceOf(run.state, instanceId).workspace?.commit !== null;
  const hasTree = instanceOf(run.state, instanceId).workspace !== undefined;
  if (!isWhole || (hasTree && isCommitted)) return { ...facts, ...left };
  return { ...facts, ...left, workspace: await leaveWork(trees, instanceId) };
}

async function seenAfter(
  trees: TreeContext,
  instanceId: string,
): Promise<Pick<AttemptFacts, 'seen'>> {
  const { seen } = instanceOf(trees.state, instanceId).attempts.at(-1) ?? {};
  if (seen === undefined || seen.after !== null) return {};
  const found = await seeWork(trees, instanceId);
  return found === null ? {} : { seen: found };
}

/** What a repair is compared by: all files, and what was handed in. Nothing where no repair is to come, or the files are not known. */
async function leftBy(
  trees: TreeContext,
  instanceId: string,
  { seen, isUntold }: AttemptFacts,
): Promise<Pick<AttemptFacts, 'left'>> {
  const { state, paths } = trees;
  const instance = instanceOf(state, instanceId);
  const task = taskOf(state, instance);
  if (repairsOf(state.plan.project, task, isUntold === true) < 2) return {};
  const recorded = instance.attempts.at(-1)?.seen?.after ?? null;
  const tree = seen?.tree ?? recorded ?? (await treeNow(trees, instanceId));
  if (tree === null) return {};
  const attemptDir = paths.attemptDir(instanceId, instance.attempt);
  const names = [...new Set(['final.md', 'result.json', ...task.publish])].sort();
  const hashes: string[] = [];
  for (const name of names) {
    const place = { below: path.dirname(attemptDir), maxBytes: MAX_RESULT_BYTES };
    const hashed = await hashForeign(path.join(attemptDir, ...name.split('/')), place);
    hashes.push(hashed.ok ? hashed.sha256 : hashed.code);
  }
  return { left: sha256(JSON.stringify([tree, ...hashes])) };
}
