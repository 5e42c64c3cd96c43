/** What instances of tasks have used in earlier runs of a program: for whoever is asked whether there shall be many. */
import { statSync } from 'node:fs';
import type { EarlierUse } from '../../core/plan/facts.ts';
import type { RunState } from '../../core/state/run-state.ts';
import type { Prices } from '../../model/program.ts';
import { Refusal } from '../../model/refusal.ts';
import { viewRun } from '../../store/directory/view.ts';
import { listRunIds, runPaths } from '../../store/layout.ts';
import { runCost } from './spending.ts';

/** The newest that are looked at: what a program costs changes with it, and a run waits while it is asked. */
const MOST_RUNS = 10;
const MAX_LOG_BYTES = 8 * 2 ** 20;

/**
 * The means of an instance of each, added up; null where no run has told of one of them. Instances that took no attempt
 * to its end are left out.
 */
export function earlierUse(
  programDir: string,
  runId: string,
  prices: Prices,
  taskIds: readonly string[],
): EarlierUse | null {
  const sums = new Map(
    taskIds.map((id) => [id, { instances: 0, tokens: 0, cost: 0, unpriced: 0 }]),
  );
  const runs = listRunIds(programDir).filter((each) => each !== runId);
  for (const each of runs.slice(0, MOST_RUNS)) {
    const state = earlierRun(programDir, each);
    if (state === null) continue;
    for (const row of runCost(state, prices, 'task').rows) {
      const sum = sums.get(row.key);
      if (sum === undefined) continue;
      sum.tokens += row.input_tokens + row.output_tokens;
      sum.cost += row.cost_usd ?? 0;
      sum.unpriced += row.unpriced_attempts;
    }
    for (const { task_id: task, attempts } of state.instances.values()) {
      const sum = sums.get(task);
      if (sum !== undefined && attempts.some(({ finished_at: end }) => end !== null)) {
        sum.instances += 1;
      }
    }
  }
  const all = [...sums.values()];
  const instances = Math.min(...all.map((sum) => sum.instances));
  if (all.length === 0 || instances === 0) return null;
  const mean = (of: 'tokens' | 'cost'): number =>
    all.reduce((total, sum) => total + sum[of] / sum.instances, 0);
  const isPriced = all.every(({ unpriced }) => unpriced === 0);
  return { instances, tokens: mean('tokens'), cost_usd: isPriced ? mean('cost') : null };
}

/** null where it cannot be read, or not in a moment. */
function earlierRun(programDir: string, runId: string): RunState | null {
  const paths = runPaths(programDir, runId);
  try {
    if (statSync(paths.eventsLog).size > MAX_LOG_BYTES) return null;
    return viewRun(paths).state;
  } catch (error) {
    // Another user's, or of a disk that does not answer: a run does not stop for what is merely told beside a question.
    const isOfTheDisk = (error as NodeJS.ErrnoException).code !== undefined;
    if (error instanceof Refusal || isOfTheDisk) return null;
    throw error;
  }
}
