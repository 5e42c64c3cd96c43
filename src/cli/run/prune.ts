/** `run prune`. */
import type { DeletedRun } from '../../app/run/delete.ts';
import { Refusal } from '../../model/refusal.ts';
import { defineCommand, flag, parsed, prints, PROGRAM } from '../command.ts';
import { printDeleted } from './deleted-lines.ts';
import { ageOf } from './run-options.ts';

export const command = defineCommand({
  description:
    'Deletes all runs that are over for so long, as `run delete` does. Runs that wait or were stopped on the way stay.',
  words: [PROGRAM],
  usage: '--older-than D [--dry-run] [--json]',
  options: {
    olderThan: parsed('--older-than <D>', 'how long they are over: 30d, 12h, 90m', ageOf),
    dryRun: flag('--dry-run', 'say what would be deleted, and how large it is'),
    json: flag('--json', 'print JSON'),
  },
  json: prints<DeletedRun[]>('By run.'),
  examples: ['. --older-than 30d --dry-run'],
  async run({ words: [programDir], options: { olderThan, dryRun, json }, printJson }, context) {
    if (olderThan === null) throw new Refusal('bad-option', 'say how old: --older-than 30d');
    const { pruneRuns } = await import('../../app/run/delete.ts');
    const deleted = await pruneRuns(context, programDir, { olderThanMs: olderThan, dryRun });
    if (json) return printJson(deleted);
    printDeleted(deleted, dryRun, context);
  },
});
