/** `run`: the words and options of its commands. What they do is loaded when one is called. */
import path from 'node:path';
import { Option, type Command } from 'commander';
import { Refusal } from '../../model/refusal.ts';
import type { CliContext } from '../context.ts';
import { examples } from '../examples.ts';
import type { DriveChoice, InputWord, StartChoices } from '../run-drive.ts';

export function register(program: Command, context: CliContext): void {
  const group = program
    .command('run')
    .summary('start runs, watch them, and recover them')
    .description(
      'A run executes part of a program. RUN is a run id, the beginning of one, or `latest`; ' +
        'PROGRAM may be left out where the current directory is a program.',
    )
    .addHelpText(
      'after',
      examples(['run start . --root build', 'run watch . latest', 'run explain . latest']),
    );
  registerStart(group, context);
  registerRecovery(group, context);
  registerViews(group, context);
}

function registerStart(group: Command, context: CliContext): void {
  const inputs: InputWord[] = [];
  const input = (flag: string, kind: InputWord['kind'], form: string, about: string): Option =>
    new Option(`${flag} <key=${form}>`, about).argParser((word: string) => {
      const { key, value: text } = keyAndValue(flag, kind, word);
      // Relative to where the person stands, not to the program.
      const value = kind === 'json_file' ? path.resolve(context.cwd, text) : text;
      inputs.push({ kind, key, value });
      return inputs;
    });
  const start = group
    .command('start')
    .summary('start a run and drive it')
    .description(
      'Starts a run of the tasks named or labelled, and of all that they need. Prints the run id, ' +
        'then shows progress until the run is done, failed, or waits for replies.',
    )
    .argument('[words...]')
    .usage('[PROGRAM] --root TASK… | --label LABEL… [options]')
    .option('--root <task...>', 'tasks to run, with everything they depend on')
    .option('--label <label...>', 'as --root, for all tasks that have the label')
    .addOption(input('--input', 'text', 'text', 'an input value; may be repeated'))
    .addOption(input('--input-json', 'json', 'JSON', 'an input value as JSON'))
    .addOption(input('--input-json-file', 'json_file', 'file', 'an input value from a JSON file'))
    .option(
      '--assistants',
      'have assistants answer the questions put to them, while the run goes on',
    )
    .option('--dry-run', 'show what would run, and create nothing');
  driveOptions(start)
    .addHelpText(
      'after',
      `${examples([
        'run start . --root release --input version=1.2',
        "run start . --label nightly --input-json 'targets=[1, 2]' --no-wait",
        'run start . --root release --dry-run',
      ])}\n\n${exitStatuses}`,
    )
    .action(async (words: string[], options: StartChoices) => {
      const { start: run } = await import('../run-drive.ts');
      await run(words, options, inputs, context);
    });
}

function registerRecovery(group: Command, context: CliContext): void {
  driveOptions(
    group
      .command('resume')
      .summary('go on with a run')
      .description(
        'Settles what became of running instances, tries again what failed for reasons that pass, ' +
          'and goes on. Failed instances that it leaves alone are listed with the command that forces them.',
      )
      .argument('[words...]')
      .usage('[PROGRAM] RUN [options]'),
  )
    .addHelpText('after', `${examples(['run resume . latest'])}\n\n${exitStatuses}`)
    .action(async (words: string[], options: DriveChoice) => {
      const { resume } = await import('../run-drive.ts');
      await resume(words, options, context);
    });

  driveOptions(
    group
      .command('retry-instance')
      .summary('try one failed instance again')
      .description('Gives one failed instance another attempt, whatever it failed of, and goes on.')
      .argument('[words...]')
      .usage('[PROGRAM] RUN INSTANCE [options]')
      .addOption(
        new Option('--grant-iterations <n>', 'allow a loop that reached its limit so many more')
          .default(0, 'none')
          .argParser(wholeNumber('--grant-iterations')),
      ),
  )
    .addHelpText(
      'after',
      `${examples([
        'run retry-instance . latest build-1a2b3c4d',
        'run retry-instance . latest check-1a2b3c4d --grant-iterations 3',
      ])}\n\n${exitStatuses}`,
    )
    .action(async (words: string[], options: DriveChoice & { grantIterations: number }) => {
      const { retryInstance } = await import('../run-drive.ts');
      await retryInstance(words, options, context);
    });

  group
    .command('reconcile')
    .summary('settle what became of running instances')
    .description(
      'Settles instances that are marked running while nothing drives the run. Starts nothing.',
    )
    .argument('[words...]')
    .usage('[PROGRAM] RUN [--json]')
    .option('--json', 'print the run as JSON')
    .addHelpText('after', examples(['run reconcile . latest']))
    .action(async (words: string[], options: { json?: boolean }) => {
      const { reconcile } = await import('../run-mend.ts');
      await reconcile(words, options, context);
    });

  group
    .command('abort')
    .summary('stop a run for good')
    .description('Stops every process of the run. What is not done becomes failed or skipped.')
    .argument('[words...]')
    .usage('[PROGRAM] RUN [--json]')
    .option('--json', 'print the run as JSON')
    .addHelpText('after', examples(['run abort . latest']))
    .action(async (words: string[], options: { json?: boolean }) => {
      const { abort } = await import('../run-mend.ts');
      await abort(words, options, context);
    });

  group
    .command('verify')
    .summary("check a run's log, state and files")
    .description(
      'Checks the chain of the event log, replays it against state/, and checks every recorded hash.',
    )
    .argument('[words...]')
    .usage('[PROGRAM] RUN [--repair] [--json]')
    .option('--repair', 'rebuild state/ from the event log')
    .option('--json', 'print the findings as JSON')
    .addHelpText('after', examples(['run verify . latest', 'run verify . latest --repair']))
    .action(async (words: string[], options: { repair?: boolean; json?: boolean }) => {
      const { verify } = await import('../run-mend.ts');
      await verify(words, options, context);
    });

  // The engine of a run in the background.
  group
    .command('drive', { hidden: true })
    .argument('[words...]')
    .usage('PROGRAM RUN')
    .option('--revive', 'try again what failed for reasons that pass')
    .addHelpText('after', examples(['run drive . latest']))
    .action(async (words: string[], options: { revive?: boolean }) => {
      const { drive } = await import('../run-drive.ts');
      await drive(words, options, context);
    });
}

