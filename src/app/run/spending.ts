/** What the attempts of a run have used, and what that cost as far as it is known. Unknown is never zero. */
import { itemName } from '../../core/state/item-names.ts';
import { backendOf } from '../../agents/backends.ts';
import { effectiveAgent } from '../../agents/resolve-agent.ts';
import { taskOf, type RunState } from '../../core/state/run-state.ts';
import { nearest } from '../../model/policies.ts';
import { costOf, priceOf } from '../../model/prices.ts';
import type { Prices } from '../../model/program.ts';
import type { AttemptRecord, Instance, UseByModel } from '../../model/run.ts';
import { globalRootFrom, loadGlobalConfig } from '../../program/global-config.ts';
import type { World } from '../world.ts';

export const costKeys = ['task', 'agent', 'model', 'iteration', 'item'] as const;
export type CostKey = (typeof costKeys)[number];

export interface Spending {
  attempts: number;
  input_tokens: number;
  /** Of the input. */
  cached_input_tokens: number;
  output_tokens: number;
  /** Of the output. */
  reasoning_output_tokens: number;
  /** US dollars, of the attempts that are priced; null where none is, and some are not. */
  cost_usd: number | null;
  /** Attempts of which nobody knows what they cost: their agent has told no tokens, or their model has no price. */
  unpriced_attempts: number;
}

export interface RunCost {
  run_id: string;
  by: CostKey;
  total: Spending;
  /** The most expensive first. */
  rows: (Spending & { key: string })[];
}

/** Of the run that is frozen, or else of the user. */
export async function pricesFor(
  world: Pick<World, 'env' | 'cwd'>,
  state: RunState,
): Promise<Prices> {
  return state.plan.project.prices ?? (await pricesOfUser(world));
}

export function spendingOf(state: RunState, prices: Prices): Spending {
  const total = nothing();
  for (const instance of state.instances.values()) {
    for (const attempt of instance.attempts) add(total, state, instance, attempt, prices);
  }
  return total;
}

/** Of all attempts of an instance. */
export function spendingOfInstance(state: RunState, instance: Instance, prices: Prices): Spending {
  const total = nothing();
  for (const attempt of instance.attempts) add(total, state, instance, attempt, prices);
  return total;
}

export interface KnownSpending {
  tokens: number;
  /** US dollars, of what is priced; null where nothing is. */
  cost_usd: number | null;
  /** Whether all of it is priced. */
  isWhole: boolean;
}

/** Of a run in a list, by what its summary has. */
export function spendingOfUse(use: readonly UseByModel[], prices: Prices): KnownSpending {
  const sum: KnownSpending = { tokens: 0, cost_usd: null, isWhole: true };
  for (const each of use) {
    sum.tokens += each.input_tokens + each.output_tokens;
    const price = priceOf(prices, each.model);
    const tokens = { ...each, reasoning_output_tokens: 0 };
    const cost = each.cost_usd ?? (price === null ? null : costOf(tokens, price));
    if (cost === null) sum.isWhole = false;
    else sum.cost_usd = (sum.cost_usd ?? 0) + cost;
  }
  return sum;
}

/** Of the user, for runs that have frozen none. */
export async function pricesOfUser({ env, cwd }: Pick<World, 'env' | 'cwd'>): Promise<Prices> {
  return nearest((await loadGlobalConfig(globalRootFrom(env, cwd))).config.prices) ?? {};
}

export function runCost(state: RunState, prices: Prices, by: CostKey): RunCost {
  const rows = new Map<string, Spending>();
  for (const instance of state.instances.values()) {
    const key = keyOf(state, instance, by);
    const row = rows.get(key) ?? nothing();
    rows.set(key, row);
    for (const attempt of instance.attempts) add(row, state, instance, attempt, prices);
  }
  const cost = ({ cost_usd: usd }: Spending): number => usd ?? 0;
  const tokens = (row: Spending): number => row.input_tokens + row.output_tokens;
  return {
    run_id: state.runId,
    by,
    total: spendingOf(state, prices),
    rows: [...rows]
      .map(([key, row]) => ({ key, ...row }))
      .filter(({ attempts }) => attempts > 0)
      .sort((a, b) => cost(b) - cost(a) || tokens(b) - tokens(a) || (a.key < b.key ? -1 : 1)),
  };
}

function nothing(): Spending {
  return {
    attempts: 0,
    input_tokens: 0,
    cached_input_tokens: 0,
    output_tokens: 0,
    reasoning_output_tokens: 0,
    cost_usd: 0,
    unpriced_attempts: 0,
  };
}

function add(
  sum: Spending,
  state: RunState,
  instance: Instance,
  { usage }: AttemptRecord,
  prices: Prices,
): void {
  sum.attempts += 1;
  const { agent, model } = effectiveAgent(state.plan.project, taskOf(state, instance));
  // What uses no tokens costs none.
  if (usage === null && backendOf(agent.backend).can.usage === null) return;
  const price = priceOf(prices, model);
  // What the agent itself says outranks a price.
  const cost = usage?.cost_usd ?? (usage === null || price === null ? null : costOf(usage, price));
  const before = sum.unpriced_attempts > 0 ? sum.cost_usd : sum.cost_usd || null;
  if (cost === null) {
    sum.unpriced_attempts += 1;
    sum.cost_usd = before;
  } else sum.cost_usd = (sum.cost_usd ?? 0) + cost;
  if (usage !== null) {
    sum.input_tokens += usage.input_tokens;
    sum.cached_input_tokens += usage.cached_input_tokens;
    sum.output_tokens += usage.output_tokens;
    sum.reasoning_output_tokens += usage.reasoning_output_tokens;
  }
}

function keyOf(state: RunState, instance: Instance, by: CostKey): string {
  const task = taskOf(state, instance);
  switch (by) {
    case 'task':
      return task.id;
    case 'agent':
      return task.agent;
    case 'model':
      return effectiveAgent(state.plan.project, task).model ?? '-';
    case 'iteration':
      return iterationOf(state, instance.input_scope_id);
    case 'item':
      return itemName(state, instance.input_scope_id) || '-';
  }
}

/** The loop that opened the scope, and the how manieth iteration it is: `decide 3`; `-` outside of loops. */
function iterationOf(state: RunState, scopeId: string): string {
  const scope = state.scopes.get(scopeId);
  // An item belongs to the iteration around it.
  if (scope?.item !== undefined && scope.parent_input_scope_id !== null) {
    return iterationOf(state, scope.parent_input_scope_id);
  }
  const creator = scope?.created_by_instance_id ?? null;
  const controller = creator === null ? null : (state.instances.get(creator)?.task_id ?? null);
  if (controller === null) return '-';
  const count = state.scopeIndex.get(scopeId)?.loops.get(controller)?.iteration;
  return count === undefined ? controller : `${controller} ${count}`;
}
