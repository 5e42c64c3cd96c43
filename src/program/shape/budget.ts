/** `budget` of a project, a task and config.toml: section 18 of the contract. */
import type { Budget } from '../../model/budget.ts';
import type { Field, FieldsOf, Shape } from './shape.ts';

const budgetFields: FieldsOf<Budget> = {
  tokens: {
    shape: { type: 'integer', min: 1 },
    staysOut: true,
    description: 'Input and output tokens; what was cached is part of the input.',
    examples: [2_000_000],
  },
  cost_usd: {
    shape: { type: 'number', min: 0.01 },
    staysOut: true,
    description: 'US dollars, by `prices`, or as the agent itself tells.',
    examples: [10],
  },
  wall_sec: {
    shape: { type: 'seconds' },
    staysOut: true,
    description: 'Seconds in which an attempt was at work.',
    examples: [28_800],
  },
  attempts: {
    shape: { type: 'integer', min: 1 },
    staysOut: true,
    description: 'Attempts that began.',
    examples: [100],
  },
};

export const budgetShape: Shape = { type: 'object', fields: budgetFields };

export const projectBudget: Field = {
  shape: budgetShape,
  staysOut: true,
  description:
    'What a run may use. Where it is used up nothing more begins, and a person is asked; left out: as config.toml says.',
  examples: [{ tokens: 20_000_000, wall_sec: 28_800 }],
};

export const taskBudget: Field = {
  shape: budgetShape,
  staysOut: true,
  description:
    'What an instance may use, with all of its attempts. One that passes it is stopped, and a person is asked.',
  examples: [{ tokens: 2_000_000, attempts: 5 }],
};
