/** What a run, or an instance with all of its attempts, may use at most. */
export const budgetKeys = ['tokens', 'cost_usd', 'wall_sec', 'attempts'] as const;
export type BudgetKey = (typeof budgetKeys)[number];

/** Tokens are input and output; what was cached is part of the input. What is left out has no bound. */
export type Budget = { [Key in BudgetKey]?: number };

/** How much of each was used. */
export type Amounts = Record<BudgetKey, number>;

/** What cannot be had in parts. */
export const wholeAmounts: readonly string[] = ['tokens', 'attempts', 'iterations'];
