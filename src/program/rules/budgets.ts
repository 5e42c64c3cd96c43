/** Whether budgets can hold: what nobody counts, none can bound. Pure. */
import { backendOf } from '../../agents/backends.ts';
import { effectiveAgent } from '../../agents/resolve-agent.ts';
import { isBoundToInputs } from '../../core/state/bound-agent.ts';
import { priceOf } from '../../model/prices.ts';
import {
  decidesByRules,
  type Prices,
  type ProjectSpec,
  type TaskSpec,
} from '../../model/program.ts';
import type { Add } from './finding.ts';

export interface Unpriced {
  task: TaskSpec;
  /** null: none is named. */
  model: string | null;
}

/** Tasks under a budget in dollars whose attempts nobody could price: neither a price nor the agent itself tells. */
export function unpricedTasks(
  project: ProjectSpec,
  tasks: readonly TaskSpec[],
  prices: Prices,
): Unpriced[] {
  const isOfRun = project.budget?.cost_usd !== undefined;
  return tasks.flatMap((task) => {
    // Whom inputs name is known when an instance begins, and counts nothing where it has no price.
    if (decidesByRules(task) || isBoundToInputs(task)) return [];
    if (!isOfRun && task.budget?.cost_usd === undefined) return [];
    const { agent, model } = effectiveAgent(project, task);
    const { usage, tellsCost } = backendOf(agent.backend).can;
    if (usage === null || tellsCost || priceOf(prices, model) !== null) return [];
    return [{ task, model }];
  });
}

/** For a message: `"gpt-x" (a, b)`. */
export function unpricedInWords(unpriced: readonly Unpriced[]): string {
  const byModel = new Map<string, string[]>();
  for (const { task, model } of unpriced) {
    const name = model === null ? 'no model is named' : `"${model}"`;
    byModel.set(name, [...(byModel.get(name) ?? []), task.id]);
  }
  return [...byModel].map(([name, ids]) => `${name} (${ids.slice(0, 5).join(', ')})`).join(', ');
}

export function checkBudgets(
  project: ProjectSpec,
  tasks: readonly TaskSpec[],
  addTo: (subject: string) => Add,
): void {
  // Without prices of its own, the user's config.toml may know: that is looked at when a run starts.
  const unpriced =
    project.prices === undefined ? [] : unpricedTasks(project, tasks, project.prices);
  for (const { task, model } of unpriced) {
    const of = model === null ? 'its agent, whose model nobody names,' : `its model "${model}"`;
    const message = `nobody knows what ${of} costs: a budget of cost_usd could not hold`;
    addTo(`tasks.${task.id}`)('error', 'budget.unpriced', ['model'], message, PRICE_HINT);
  }
  for (const task of tasks) {
    const { tokens, cost_usd: cost } = task.budget ?? {};
    if (tokens === undefined && cost === undefined) continue;
    const { agent } = effectiveAgent(project, task);
    if (isBoundToInputs(task)) continue;
    if (!decidesByRules(task) && backendOf(agent.backend).can.usage !== null) continue;
    const message = 'it uses no tokens that anybody counts: of its budget, these have no effect';
    const path = ['budget', tokens === undefined ? 'cost_usd' : 'tokens'];
    addTo(`tasks.${task.id}`)('warning', 'budget.uncounted', path, message);
  }
}

export const PRICE_HINT =
  'Add its price to "prices" of project.yaml or config.toml (see docs/prices.md), or give a budget of tokens.';
