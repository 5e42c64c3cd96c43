/** `run redact`: between an attempt and an agent that has secrets. What the agent prints goes on without them. */
import { defineCommand, type Word } from '../command.ts';

const NAMES: Word<string> = { name: 'NAMES', kind: 'other' };
const ARGV: Word<string[]> = { name: 'ARGV', kind: 'other', isRest: true };

export const command = defineCommand({
  words: [NAMES, ARGV],
  options: {},
  examples: ['API_KEY -- my-agent'],
  async run({ words: [names, argv] }, context) {
    const { redact } = await import('../../app/run/redact.ts');
    context.exit(await redact(context, names.split(','), argv));
  },
});
