/** `preset preview`. */
import type { TaskSpec } from '../../model/program.ts';
import { defineCommand, flag, PRESET, prints, PROGRAM } from '../command.ts';
import { printYaml } from '../print.ts';
import { variablesIn, variablesOption } from './variables.ts';

export const command = defineCommand({
  words: [PROGRAM, PRESET],
  usage: '[options]',
  usageInErrors: '[--var KEY=VALUE…]',
  options: {
    variables: variablesOption,
    json: flag('--json', 'print the tasks as JSON instead of YAML'),
  },
  json: prints<TaskSpec[]>('The tasks, with the defaults filled in.'),
  examples: ['. review --var target=build'],
  async run({ words: [programDir, preset], options, printJson }, context) {
    const { checkedPreview } = await import('../../app/program/apply-preset.ts');
    const { placeOf } = await import('../../app/program/place.ts');
    const variables = variablesIn(options.variables);
    const place = placeOf(programDir, context);
    const { tasks, complete } = checkedPreview(place, preset, variables);
    if (options.json) return printJson(complete);
    printYaml(tasks, context);
  },
});
