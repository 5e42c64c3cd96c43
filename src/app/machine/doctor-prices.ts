/** Whether what a program costs can be told, and a budget in dollars can hold. */
import { backendOf } from '../../agents/backends.ts';
import { fine, problem, type Finding } from '../../agents/finding.ts';
import { effectiveAgent } from '../../agents/resolve-agent.ts';
import type { Budget } from '../../model/budget.ts';
import { priceOf } from '../../model/prices.ts';
import type { Prices, ProjectSpec, TaskSpec } from '../../model/program.ts';

/** Nothing to say where nobody has given a price, and no budget asks for one. `config`: of the user. */
export function checkPrices(
  project: ProjectSpec,
  tasks: readonly TaskSpec[],
  config: { prices: Prices | null; budget: Budget | null },
): Finding[] {
  const budgets = [project.budget ?? config.budget, ...tasks.map(({ budget }) => budget)];
  const isInDollars = budgets.some((budget) => budget?.cost_usd !== undefined);
  const given = project.prices ?? config.prices;
  if (given === null && !isInDollars) return [];
  const models = tasks.flatMap((task) => {
    const { agent, model } = effectiveAgent(project, task);
    const { usage, tellsCost } = backendOf(agent.backend).can;
    return usage === null || tellsCost ? [] : [model];
  });
  const without = [...new Set(models)].filter((model) => priceOf(given ?? {}, model) === null);
  if (without.length === 0)
    return [fine('prices', 'Every model that the program names has a price.')];
  const named = without.map((model) =>
    model === null ? 'the model that an agent chooses itself' : `"${model}"`,
  );
  const unheld = isInDollars ? ', and a budget of cost_usd cannot hold' : '';
  return [
    problem(
      'prices',
      'warning',
      `No price is known of ${named.join(', ')}: what it costs stays unknown${unheld}.`,
      'Add it to "prices" of project.yaml or config.toml: see docs/prices.md',
    ),
  ];
}
