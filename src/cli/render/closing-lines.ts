/** What a person reads when a run comes to rest: what happened, and what to type next. Pure. */
import type { Spending } from '../../app/run/spending.ts';
import { isWaitingForLock } from '../../core/state/locks.ts';
import { isSkippedByAbort } from '../../core/state/blocked.ts';
import {
  answeredCount,
  isOverForGood,
  isRunStopped,
  isStopped,
  waitingUntil,
  workedMs,
} from '../../core/state/standing.ts';
import { calledOf } from '../../core/state/item-names.ts';
import type { Instance, RunStatus } from '../../model/run.ts';
import { runStatus, type RunState } from '../../core/state/run-state.ts';
import { duration, spent } from './amounts.ts';
import { plural } from '../../text/plural.ts';
import type { MarkdownLines } from './markdown.ts';
import { paintStatus, type Paint } from './paint.ts';
import { plainLine } from '../../text/plain-text.ts';
import { replyCommand } from './reply-command.ts';
import { fit, textWidth, wrap } from '../../text/width.ts';

export interface ClosingInput {
  state: RunState;
  /** How command lines name the program: empty, or the directory with a blank after it. */
  program: string;
  /** Where the run lies, as the reader would type it. */
  runDirectory: string;
  /** The person stopped it just now. */
  interrupted: boolean;
  /** The person left its agents at work just now. */
  left: boolean;
  /** An engine drives it now: it is looked at on the way. */
  driven: boolean;
  /** What its attempts have used. */
  spending: Spending;
  /** What came out of it, where it is done. */
  outcome: readonly string[];
  markdown: MarkdownLines;
  paint: Paint;
  columns: number;
  /** Else its first line stays one, however long. */
  isTerminal: boolean;
}

const SHOWN = 5;
/** Of one question; `inbox show` has all. */
const QUESTION_LINES = 10;

/** `between`: what is to stand after how the run stands, and before what there is to do. */
export function closingLines(input: ClosingInput, between: readonly string[] = []): string[] {
  const instances = [...input.state.instances.values()];
  return [
    ...headLines(input),
    ...between,
    ...stoppedLines(instances),
    ...questionLines(input),
    ...failureLines(input),
    ...nextLines(input, instances),
  ];
}

/** How the run stands, in one line or two. */
function headLines(input: ClosingInput): string[] {
  const { state, paint, columns, isTerminal } = input;
  const status = runStatus(state);
  const facts = [
    `${state.counts.done} of ${plural(state.instances.size, 'instance')} done`,
    ...(state.counts.skipped > 0 ? [`${state.counts.skipped} skipped`] : []),
    // Up to its last event: of what still runs then, nobody here knows for how long.
    duration(workedMs(state, Date.parse(state.updatedAt))),
    ...spent(input.spending),
  ].join(', ');
  const word = wordFor(input, status);
  const head = `Run ${state.runId} ${word}`;
  const shown = word === 'stopped' ? word : status;
  const title = paint.bold(paintStatus(paint, shown, head));
  const isWide = isTerminal && textWidth(`${head} (${facts})`) > columns;
  return isWide ? [title, `  ${facts}`] : [`${title} (${facts})`];
}

function wordFor({ state, interrupted, left, driven }: ClosingInput, status: RunStatus): string {
  if (state.aborted) return 'aborted';
  if (driven && (status === 'running' || status === 'pending')) return 'is at work';
  if ((interrupted && status !== 'done') || isRunStopped(state)) return 'stopped';
  switch (status) {
    case 'waiting': {
      const isOpen = [...state.instances.values()].some(
        ({ blocking_interrupts: open }) => open.length > 0,
      );
      const until = waitingUntil(state);
      if (isOpen || state.runQuestions.size > 0) return 'waits for replies';
      if (until !== null) return `waits until ${until}`;
      return answeredCount(state) > 0
        ? 'has its replies, and nobody drives it'
        : 'waits for a lock, and nobody drives it';
    }
    case 'running':
      return left ? 'is left with its agents at work' : 'is marked running, and nobody drives it';
    case 'pending':
      return 'has something left to do, and nobody drives it';
    case 'done':
    case 'failed':
      return status;
  }
}

function stoppedLines(instances: readonly Instance[]): string[] {
  const stopped = instances.filter(isStopped).map(({ instance_id: id }) => id);
  if (stopped.length === 0) return [];
  const more = stopped.length > SHOWN ? ` and ${stopped.length - SHOWN} more` : '';
  return ['', `  Stopped on the way: ${stopped.slice(0, SHOWN).join(', ')}${more}`];
}

