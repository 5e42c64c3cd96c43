/** `proposal diff`. */
import { defineCommand, PROGRAM, PROPOSAL } from '../command.ts';
import type { CliContext } from '../context.ts';
import { makePaint } from '../render/paint.ts';
import { plainLine } from '../../text/plain-text.ts';
import { visible } from '../render/visible.ts';

export const command = defineCommand({
  description:
    'Prints a unified diff against the file as it is now; of a snippet, what --append would do.',
  words: [PROGRAM, PROPOSAL],
  options: {},
  examples: ['. prop-int-1a2b3c4d5e6f-01'],
  async run({ words: [programDir, id] }, context) {
    const { diffProposal, proposalChange } = await import('../../app/proposals/proposals.ts');
    const change = await proposalChange(programDir, id);
    const { proposal, file, changedSince } = change;
    const patch = await diffProposal(change);
    const note = (text: string): void => context.stderr.line(plainLine(text));
    if (proposal.proposal.suggested_content_mode === 'snippet') {
      note('a snippet: this is what --append would do');
    }
    if (changedSince) note(`${file} has changed since the proposal was recorded`);
    if (patch === '') note(`${file} holds it already`);
    // Piped, it is a patch for another program, byte for byte.
    if (context.stdout.isTerminal) context.stdout.write(coloured(patch, context));
    else context.stdout.bytes(patch);
  },
});

function coloured(patch: string, context: CliContext): string {
  const paint = makePaint(context.stdout.color);
  return visible(patch, false)
    .split('\n')
    .map((line) => {
      if (line.startsWith('+++') || line.startsWith('---')) return paint.bold(line);
      if (line.startsWith('+')) return paint.good(line);
      if (line.startsWith('-')) return paint.bad(line);
      return line.startsWith('@@') ? paint.dim(line) : line;
    })
    .join('\n');
}
