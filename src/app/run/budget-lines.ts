/** What a run or an instance may use, what was granted included, beside what it has used. */
import { budgetKeys, type Amounts, type Budget, type BudgetKey } from '../../model/budget.ts';
import type { Instance } from '../../model/run.ts';
import { boundOf, usedByInstance, usedByRun } from '../../core/state/budgets.ts';
import { linksOf, taskOf, type RunState } from '../../core/state/run-state.ts';

export interface BudgetLine {
  key: BudgetKey;
  /** By attempts that have ended; of time, up to now. */
  used: number;
  most: number;
}

/** Those of the run that have a bound. `now`: ISO 8601, UTC. */
export function budgetOfRun(state: RunState, now: string): BudgetLine[] {
  const { budget = {} } = state.plan.project;
  return linesOf(budget, state.granted, usedByRun(state, now, null));
}

/** Those of an instance that have a bound. */
export function budgetOfInstance(state: RunState, instance: Instance): BudgetLine[] {
  const { budget = {} } = taskOf(state, instance);
  const { granted } = linksOf(state, instance.instance_id);
  return linesOf(budget, granted, usedByInstance(state, instance));
}

function linesOf(budget: Budget, granted: Budget, used: Amounts): BudgetLine[] {
  return budgetKeys.flatMap((key) => {
    const most = boundOf(budget, granted, key);
    return most === null ? [] : [{ key, used: used[key], most }];
  });
}
