/** `preset list`. */
import type { PresetSpec } from '../../model/program.ts';
import { defineCommand, flag, prints, PROGRAM } from '../command.ts';
import { printDiagnostics } from '../print.ts';
import { printTable } from '../render/table.ts';

interface ListedPreset {
  /** The program's own, or one of all programs. */
  source: 'local' | 'global';
  preset: PresetSpec;
}

export const command = defineCommand({
  words: [PROGRAM],
  usage: '[--json]',
  options: { json: flag('--json', 'print the presets as JSON') },
  json: prints<Record<string, ListedPreset>>('Preset id → preset.'),
  examples: ['.'],
  async run({ words: [programDir], options, printJson }, context) {
    const { presetsOf } = await import('../../app/program/apply-preset.ts');
    const { placeOf } = await import('../../app/program/place.ts');
    const { presets, unreadable } = presetsOf(placeOf(programDir, context));
    printDiagnostics(unreadable, context);
    const listed = Object.fromEntries(
      Object.entries(presets).map(([id, { source, preset }]): [string, ListedPreset] => [
        id,
        { source: source === 'global' ? 'global' : 'local', preset },
      ]),
    );
    if (options.json) return printJson(listed);
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
  },
});
