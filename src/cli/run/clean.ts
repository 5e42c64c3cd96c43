/** `run clean`. */
import type { CleanedRun } from '../../app/run/clean.ts';
import { Refusal } from '../../model/refusal.ts';
import { plural } from '../../text/plural.ts';
import { defineCommand, flag, parsed, prints, PROGRAM, RUN, optional } from '../command.ts';
import { plainLine } from '../../text/plain-text.ts';
import { staysLine } from './deleted-lines.ts';
import { ageOf } from './run-options.ts';

export const command = defineCommand({
  description:
    'Removes the trees of a run that is over, or of all that are over for so long. What an instance had not finished is ' +
    'committed to a ref first, from which a resume makes its tree again. Results stay, unless --refs is given.',
  words: [PROGRAM, optional(RUN)],
  usage: '[--older-than D] [--refs] [--dry-run] [--json]',
  options: {
    olderThan: parsed(
      '--older-than <D>',
      'all runs that are over for so long: 30d, 12h, 90m',
      ageOf,
    ),
    refs: flag('--refs', 'its refs too: changes, integrate and blame know nothing of it then'),
    dryRun: flag('--dry-run', 'say what would be removed'),
    json: flag('--json', 'print JSON'),
  },
  json: prints<CleanedRun[]>('By run.'),
  examples: ['. latest', '--older-than 30d --dry-run'],
  async run({ words: [programDir, run], options, printJson }, context) {
    const { olderThan, refs, dryRun, json } = options;
    if ((run === null) === (olderThan === null)) {
      throw new Refusal('bad-option', 'name a run, or say how old: --older-than 30d');
    }
    const { cleanRun, runsOlderThan } = await import('../../app/run/clean.ts');
    const now = context.clock.now();
    const cleaned: CleanedRun[] = [];
    for (const id of run === null ? runsOlderThan(programDir, olderThan ?? 0, now) : [run]) {
      try {
        cleaned.push(await cleanRun(context, programDir, id, { refs, dryRun }));
      } catch (error) {
        // Of many, those without trees have nothing to be cleaned of.
        if (run !== null || !(error instanceof Refusal) || error.code !== 'no-trees') throw error;
      }
    }
    if (json) return printJson(cleaned);
    for (const { run_id: id, trees, refs: gone, kept, kept_trees: stay } of cleaned) {
      const facts = [plural(trees.length, 'tree'), plural(gone.length, 'ref')];
      const verb = dryRun ? 'would be removed' : 'removed';
      context.stdout.line(plainLine([id, verb, ...facts].join('\t')));
      for (const ref of kept) context.stderr.line(`unfinished work: ${plainLine(ref)}`);
      for (const tree of stay) context.stderr.line(staysLine(tree));
    }
  },
});
