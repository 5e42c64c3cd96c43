/** How a run stands, for people: at its end, at the end of watching it, and when it is looked at. */
import { existsSync } from 'node:fs';
import { runChanges, type RepositoryChanges } from '../../app/run/changes.ts';
import { checkLog, runDirectory } from '../../app/run/inspect-run.ts';
import { outcomesOf, type Outcome } from '../../app/run/outcome.ts';
import { pricesFor, spendingOf } from '../../app/run/spending.ts';
import { runStatus, type RunState } from '../../core/state/run-state.ts';
import { Refusal } from '../../model/refusal.ts';
import { shellWord } from '../../text/shell-word.ts';
import type { CliContext, Output } from '../context.ts';
import { programWord } from '../program-argument.ts';
import { checkLines } from '../render/check-lines.ts';
import { closingLines } from '../render/closing-lines.ts';
import { leftOutLines } from '../render/left-out-lines.ts';
import { outcomeLines, outcomesInFull } from '../render/outcome-lines.ts';
import type { MarkdownLines } from '../render/markdown.ts';
import { makePaint } from '../render/paint.ts';
import { shorterPath } from './ends.ts';

export interface Standing {
  /** The person stopped it just now. */
  interrupted?: boolean;
  /** The person left its agents at work just now. */
  left?: boolean;
  /** An engine drives it. */
  driven?: boolean;
  /** What stands below the first line, such as its tasks. */
  details?: readonly string[];
}

/**
 * The first line says what it is; then what was proven, what is asked, what failed, what came out, and what to type next.
 */
export async function standingLines(
  programDir: string,
  state: RunState,
  { interrupted = false, left = false, driven = false, details = [] }: Standing,
  context: CliContext,
  output: Output,
): Promise<string[]> {
  const paint = makePaint(output.color);
  const program = programWord(programDir, context);
  const shownPath = (directory: string): string => shellWord(shorterPath(directory, context.cwd));
  const isDone = runStatus(state) === 'done';
  const outcomes = isDone ? outcomesOf(programDir, state) : [];
  const markdown = await markdownFor(state, outcomes);
  const outcome = isDone
    ? outcomeLines({
        ...{ outcomes, markdown },
        changes: await changesOf(programDir, state, context),
        shownPath,
        changesCommand: `codex-orch run changes ${program}${state.runId} --patch`,
        paint,
        columns: output.columns,
      })
    : [];
  const closing = {
    state,
    spending: spendingOf(state, await pricesFor(context, state)),
    program,
    runDirectory: shownPath(runDirectory(programDir, state.runId)),
    ...{ outcome, markdown },
    ...{ interrupted, left, driven, paint },
    ...{ columns: output.columns, isTerminal: output.isTerminal },
  };
  const checks = checkLines({
    ...{ state, paint, columns: output.columns },
    logOf: (instanceId, attempt, receipt) =>
      shownPath(checkLog(programDir, state.runId, instanceId, attempt, receipt)),
  });
  return closingLines(closing, [
    ...details,
    ...checks,
    ...leftOutLines(state, paint, shownPath, existsSync),
  ]);
}

/** What reads Markdown is loaded where there is something to read: it takes longer than all else here. */
async function markdownFor(state: RunState, outcomes: readonly Outcome[]): Promise<MarkdownLines> {
  const isSaid = outcomesInFull(outcomes).some(
    (outcome) => (outcome.said().message ?? '').trim() !== '',
  );
  if (!isSaid && state.interrupts.size === 0) return () => [];
  return (await import('../render/markdown.ts')).markdownLines;
}

/** null: it has no trees, or its work does not fit together, which is asked elsewhere. */
async function changesOf(
  programDir: string,
  state: RunState,
  context: CliContext,
): Promise<readonly RepositoryChanges[] | null> {
  if ((state.plan.workspace_bases ?? []).length === 0) return null;
  try {
    const options = { instance: null, patch: false };
    return (await runChanges(context, programDir, state.runId, options)).repositories;
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}
