/** Prints what the agents of a run said and did, readable, or raw. */
import type { AgentActivity } from '../../model/activity.ts';
import {
  attemptOutput,
  tailText,
  type ActivityTail,
  type AttemptOutput,
  type TextTail,
} from '../../app/watch/attempt-output.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import type { AttemptRecord, Instance } from '../../model/run.ts';
import type { RunState } from '../../core/state/run-state.ts';
import type { CliContext } from '../context.ts';
import { makeActivityPrinter, type ActivityPrinter } from '../render/activity-lines.ts';
import { durationBetween } from '../render/amounts.ts';
import { makePaint, type Paint } from '../render/paint.ts';
import { plainText } from '../../text/plain-text.ts';

export interface LogsChoice {
  follow: boolean;
  /** null: the latest. */
  attempt: number | null;
  /** As the agent printed it. */
  raw: boolean;
}

interface Source {
  output: AttemptOutput;
  activities: ActivityTail;
  raw: TextTail;
  stderr: TextTail;
  printer: ActivityPrinter;
  ended: boolean;
}

/** Prints attempts one after the other, or several as they go, with a heading wherever the speaker changes. */
export class LogPrinter {
  readonly #programDir: string;
  /** An instance, or a task that had none when it was asked for. */
  readonly #whose: string | null;
  readonly #choice: LogsChoice;
  readonly #context: CliContext;
  readonly #paint: Paint;
  readonly #sources = new Map<string, Source>();
  #speaker: string | null = null;

  constructor(programDir: string, whose: string | null, choice: LogsChoice, context: CliContext) {
    this.#programDir = programDir;
    this.#whose = whose;
    this.#choice = choice;
    this.#context = context;
    this.#paint = makePaint(context.stdout.color);
  }

  printPast(state: RunState): void {
    const attempts = this.#attempts(state);
    if (attempts.length === 0) {
      if (this.#whose !== null) {
        // Says what there is instead.
        attemptOutput(this.#programDir, state, this.#whose, this.#choice.attempt);
      }
      throw new Refusal('nothing-begun', `run ${state.runId} has begun no attempt yet`, {
        hint: `codex-orch run explain ${state.runId}`,
        exit: ExitStatus.notFound,
      });
    }
    for (const { instance, attempt } of attempts) this.#print(state, instance, attempt, true);
  }

  printNew(state: RunState): void {
    for (const { instance, attempt } of this.#attempts(state)) {
      this.#print(state, instance, attempt, false);
    }
  }

  /** In the order in which they began. */
  #attempts(state: RunState): { instance: Instance; attempt: AttemptRecord }[] {
    const { attempt: wanted, follow } = this.#choice;
    return [...state.instances.values()]
      .filter(({ instance_id: id, task_id: task }) => {
        return this.#whose === null || id === this.#whose || task === this.#whose;
      })
      .flatMap((instance) => {
        const latestOnly = this.#whose !== null && wanted === null && !follow;
        const attempts = latestOnly ? instance.attempts.slice(-1) : instance.attempts;
        return attempts
          .filter(({ attempt }) => wanted === null || attempt === wanted)
          .map((attempt) => ({ instance, attempt }));
      })
      .sort((a, b) => a.attempt.started_at.localeCompare(b.attempt.started_at));
  }

  #print(state: RunState, instance: Instance, attempt: AttemptRecord, past: boolean): void {
    const key = `${instance.instance_id}#${attempt.attempt}`;
    const source = this.#source(key, state, instance, attempt);
    if (source.ended) return;
    const ended = attempt.finished_at !== null;
    const finish = ended || past;
    if (this.#choice.raw) {
      for (const line of finish ? source.raw.finish() : source.raw.read()) {
        this.#context.stdout.bytes(`${line}\n`);
      }
    } else {
      this.#say(key, instance, attempt, this.#newLines(source, finish, attempt));
    }
    source.ended = finish;
    if (finish) source.activities.close();
  }

  #newLines(source: Source, finish: boolean, attempt: AttemptRecord): string[] {
    const lines: string[] = [];
    // One by one: an attempt may print more lines than a call takes arguments.
    const add = (activities: readonly AgentActivity[]): void => {
      for (const activity of activities)
        for (const line of source.printer.push(activity)) lines.push(line);
    };
    for (;;) {
      const { activities, more } = source.activities.read();
      add(activities);
      if (!more) break;
    }
    if (!finish) return lines;
    add(source.activities.finish());
    const failed = attempt.error !== null || (attempt.return_code ?? 0) !== 0;
    const stderr = failed ? source.stderr.finish() : [];
    if (stderr.some((line) => line.trim() !== '')) {
      lines.push('', this.#paint.dim('standard error:'));
      lines.push(...stderr.slice(-40).map((line) => `  ${plainText(line)}`));
    }
    return [...lines, ...this.#ending(attempt)];
  }

  #ending(attempt: AttemptRecord): string[] {
    if (attempt.finished_at === null) return ['', this.#paint.dim('(still at work)')];
    if (attempt.error === null) return [];
    if (attempt.failure_kind === 'interrupted') {
      return ['', this.#paint.dim(plainText(attempt.error).trimEnd())];
    }
    return ['', this.#paint.bad(`failed: ${plainText(attempt.error).trimEnd()}`)];
  }

  #say(key: string, instance: Instance, attempt: AttemptRecord, lines: string[]): void {
    if (lines.length === 0) return;
    const { stdout } = this.#context;
    if (this.#speaker !== key) {
      if (this.#speaker !== null) stdout.line();
      this.#speaker = key;
      const took = durationBetween(attempt.started_at, attempt.finished_at);
      const facts = [
        `attempt ${attempt.attempt}`,
        ...(took === null ? [] : [took]),
        ...(attempt.termination_reason === null ? [] : [attempt.termination_reason]),
      ];
      stdout.line(this.#paint.bold(`== ${instance.instance_id} (${facts.join(', ')})`));
    }
    const [first, ...rest] = lines;
    // The heading is gap enough.
    if (first !== undefined && first !== '') stdout.line(first);
    for (const line of rest) stdout.line(line);
  }

  #source(key: string, state: RunState, instance: Instance, attempt: AttemptRecord): Source {
    const known = this.#sources.get(key);
    if (known) return known;
    const output = attemptOutput(this.#programDir, state, instance.instance_id, attempt.attempt);
    const source: Source = {
      output,
      activities: output.activities(),
      raw: tailText(output.stdoutFile),
      stderr: output.stderr(),
      printer: makeActivityPrinter(this.#paint, this.#context.stdout.columns),
      ended: false,
    };
    this.#sources.set(key, source);
    return source;
  }
}