function registerViews(group: Command, context: CliContext): void {
  group
    .command('list')
    .summary('list runs, newest first')
    .description('Lists the runs of a program, newest first.')
    .argument('[words...]')
    .usage('[PROGRAM] [--json]')
    .option('--json', 'print the run documents as JSON')
    .addHelpText('after', examples(['run list', 'run list my-program | cut -f1']))
    .action(async (words: string[], options: { json?: boolean }) => {
      const { list } = await import('../run-look.ts');
      list(words, options, context);
    });

  group
    .command('show')
    .summary('show a run')
    .description('Prints all that is known of a run: scopes, instances, inputs, frozen tasks.')
    .argument('[words...]')
    .usage('[PROGRAM] RUN [--json]')
    .option('--json', 'print JSON instead of YAML')
    .addHelpText('after', examples(['run show . latest', 'run show . 2026 --json']))
    .action(async (words: string[], options: { json?: boolean }) => {
      const { show } = await import('../run-look.ts');
      await show(words, options, context);
    });

  group
    .command('watch')
    .summary('follow a run as it goes')
    .description(
      'Follows a run, whoever drives it, until it comes to rest. Ctrl-C ends the watching only.',
    )
    .argument('[words...]')
    .usage('[PROGRAM] [RUN]')
    .addHelpText('after', `${examples(['run watch', 'run watch . latest'])}\n\n${exitStatuses}`)
    .action(async (words: string[]) => {
      const { watch } = await import('../run-watch.ts');
      await watch(words, context);
    });

  group
    .command('logs')
    .summary("show agents' work")
    .description(
      'Shows what the agents of a run said and did: of one instance (or task), or of all in turn.',
    )
    .argument('[words...]')
    .usage('[PROGRAM] [RUN] [INSTANCE] [-f] [--attempt N] [--raw]')
    .option('-f, --follow', 'go on as more is written')
    .addOption(
      new Option('--attempt <n>', 'that attempt; by default the latest').argParser(
        wholeNumber('--attempt'),
      ),
    )
    .option('--raw', 'print the lines as the agent printed them')
    .addHelpText(
      'after',
      examples([
        'run logs . latest build -f',
        'run logs . latest build-1a2b3c4d --attempt 1 --raw',
      ]),
    )
    .action(
      async (words: string[], options: { follow?: boolean; attempt?: number; raw?: boolean }) => {
        const { logs } = await import('../run-logs.ts');
        await logs(words, options, context);
      },
    );

  group
    .command('events')
    .summary("list a run's events")
    .description('Lists the event log: one event a line.')
    .argument('[words...]')
    .usage('[PROGRAM] [RUN] [-f] [--json]')
    .option('-f, --follow', 'go on as more happens, until the run comes to rest')
    .option('--json', 'print a JSON list; with --follow, one JSON object a line')
    .addHelpText('after', examples(['run events . latest', 'run events . latest -f --json']))
    .action(async (words: string[], options: { follow?: boolean; json?: boolean }) => {
      const { events } = await import('../run-watch.ts');
      await events(words, options, context);
    });

  group
    .command('explain')
    .summary('say why each unfinished instance is where it is')
    .description('Says why each unfinished instance is where it is, and what would move it.')
    .argument('[words...]')
    .usage('[PROGRAM] [RUN] [INSTANCE] [--json]')
    .option('--json', 'print JSON')
    .addHelpText('after', examples(['run explain', 'run explain . latest build-1a2b3c4d']))
    .action(async (words: string[], options: { json?: boolean }) => {
      const { explain } = await import('../run-look.ts');
      explain(words, options, context);
    });
}

const exitStatuses =
  'Exit status: 0 done, 1 failed, 2 wrong usage or program, 3 waits for replies,\n' +
  '4 no such run or instance, 130 interrupted.';

function driveOptions(command: Command): Command {
  return command
    .option('--wait', 'drive the run here, and show progress (default)')
    .option('--no-wait', 'leave the run going in the background')
    .option('--json', 'print the run document at the end');
}

function keyAndValue(
  flag: string,
  kind: InputWord['kind'],
  word: string,
): { key: string; value: string } {
  const split = word.indexOf('=');
  if (split > 0) return { key: word.slice(0, split), value: word.slice(split + 1) };
  throw new Refusal('bad-input', `${flag} takes key=value, not "${word}"`, {
    hint: `for example: ${flag} topic=${kind === 'json' ? '\'{"a": 1}\'' : 'value'}`,
  });
}

function wholeNumber(flag: string): (word: string) => number {
  return (word) => {
    if (/^[1-9]\d{0,8}$/.test(word)) return Number(word);
    throw new Refusal('bad-number', `${flag} takes a whole number from 1, not "${word}"`);
  };
}
