/** `run reconcile`, `run abort`, `run verify`. */
import { showRun } from '../app/run/inspect-run.ts';
import { stopAndAbort } from '../app/run/abort.ts';
import { reconcileRun } from '../app/run/reconcile.ts';
import { verifyRun } from '../app/run/inspect-run.ts';
import type { VerifyReport } from '../store/verify/report.ts';
import { ExitStatus } from '../model/refusal.ts';
import { resolveRunId } from '../store/layout.ts';
import type { CliContext } from './context.ts';
import { programWord } from './program-argument.ts';
import { plural } from '../text/plural.ts';
import { makePaint, paintStatus } from './render/paint.ts';
import { plainLine } from './render/plain-text.ts';
import { runWords } from './run-arguments.ts';

export async function reconcile(
  words: string[],
  options: { json?: boolean },
  context: CliContext,
): Promise<void> {
  const { programDir, run } = runWords(words, 'run reconcile', context);
  const runId = resolveRunId(programDir, run);
  await reconcileRun(context, programDir, runId);
  printStanding(programDir, runId, options, context);
}

export async function abort(
  words: string[],
  options: { json?: boolean },
  context: CliContext,
): Promise<void> {
  const { programDir, run } = runWords(words, 'run abort', context);
  const runId = resolveRunId(programDir, run);
  await stopAndAbort(context, programDir, runId);
  printStanding(programDir, runId, options, context);
}

/** How the run stands now: one line, or the document. */
function printStanding(
  programDir: string,
  runId: string,
  options: { json?: boolean },
  context: CliContext,
): void {
  const document = showRun(programDir, runId);
  if (options.json === true) return context.stdout.line(JSON.stringify(document, null, 2));
  const counts = Object.entries(document.counts)
    .filter(([, amount]) => amount > 0)
    .map(([status, amount]) => `${status}=${amount}`);
  const paint = makePaint(context.stdout.color);
  const status = paintStatus(paint, document.status, document.status);
  context.stdout.line(
    context.stdout.isTerminal
      ? `Run ${runId}: ${status} (${counts.join(', ')})`
      : [runId, status, ...counts].join('\t'),
  );
}

export async function verify(
  words: string[],
  options: { repair?: boolean; json?: boolean },
  context: CliContext,
): Promise<void> {
  const { programDir, run } = runWords(words, 'run verify', context, true);
  const report = await verifyRun(context, programDir, run, { repair: options.repair === true });
  if (!report.ok) context.exit(ExitStatus.failed);
  if (options.json === true) return context.stdout.line(JSON.stringify(report, null, 2));
  for (const line of verifyLines(report, context)) context.stdout.line(line);
  const repairable = report.problems.some(
    ({ severity, where }) => severity === 'error' && /^(state|inbox)\//.test(where),
  );
  if (repairable && !report.repaired) {
    const program = programWord(programDir, context);
    context.stderr.line(
      `hint: codex-orch run verify ${program}${report.run_id} --repair rebuilds state/ from the log`,
    );
  }
}

function verifyLines(report: VerifyReport, context: CliContext): string[] {
  const { isTerminal } = context.stdout;
  const paint = makePaint(context.stdout.color);
  const problems = report.problems.map(({ severity, where, message }) => {
    const words = [severity, where, message].map(plainLine);
    if (!isTerminal) return words.join('\t');
    const tone = { error: paint.bad, warning: paint.asks, info: paint.dim }[severity];
    return `${tone(severity)}  ${words[1]}: ${words[2]}`;
  });
  const { checked, log } = report;
  const facts = [
    plural(log.events, 'event'),
    plural(checked.state_files, 'state file'),
    plural(checked.program_files, 'frozen file'),
    plural(checked.artifacts, 'artifact'),
    plural(checked.results, 'result'),
  ];
  const verdict = report.ok ? paint.good('sound') : paint.bad('damaged');
  const repaired = report.repaired ? ['state rebuilt'] : [];
  if (!isTerminal) return [...problems, [report.run_id, verdict, ...repaired, ...facts].join('\t')];
  return [...problems, `Run ${report.run_id}: ${verdict} (${[...repaired, ...facts].join(', ')})`];
}
