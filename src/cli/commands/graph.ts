/** `graph`: the program as a picture. */
import { Option, type Command } from 'commander';
import type { GraphFormat } from '../../app/program/show-graph.ts';
import type { CliContext } from '../context.ts';
import { examples } from '../examples.ts';
import { placeOf, printDiagnostics } from '../program-edits.ts';
import { plainText } from '../render/plain-text.ts';

export function register(program: Command, context: CliContext): void {
  const group = program
    .command('graph')
    .summary('show tasks and their edges as a graph')
    .addHelpText('after', examples(['graph show . --format mermaid']));

  group
    .command('show')
    .summary('print the graph')
    .description(
      'Prints tasks, dependencies (->) and control edges (=>), for people or for a drawing tool.',
    )
    .argument('[words...]')
    .usage('[PROGRAM] [--format text|mermaid|dot|json]')
    .addOption(
      new Option('--format <format>', 'how to print it')
        .choices(['text', 'mermaid', 'dot', 'json'])
        .default('text'),
    )
    .option('--json', 'as --format json')
    .addHelpText('after', examples(['graph show .', 'graph show . --format dot | dot -Tsvg']))
    .action(async (words: string[], options: { format: string; json?: boolean }) => {
      const { renderGraph, showGraph } = await import('../../app/program/show-graph.ts');
      const { programDir } = await placeOf(
        words,
        { min: 0, max: 0, usage: 'graph show [PROGRAM] [--format text|mermaid|dot|json]' },
        context,
      );
      const { graph, unreadable } = showGraph(programDir);
      printDiagnostics(unreadable, context);
      const format = options.json === true ? 'json' : (options.format as GraphFormat);
      const text = renderGraph(graph, format);
      context.stdout.write(format === 'json' ? text : plainText(text));
    });
}
