/** How the command line names an edge: SRC DST order|context, and as a line. */
import type { Edge } from '../../app/program/edit-edge.ts';
import { dependencyKinds, type DependencyKind } from '../../model/program.ts';
import { Refusal } from '../../model/refusal.ts';
import { suggest } from '../../text/suggest.ts';
import { plainLine } from '../../text/plain-text.ts';
import { choiceOf, TASK, type Word } from '../command.ts';

export const SRC: Word<string> = { ...TASK, name: 'SRC' };
export const DST: Word<string> = { ...TASK, name: 'DST' };
export const KIND = choiceOf(dependencyKinds.join('|'), dependencyKinds);

/** One piece of text, an arrow in it, so that it reads as an edge; the rest follows after tabs. */
export function edgeLine(edge: Edge): string {
  const fields = [
    `${edge.source} -> ${edge.target} [${edge.kind}]`,
    `scope=${edge.scope}`,
    `consume=[${edge.consume.join(', ')}]`,
  ];
  return fields.map(plainLine).join('\t');
}

/** @throws Refusal `edge-kind` */
export function dependencyKind(word: string): DependencyKind {
  const kind = dependencyKinds.find((one) => one === word);
  if (kind !== undefined) return kind;
  const near = suggest(word, dependencyKinds);
  throw new Refusal('edge-kind', `the kind of an edge is order or context, not "${word}"`, {
    ...(near === null ? {} : { hint: `did you mean "${near}"?` }),
  });
}
