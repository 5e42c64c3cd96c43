/** What the attempts at work have used so far, where the run has a budget of it. */
import { knownCost, type AtWork } from '../core/state/budgets.ts';
import { instanceOf, type RunState } from '../core/state/run-state.ts';
import type { Handle } from '../execution/executor.ts';
import { tokensOf } from '../model/prices.ts';

/** `live`: by instance. null: nobody counts it. */
export function atWorkOf(state: RunState, live: ReadonlyMap<string, Handle>): AtWork | null {
  const { budget = {} } = state.plan.project;
  if (budget.tokens === undefined && budget.cost_usd === undefined) return null;
  const sum = { tokens: 0, cost_usd: 0 };
  for (const [id, handle] of live) {
    const usage = handle.used();
    if (usage === null) continue;
    sum.tokens += tokensOf(usage);
    sum.cost_usd += knownCost(state, instanceOf(state, id), usage);
  }
  return sum;
}
