/** `run watch` and `run events`. */
import type { ActivityTail } from '../agents/output/activities.ts';
import { attemptOutput } from '../app/watch/attempt-output.ts';
import { followRun } from '../app/run/inspect-run.ts';
import type { RunEvent } from '../core/events/events.ts';
import type { RunState } from '../core/state/run-state.ts';
import { resolveRunId } from '../store/layout.ts';
import type { CliContext } from './context.ts';
import { programWord } from './program-argument.ts';
import { openProgress, type RunProgress } from './progress.ts';
import { timeOfDay } from './render/amounts.ts';
import { closingLines } from './render/closing-lines.ts';
import { eventSummary } from './render/event-lines.ts';
import { makePaint, type Paint } from './render/paint.ts';
import { plainLine } from './render/plain-text.ts';
import { fit } from './render/text-width.ts';
import { runWords } from './run-arguments.ts';
import { shownDirectory } from './run-ends.ts';
import { exitAfterFollowing, followUntilRest } from './run-follow.ts';

export async function watch(words: string[], context: CliContext): Promise<void> {
  const { programDir, run } = runWords(words, 'run watch', context, true);
  const runId = resolveRunId(programDir, run);
  const paint = makePaint(context.stderr.color);
  const progress = openProgress(context.stdout, context.env, 'run');
  const live = new LiveActivities(programDir, progress);
  try {
    const end = await followUntilRest(
      programDir,
      runId,
      {
        onEvent: (event, state) => progress.onEvent(event, state),
        onCaughtUp(state) {
          progress.onState(state);
          live.read(state);
        },
      },
      context,
    );
    progress.close(true);
    const program = programWord(programDir, context);
    if (end.reason === 'abandoned')
      context.stderr.line(paint.asks('no engine drives this run now'));
    if (end.reason !== 'interrupted' && end.state) {
      const lines = closingLines({
        state: end.state,
        program,
        runDirectory: shownDirectory(programDir, runId, context),
        tookMs: null,
        interrupted: false,
        paint,
        columns: context.stderr.columns,
      });
      for (const line of lines) context.stderr.line(line);
    }
    exitAfterFollowing(end, context);
  } finally {
    live.close();
    progress.close(true);
  }
}

/** What the agents of running instances do, read from their output: another process drives them. */
class LiveActivities {
  readonly #programDir: string;
  readonly #progress: RunProgress;
  /** `<instance>#<attempt>` → its output. */
  readonly #tails = new Map<string, { instanceId: string; tail: ActivityTail }>();

  constructor(programDir: string, progress: RunProgress) {
    this.#programDir = programDir;
    this.#progress = progress;
  }

  read(state: RunState): void {
    const running = new Set<string>();
    for (const instance of state.instances.values()) {
      if (instance.status !== 'running') continue;
      const key = `${instance.instance_id}#${instance.attempt}`;
      running.add(key);
      if (this.#tails.has(key)) continue;
      const output = attemptOutput(this.#programDir, state, instance.instance_id, null);
      this.#tails.set(key, { instanceId: instance.instance_id, tail: output.activities() });
    }
    for (const [key, { instanceId, tail }] of this.#tails) {
      if (!running.has(key)) {
        tail.close();
        this.#tails.delete(key);
        continue;
      }
      for (const activity of tail.read().activities)
        this.#progress.onActivity(instanceId, activity);
    }
  }

  close(): void {
    for (const { tail } of this.#tails.values()) tail.close();
    this.#tails.clear();
  }
}

export async function events(
  words: string[],
  options: { follow?: boolean; json?: boolean },
  context: CliContext,
): Promise<void> {
  const { programDir, run } = runWords(words, 'run events', context, true);
  const runId = resolveRunId(programDir, run);
  const { stdout } = context;
  const paint = makePaint(stdout.color);
  const print = (event: RunEvent): void => {
    if (options.json === true) stdout.line(JSON.stringify(event));
    else if (stdout.isTerminal) stdout.line(terminalLine(event, stdout.columns, paint));
    else stdout.line(pipedLine(event));
  };
  if (options.follow === true) {
    const end = await followUntilRest(programDir, runId, { onEvent: print }, context);
    return exitAfterFollowing(end, context);
  }
  const past: RunEvent[] = [];
  await followRun(
    programDir,
    runId,
    (event) => {
      if (options.json === true) past.push(event);
      else print(event);
    },
    { onCaughtUp: () => false },
  );
  if (options.json === true) stdout.line(JSON.stringify(past, null, 2));
}

function pipedLine(event: RunEvent): string {
  const { seq, created_at: at, event_type: type, instance_id: instance } = event;
  return [String(seq), at, type, instance ?? '', eventSummary(event)].map(plainLine).join('\t');
}

function terminalLine(event: RunEvent, columns: number, paint: Paint): string {
  const { seq, created_at: at, event_type: type, instance_id: instance } = event;
  const left = `${String(seq).padStart(4)}  ${timeOfDay(at)}`;
  const what = type.padEnd(19);
  const text = [instance ?? '', eventSummary(event)].filter((part) => part !== '').join('  ');
  const room = Math.max(20, columns - left.length - what.length - 5);
  return `${paint.dim(left)}  ${toneOf(event, paint)(what)}  ${fit(plainLine(text), room)}`.trimEnd();
}

function toneOf(event: RunEvent, paint: Paint): (text: string) => string {
  switch (event.event_type) {
    case 'instance_failed':
    case 'run_aborted':
    case 'session_lost':
    case 'proposal_dropped':
      return paint.bad;
    case 'instance_done':
    case 'run_completed':
      return paint.good;
    case 'interrupt_requested':
    case 'instance_waiting':
      return paint.asks;
    case 'attempt_started':
      return paint.busy;
    default:
      return (text) => text;
  }
}
