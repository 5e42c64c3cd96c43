/**
 * Attempts without a process: a script says what each of them does, leaves and how it ends, and they do it
 * at once. For engines under test, and for runs that are only played through. It remembers in memory what
 * the local executor keeps in files, so that an engine that comes later finds its attempts again.
 */
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { makeDirectory, writeFile } from '../../disk/disk.ts';
import type { AgentActivity } from '../../model/activity.ts';
import type { AttemptBudget, AttemptEnd, AttemptOrder, StopReason } from '../../model/attempt.ts';
import type { Usage } from '../../model/run.ts';
import { isPassed } from '../attempt-budget.ts';
import type { Executor, Found, Handle, Heard } from '../executor.ts';

/** What the attempt of an order does. */
export type Script = (order: AttemptOrder) => Play;

export interface Play {
  /** One after the other. */
  steps: Step[];
  /** Where it is no success with exit status 0. Not looked at where the attempt was stopped. */
  end?: Partial<AttemptEnd>;
}

export type Step =
  /** What its output means; `output` goes to events.jsonl, too. */
  | { does: AgentActivity }
  /** A file of its directory. */
  | { leaves: string; text: string }
  /** What it has used by then, in sum; it is stopped where that passes its budget. */
  | { uses: Usage }
  /** Goes on when this resolves, or when the attempt is stopped. */
  | { waits: Promise<unknown> };

export class ScriptedExecutor implements Executor {
  readonly #script: Script;
  /** ISO 8601. */
  readonly #now: () => string;
  /** By attempt directory, as the local one keeps them. */
  readonly #begun = new Map<string, ScriptedAttempt>();
  /** Attempt directory → generations before this can never run. */
  readonly #voided = new Map<string, number>();

  constructor(script: Script, now: () => string) {
    this.#script = script;
    this.#now = now;
  }

  start(order: AttemptOrder, heard: Heard): Promise<Handle> {
    let attempt = this.#begun.get(order.attemptDir);
    if (!attempt) {
      attempt = new ScriptedAttempt(order, this.#script(order), this.#now);
      this.#begun.set(order.attemptDir, attempt);
    }
    return Promise.resolve(attempt.watch(heard));
  }

  find(order: AttemptOrder, heard: Heard): Promise<Found> {
    const attempt = this.#begun.get(order.attemptDir);
    if (attempt) {
      const handle = attempt.watch(heard);
      return Promise.resolve(
        attempt.isOver ? { kind: 'ended', handle } : { kind: 'running', handle, isOverdue: false },
      );
    }
    const voided = this.#voided.get(order.attemptDir) ?? 0;
    const nextGeneration = Math.max(order.generation, voided) + 1;
    this.#voided.set(order.attemptDir, nextGeneration);
    return Promise.resolve({ kind: 'never_started', nextGeneration });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

class ScriptedAttempt {
  isOver = false;
  readonly #order: AttemptOrder;
  readonly #now: () => string;
  readonly #said: AgentActivity[] = [];
  readonly #hearers = new Set<Heard>();
  readonly #ended: Promise<AttemptEnd>;
  readonly #stopped: Promise<void>;
  #stop!: () => void;
  #stopReason: StopReason | null = null;
  #isKilled = false;
  #budget: AttemptBudget | null;
  #used: Usage | null = null;

  constructor(order: AttemptOrder, play: Play, now: () => string) {
    this.#order = order;
    this.#now = now;
    this.#budget = order.budget ?? null;
    this.#stopped = new Promise((resolve) => (this.#stop = resolve));
    this.#ended = this.#perform(play);
  }

  watch(heard: Heard): Handle {
    let isDetached = false;
    const hear: Heard = (activities) => {
      if (!isDetached) heard(activities);
    };
    const before = [...this.#said];
    if (before.length > 0) queueMicrotask(() => hear(before));
    this.#hearers.add(hear);
    return {
      pid: null,
      ended: new Promise((resolve, reject) => {
        this.#ended.then(
          (end) => {
            if (!isDetached) resolve(end);
          },
          (error: unknown) => {
            if (!isDetached) reject(error);
          },
        );
      }),
      stop: (reason, how) => {
        if (this.isOver) return;
        this.#stopReason ??= reason;
        this.#isKilled ||= how === 'kill';
        this.#stop();
      },
      // No time passes in it.
      limitWall: () => undefined,
      limitUse: (budget) => {
        this.#budget = budget;
      },
      used: () => this.#used,
      detach: () => {
        isDetached = true;
        this.#hearers.delete(hear);
      },
    };
  }

  async #perform({ steps, end }: Play): Promise<AttemptEnd> {
    // Whoever starts it has its handle first.
    await Promise.resolve();
    for (const step of steps) {
      if (this.#stopReason !== null) break;
      if ('does' in step) this.#do(step.does);
      else if ('uses' in step) this.#use(step.uses);
      else if ('leaves' in step) {
        const file = path.join(this.#order.attemptDir, step.leaves);
        makeDirectory(path.dirname(file));
        writeFile(file, step.text);
      } else await Promise.race([step.waits, this.#stopped]);
    }
    this.isOver = true;
    return this.#stopReason === null
      ? { ...this.#success(), ...end }
      : this.#stoppedEnd(this.#stopReason);
  }

  #use(usage: Usage): void {
    this.#used = usage;
    if (this.#budget !== null && isPassed(this.#budget, usage)) this.#stopReason ??= 'budget';
  }

  #do(activity: AgentActivity): void {
    this.#said.push(activity);
    if (activity.type === 'output') appendFileSync(this.#stdout(), `${activity.text}\n`);
    for (const hear of [...this.#hearers]) hear([activity]);
  }

  #success(): AttemptEnd {
    const message = this.#said.findLast((each) => each.type === 'message');
    const session = this.#said.findLast((each) => each.type === 'session_started');
    const printed = this.#said.some((each) => each.type === 'output');
    return {
      termination_reason: 'completed',
      return_code: 0,
      failure_kind: null,
      failure_summary: null,
      resume_recommended: false,
      session_id: session?.sessionId ?? this.#order.sessionId,
      usage: this.#used,
      final_message: message ? { text: message.text } : printed ? { file: this.#stdout() } : null,
      started_at: this.#order.startedAt,
      finished_at: this.#now(),
      session_lost: false,
    };
  }

  #stoppedEnd(reason: StopReason): AttemptEnd {
    const isTerminated = reason === 'terminated';
    return {
      ...this.#success(),
      termination_reason: reason,
      return_code: this.#isKilled ? 137 : 143,
      failure_kind: isTerminated ? 'interrupted' : reason === 'budget' ? 'budget' : 'task_runtime',
      failure_summary: isTerminated ? 'the attempt was stopped' : 'the attempt reached its limit',
      resume_recommended: isTerminated,
    };
  }

  #stdout(): string {
    return path.join(this.#order.controlDir, 'events.jsonl');
  }
}
