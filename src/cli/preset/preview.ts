/** `preset preview`. */
import type { JsonObject } from '../../model/json.ts';
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
  json: prints<JsonObject[]>('The tasks, as they would be written.'),
  examples: ['. review --var target=build'],
  async run({ words: [programDir, preset], options, printJson }, context) {
    const { previewPreset } = await import('../../app/program/apply-preset.ts');
    const { placeOf } = await import('../../app/program/place.ts');
    const variables = variablesIn(options.variables);
    const { tasks } = previewPreset(placeOf(programDir, context), preset, variables);
    if (options.json) return printJson(tasks);
    printYaml(tasks, context);
  },
});
