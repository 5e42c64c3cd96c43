/** Whether an attempt has passed its budget. Pure. */
import type { AttemptBudget } from '../model/attempt.ts';
import { costOf, tokensOf } from '../model/prices.ts';
import type { Usage } from '../model/run.ts';

/** What nobody knows passes nothing. */
export function isPassed({ tokens, cost_usd, price }: AttemptBudget, usage: Usage): boolean {
  if (tokens !== null && tokensOf(usage) > tokens) return true;
  const cost = usage.cost_usd ?? (price === null ? 0 : costOf(usage, price));
  return cost_usd !== null && cost > cost_usd;
}
