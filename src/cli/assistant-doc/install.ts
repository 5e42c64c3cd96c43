/** `assistant-doc install`. */
import type { InstalledDoc } from '../../app/assistants/assistant-doc.ts';
import { defineCommand, flag, prints, PROGRAM } from '../command.ts';

export const command = defineCommand({
  words: [PROGRAM],
  usage: '[--overwrite]',
  usageInErrors: '[--overwrite]',
  options: {
    overwrite: flag('--overwrite', 'replace a text that is there'),
    json: flag('--json', 'print what was done as JSON'),
  },
  json: prints<InstalledDoc>(),
  examples: ['', '. --overwrite'],
  async run({ words: [programDir], options, printJson }, context) {
    const { installAssistantDoc } = await import('../../app/assistants/assistant-doc.ts');
    const { placeOf } = await import('../../app/program/place.ts');
    const place = placeOf(programDir, context);
    const result = await installAssistantDoc(context, place, options.overwrite);
    if (options.json) return printJson(result);
    context.stdout.line(`${result.file}\t${result.outcome}`);
  },
});
