/** `edge add`. */
import type { Edge } from '../../app/program/edit-edge.ts';
import { defineCommand, flag, prints, PROGRAM, text, texts } from '../command.ts';
import { printDiagnostics } from '../print.ts';
import { dependencyKind, DST, edgeLine, KIND, SRC } from './edge-words.ts';

export const command = defineCommand({
  words: [PROGRAM, SRC, DST, KIND],
  usage: '[options]',
  options: {
    scopeAlias: text(
      '--scope-alias <name>',
      'name of the dependency in references; without it, SRC',
    ),
    consume: texts('--consume <path...>', 'published files to take (context)'),
    json: flag('--json', 'print the edge as JSON'),
  },
  json: prints<Edge>(),
  examples: ['. plan build order', '. plan build context --consume final.md --scope-alias p'],
  async run({ words: [programDir, source, target, kind], options, printJson }, context) {
    const { addEdge } = await import('../../app/program/edit-edge.ts');
    const { placeOf } = await import('../../app/program/place.ts');
    const { scopeAlias, consume } = options;
    const wanted = { source, target, kind: dependencyKind(kind), scopeAlias, consume };
    const { edge, warnings } = await addEdge(context, placeOf(programDir, context), wanted);
    printDiagnostics(warnings, context);
    if (options.json) return printJson(edge);
    context.stdout.line(edgeLine(edge));
  },
});
