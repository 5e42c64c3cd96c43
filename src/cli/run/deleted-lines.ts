/** What was deleted, as lines: a run in each, and on standard error how much it was. */
import type { DeletedRun } from '../../app/run/delete.ts';
import { plural } from '../../text/plural.ts';
import type { CliContext } from '../context.ts';
import { plainLine } from '../../text/plain-text.ts';
import { sizeText } from '../render/amounts.ts';

export function printDeleted(
  deleted: readonly DeletedRun[],
  dryRun: boolean,
  context: CliContext,
): void {
  const verb = dryRun ? 'would be deleted' : 'deleted';
  for (const { run_id: id, status, bytes } of deleted) {
    context.stdout.line([id, status ?? 'damaged', verb, sizeText(bytes)].join('\t'));
  }
  for (const tree of deleted.flatMap(({ kept_trees: stay }) => stay)) {
    context.stderr.line(staysLine(tree));
  }
  const total = deleted.reduce((sum, { bytes }) => sum + bytes, 0);
  context.stderr.line(`${plural(deleted.length, 'run')} ${verb}: ${sizeText(total)}`);
}

/** Of a tree that is not removed with the others. */
export function staysLine(tree: string): string {
  return `${plainLine(tree)} stays: a repository in it is in no commit; take what you need of it, then remove it.`;
}
