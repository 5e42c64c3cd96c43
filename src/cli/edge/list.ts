/** `edge list`. */
import type { Edge } from '../../app/program/edit-edge.ts';
import { defineCommand, flag, prints, PROGRAM } from '../command.ts';
import { printDiagnostics } from '../print.ts';
import { printTable } from '../render/table.ts';
import { edgeLine } from './edge-words.ts';

export const command = defineCommand({
  words: [PROGRAM],
  usage: '[--json]',
  options: { json: flag('--json', 'print the edges as JSON') },
  json: prints<Edge[]>(),
  examples: ['.'],
  async run({ words: [programDir], options, printJson }, context) {
    const { listEdges } = await import('../../app/program/edit-edge.ts');
    const { edges, unreadable } = listEdges(programDir);
    printDiagnostics(unreadable, context);
    if (options.json) return printJson(edges);
    if (!context.stdout.isTerminal) {
      for (const edge of edges) context.stdout.line(edgeLine(edge));
      return;
    }
    printTable(
      context.stdout,
      edges,
      [
        { title: 'SOURCE', cell: (edge) => edge.source },
        { title: 'TARGET', cell: (edge) => edge.target },
        { title: 'KIND', cell: (edge) => edge.kind },
        { title: 'SCOPE', cell: (edge) => edge.scope },
        { title: 'CONSUMES', cell: (edge) => edge.consume.join(', '), flexible: true },
      ],
      'No edges.',
    );
  },
});
