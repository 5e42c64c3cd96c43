/** How a run stands after something was done to it: one line, or the document. */
import { stringifyJson } from '../../model/json.ts';
import { showRun } from '../../app/run/inspect-run.ts';
import type { CliContext } from '../context.ts';
import { standingWord } from '../render/standing-word.ts';
import { makePaint, paintStatus } from '../render/paint.ts';

export function printStanding(
  programDir: string,
  runId: string,
  json: boolean,
  context: CliContext,
): void {
  const document = showRun(programDir, runId);
  if (json) return context.stdout.line(stringifyJson(document, 2));
  const counts = Object.entries(document.counts)
    .filter(([, amount]) => amount > 0)
    .map(([status, amount]) => `${status}=${amount}`);
  const paint = makePaint(context.stdout.color);
  const word = standingWord(document);
  context.stdout.line(
    context.stdout.isTerminal
      ? `Run ${runId}: ${paintStatus(paint, word, word)} (${counts.join(', ')})`
      : [runId, document.status, ...counts, ...(document.stopped ? ['stopped'] : [])].join('\t'),
  );
}