function questionLines({ state, markdown, paint, program, columns }: ClosingInput): string[] {
  const open = [...state.interrupts.values()].filter(
    ({ interrupt }) => interrupt.status === 'open' && interrupt.blocking,
  );
  const lines = open.slice(0, SHOWN).flatMap(({ interrupt }) => {
    const whom =
      interrupt.audience === 'human'
        ? 'asks you'
        : `asks the assistant ${interrupt.resolved_target_role_id ?? ''}`.trimEnd();
    const options =
      interrupt.options.length === 0
        ? []
        : [`    options: ${fit(interrupt.options.map(plainLine).join(' | '), columns - 14)}`];
    const question = markdown(interrupt.question, columns - 5, paint);
    const more = question.length > QUESTION_LINES ? [paint.dim('    …')] : [];
    const instance = state.instances.get(interrupt.instance_id ?? '');
    const asking =
      instance === undefined ? 'the run' : fit(plainLine(calledOf(state, instance)), columns - 26);
    return [
      '',
      `  ${paint.asks('?')} ${asking} ${whom}:`,
      ...question.slice(0, QUESTION_LINES).map((line) => `    ${line}`.trimEnd()),
      ...more,
      ...options,
      `    ${paint.command(replyCommand(interrupt, program))}`,
    ];
  });
  if (open.length > SHOWN) {
    const all = `codex-orch inbox list ${program}--unresolved-only`.trimEnd();
    lines.push('', `  … and ${open.length - SHOWN} more: ${paint.command(all)}`);
  }
  if (open.some(({ interrupt }) => interrupt.audience === 'assistant')) {
    const worker = `codex-orch inbox worker ${program}--once`;
    lines.push('', `  To have assistants answer: ${paint.command(worker)}`);
  }
  return lines;
}

function failureLines({ state, paint, program, columns }: ClosingInput): string[] {
  const failed = [...state.instances.values()].filter(
    (instance) => instance.status === 'failed' && !isStopped(instance),
  );
  const lines = failed.slice(0, SHOWN).flatMap((instance) => {
    const error = fit(plainLine(instance.error ?? 'no reason recorded'), columns * 3);
    const command =
      instance.attempt === 0
        ? []
        : [
            `    ${paint.command(`codex-orch run logs ${program}${state.runId} ${instance.instance_id}`)}`,
          ];
    return [
      '',
      `  ${paint.bad('✖')} ${fit(plainLine(calledOf(state, instance)), columns - 6)}:`,
      ...wrap(error, columns - 5).map((line) => `    ${line}`),
      ...command,
    ];
  });
  if (failed.length > SHOWN) lines.push('', `  … and ${failed.length - SHOWN} more failed`);
  return lines;
}

/** A loop at its limit needs more of it; a retry alone would end there again. */
export function grantFor(instance: Instance): string {
  return instance.failure_kind === 'loop_limit' ? ' --grant-iterations 1' : '';
}

function forSkipped(commands: string[]): [string, ...string[]] {
  const what = plural(commands.length, 'instance');
  return [
    `${what} ${commands.length === 1 ? 'was' : 'were'} skipped by the abort, and not run since. To run:`,
    ...commands.slice(0, SHOWN),
  ];
}

function nextLines(input: ClosingInput, instances: Instance[]): string[] {
  const { state, program } = input;
  const say = (what: string, ...commands: string[]): string[] => [
    '',
    what,
    ...commands.map((command) => `  ${input.paint.command(command)}`),
  ];
  const retry = (instance: Instance): string =>
    `codex-orch run retry-instance ${program}${state.runId} ${instance.instance_id}${grantFor(instance)}`;
  const resume = `codex-orch run resume ${program}${state.runId}`;
  const failed = instances.filter((instance) => instance.status === 'failed');
  if (input.driven) return say('To follow it:', `codex-orch run watch ${program}${state.runId}`);
  switch (runStatus(state)) {
    case 'done': {
      const skipped = instances.filter((instance) => isSkippedByAbort(state, instance));
      const rest = skipped.length === 0 ? [] : say(...forSkipped(skipped.map(retry)));
      const begun = new Set(instances.map(({ task_id }) => task_id));
      const never = state.plan.roots.filter((root) => !begun.has(root));
      if (never.length > 0)
        rest.push('', `Not run, because nothing led to it: ${never.join(', ')}`);
      if (input.outcome.length > 0) return [...input.outcome, ...rest];
      const hasLeft = instances.some(({ published }) => published.length > 0);
      const where = `${input.runDirectory}/instances/*/published/`;
      return hasLeft ? [...rest, ...say('Results:', where)] : rest;
    }
    case 'waiting': {
      const answered = answeredCount(state);
      if (instances.some(isWaitingForLock)) return say('To go on:', resume);
      if (answered === 0 && waitingUntil(state) !== null && state.runQuestions.size === 0) {
        return say('To go on, at once or when that has come:', resume);
      }
      if (answered === 0) return say('When all is answered (--resume does this at once):', resume);
      if (answered === state.counts.waiting) return say('To go on:', resume);
      return say(`To go on with the ${plural(answered, 'instance')} answered:`, resume);
    }
    case 'failed': {
      if (isOverForGood(state)) {
        return say(
          'It is over: nothing in it can go on. What it left can be looked at:',
          `codex-orch run logs ${program}${state.runId}`,
        );
      }
      if (state.aborted) return [];
      if (failed.some((instance) => instance.resume_recommended)) return say('To go on:', resume);
      const commands = failed.slice(0, SHOWN).map(retry);
      if (commands.length === 0) return [];
      const what = failed.length > 1 ? 'To try them again, one by one:' : 'To try it again:';
      return say(what, ...commands);
    }
    case 'running':
      return say('What its agents leave is taken when it goes on:', resume);
    case 'pending':
      return say('To go on:', resume);
  }
}
