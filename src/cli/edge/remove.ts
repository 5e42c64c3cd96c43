/** `edge remove`. */
import type { Edge } from '../../app/program/edit-edge.ts';
import { defineCommand, flag, prints, PROGRAM } from '../command.ts';
import { printDiagnostics } from '../print.ts';
import { dependencyKind, DST, edgeLine, KIND, SRC } from './edge-words.ts';

export const command = defineCommand({
  words: [PROGRAM, SRC, DST, KIND],
  usage: '[--json]',
  options: { json: flag('--json', 'print the removed edges as JSON') },
  json: prints<Edge[]>('The edges that were removed.'),
  examples: ['. plan build order'],
  async run({ words: [programDir, source, target, word], options, printJson }, context) {
    const { removeEdge } = await import('../../app/program/edit-edge.ts');
    const { placeOf } = await import('../../app/program/place.ts');
    const kind = dependencyKind(word);
    const place = placeOf(programDir, context);
    const { removed, warnings } = await removeEdge(context, place, source, target, kind);
    printDiagnostics(warnings, context);
    if (options.json) return printJson(removed);
    for (const edge of removed) context.stdout.line(edgeLine(edge));
  },
});
