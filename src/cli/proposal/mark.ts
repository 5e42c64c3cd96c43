/** `proposal mark`. */
import { proposalStatuses, type Proposal } from '../../model/run.ts';
import {
  defineCommand,
  flag,
  mandatoryChoice,
  prints,
  PROGRAM,
  PROPOSAL,
  text,
} from '../command.ts';

export const command = defineCommand({
  words: [PROGRAM, PROPOSAL],
  usage: '--status STATUS [--note TEXT]',
  usageInErrors: '--status STATUS',
  options: {
    status: mandatoryChoice('--status <status>', 'what became of it', proposalStatuses),
    note: text('--note <text>', 'why'),
    json: flag('--json', 'print the proposal as JSON'),
  },
  json: prints<Proposal>(),
  examples: [
    ". prop-int-1a2b --status rejected --note 'too broad'",
    '. prop-int-1a2b3c4d5e6f-01 --status accepted',
  ],
  async run({ words: [programDir, id], options, printJson }, context) {
    const { markProposal } = await import('../../app/proposals/proposals.ts');
    const { waited } = await import('../live/waited.ts');
    const { status, note } = options;
    const proposal = await waited(context, (waiting) =>
      markProposal(context, programDir, id, status, note, { waiting }),
    );
    if (options.json) return printJson(proposal);
    context.stdout.line(`${proposal.proposal_id}\t${proposal.status}`);
  },
});
