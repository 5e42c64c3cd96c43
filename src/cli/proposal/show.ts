/** `proposal show`. */
import type { Json } from '../../model/json.ts';
import type { Proposal } from '../../model/run.ts';
import { defineCommand, flag, prints, PROGRAM, PROPOSAL } from '../command.ts';
import { printYaml } from '../print.ts';

export const command = defineCommand({
  words: [PROGRAM, PROPOSAL],
  usage: '[--json]',
  options: { json: flag('--json', 'print JSON instead of YAML') },
  json: prints<Proposal>(),
  examples: ['. prop-int-1a2b3c4d5e6f-01'],
  async run({ words: [programDir, id], options, printJson }, context) {
    const { findProposal } = await import('../../app/proposals/proposals.ts');
    const proposal = findProposal(programDir, id);
    if (options.json) return printJson(proposal);
    printYaml(proposal as unknown as Json, context);
  },
});
