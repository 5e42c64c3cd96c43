/** `proposal`: the words and options of its commands. What they do is loaded when one is called. */
import { Option, type Command } from 'commander';
import type { CliContext } from '../context.ts';
import { examples } from '../examples.ts';
import type { ApplyOptions, ListOptions, MarkOptions } from '../proposal-review.ts';

const statuses = ['proposed', 'accepted', 'rejected', 'applied'];
const kinds = [
  'instruction_update',
  'managed_asset_update',
  'routing_policy_update',
  'program_asset_update',
];

export function register(program: Command, context: CliContext): void {
  const group = program
    .command('proposal')
    .summary('review the changes that assistants suggest')
    .description(
      'Assistants may suggest changes of the program. They are recorded, never applied by a run: that\n' +
        'is for a person. ID is a proposal id or the beginning of one; PROGRAM may be left out where\n' +
        'the current directory is a program.',
    )
    .addHelpText(
      'after',
      examples(['proposal list . --status proposed', 'proposal diff . prop-int-1a2b3c4d5e6f-01']),
    );

  group
    .command('list')
    .summary('list proposals')
    .argument('[words...]')
    .usage('[PROGRAM] [options]')
    .option('--run-id <run>', 'only those of this run')
    .addOption(new Option('--status <status>', 'only those marked so').choices(statuses))
    .addOption(new Option('--kind <kind>', 'only those of this kind').choices(kinds))
    .option('--json', 'print the proposals as JSON')
    .addHelpText('after', examples(['proposal list', 'proposal list . --status proposed --json']))
    .action(async (words: string[], options: ListOptions) => {
      const { list } = await import('../proposal-review.ts');
      await list(words, options, context);
    });

  group
    .command('show')
    .summary('show a proposal')
    .argument('[words...]')
    .usage('[PROGRAM] ID [--json]')
    .option('--json', 'print JSON instead of YAML')
    .addHelpText('after', examples(['proposal show . prop-int-1a2b3c4d5e6f-01']))
    .action(async (words: string[], options: { json?: boolean }) => {
      const { show } = await import('../proposal-review.ts');
      await show(words, options, context);
    });

  group
    .command('mark')
    .summary('say what became of a proposal')
    .argument('[words...]')
    .usage('[PROGRAM] ID --status STATUS [--note TEXT]')
    .addOption(
      new Option('--status <status>', 'what became of it').choices(statuses).makeOptionMandatory(),
    )
    .option('--note <text>', 'why')
    .option('--json', 'print the proposal as JSON')
    .addHelpText(
      'after',
      examples([
        "proposal mark . prop-int-1a2b --status rejected --note 'too broad'",
        'proposal mark . prop-int-1a2b3c4d5e6f-01 --status accepted',
      ]),
    )
    .action(async (words: string[], options: MarkOptions) => {
      const { mark } = await import('../proposal-review.ts');
      await mark(words, options, context);
    });

  group
    .command('diff')
    .summary('show what applying a proposal would change')
    .description(
      'Prints a unified diff against the file as it is now; of a snippet, what --append would do.',
    )
    .argument('[words...]')
    .usage('[PROGRAM] ID')
    .addHelpText('after', examples(['proposal diff . prop-int-1a2b3c4d5e6f-01']))
    .action(async (words: string[]) => {
      const { diff } = await import('../proposal-review.ts');
      await diff(words, context);
    });

  group
    .command('apply')
    .summary('write a proposal into the program')
    .description(
      'Writes the suggested content over its target, unless the target has changed since or the\n' +
        'program would break, and marks the proposal applied. A snippet is shown, and written only\n' +
        'with --append: at the end of a file, or merged into a section of a task.',
    )
    .argument('[words...]')
    .usage('[PROGRAM] ID [--append] [--force]')
    .option('--append', 'add a snippet to its target')
    .option('--force', 'also where the target has changed since, or the proposal is settled')
    .option('--json', 'print the proposal as JSON')
    .addHelpText(
      'after',
      examples([
        'proposal apply . prop-int-1a2b3c4d5e6f-01',
        'proposal apply . prop-int-1a2b3c4d5e6f-02 --append',
      ]),
    )
    .action(async (words: string[], options: ApplyOptions) => {
      const { apply } = await import('../proposal-review.ts');
      await apply(words, options, context);
    });
}
