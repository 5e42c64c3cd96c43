/** `run cost`. */
import type { RunCost, Spending } from '../../app/run/spending.ts';
import { count } from '../../text/amounts.ts';
import { choiceOr, defineCommand, flag, prints, PROGRAM, RUN_OR_LATEST } from '../command.ts';
import { dollars, spent } from '../render/amounts.ts';
import { printTable, type Column } from '../render/table.ts';

export const command = defineCommand({
  description:
    'Says what the attempts of a run have used, and what that cost as far as their models have a price: `prices` in project.yaml or config.toml.',
  words: [PROGRAM, RUN_OR_LATEST],
  usage: '[--by task|agent|model|iteration|item] [--json]',
  options: {
    by: choiceOr(
      '--by <what>',
      'what to add up',
      ['task', 'agent', 'model', 'iteration', 'item'],
      'task',
    ),
    json: flag('--json', 'print JSON'),
  },
  json: prints<RunCost>(),
  examples: ['', '. latest --by model', '. latest --json'],
  async run({ words: [programDir, run], options, printJson }, context) {
    const { readRunToShow } = await import('../../app/run/inspect-run.ts');
    const { pricesFor, runCost } = await import('../../app/run/spending.ts');
    const { state } = readRunToShow(programDir, run);
    const cost = runCost(state, await pricesFor(context, state), options.by);
    if (options.json) return printJson(cost);
    printTable(context.stdout, cost.rows, columns(options.by), 'no attempt has begun');
    if (cost.rows.length > 0 && context.stdout.isTerminal) {
      context.stdout.line('');
      const all = spent(cost.total).join(', ');
      context.stdout.line(`In all: ${all === '' ? 'nothing was used' : all}`);
    }
  },
});

function columns(by: string): Column<Spending & { key: string }>[] {
  return [
    { title: by.toUpperCase(), cell: ({ key }) => key, flexible: true },
    {
      title: 'ATTEMPTS',
      cell: (row) => String(row.attempts),
      piped: (row) => `attempts=${row.attempts}`,
    },
    {
      title: 'INPUT',
      cell: (row) => count(row.input_tokens),
      piped: (row) => `input=${row.input_tokens}`,
    },
    {
      title: 'CACHED',
      cell: (row) => count(row.cached_input_tokens),
      piped: (row) => `cached=${row.cached_input_tokens}`,
    },
    {
      title: 'OUTPUT',
      cell: (row) => count(row.output_tokens),
      piped: (row) => `output=${row.output_tokens}`,
    },
    {
      title: 'COST',
      cell: (row) => dollars(row.cost_usd),
      piped: (row) => `cost_usd=${row.cost_usd === null ? '-' : row.cost_usd.toFixed(6)}`,
    },
    {
      title: 'UNPRICED',
      cell: (row) => (row.unpriced_attempts === 0 ? '' : String(row.unpriced_attempts)),
      piped: (row) => `unpriced=${row.unpriced_attempts}`,
    },
  ];
}
