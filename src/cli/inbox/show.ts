/** `inbox show`, and `interrupt show`. */
import type { InterruptEntry } from '../../app/inbox/list.ts';
import type { Json } from '../../model/json.ts';
import { defineCommand, flag, INTERRUPT, prints, PROGRAM, text } from '../command.ts';
import type { CliContext } from '../context.ts';
import { printYaml } from '../print.ts';
import { programWord } from '../program-argument.ts';
import { makePaint } from '../render/paint.ts';
import { replyCommand } from '../render/reply-command.ts';

export const command = defineCommand({
  description:
    'Shows a question and its answer: on a terminal as a person reads it, into a pipe or a file as YAML.',
  words: [PROGRAM, INTERRUPT],
  usage: '[options]',
  usageInErrors: '[options]',
  options: {
    runId: text('--run-id <run>', 'look for ID in this run only', { kind: 'run' }),
    yaml: flag('--yaml', 'print YAML on a terminal, too'),
    json: flag('--json', 'print JSON'),
  },
  json: prints<InterruptEntry>(),
  examples: ['. int-1a2b3c4d5e6f', '. int-1a2b --yaml'],
  async run({ words: [programDir, id], options, printJson }, context) {
    const { showInterrupt } = await import('../../app/inbox/list.ts');
    const entry = await showInterrupt(programDir, id, options.runId ?? undefined);
    if (options.json) return printJson(entry);
    if (options.yaml || !context.stdout.isTerminal) {
      return printYaml(entry as unknown as Json, context);
    }
    for (const line of await entryLines(entry, programDir, context)) context.stdout.line(line);
  },
});

async function entryLines(
  entry: InterruptEntry,
  programDir: string,
  context: CliContext,
): Promise<string[]> {
  const { optionLines, questionLines, replyLines } = await import('../render/question-lines.ts');
  const look = { columns: context.stdout.columns, paint: makePaint(context.stdout.color) };
  const { interrupt, reply } = entry;
  const options = optionLines(interrupt, look);
  const lines = [
    ...questionLines(entry, look),
    ...(options.length === 0 ? [] : ['', ...options]),
    '',
  ];
  if (reply !== null) return [...lines, ...replyLines(reply, look)];
  if (interrupt.status !== 'open') return [...lines, look.paint.dim(`It is ${interrupt.status}.`)];
  const program = programWord(programDir, context);
  return [...lines, look.paint.command(replyCommand(interrupt, program))];
}
