/** Amounts of a budget in words. */
import type { BudgetKey } from '../model/budget.ts';
import { count } from './amounts.ts';
import { plural } from './plural.ts';

/** Without its unit, where that follows: `12.3k`, `$0.50`, `90`. */
export function bareAmount(key: BudgetKey, value: number): string {
  if (key === 'cost_usd') return `$${value.toFixed(value !== 0 && value < 0.1 ? 4 : 2)}`;
  return key === 'wall_sec' ? String(Math.round(value)) : count(value);
}

/** `12.3k tokens`, `$0.50`, `90 s`, `1 attempt` */
export function inWords(key: BudgetKey, value: number): string {
  switch (key) {
    case 'tokens':
      return `${count(value)} tokens`;
    case 'cost_usd':
      return bareAmount(key, value);
    case 'wall_sec':
      return `${Math.round(value)} s`;
    case 'attempts':
      return plural(value, 'attempt');
  }
}
