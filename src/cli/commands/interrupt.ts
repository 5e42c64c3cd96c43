/** `interrupt`: the words and options of its commands. What they do is loaded when one is called. */
import { Option, type Command } from 'commander';
import { decisionKinds, priorities, requestKinds } from '../../model/program.ts';
import type { CliContext } from '../context.ts';
import { examples } from '../examples.ts';
import type { CreateOptions, RecommendOptions } from '../interrupt-ask.ts';
import { registerLooks } from './inbox.ts';

export function register(program: Command, context: CliContext): void {
  const group = program
    .command('interrupt')
    .summary("ask questions as a worker, and see a run's questions")
    .description(
      'An interrupt is a question that a running instance puts to an assistant role or to a human.\n' +
        'Workers ask with `interrupt create`; answers are given with `inbox reply`.',
    )
    .addHelpText(
      'after',
      examples([
        'interrupt create --audience human --kind approval --question Ship?',
        'interrupt list . --unresolved-only',
      ]),
    );

  const create = asker(
    group
      .command('create')
      .summary('ask a question, as the worker of an instance')
      .description(
        'Puts a question into the inbox of the run, and prints its id. Inside a worker, the environment\n' +
          'says who asks. Blocking (the default): the instance waits for the answer once its attempt has\n' +
          'ended, and goes on in the same session.',
      )
      .argument('[words...]')
      .usage('--audience WHOM --kind KIND --question TEXT [options]'),
  );
  create
    .addOption(
      new Option('--audience <whom>', 'who is to answer')
        .choices(['assistant', 'human'])
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--kind <kind>', 'what is asked for').choices(requestKinds).makeOptionMandatory(),
    )
    .addOption(new Option('--decision-kind <kind>', 'what is to be decided').choices(decisionKinds))
    .option('--question <text>', 'the question')
    .option('--question-file <file>', 'a file with the question; - is standard input')
    .option('--target-role <role>', 'the assistant role to ask; by default the one that fits best')
    .option('--option <text...>', 'an answer to choose from; may be repeated')
    .option('--artifact <path...>', 'a file of the program that the answerer should see')
    .option('--reply-schema <path>', 'a JSON Schema of the program that the payload must match')
    .addOption(
      new Option('--priority <priority>', 'how urgent it is').choices(priorities).default('normal'),
    )
    .option('--blocking', 'wait for the answer (default)')
    .option('--non-blocking', 'go on without waiting')
    .option('--metadata <key=value...>', 'further facts for the answerer')
    .option('--json', 'print the interrupt as JSON')
    .addHelpText(
      'after',
      examples([
        'interrupt create --audience human --kind question --question-file -',
        'interrupt create --audience assistant --kind clarification \\\n' +
          "    --decision-kind naming --question 'Which name?' --option user --option id",
      ]),
    )
    .action(async (words: string[], options: CreateOptions) => {
      const { create: run } = await import('../interrupt-ask.ts');
      await run(words, options, context);
    });

  asker(
    group
      .command('recommend')
      .summary('say which role fits a question')
      .description('Prints which assistant roles a task may ask, and which fits a question best.')
      .argument('[words...]')
      .usage('--kind KIND [--decision-kind KIND] [options]'),
  )
    .addOption(
      new Option('--audience <whom>', 'who is to answer')
        .choices(['assistant', 'human'])
        .default('assistant'),
    )
    .addOption(new Option('--kind <kind>', 'what is asked for').choices(requestKinds))
    .addOption(new Option('--decision-kind <kind>', 'what is to be decided').choices(decisionKinds))
    .option('--json', 'print JSON instead of YAML')
    .addHelpText('after', examples(['interrupt recommend --kind question --decision-kind scope']))
    .action(async (words: string[], options: RecommendOptions) => {
      const { recommend } = await import('../interrupt-ask.ts');
      await recommend(words, options, context);
    });

  registerLooks(group, 'interrupt', context);
}

/** Who asks, for shells that have lost the environment. */
function asker(command: Command): Command {
  return command
    .option('--program-dir <dir>', 'the program (CODEX_ORCH_PROGRAM_DIR)')
    .option('--run-id <run>', 'the run (CODEX_ORCH_RUN_ID)')
    .option('--instance-id <id>', 'the instance (CODEX_ORCH_INSTANCE_ID)')
    .option('--task-id <id>', 'its task (CODEX_ORCH_TASK_ID)');
}
