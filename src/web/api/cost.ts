/** What a run or an instance has used, and what it may. */
import type { Context } from 'hono';
import { budgetOfInstance, budgetOfRun, type BudgetLine } from '../../app/run/budget-lines.ts';
import { resolveInstanceId } from '../../app/run/resolve-instance.ts';
import {
  pricesFor,
  spendingOf,
  spendingOfInstance,
  type Spending,
} from '../../app/run/spending.ts';
import { instanceOf } from '../../core/state/run-state.ts';
import { runIdIn, type WebContext } from '../server/context.ts';
import type { Route } from '../server/route.ts';

/** `GET /api/runs/:run/cost` */
export interface CostView {
  spending: Spending;
  /** Empty: nothing bounds it. */
  budget: BudgetLine[];
}

export const costRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/api/runs/{run}/cost',
    summary: 'What a run, or one instance of it, has used, of what it may',
    query: { instance: 'of this instance alone' },
    answer: 'CostView',
    handle: cost,
  },
];

async function cost(c: Context, web: WebContext): Promise<CostView> {
  const state = web.feeds.state(runIdIn(c, web));
  const prices = await pricesFor(web.world, state);
  const asked = c.req.query('instance');
  if (asked === undefined) {
    const budget = budgetOfRun(state, web.world.clock.now());
    return { spending: spendingOf(state, prices), budget };
  }
  const instance = instanceOf(state, resolveInstanceId(state, asked));
  const spending = spendingOfInstance(state, instance, prices);
  return { spending, budget: budgetOfInstance(state, instance) };
}
