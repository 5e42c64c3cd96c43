/** The runs of a program, each by its summary. */
import { statSync } from 'node:fs';
import { Refusal } from '../model/refusal.ts';
import { listRunIds, runPaths, type RunPaths } from './layout.ts';
import { runSummary, summaryAdditions, type RunSummary } from './cache/documents.ts';
import { readRunFile, type RunFile } from './cache/run-file.ts';
import { viewRun } from './directory/view.ts';
import type { ListedRun } from './run-store.ts';

/**
 * The summary of a run: from `state/run.json` where that is up to date, or else from the log.
 * Writes nothing.
 *
 * @throws Refusal as `RunStore.view`
 */
export function readRunSummary(paths: RunPaths): RunSummary {
  const file = readRunFile(paths);
  const size = statSync(paths.eventsLog, { throwIfNoEntry: false })?.size;
  if (file === null || size === undefined || file.log_bytes !== size) {
    return runSummary(viewRun(paths).state);
  }
  const summary: EarlierSummary & Partial<RunFile> = file;
  delete summary.log_bytes;
  delete summary.log_head;
  return isComplete(summary) ? summary : completed(paths, summary);
}

/** An earlier codex-orch wrote less. */
type EarlierSummary = Omit<RunSummary, Addition> & Partial<Pick<RunSummary, Addition>>;
type Addition = (typeof summaryAdditions)[number];

function isComplete(summary: EarlierSummary): summary is RunSummary {
  return summaryAdditions.every((name) => summary[name] !== undefined);
}

/** From the log, where something hangs on it; of a run that is over it is told what it took from end to end. */
function completed(paths: RunPaths, summary: EarlierSummary): RunSummary {
  const { status, aborted, created_at: createdAt, updated_at: updatedAt } = summary;
  if (status !== 'done' && !aborted) return runSummary(viewRun(paths).state);
  const worked_ms = Date.parse(updatedAt) - Date.parse(createdAt);
  return { ...summary, stopped: false, answered: 0, worked_ms };
}

/** All runs of a program, newest first. A damaged one is listed with what is wrong with it. */
export function listRunSummaries(programDir: string): ListedRun[] {
  return listRunIds(programDir).map((runId) => {
    try {
      return { ok: true, summary: readRunSummary(runPaths(programDir, runId)) };
    } catch (error) {
      if (error instanceof Refusal) return { ok: false, runId, refusal: error };
      throw error;
    }
  });
}
