/** Runs that could go on, and that nobody drives: what a person would otherwise wait for in vain. */
import { resolveRunId, runPaths } from '../../store/layout.ts';
import { currentHolder } from '../../store/lock/run-lock.ts';
import { listRunSummaries, readRunSummary } from '../../store/run-list.ts';
import type { RunSummary } from '../../store/cache/documents.ts';

export interface IdleRun {
  runId: string;
  /** Waiting instances whose questions are all answered. */
  answered: number;
  waiting: number;
  /** Since when it could have gone on by itself, ISO 8601; null where it does not wait for time. */
  dueSince: string | null;
}

/** An engine that was just started in the background takes its time to take the run. */
const GRACE_MS = 3000;

/** Of these runs; `nowMs`: since the epoch. */
export function idleRuns(
  programDir: string,
  runs: readonly RunSummary[],
  nowMs: number,
): IdleRun[] {
  return runs.flatMap((run) => {
    if (!couldGoOn(run, nowMs) || currentHolder(runPaths(programDir, run.id)) !== null) return [];
    const dueSince = isDue(run, nowMs) ? (run.waiting_until ?? null) : null;
    return [{ runId: run.id, answered: run.answered, waiting: run.counts.waiting, dueSince }];
  });
}

/** As `idleRuns`, for one. */
export function idleRun(programDir: string, runId: string, nowMs: number): IdleRun | null {
  const summary = readRunSummary(runPaths(programDir, runId));
  return idleRuns(programDir, [summary], nowMs)[0] ?? null;
}

/** Runs that are answered and not gone on with: of the program, or the one that is meant. */
export function answeredRuns(programDir: string, run: string | null): IdleRun[] {
  const wanted = run === null ? null : resolveRunId(programDir, run);
  const answered = listRunSummaries(programDir).flatMap((each) =>
    each.ok && each.summary.answered > 0 && (wanted ?? each.summary.id) === each.summary.id
      ? [each.summary]
      : [],
  );
  return idleRuns(programDir, answered, 0);
}

function isDue({ waiting_until: until }: Pick<RunSummary, 'waiting_until'>, nowMs: number) {
  return until !== undefined && Date.parse(until) <= nowMs;
}

/** Without a reply, and without a retry that a person must want. */
function couldGoOn(
  run: Pick<RunSummary, 'status' | 'aborted' | 'answered' | 'updated_at' | 'waiting_until'>,
  nowMs: number,
): boolean {
  if (run.aborted) return false;
  if (run.answered > 0 || isDue(run, nowMs)) return true;
  if (run.status !== 'running' && run.status !== 'pending') return false;
  // A clock that was ahead when it last went on says nothing of when that was.
  return Math.abs(nowMs - Date.parse(run.updated_at)) > GRACE_MS;
}
