/** `inbox worker`: has assistants answer, and says what they do. */
import { stringifyJson } from '../../model/json.ts';
import type { AssistantResult } from '../../app/assistants/answer-by-assistant.ts';
import type { WorkerHooks, WorkerSummary } from '../../app/assistants/worker.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import type { Interrupt } from '../../model/run.ts';
import { defineCommand, flag, parsed, parsedOr, prints, PROGRAM } from '../command.ts';
import type { CliContext } from '../context.ts';
import { makePaint, type Paint } from '../render/paint.ts';
import { plainLine } from '../../text/plain-text.ts';
import { beginning } from '../../text/width.ts';

interface WorkerLine {
  run_id: string;
  interrupt_id: string;
  outcome: 'auto_replied' | 'handed_off' | 'failed' | 'gone' | 'busy' | 'stopped' | 'no_role';
  /** Why it failed. */
  reason?: string;
}

const DEFAULT_CONCURRENCY = 2;

export const command = defineCommand({
  description: 'Answers open assistant interrupts, of all runs, by running the roles they went to.',
  words: [PROGRAM],
  usage: '[--once] [options]',
  usageInErrors: '[--once] [options]',
  options: {
    once: flag('--once', 'answer what is open now, then end'),
    pollIntervalSec: parsedOr(
      '--poll-interval-sec <s>',
      'seconds between looks at the inbox',
      seconds,
      { value: 5 },
    ),
    concurrency: parsed('--concurrency <n>', 'assistants at a time', wholeNumber),
    json: flag('--json', 'print what was done as JSON'),
  },
  json: [
    prints<WorkerSummary>('What was done, in numbers.', '--once'),
    prints<WorkerLine>('Without `--once`: one line for each answer.'),
  ],
  examples: ['.', '. --once --json'],
  async run({ words: [programDir], options, printJson }, context) {
    const { startWorker } = await import('../../app/assistants/worker.ts');
    const { once, pollIntervalSec, json } = options;
    const concurrency = options.concurrency ?? DEFAULT_CONCURRENCY;
    const say = (line: string): void => context.stderr.line(line);
    if (!once && context.stderr.isTerminal) {
      const { dim } = makePaint(context.stderr.color);
      say(dim(`looking for questions every ${pollIntervalSec} s; Ctrl-C ends it`));
    }
    const running = startWorker(
      context,
      programDir,
      { once, pollIntervalMs: pollIntervalSec * 1000, concurrency },
      telling(context, !once && json),
    );
    let signals = 0;
    const endSignals = context.onSignal(() => {
      signals += 1;
      running.stop(signals === 1 ? 'graceful' : 'now');
      say(signals === 1 ? 'stopping' : 'stopping at once');
    });
    try {
      const summary = await running.ended;
      if (once && json) printJson(summary);
      else if (once) {
        const pairs = Object.entries(summary).map(([name, amount]) => `${name}=${amount}`);
        context.stdout.line(pairs.join('\t'));
      }
      if (signals > 0) context.exit(ExitStatus.interrupted);
    } finally {
      endSignals();
    }
  },
});

/** What the worker does, as it does it. */
function telling(context: CliContext, printsResults: boolean): WorkerHooks {
  const paint = makePaint(context.stderr.color);
  const say = (line: string): void => context.stderr.line(line);
  return {
    onStarted: (interrupt, roleId, attempt) =>
      say(
        `${interrupt.interrupt_id}: ${paint.busy(`role ${roleId} is answering`)} (try ${attempt}): ${short(interrupt.question)}`,
      ),
    onEnded(interrupt, result) {
      const line = endLine(interrupt, result, paint);
      if (line !== null) say(line);
      if (printsResults) printResult(interrupt, result, context);
    },
    onResumed: (runId) => say(`run ${runId}: goes on`),
    onRested: (runId, status) => say(`run ${runId}: ${status}`),
    onUnreadable: (runId, reason) =>
      say(`${paint.bad('cannot be read:')} run ${runId}: ${plainLine(reason)}`),
  };
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
  const line: WorkerLine = { run_id, interrupt_id, outcome, ...reason };
  context.stdout.line(stringifyJson(line));
}

function short(text: string): string {
  return beginning(plainLine(text), 100);
}

function seconds(word: string): number {
  const value = Number(word);
  if (/^\d+(\.\d+)?$/.test(word) && value > 0 && value <= 86_400) return value;
  throw new Refusal(
    'bad-number',
    `--poll-interval-sec takes seconds, more than 0 and at most 86400, not "${word}"`,
  );
}

function wholeNumber(word: string): number {
  if (/^[1-9]\d{0,3}$/.test(word)) return Number(word);
  throw new Refusal('bad-number', `--concurrency takes a whole number from 1, not "${word}"`);
}
