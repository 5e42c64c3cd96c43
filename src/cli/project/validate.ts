/** `project validate`. */
import { withOriginalCodes, type CodedReport } from '../../app/program/original-codes.ts';
import { ExitStatus } from '../../model/refusal.ts';
import { defineCommand, flag, prints, PROGRAM } from '../command.ts';
import { diagnosticLines } from '../print.ts';
import { plural } from '../../text/plural.ts';
import { makePaint } from '../render/paint.ts';

export const command = defineCommand({
  description:
    'Reports every problem of a program at once. Errors block runs; warnings do not. A note is to be known,\n' +
    'and is nothing to mend.',
  words: [PROGRAM],
  usage: '[--json]',
  usageInErrors: '[--json]',
  options: { json: flag('--json', 'print the report as JSON') },
  json: prints<CodedReport>('All problems of the program.'),
  examples: ['.', '. --json'],
  notes: 'Exit status: 0 no issue (notes do not count), 1 warnings only, 2 errors.',
  async run({ words: [programDir], options, printJson }, context) {
    const { validate } = await import('../../app/program/validate.ts');
    const { placeOf } = await import('../../app/program/place.ts');
    const { report } = await validate(placeOf(programDir, context));
    const { errors, warnings, notes } = report;
    context.exit(
      errors.length > 0
        ? ExitStatus.usage
        : warnings.length > 0
          ? ExitStatus.warnings
          : ExitStatus.done,
    );
    if (options.json) return printJson(withOriginalCodes(report));
    for (const line of diagnosticLines([...errors, ...warnings, ...notes], context.stdout)) {
      context.stdout.line(line);
    }
    const paint = makePaint(context.stdout.color);
    const tally = `${plural(errors.length, 'error')}, ${plural(warnings.length, 'warning')}`;
    const verdict =
      errors.length > 0
        ? paint.bad(`${tally}: runs are blocked`)
        : warnings.length > 0
          ? paint.asks(tally)
          : paint.good(
              notes.length > 0 ? `no issues, ${plural(notes.length, 'note')}` : 'no issues',
            );
    context.stdout.line(verdict);
  },
});
