/** `proposal apply`. */
import { Refusal } from '../../model/refusal.ts';
import type { Proposal } from '../../model/run.ts';
import { defineCommand, flag, prints, PROGRAM, PROPOSAL } from '../command.ts';
import { plainText } from '../../text/plain-text.ts';

export const command = defineCommand({
  description:
    'Writes the suggested content over its target, unless the target has changed since or the\n' +
    'program would break, and marks the proposal applied. A snippet is shown, and written only\n' +
    'with --append: at the end of a file, or merged into a section of a task.',
  words: [PROGRAM, PROPOSAL],
  usage: '[--append] [--force]',
  usageInErrors: '[--append] [--force]',
  options: {
    append: flag('--append', 'add a snippet to its target'),
    force: flag('--force', 'also where the target has changed since, or the proposal is settled'),
    json: flag('--json', 'print the proposal as JSON'),
  },
  json: prints<Proposal>(),
  examples: ['. prop-int-1a2b3c4d5e6f-01', '. prop-int-1a2b3c4d5e6f-02 --append'],
  async run({ words: [programDir, id], options, printJson }, context) {
    const { applyProposal, findProposal } = await import('../../app/proposals/proposals.ts');
    const { waited } = await import('../live/waited.ts');
    const { placeOf } = await import('../../app/program/place.ts');
    const { append, force } = options;
    try {
      const place = placeOf(programDir, context);
      const { proposal, file, written } = await waited(context, (waiting) =>
        applyProposal(context, place, id, { append, force, waiting }),
      );
      if (options.json) return printJson(proposal);
      const what = written ? 'applied to' : 'marked applied; it stood already in';
      context.stdout.line(`${proposal.proposal_id}\t${what} ${file}`);
    } catch (error) {
      if (error instanceof Refusal && error.code === 'proposal-snippet') {
        const { suggested_content: content } = findProposal(programDir, id).proposal;
        context.stdout.line(plainText(content).trimEnd());
      }
      throw error;
    }
  },
});
