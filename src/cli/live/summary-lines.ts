/** A run in short, as `run show` tells it on a terminal. */
import { runDirectory, runHolder } from '../../app/run/inspect-run.ts';
import { rootsOf } from '../../app/run/run-document.ts';
import type { RunState } from '../../core/state/run-state.ts';
import { fit } from '../../text/width.ts';
import type { CliContext } from '../context.ts';
import { localTime } from '../render/amounts.ts';
import { liveLines } from '../render/live-lines.ts';
import { makePaint } from '../render/paint.ts';
import { plainLine } from '../../text/plain-text.ts';
import { shorterPath } from './ends.ts';
import { standingLines } from './standing-lines.ts';

/** Of more tasks than that, the less urgent are counted. */
const MOST_ROWS = 60;

export async function summaryLines(
  programDir: string,
  state: RunState,
  context: CliContext,
): Promise<string[]> {
  const { stdout, clock, cwd } = context;
  const paint = makePaint(stdout.color);
  const nowMs = Date.parse(clock.now());
  const area = { columns: stdout.columns, rows: MOST_ROWS, paint };
  const [, ...tasks] = liveLines({ state, activities: new Map(), nowMs, note: null }, area);
  const { title } = state.plan;
  const facts = [
    ...(title === undefined ? [] : [title]),
    `started ${localTime(state.createdAt)}`,
    `for ${rootsOf(state).join(', ')}`,
    shorterPath(runDirectory(programDir, state.runId), cwd),
  ];
  const details = [
    paint.dim(`  ${fit(plainLine(facts.join(' · ')), stdout.columns - 2)}`),
    '',
    ...tasks,
  ];
  const driven = runHolder(programDir, state.runId) !== null;
  return standingLines(programDir, state, { driven, details }, context, stdout);
}
