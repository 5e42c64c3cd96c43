/** `interrupt create`: what workers call. Start-up time counts here. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { JsonObject } from '../../model/json.ts';
import { decisionKinds, priorities, requestKinds } from '../../model/program.ts';
import { Refusal } from '../../model/refusal.ts';
import type { Interrupt } from '../../model/run.ts';
import {
  choice,
  choiceOr,
  defineCommand,
  flag,
  flagOrNot,
  mandatoryChoice,
  prints,
  text,
  texts,
} from '../command.ts';
import type { CliContext } from '../context.ts';
import { readGivenFile } from '../given-file.ts';
import { ASKER, askerNames, askerOptions, unnamed } from './asker.ts';

export const command = defineCommand({
  description:
    'Puts a question into the inbox of the run, and prints its id. Inside a worker, the environment\n' +
    'says who asks. Blocking (the default): the instance waits for the answer once its attempt has\n' +
    'ended, and goes on in the same session.',
  words: [ASKER],
  usage: '--audience WHOM --kind KIND --question TEXT [options]',
  options: {
    ...askerOptions,
    audience: mandatoryChoice('--audience <whom>', 'who is to answer', ['assistant', 'human']),
    kind: mandatoryChoice('--kind <kind>', 'what is asked for', requestKinds),
    decisionKind: choice('--decision-kind <kind>', 'what is to be decided', decisionKinds),
    question: text('--question <text>', 'the question'),
    questionFile: text('--question-file <file>', 'a file with the question; - is standard input', {
      kind: 'file',
    }),
    targetRole: text(
      '--target-role <role>',
      'the assistant role to ask; by default the one that fits best',
    ),
    options: texts('--option <text...>', 'an answer to choose from; may be repeated'),
    artifacts: texts('--artifact <path...>', 'a file of the program that the answerer should see', {
      kind: 'file',
    }),
    replySchema: text(
      '--reply-schema <path>',
      'a JSON Schema of the program that the payload must match',
      { kind: 'file' },
    ),
    priority: choiceOr('--priority <priority>', 'how urgent it is', priorities, 'normal'),
    blocking: flagOrNot('--blocking', 'wait for the answer (default)', {
      flags: '--non-blocking',
      about: 'go on without waiting',
    }),
    metadata: texts('--metadata <key=value...>', 'further facts for the answerer'),
    json: flag('--json', 'print the interrupt as JSON'),
  },
  json: prints<Interrupt>(),
  examples: [
    '--audience human --kind question --question-file -',
    '--audience assistant --kind clarification \\\n' +
      "    --decision-kind naming --question 'Which name?' --option user --option id",
  ],
  async run({ words: [words], options, printJson }, context) {
    const names = askerNames(words, options, context);
    const { instance } = names;
    if (instance === null) throw unnamed('instance', '--instance-id', 'CODEX_ORCH_INSTANCE_ID');
    const { createInterrupt } = await import('../../app/inbox/create.ts');
    const { audience, kind, decisionKind, artifacts, replySchema, priority, targetRole } = options;
    const { interrupt, warnings } = await createInterrupt(
      context,
      { ...names, instance },
      {
        audience,
        blocking: options.blocking,
        requestKind: kind,
        decisionKind,
        text: await questionText(options, context),
        options: options.options,
        artifacts,
        replySchema,
        priority,
        targetRole,
        metadata: metadataOf(options.metadata),
      },
    );
    for (const warning of warnings) context.stderr.line(`warning: ${warning}`);
    if (options.json) return printJson(interrupt);
    context.stdout.line(interrupt.interrupt_id);
  },
});

async function questionText(
  options: { question: string | null; questionFile: string | null },
  context: CliContext,
): Promise<string> {
  const { question, questionFile: file } = options;
  if (question !== null && file !== null) {
    throw new Refusal('bad-option', '--question and --question-file exclude each other');
  }
  if (question !== null) return question;
  if (file === null) {
    throw new Refusal('question-missing', 'there is no question', {
      hint: 'say what you need to know: --question TEXT or --question-file FILE',
    });
  }
  if (file === '-') return readGivenFile(file, context);
  try {
    return readFileSync(path.resolve(context.cwd, file), 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    throw new Refusal('file-unreadable', `cannot read ${file}: ${(error as Error).message}`, {
      hint: 'write the question into that file first, or give it with --question',
    });
  }
}

function metadataOf(pairs: string[]): JsonObject {
  const metadata: JsonObject = {};
  for (const pair of pairs) {
    const split = pair.indexOf('=');
    if (split <= 0) {
      throw new Refusal('bad-metadata', `--metadata takes key=value, not "${pair}"`);
    }
    metadata[pair.slice(0, split)] = pair.slice(split + 1);
  }
  return metadata;
}
