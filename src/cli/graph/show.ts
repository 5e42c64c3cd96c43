/** `graph show`. */
import type { ProgramGraph } from '../../app/program/show-graph.ts';
import { choiceOr, defineCommand, flag, prints, PROGRAM } from '../command.ts';
import { printDiagnostics } from '../print.ts';
import { plainText } from '../../text/plain-text.ts';

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
    context.stdout.write(format === 'json' ? text : plainText(text));
  },
});
