/** `proposal list`. */
import { proposalKinds, proposalStatuses, type Proposal } from '../../model/run.ts';
import { choice, defineCommand, flag, prints, PROGRAM, text } from '../command.ts';
import { makePaint } from '../render/paint.ts';
import { plainLine } from '../../text/plain-text.ts';
import { printTable, type Column } from '../render/table.ts';

export const command = defineCommand({
  words: [PROGRAM],
  usage: '[options]',
  usageInErrors: '[options]',
  options: {
    runId: text('--run-id <run>', 'only those of this run', { kind: 'run' }),
    status: choice('--status <status>', 'only those marked so', proposalStatuses),
    kind: choice('--kind <kind>', 'only those of this kind', proposalKinds),
    json: flag('--json', 'print the proposals as JSON'),
  },
  json: prints<Proposal[]>(),
  examples: ['', '. --status proposed --json'],
  async run({ words: [programDir], options, printJson }, context) {
    const { listProposals } = await import('../../app/proposals/proposals.ts');
    const { proposals, unreadable } = listProposals(programDir, {
      run: options.runId ?? undefined,
      status: options.status ?? undefined,
      kind: options.kind ?? undefined,
    });
    if (options.json) printJson(proposals);
    else printTable(context.stdout, proposals, columns, 'No proposals.');
    for (const line of unreadable) {
      context.stderr.line(
        `${makePaint(context.stderr.color).bad('cannot be read:')} ${plainLine(line)}`,
      );
    }
  },
});

const columns: Column<Proposal>[] = [
  { title: 'ID', cell: ({ proposal_id }) => proposal_id },
  {
    title: 'RUN',
    cell: ({ run_id }) => run_id,
    piped: ({ run_id }) => `run=${run_id}`,
    spare: true,
  },
  {
    title: 'STATUS',
    cell: ({ status }) => status,
    piped: ({ status }) => `status=${status}`,
    paint: ({ status }, text, paint) =>
      status === 'proposed'
        ? paint.asks(text)
        : status === 'applied'
          ? paint.good(text)
          : paint.dim(text),
  },
  {
    title: 'KIND',
    cell: ({ proposal }) => proposal.kind,
    piped: ({ proposal }) => `kind=${proposal.kind}`,
    spare: true,
  },
  {
    title: 'TARGET',
    cell: ({ target_file_path }) => target_file_path,
    piped: ({ target_file_path }) => `target=${target_file_path}`,
    flexible: true,
  },
  {
    title: 'SUMMARY',
    cell: ({ proposal }) => proposal.summary,
    only: 'table',
    flexible: true,
  },
];
