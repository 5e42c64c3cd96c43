/** `inbox walk`: the open questions one after the other, on a terminal. */
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import { defineCommand, PROGRAM } from '../command.ts';
import { programWord } from '../program-argument.ts';

export const command = defineCommand({
  description:
    'Goes through the open questions for humans, one after the other: shows each whole, takes the answer, and at the ' +
    'end goes on with the runs that have what they waited for. Needs a terminal.',
  words: [PROGRAM],
  options: {},
  examples: ['', 'my-program'],
  async run({ words: [programDir] }, context) {
    if (!context.stderr.isTerminal || context.stdin.isTTY !== true) {
      const program = programWord(programDir, context);
      throw new Refusal('no-terminal', 'there is nobody to ask: this needs a terminal', {
        hint: `codex-orch inbox list ${program}--unresolved-only; then: codex-orch inbox reply ${program}ID --text '…'`,
        exit: ExitStatus.usage,
      });
    }
    const { walkInbox } = await import('../ask/inbox-walk.ts');
    await walkInbox(programDir, context);
  },
});
