/** `graph show`. */
import type { ProgramGraph } from '../../app/program/show-graph.ts';
import { choiceOr, defineCommand, flag, prints, PROGRAM } from '../command.ts';
import { printDiagnostics } from '../print.ts';
import { plainText } from '../../text/plain-text.ts';
import { wrap } from '../../text/width.ts';
import type { CliContext } from '../context.ts';

export const command = defineCommand({
  description:
    'Prints tasks, dependencies (->) and control edges (=>), for people or for a drawing tool.',
  words: [PROGRAM],
  usage: '[--format text|mermaid|dot|json]',
  usageInErrors: '[--format text|mermaid|dot|json]',
  options: {
    format: choiceOr(
      '--format <format>',
      'how to print it',
      ['text', 'mermaid', 'dot', 'json'],
      'text',
    ),
    json: flag('--json', 'as --format json'),
  },
  json: prints<ProgramGraph>(),
  examples: ['.', '. --format dot | dot -Tsvg'],
  async run({ words: [programDir], options }, context) {
    const { renderGraph, showGraph } = await import('../../app/program/show-graph.ts');
    const { graph, unreadable } = showGraph(programDir);
    printDiagnostics(unreadable, context);
    const format = options.json ? 'json' : options.format;
    const text = renderGraph(graph, format);
    if (format === 'text' && context.stdout.isTerminal) return printLines(plainText(text), context);
    context.stdout.write(format === 'json' ? text : plainText(text));
  },
});

/** What is too long goes on below, further in. */
function printLines(text: string, { stdout }: CliContext): void {
  for (const line of text.trimEnd().split('\n')) {
    const indent = /^ */.exec(line)?.[0] ?? '';
    const [head = '', ...rest] = wrap(line.trim(), stdout.columns - indent.length - 4);
    stdout.line(indent + head);
    for (const each of rest) stdout.line(`${indent}    ${each}`);
  }
}
