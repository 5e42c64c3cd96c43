/** `inbox show`, and `interrupt show`. */
import type { InterruptEntry } from '../../app/inbox/list.ts';
import type { Json } from '../../model/json.ts';
import { defineCommand, flag, INTERRUPT, prints, PROGRAM, text } from '../command.ts';
import { printYaml } from '../print.ts';

export const command = defineCommand({
  words: [PROGRAM, INTERRUPT],
  usage: '[options]',
  usageInErrors: '[options]',
  options: {
    runId: text('--run-id <run>', 'look for ID in this run only', { kind: 'run' }),
    json: flag('--json', 'print JSON instead of YAML'),
  },
  json: prints<InterruptEntry>(),
  examples: ['. int-1a2b3c4d5e6f'],
  async run({ words: [programDir, id], options, printJson }, context) {
    const { showInterrupt } = await import('../../app/inbox/list.ts');
    const entry = await showInterrupt(programDir, id, options.runId ?? undefined);
    if (options.json) return printJson(entry);
    printYaml(entry as unknown as Json, context);
  },
});
