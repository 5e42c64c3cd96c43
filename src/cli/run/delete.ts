/** `run delete`. */
import type { DeletedRun } from '../../app/run/delete.ts';
import { defineCommand, flag, prints, PROGRAM, RUN } from '../command.ts';
import { printDeleted } from './deleted-lines.ts';

export const command = defineCommand({
  description:
    'Deletes a run that is over: its directory, its trees and its refs. Nothing of it is left, so that `blame`, ' +
    '`run changes` and `run integrate` know it no more. What was merged into your branches stays.',
  words: [PROGRAM, RUN],
  usage: '[--force] [--dry-run] [--json]',
  options: {
    force: flag('--force', 'also one that is not over, or that cannot be read'),
    dryRun: flag('--dry-run', 'say what would be deleted'),
    json: flag('--json', 'print JSON'),
  },
  json: prints<DeletedRun>(),
  examples: ['. 20261126', '. latest --dry-run'],
  async run({ words: [programDir, run], options: { force, dryRun, json }, printJson }, context) {
    const { deleteRun } = await import('../../app/run/delete.ts');
    const deleted = await deleteRun(context, programDir, run, { force, dryRun });
    if (json) return printJson(deleted);
    printDeleted([deleted], dryRun, context);
  },
});
