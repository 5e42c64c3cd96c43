/** `run tree`. */
import type { InstanceTree } from '../../app/run/clean.ts';
import { defineCommand, flag, INSTANCE, prints, PROGRAM, RUN } from '../command.ts';
import { plainLine } from '../../text/plain-text.ts';

export const command = defineCommand({
  description:
    'Prints where the tree of an instance is, for a look or a command there. One that was removed is made again.',
  words: [PROGRAM, RUN, INSTANCE],
  usage: '[--json]',
  options: { json: flag('--json', 'print JSON') },
  json: prints<InstanceTree>(),
  examples: ['. latest build'],
  async run({ words: [programDir, run, instance], options, printJson }, context) {
    const { instanceTree } = await import('../../app/run/clean.ts');
    const shown = await instanceTree(context, programDir, run, instance);
    if (options.json) return printJson(shown);
    context.stdout.line(plainLine(shown.directory));
  },
});
