/**
 * What a run and its instances have used, by their log, and what of their budgets that leaves. What nobody knows (an agent
 * that tells no tokens, a model without a price) counts nothing here, and is said where a person is asked.
 */
import { budgetKeys, type Amounts, type Budget, type BudgetKey } from '../../model/budget.ts';
import type { AttemptBudget } from '../../model/attempt.ts';
import { modelOf } from '../../model/policies.ts';
import { costOf, priceOf, tokensOf } from '../../model/prices.ts';
import type { Price, TaskSpec } from '../../model/program.ts';
import type { AttemptRecord, Instance, Usage, UseByModel } from '../../model/run.ts';
import { none } from './empty.ts';
import { frozenTask, instanceOf, linksOf, taskOf, type RunState } from './run-state.ts';
import { workedMs } from './standing.ts';

/** What attempts at work have used so far, which the log does not tell yet. */
export type AtWork = Pick<Amounts, 'tokens' | 'cost_usd'>;

/** What of the run's budget is used up. `now`: ISO 8601, UTC. */
export function spentOfRun(
  state: RunState,
  now: string,
  atWork: AtWork | null,
): readonly BudgetKey[] {
  const { budget } = state.plan.project;
  if (budget === undefined) return none;
  return spentKeys(budget, state.granted, usedByRun(state, now, atWork));
}

export function usedByRun(state: RunState, now: string, atWork: AtWork | null): Amounts {
  const { tokens, cost_usd, attempts } = state.spent;
  return {
    tokens: tokens + (atWork?.tokens ?? 0),
    cost_usd: cost_usd + (atWork?.cost_usd ?? 0),
    wall_sec: workedMs(state, Date.parse(now)) / 1000,
    attempts,
  };
}

/** What of the instance's budget is used up, so that no further attempt of it may begin. */
export function spentOfInstance(state: RunState, instance: Instance): readonly BudgetKey[] {
  const { budget } = frozenTask(state, instance);
  if (budget === undefined) return none;
  const { granted } = linksOf(state, instance.instance_id);
  return spentKeys(budget, granted, usedByInstance(state, instance));
}

/** By its attempts that have ended. */
export function usedByInstance(state: RunState, instance: Instance): Amounts {
  const used: Amounts = { tokens: 0, cost_usd: 0, wall_sec: 0, attempts: instance.attempts.length };
  for (const { started_at: from, finished_at: to, usage } of instance.attempts) {
    if (to !== null) used.wall_sec += Math.max(0, Date.parse(to) - Date.parse(from)) / 1000;
    if (usage === null) continue;
    used.tokens += tokensOf(usage);
    used.cost_usd += knownCost(state, instance, usage);
  }
  return used;
}

/** Adds to the run's sum what an attempt has used that has ended. */
export function countSpent(state: RunState, instance: Instance, { usage }: AttemptRecord): void {
  if (usage === null) return;
  state.spent.tokens += tokensOf(usage);
  state.spent.cost_usd += knownCost(state, instance, usage);
  const use = useOf(state, taskOf(state, instance), usage.cost_usd !== undefined);
  use.attempts += 1;
  use.input_tokens += usage.input_tokens;
  use.cached_input_tokens += usage.cached_input_tokens;
  use.output_tokens += usage.output_tokens;
  if (usage.cost_usd !== undefined) use.cost_usd = (use.cost_usd ?? 0) + usage.cost_usd;
}

function useOf({ use, plan }: RunState, task: TaskSpec, isTold: boolean): UseByModel {
  const model = modelOf(plan.project, task);
  const key = JSON.stringify([task.agent, model, isTold]);
  const known = use.get(key);
  if (known) return known;
  const tokens = { input_tokens: 0, cached_input_tokens: 0, output_tokens: 0 };
  const begun: UseByModel = { agent: task.agent, model, attempts: 0, ...tokens };
  use.set(key, begun);
  return begun;
}

/** US dollars; 0 where nobody knows. */
export function knownCost(state: RunState, instance: Instance, usage: Usage): number {
  const price = priceFor(state, instance);
  return usage.cost_usd ?? (price === null ? 0 : costOf(usage, price));
}

/** Of what the run has frozen. */
function priceFor(state: RunState, instance: Instance): Price | null {
  const { project } = state.plan;
  return priceOf(project.prices ?? {}, modelOf(project, taskOf(state, instance)));
}

/** What the attempt that runs may use; null: nobody wants to know what it uses. */
export function budgetOfAttempt(state: RunState, instanceId: string): AttemptBudget | null {
  const instance = instanceOf(state, instanceId);
  const { budget = {} } = taskOf(state, instance);
  const { project } = state.plan;
  const isCounted = ['tokens', 'cost_usd'].some((key) => Object.hasOwn(project.budget ?? {}, key));
  if (Object.keys(budget).length === 0 && !isCounted) return null;
  const used = usedByInstance(state, instance);
  const { granted } = linksOf(state, instanceId);
  const left = (key: BudgetKey): number | null => {
    const most = boundOf(budget, granted, key);
    return most === null ? null : Math.max(0, most - used[key]);
  };
  const wallSec = left('wall_sec');
  return {
    tokens: left('tokens'),
    cost_usd: left('cost_usd'),
    wallMs: wallSec === null ? null : wallSec * 1000,
    price: priceFor(state, instance),
  };
}

/** null: it has none. */
export function boundOf(budget: Budget, granted: Budget, key: BudgetKey): number | null {
  const most = budget[key];
  return most === undefined ? null : most + (granted[key] ?? 0);
}

function spentKeys(budget: Budget, granted: Budget, used: Amounts): BudgetKey[] {
  return budgetKeys.filter((key) => used[key] >= (boundOf(budget, granted, key) ?? Infinity));
}
