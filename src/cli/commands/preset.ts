/** `preset`: ready-made tasks with variables. */
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { examples } from '../examples.ts';
import {
  placeOf,
  printDiagnostics,
  printJson,
  printYaml,
  takeVariables,
} from '../program-edits.ts';
import { printTable } from '../render/table.ts';

interface VariableOptions {
  var?: string[];
  json?: boolean;
}

export function register(program: Command, context: CliContext): void {
  const group = program
    .command('preset')
    .summary('list, preview and apply presets')
    .description(
      'A preset makes tasks from variables. Presets are files: presets/<id>.yaml in the program, or in\n' +
        '~/.codex-orch for all programs.',
    )
    .addHelpText('after', examples(['preset list .', 'preset apply . review --var target=build']));

  group
    .command('list')
    .summary('list presets')
    .argument('[words...]')
    .usage('[PROGRAM] [--json]')
    .option('--json', 'print the presets as JSON')
    .addHelpText('after', examples(['preset list .']))
    .action(async (words: string[], options: { json?: boolean }) => {
      const { presetsOf } = await import('../../app/program/apply-preset.ts');
      const place = await placeOf(
        words,
        { min: 0, max: 0, usage: 'preset list [PROGRAM]' },
        context,
      );
      const { presets, unreadable } = presetsOf(place);
      printDiagnostics(unreadable, context);
      const listed = Object.fromEntries(
        Object.entries(presets).map(([id, { source, preset }]) => [
          id,
          { source: source === 'global' ? 'global' : 'local', preset },
        ]),
      );
      if (options.json === true) return printJson(listed, context);
      printTable(
        context.stdout,
        Object.values(listed),
        [
          { title: 'ID', cell: (entry) => entry.preset.id },
          { title: 'FROM', cell: (entry) => entry.source },
          { title: 'TITLE', cell: (entry) => entry.preset.title, flexible: true },
        ],
        'No presets.',
      );
    });

  group
    .command('preview')
    .summary('show the tasks that a preset would write')
    .argument('[words...]')
    .usage('[PROGRAM] PRESET [options]')
    .option('--var <key=value...>', 'values of variables')
    .option('--json', 'print the tasks as JSON instead of YAML')
    .addHelpText('after', examples(['preset preview . review --var target=build']))
    .action(async (given: string[], options: VariableOptions) => {
      const { previewPreset } = await import('../../app/program/apply-preset.ts');
      const { variables, words } = takeVariables(options.var, given);
      const place = await placeOf(
        words,
        { min: 1, max: 1, usage: 'preset preview [PROGRAM] PRESET [--var KEY=VALUE…]' },
        context,
      );
      const { tasks } = previewPreset(place, place.rest[0] ?? '', variables);
      if (options.json === true) return printJson(tasks, context);
      printYaml(tasks, context);
    });

  group
    .command('apply')
    .summary('write the tasks of a preset')
    .description('Writes all tasks of a preset, or none.')
    .argument('[words...]')
    .usage('[PROGRAM] PRESET [options]')
    .option('--var <key=value...>', 'values of variables')
    .option('--overwrite', 'replace tasks that are there')
    .option('--json', 'print the ids of the tasks as JSON')
    .addHelpText('after', examples(['preset apply . review --var target=build']))
    .action(async (given: string[], options: VariableOptions & { overwrite?: boolean }) => {
      const { applyPreset } = await import('../../app/program/apply-preset.ts');
      const { variables, words } = takeVariables(options.var, given);
      const place = await placeOf(
        words,
        { min: 1, max: 1, usage: 'preset apply [PROGRAM] PRESET [--var KEY=VALUE…]' },
        context,
      );
      const { ids, overwritten, warnings } = await applyPreset(
        place,
        place.rest[0] ?? '',
        variables,
        { overwrite: options.overwrite === true },
      );
      printDiagnostics(warnings, context);
      if (options.json === true) return printJson({ tasks: ids, overwritten }, context);
      for (const id of ids) context.stdout.line(id);
    });
}
