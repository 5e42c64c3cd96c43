/** `preset apply`. */
import { defineCommand, flag, PRESET, prints, PROGRAM } from '../command.ts';
import { printDiagnostics } from '../print.ts';
import { variablesIn, variablesOption } from './variables.ts';

interface AppliedPreset {
  /** Ids of the tasks that were written. */
  tasks: string[];
  /** Those of them that were there before. */
  overwritten: string[];
}

export const command = defineCommand({
  description: 'Writes all tasks of a preset, or none.',
  words: [PROGRAM, PRESET],
  usage: '[options]',
  usageInErrors: '[--var KEY=VALUE…]',
  options: {
    variables: variablesOption,
    overwrite: flag('--overwrite', 'replace tasks that are there'),
    json: flag('--json', 'print the ids of the tasks as JSON'),
  },
  json: prints<AppliedPreset>(),
  examples: ['. review --var target=build'],
  async run({ words: [programDir, preset], options, printJson }, context) {
    const { applyPreset } = await import('../../app/program/apply-preset.ts');
    const { placeOf } = await import('../../app/program/place.ts');
    const { overwrite } = options;
    const place = placeOf(programDir, context);
    const applied = await applyPreset(context, place, preset, variablesIn(options.variables), {
      overwrite,
    });
    const { ids, overwritten, warnings } = applied;
    printDiagnostics(warnings, context);
    if (options.json) return printJson({ tasks: ids, overwritten });
    for (const id of ids) context.stdout.line(id);
  },
});
