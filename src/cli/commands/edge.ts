/** `edge`: the dependencies between tasks. */
import type { Command } from 'commander';
import type { Edge } from '../../app/program/edit-edge.ts';
import { dependencyKinds, type DependencyKind } from '../../model/program.ts';
import { Refusal } from '../../model/refusal.ts';
import { suggest } from '../../text/suggest.ts';
import type { CliContext } from '../context.ts';
import { examples } from '../examples.ts';
import { placeOf, printDiagnostics, printJson } from '../program-edits.ts';
import { plainLine } from '../render/plain-text.ts';
import { printTable } from '../render/table.ts';

export function register(program: Command, context: CliContext): void {
  const group = program
    .command('edge')
    .summary('list and edit dependencies')
    .description(
      'An edge SRC -> DST says that DST depends on SRC: it waits for it (order), or also takes files that\n' +
        'it publishes (context).',
    )
    .addHelpText('after', examples(['edge list .', 'edge add . plan build order']));

  group
    .command('list')
    .summary('list edges')
    .argument('[words...]')
    .usage('[PROGRAM] [--json]')
    .option('--json', 'print the edges as JSON')
    .addHelpText('after', examples(['edge list .']))
    .action(async (words: string[], options: { json?: boolean }) => {
      const { listEdges } = await import('../../app/program/edit-edge.ts');
      const { programDir } = await placeOf(
        words,
        { min: 0, max: 0, usage: 'edge list [PROGRAM]' },
        context,
      );
      const { edges, unreadable } = listEdges(programDir);
      printDiagnostics(unreadable, context);
      if (options.json === true) return printJson(edges, context);
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
    });

  group
    .command('add')
    .summary('make DST depend on SRC')
    .argument('[words...]')
    .usage('[PROGRAM] SRC DST order|context [options]')
    .option('--scope-alias <name>', 'name of the dependency in references; without it, SRC')
    .option('--consume <path...>', 'published files to take (context)')
    .option('--json', 'print the edge as JSON')
    .addHelpText(
      'after',
      examples([
        'edge add . plan build order',
        'edge add . plan build context --consume final.md --scope-alias p',
      ]),
    )
    .action(
      async (
        words: string[],
        options: { scopeAlias?: string; consume?: string[]; json?: boolean },
      ) => {
        const { addEdge } = await import('../../app/program/edit-edge.ts');
        const place = await placeOf(
          words,
          { min: 3, max: 3, usage: 'edge add [PROGRAM] SRC DST order|context' },
          context,
        );
        const [source = '', target = '', kind = ''] = place.rest;
        const { edge, warnings } = await addEdge(place, {
          source,
          target,
          kind: dependencyKind(kind),
          scopeAlias: options.scopeAlias ?? null,
          consume: options.consume ?? [],
        });
        printDiagnostics(warnings, context);
        if (options.json === true) return printJson(edge, context);
        context.stdout.line(edgeLine(edge));
      },
    );

  group
    .command('remove')
    .summary('remove the edges of one kind between two tasks')
    .argument('[words...]')
    .usage('[PROGRAM] SRC DST order|context [--json]')
    .option('--json', 'print the removed edges as JSON')
    .addHelpText('after', examples(['edge remove . plan build order']))
    .action(async (words: string[], options: { json?: boolean }) => {
      const { removeEdge } = await import('../../app/program/edit-edge.ts');
      const place = await placeOf(
        words,
        { min: 3, max: 3, usage: 'edge remove [PROGRAM] SRC DST order|context' },
        context,
      );
      const [source = '', target = '', kind = ''] = place.rest;
      const { removed, warnings } = await removeEdge(place, source, target, dependencyKind(kind));
      printDiagnostics(warnings, context);
      if (options.json === true) return printJson(removed, context);
      for (const edge of removed) context.stdout.line(edgeLine(edge));
    });
}

/** One piece of text, an arrow in it, so that it reads as an edge; the rest follows after tabs. */
function edgeLine(edge: Edge): string {
  const fields = [
    `${edge.source} -> ${edge.target} [${edge.kind}]`,
    `scope=${edge.scope}`,
    `consume=[${edge.consume.join(', ')}]`,
  ];
  return fields.map(plainLine).join('\t');
}

function dependencyKind(word: string): DependencyKind {
  const kind = dependencyKinds.find((one) => one === word);
  if (kind !== undefined) return kind;
  const near = suggest(word, dependencyKinds);
  throw new Refusal('edge-kind', `the kind of an edge is order or context, not "${word}"`, {
    ...(near === null ? {} : { hint: `did you mean "${near}"?` }),
  });
}
