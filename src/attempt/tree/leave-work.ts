/** What an attempt that ended well left in its tree, as one commit; or why that cannot be taken. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { unappliedReplies } from '../../core/state/replies.ts';
import { instanceOf } from '../../core/state/run-state.ts';
import type { WorkspaceFacts } from '../../core/judge/workspace.ts';
import { readForeign } from '../../disk/foreign-file.ts';
import { someNamesIn } from '../../disk/names-in.ts';
import { markedFiles } from '../../git/fold.ts';
import { makeCommit } from '../../git/make-commit.ts';
import { runRefs } from '../../git/refs.ts';
import { operationUnderWay } from '../../git/repository.ts';
import { setRef } from '../../git/set-ref.ts';
import { engineGit } from '../../git/tree.ts';
import { restoreWork } from '../../git/restore-work.ts';
import { writeWork, type WrittenWork } from '../../git/work.ts';
import type { FailureKind, Instance } from '../../model/run.ts';
import type { ConflictOutcome, MergeConflict } from '../../model/trees.ts';
import { ownTreeOf, placeIn, treeAt, type OwnTree } from './own-tree.ts';
import type { TreeContext } from './prepare-tree.ts';

/** Of `final.md`: a commit message needs no more. */
const PARAGRAPH_BYTES = 64 * 1024;
const PARAGRAPH_LENGTH = 2000;

export async function leaveWork(context: TreeContext, instanceId: string): Promise<WorkspaceFacts> {
  const { state, paths, git } = context;
  const instance = instanceOf(state, instanceId);
  const { workspace } = instance;
  const found = ownTreeOf(context, instanceId);
  if (found?.ok !== true || workspace === undefined) return { kind: 'none' };
  const { own } = found;
  const { directory, start, conflicts } = workspace;
  if (own.isReadOnly || directory === null) return { kind: 'none' };
  if (!existsSync(directory)) return failed('workspace', `its tree ${directory} is gone`);
  const busy = operationUnderWay(path.join(directory, '.git'));
  // The merge that it was handed is no unfinished one: its agent need not have a commit to finish it with.
  if (busy !== null && !(busy === 'merge' && conflicts.length > 0)) {
    return failed(
      'workspace',
      `a ${busy} is in progress in its tree ${directory}: finish it, or: git ${busy} --abort`,
    );
  }
  const { base, spec } = own;
  const { repository } = base;
  const tree = treeAt(paths, base, directory);
  const work = await writeWork(git, tree, {
    start,
    maxFileBytes: spec.max_file_mb * 1024 * 1024,
    copied: copiedPaths(own),
  });
  if (!work.ok) return failed('workspace', `its tree ${directory}: ${work.message}`);
  const refs = runRefs(state.runId);
  if (conflicts.length > 0) {
    const marked = await markedFiles(git, engineGit(tree), work.tree, refs.result);
    if (marked.size > 0) {
      const message = `conflict markers are left in ${[...marked].join(', ')} of its tree ${directory}`;
      return failed('merge_conflict', message);
    }
  }
  const commit = await makeCommit(git, repository, {
    tree: work.tree,
    parents: [start],
    message: messageOf(context, instance, own),
    at: instance.started_at ?? state.createdAt,
  });
  await setRef(git, repository, refs.instance(instanceId), commit);
  // Whoever is asked again wants to see what has come since.
  if (isAsking(context, instance)) {
    await setRef(git, repository, refs.asked(instanceId, instance.attempt), commit);
  }
  const { files, insertions, deletions, left_out } = work;
  return {
    kind: 'committed',
    commit: {
      attempt: instance.attempt,
      commit,
      tree: work.tree,
      parents: [start],
      start,
      files,
      insertions,
      deletions,
      left_out,
      conflicts: conflicts.map((conflict) => outcomeOf(conflict, work)),
    },
  };
}

/** What it has asked last may still lie where it was dropped. */
function isAsking({ state, paths }: TreeContext, instance: Instance): boolean {
  const dropped = paths.questionsDir(instance.instance_id, instance.attempt);
  if (someNamesIn(dropped, 1).names.length > 0) return true;
  const unheard = unappliedReplies(state, instance.instance_id);
  return instance.blocking_interrupts.length > 0 || unheard.some((each) => each.interrupt.blocking);
}

/** What its tree holds, as a git tree; null: it has none, or git cannot take what is there. */
export async function treeNow(context: TreeContext, instanceId: string): Promise<string | null> {
  const { workspace } = instanceOf(context.state, instanceId);
  const found = ownTreeOf(context, instanceId);
  const directory = workspace?.directory ?? null;
  if (found?.ok !== true || workspace === undefined || directory === null) return null;
  const { own } = found;
  if (own.isReadOnly || !existsSync(directory)) return workspace.start;
  const work = await writeWork(context.git, treeAt(context.paths, own.base, directory), {
    start: workspace.start,
    maxFileBytes: Infinity,
    copied: copiedPaths(own),
  });
  return work.ok ? work.tree : null;
}

/** Puts a tree into its own again: what checks have left there is no work of the instance's. */
export async function restoreTree(
  context: TreeContext,
  instanceId: string,
  tree: string,
): Promise<void> {
  const { workspace } = instanceOf(context.state, instanceId);
  const found = ownTreeOf(context, instanceId);
  const directory = workspace?.directory ?? null;
  if (found?.ok !== true || directory === null || !existsSync(directory)) return;
  const { own } = found;
  const at = treeAt(context.paths, own.base, directory);
  await restoreWork(context.git, at, { tree, copied: copiedPaths(own) });
}

function outcomeOf(conflict: MergeConflict, work: WrittenWork): ConflictOutcome {
  const { path: file } = conflict;
  const outcome = work.removed.includes(file)
    ? 'removed'
    : work.changed.includes(file)
      ? 'changed'
      : 'unchanged';
  return { ...conflict, outcome };
}

/** What was copied into the tree, and is no part of the work. */
export function copiedPaths({ spec, workspaces, base }: OwnTree): string[] {
  const within = placeIn(base.worktree, workspaces.cwd) ?? '';
  return spec.copy.map((name) => path.posix.join(within, name));
}

function messageOf(
  { state, paths }: TreeContext,
  { instance_id: id, attempt }: Instance,
  { task }: OwnTree,
): string {
  const attemptDir = paths.attemptDir(id, attempt);
  const paragraph = firstParagraph(path.join(attemptDir, 'final.md'), path.dirname(attemptDir));
  const trailers = [
    `Codex-Orch-Run: ${state.runId}`,
    `Codex-Orch-Instance: ${id}`,
    `Codex-Orch-Task: ${task.id}`,
    `Codex-Orch-Attempt: ${attempt}`,
  ].join('\n');
  const title = task.title.replace(/\s+/g, ' ').trim();
  return [title, ...(paragraph === '' ? [] : [paragraph]), trailers].join('\n\n');
}

function firstParagraph(file: string, below: string): string {
  const read = readForeign(file, { below, maxBytes: PARAGRAPH_BYTES });
  if (!read.ok) return '';
  const text = read.bytes.toString('utf8').replaceAll('\r\n', '\n').replaceAll('\0', '').trim();
  return (text.split(/\n[ \t]*\n/)[0] ?? '').slice(0, PARAGRAPH_LENGTH).trimEnd();
}

function failed(failureKind: FailureKind, message: string): WorkspaceFacts {
  return { kind: 'failed', failureKind, message };
}
