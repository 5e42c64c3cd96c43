/** `limits list`. */
import type { ListedLimit } from '../../app/limits/limits.ts';
import { defineCommand, flag, prints } from '../command.ts';
import { printTable, type Column } from '../render/table.ts';

export const command = defineCommand({
  description:
    'Lists the accounts that have come to a usage limit, each a hash of home and credential, by model.',
  words: [],
  usage: '[--json]',
  options: { json: flag('--json', 'print JSON') },
  json: prints<ListedLimit[]>('The one that was met first comes first.'),
  examples: [''],
  async run({ options, printJson }, context) {
    const { listLimits } = await import('../../app/limits/limits.ts');
    const limits = listLimits(context);
    if (options.json) return printJson(limits);
    printTable(context.stdout, limits, columns, 'No account has come to a usage limit.');
  },
});

const columns: Column<ListedLimit>[] = [
  { title: 'ACCOUNT', cell: ({ account }) => account },
  {
    title: 'BACKEND',
    cell: ({ backend }) => backend,
    piped: ({ backend }) => `backend=${backend}`,
  },
  {
    title: 'MODEL',
    cell: ({ model }) => model ?? '-',
    piped: ({ model }) => `model=${model ?? '-'}`,
  },
  {
    title: 'ENDS',
    cell: ({ retry_at: end }) => end ?? 'unknown',
    piped: ({ retry_at: end }) => `retry_at=${end ?? '-'}`,
  },
  {
    title: 'TRIED',
    cell: ({ until, tried_by: by }) => (by === null ? `from ${until}` : `now, by ${by}`),
    piped: ({ until, tried_by: by }) => `until=${until}${by === null ? '' : `\ttried_by=${by}`}`,
  },
  {
    title: 'SINCE',
    cell: ({ since }) => since,
    piped: ({ since }) => `since=${since}`,
    spare: true,
  },
  {
    title: 'RUN',
    cell: ({ run_id }) => run_id,
    piped: ({ run_id }) => `run=${run_id}`,
    spare: true,
  },
];
