/** What came out of a run, as the end of a run and `run show` tell it. */
import type { RepositoryChanges } from '../../app/run/changes.ts';
import type { Outcome } from '../../app/run/outcome.ts';
import { stringifyJson } from '../../model/json.ts';
import { plural } from '../../text/plural.ts';
import { fit } from '../../text/width.ts';
import type { MarkdownLines } from './markdown.ts';
import type { Paint } from './paint.ts';
import { plainLine } from '../../text/plain-text.ts';

export interface OutcomeInput {
  outcomes: readonly Outcome[];
  /** In the person's repositories; null: the run works in no trees of its own. */
  changes: readonly RepositoryChanges[] | null;
  /** As a person would type it. */
  shownPath(absolute: string): string;
  /** `codex-orch run changes …` */
  changesCommand: string;
  markdown: MarkdownLines;
  paint: Paint;
  columns: number;
}

/** Tasks whose message is shown; of the others, where to find it. */
const SHOWN = 4;
const MESSAGE_LINES = 12;

/** What came out of the first few that left something: of these, the message is shown, too. */
export function outcomesInFull(outcomes: readonly Outcome[]): Outcome[] {
  const full: Outcome[] = [];
  for (const outcome of outcomes) {
    if (full.length === SHOWN) break;
    if (hasLeft(outcome)) full.push(outcome);
  }
  return full;
}

function hasLeft({ published, result }: Outcome): boolean {
  return published.length > 0 || result !== null;
}

/** Empty where nothing came out that could be shown. */
export function outcomeLines(input: OutcomeInput): string[] {
  const { outcomes, paint, changesCommand } = input;
  const left = outcomes.filter(hasLeft);
  const full = new Set(outcomesInFull(outcomes));
  const lines: string[] = [];
  if (left.length > 0) lines.push('', paint.bold('Results'));
  for (const outcome of left) {
    lines.push(`  ${outcome.instance.instance_id}  ${paint.dim(plainLine(outcome.title))}`);
    if (full.has(outcome)) lines.push(...messageLines(outcome, input));
    if (outcome.published.length > 0) lines.push(filesLine(outcome, input));
  }
  const changed = (input.changes ?? []).filter(({ files }) => files.length > 0);
  if (changed.length === 0) return lines;
  lines.push('', paint.bold('Changes'));
  for (const repository of changed) lines.push(`  ${changesLine(repository, input)}`);
  return [...lines, `  ${paint.command(changesCommand)}`];
}

/** What its agent said at last, or else its result. */
function messageLines(outcome: Outcome, input: OutcomeInput): string[] {
  const within = input.columns - 4;
  const { message, isCut } = outcome.said();
  const lines =
    message !== null && message.trim() !== ''
      ? input.markdown(message, within, input.paint)
      : outcome.result === null
        ? []
        : stringifyJson(outcome.result, 2).split('\n');
  const shown = lines.slice(0, MESSAGE_LINES).map((line) => `    ${fit(line, within)}`.trimEnd());
  const rest = lines.length - shown.length;
  if (rest > 0 || isCut) {
    const more = isCut ? 'more' : `${plural(rest, 'more line')}`;
    shown.push(input.paint.dim(`    … ${more}`));
  }
  return shown;
}

function filesLine({ published, directory }: Outcome, input: OutcomeInput): string {
  const names = published.map(({ relative_path: name }) => plainLine(name));
  const where = `    ${input.shownPath(directory)}/`;
  return `${where}${input.paint.dim(`  ${fit(names.join(', '), Math.max(20, input.columns - where.length - 2))}`)}`;
}

function changesLine({ worktree, files }: RepositoryChanges, input: OutcomeInput): string {
  const sum = (of: 'insertions' | 'deletions'): number =>
    files.reduce((total, file) => total + (file[of] ?? 0), 0);
  const { paint } = input;
  const lines = `${paint.good(`+${sum('insertions')}`)} ${paint.bad(`-${sum('deletions')}`)}`;
  return `${plural(files.length, 'file')}, ${lines}  ${paint.dim(input.shownPath(worktree))}`;
}
