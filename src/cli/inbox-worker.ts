/** `inbox worker`: has assistants answer, and says what they do. */
import type { AssistantResult } from '../app/assistants/answer-by-assistant.ts';
import { startWorker, type WorkerSummary } from '../app/assistants/worker.ts';
import { ExitStatus } from '../model/refusal.ts';
import type { Interrupt } from '../model/run.ts';
import type { CliContext } from './context.ts';
import { splitProgram } from './program-argument.ts';
import { makePaint, type Paint } from './render/paint.ts';
import { plainLine } from './render/plain-text.ts';

export interface WorkerChoices {
  once?: boolean;
  pollIntervalSec: number;
  concurrency?: number;
  json?: boolean;
}

const DEFAULT_CONCURRENCY = 2;

export async function worker(
  words: string[],
  choices: WorkerChoices,
  context: CliContext,
): Promise<void> {
  const usage = 'inbox worker [PROGRAM] [--once] [options]';
  const { programDir } = splitProgram(words, { min: 0, max: 0, usage }, context);
  const once = choices.once === true;
  const paint = makePaint(context.stderr.color);
  const say = (line: string): void => context.stderr.line(line);
  if (!once && context.stderr.isTerminal) {
    say(paint.dim(`looking for questions every ${choices.pollIntervalSec} s; Ctrl-C ends it`));
  }
  const running = startWorker(
    context,
    programDir,
    {
      once,
      pollIntervalMs: choices.pollIntervalSec * 1000,
      concurrency: choices.concurrency ?? DEFAULT_CONCURRENCY,
    },
    {
      onStarted: (interrupt, roleId, attempt) =>
        say(
          `${interrupt.interrupt_id}: ${paint.busy(`role ${roleId} is answering`)} (try ${attempt}): ${short(interrupt.question)}`,
        ),
      onEnded(interrupt, result) {
        const line = endLine(interrupt, result, paint);
        if (line !== null) say(line);
        if (!once && choices.json === true) printResult(interrupt, result, context);
      },
      onResumed: (runId) => say(`run ${runId}: goes on`),
      onRested: (runId, status) => say(`run ${runId}: ${status}`),
      onUnreadable: (runId, reason) =>
        say(`${paint.bad('cannot be read:')} run ${runId}: ${plainLine(reason)}`),
    },
  );
  let signals = 0;
  const endSignals = context.onSignal(() => {
    signals += 1;
    running.stop(signals === 1 ? 'graceful' : 'now');
    say(signals === 1 ? 'stopping' : 'stopping at once');
  });
  try {
    const summary = await running.ended;
    if (once) printSummary(summary, choices, context);
    if (signals > 0) context.exit(ExitStatus.interrupted);
  } finally {
    endSignals();
  }
}

function endLine(interrupt: Interrupt, result: AssistantResult, paint: Paint): string | null {
  const id = interrupt.interrupt_id;
  switch (result.kind) {
    case 'answered':
      return result.replyKind === 'answer'
        ? `${id}: ${paint.good('answered')}`
        : `${id}: ${paint.asks('handed over to a human')}`;
    case 'failed':
      return `${id}: ${paint.bad('not answered')}: ${plainLine(result.reason)}`;
    case 'no_role':
      return `${id}: ${paint.asks('skipped')}: it names no role`;
    case 'stopped':
      return `${id}: stopped; the question stays open`;
    case 'busy':
      return `${id}: somebody else is answering it`;
    case 'gone':
      return `${id}: answered by somebody else`;
  }
}

/** For ever, with --json: one object a line. */
function printResult(interrupt: Interrupt, result: AssistantResult, context: CliContext): void {
  const { interrupt_id, run_id } = interrupt;
  const reason = result.kind === 'failed' ? { reason: result.reason } : {};
  const outcome =
    result.kind !== 'answered'
      ? result.kind
      : result.replyKind === 'answer'
        ? 'auto_replied'
        : 'handed_off';
  context.stdout.line(JSON.stringify({ run_id, interrupt_id, outcome, ...reason }));
}

function printSummary(summary: WorkerSummary, choices: WorkerChoices, context: CliContext): void {
  if (choices.json === true) return context.stdout.line(JSON.stringify(summary, null, 2));
  const pairs = Object.entries(summary).map(([name, amount]) => `${name}=${amount}`);
  context.stdout.line(pairs.join('\t'));
}

function short(text: string): string {
  const line = plainLine(text);
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}
