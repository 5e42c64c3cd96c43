/** `run delete` and `run prune`: all that a run has on disk goes, with its trees and refs; but for trees of which something is in no commit. */
import { lstatSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { removeTree, renameFile } from '../../disk/disk.ts';
import { runStatus } from '../../core/state/run-state.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import type { RunStatus } from '../../model/run.ts';
import { viewRun } from '../../store/directory/view.ts';
import { resolveRunId, runPaths, runsDir } from '../../store/layout.ts';
import { describeHolder } from '../../store/lock/numbered-lock.ts';
import { currentHolder } from '../../store/lock/run-lock.ts';
import type { World } from '../world.ts';
import { cleanRun, runsOlderThan } from './clean.ts';

export interface DeletedRun {
  run_id: string;
  /** null where it could not be read. */
  status: RunStatus | null;
  /** What its directory took. */
  bytes: number;
  /** Trees of it that stay, for something in them is in no commit: a repository of its own. */
  kept_trees: string[];
}

export interface DeleteOptions {
  dryRun: boolean;
  /** One that is not over goes, too. */
  force?: boolean;
}

/**
 * Deletes a run: nothing of it is left. A run that cannot be read is deleted with `force` alone.
 * @throws Refusal `run-driven`, `run-not-over`
 */
export async function deleteRun(
  world: World,
  programDir: string,
  run: string,
  { dryRun, force = false }: DeleteOptions,
): Promise<DeletedRun> {
  const paths = runPaths(programDir, resolveRunId(programDir, run));
  const { runId, root } = paths;
  const holder = currentHolder(paths);
  if (holder !== null) {
    throw new Refusal('run-driven', `${describeHolder(holder)} drives run ${runId}.`, {
      hint: 'Wait for it, or stop it.',
      exit: ExitStatus.failed,
    });
  }
  const status = statusOf(paths, force);
  if (status !== 'done' && status !== 'failed' && !force) {
    throw new Refusal('run-not-over', `Run ${runId} is ${status ?? 'damaged'}: it can go on.`, {
      hint: `codex-orch run abort ${programDir} ${runId}, or --force`,
      exit: ExitStatus.failed,
    });
  }
  const deleted: DeletedRun = { run_id: runId, status, bytes: bytesBelow(root), kept_trees: [] };
  if (status === 'done' || status === 'failed') {
    deleted.kept_trees = await withoutTrees(world, programDir, runId, dryRun);
  }
  if (dryRun) return deleted;
  // Under another name it is no run any more: a deletion that is cut short leaves no half of one.
  const gone = path.join(runsDir(programDir), `.deleted-${runId}`);
  renameFile(root, gone);
  await removeTree(gone);
  return deleted;
}

/** Those that are over for so long, the latest first. */
export async function pruneRuns(
  world: World,
  programDir: string,
  { olderThanMs, dryRun }: { olderThanMs: number; dryRun: boolean },
): Promise<DeletedRun[]> {
  const deleted: DeletedRun[] = [];
  for (const id of runsOlderThan(programDir, olderThanMs, world.clock.now())) {
    if (currentHolder(runPaths(programDir, id)) !== null) continue;
    deleted.push(await deleteRun(world, programDir, id, { dryRun }));
  }
  return deleted;
}

function statusOf(paths: ReturnType<typeof runPaths>, force: boolean): RunStatus | null {
  try {
    return runStatus(viewRun(paths).state);
  } catch (error) {
    if (!(error instanceof Refusal) || !force) throw error;
    return null;
  }
}

/** Returns those that stay. */
async function withoutTrees(
  world: World,
  programDir: string,
  runId: string,
  dryRun: boolean,
): Promise<string[]> {
  try {
    return (await cleanRun(world, programDir, runId, { refs: true, dryRun })).kept_trees;
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'no-trees') throw error;
    return [];
  }
}

/** Of all files below, without following links. */
function bytesBelow(directory: string): number {
  let bytes = 0;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const at = path.join(directory, entry.name);
    try {
      bytes += entry.isDirectory() ? bytesBelow(at) : lstatSync(at).size;
    } catch {
      // It went meanwhile, or is closed to us: then it counts for nothing.
    }
  }
  return bytes;
}
