/** `inbox`: the words and options of its commands. What they do is loaded when one is called. */
import { Option, type Command } from 'commander';
import { confidences } from '../../model/program.ts';
import { Refusal } from '../../model/refusal.ts';
import type { CliContext } from '../context.ts';
import { examples } from '../examples.ts';
import type { ListOptions } from '../inbox-look.ts';
import type { ReplyOptions } from '../inbox-reply.ts';

export function register(program: Command, context: CliContext): void {
  const group = program
    .command('inbox')
    .summary('answer the questions of runs')
    .description(
      'Questions that runs wait for. ID is an interrupt id or the beginning of one; PROGRAM may be left\n' +
        'out where the current directory is a program.',
    )
    .addHelpText(
      'after',
      examples([
        'inbox list . --unresolved-only',
        "inbox reply . int-1a2b3c4d5e6f --text 'Yes, ship it' --resume",
      ]),
    );

  registerLooks(group, 'inbox', context);

  group
    .command('reply')
    .summary('answer a question')
    .description(
      'Answers an open question; the first answer stands. On a terminal, without --text, it asks you.\n' +
        'A file inbox/replies/ID.json in the run, with {"text": "…"}, does the same.',
    )
    .argument('[words...]')
    .usage('[PROGRAM] ID [--text TEXT | --text-file FILE] [options]')
    .option('--text <text>', 'the answer')
    .option('--text-file <file>', 'a file with the answer; - is standard input')
    .addOption(
      new Option('--reply-kind <kind>', 'hand over what an assistant was asked, or answer')
        .choices(['answer', 'handoff_to_human'])
        .default('answer'),
    )
    .option('--payload-json <json>', 'the structured answer, where the question has a reply schema')
    .option('--payload-file <file>', 'the same from a JSON file; - is standard input')
    .option('--rationale <text>', 'why')
    .addOption(new Option('--confidence <level>', 'how sure').choices(confidences))
    .option('--citation <source...>', 'what it rests on; may be repeated')
    .option('--run-id <run>', 'look for ID in this run only')
    .option('--resume', 'then go on with the run, and show progress')
    .option('--json', 'print the interrupt and its reply as JSON')
    .addHelpText(
      'after',
      examples([
        'inbox reply . int-1a2b3c4d5e6f',
        'inbox reply . int-1a2b --text ok --payload-json \'{"n": 3}\' --resume',
      ]),
    )
    .action(async (words: string[], options: ReplyOptions) => {
      const { reply } = await import('../inbox-reply.ts');
      await reply(words, options, context);
    });

  group
    .command('worker')
    .summary('have assistants answer')
    .description(
      'Answers open assistant interrupts, of all runs, by running the roles they went to.',
    )
    .argument('[words...]')
    .usage('[PROGRAM] [--once] [options]')
    .option('--once', 'answer what is open now, then end')
    .addOption(
      new Option('--poll-interval-sec <s>', 'seconds between looks at the inbox')
        .default(5)
        .argParser(seconds),
    )
    .addOption(new Option('--concurrency <n>', 'assistants at a time').argParser(wholeNumber))
    .option('--json', 'print what was done as JSON')
    .addHelpText('after', examples(['inbox worker .', 'inbox worker . --once --json']))
    .action(
      async (
        words: string[],
        options: { once?: boolean; pollIntervalSec: number; concurrency?: number; json?: boolean },
      ) => {
        const { worker } = await import('../inbox-worker.ts');
        await worker(words, options, context);
      },
    );
}

/** `list` and `show`, which `interrupt` has too. */
export function registerLooks(
  group: Command,
  name: 'inbox' | 'interrupt',
  context: CliContext,
): void {
  group
    .command('list')
    .summary('list questions')
    .description(
      'Lists the questions of all runs, newest run first. What lies in an inbox and cannot be taken in\n' +
        'is named on standard error, with the reason.',
    )
    .argument('[words...]')
    .usage('[PROGRAM] [options]')
    .addOption(
      new Option('--audience <whom>', 'only those for assistants, or for humans').choices([
        'assistant',
        'human',
      ]),
    )
    .option('--unresolved-only', 'only those without an answer')
    .option('--run-id <run>', 'only those of this run')
    .option('--json', 'print the questions and answers as JSON')
    .addHelpText(
      'after',
      examples([`${name} list`, `${name} list . --unresolved-only --audience human`]),
    )
    .action(async (words: string[], options: ListOptions) => {
      const { list } = await import('../inbox-look.ts');
      await list(words, options, name, context);
    });

  group
    .command('show')
    .summary('show a question and its answer')
    .argument('[words...]')
    .usage('[PROGRAM] ID [options]')
    .option('--run-id <run>', 'look for ID in this run only')
    .option('--json', 'print JSON instead of YAML')
    .addHelpText('after', examples([`${name} show . int-1a2b3c4d5e6f`]))
    .action(async (words: string[], options: { runId?: string; json?: boolean }) => {
      const { show } = await import('../inbox-look.ts');
      await show(words, options, name, context);
    });
}

function seconds(word: string): number {
  const value = Number(word);
  if (/^\d+(\.\d+)?$/.test(word) && value > 0 && value <= 86_400) return value;
  throw new Refusal(
    'bad-number',
    `--poll-interval-sec takes seconds, more than 0 and at most 86400, not "${word}"`,
  );
}

function wholeNumber(word: string): number {
  if (/^[1-9]\d{0,3}$/.test(word)) return Number(word);
  throw new Refusal('bad-number', `--concurrency takes a whole number from 1, not "${word}"`);
}
