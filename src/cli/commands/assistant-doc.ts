/** `assistant-doc`: the text that tells assistants how to work. */
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { examples } from '../examples.ts';
import { splitProgram } from '../program-argument.ts';

export function register(program: Command, context: CliContext): void {
  const group = program
    .command('assistant-doc')
    .summary('write the operating model of assistants')
    .description(
      'The operating model is part of every prompt of an assistant; edit it as you like.',
    )
    .addHelpText('after', examples(['assistant-doc install my-program']));

  group
    .command('install')
    .summary('write assistant_roles/_shared/operating-model.md')
    .argument('[words...]')
    .usage('[PROGRAM] [--overwrite]')
    .option('--overwrite', 'replace a text that is there')
    .option('--json', 'print what was done as JSON')
    .addHelpText(
      'after',
      examples(['assistant-doc install', 'assistant-doc install . --overwrite']),
    )
    .action(async (words: string[], options: { overwrite?: boolean; json?: boolean }) => {
      const usage = 'assistant-doc install [PROGRAM] [--overwrite]';
      const { programDir } = splitProgram(words, { min: 0, max: 0, usage }, context);
      const { installAssistantDoc } = await import('../../app/assistants/assistant-doc.ts');
      const result = installAssistantDoc(programDir, options.overwrite === true);
      if (options.json === true) context.stdout.line(JSON.stringify(result, null, 2));
      else context.stdout.line(`${result.file}\t${result.outcome}`);
    });
}
