/**
 * The loop that drives a run: take what was observed, decide (core), commit, act. It ends when nothing
 * runs and nothing can start: the run is done, has failed, or waits for replies at no cost.
 *
 * What is decided is on disk before it is done: an attempt's process starts after its `attempt_started`
 * is flushed. Everything that happens meanwhile (an exit, a file in the inbox, a signal) only fills a
 * list and wakes the loop; the loop alone changes the state.
 */
import { advance } from '../core/plan/plan.ts';
import type { RunEvent } from '../core/events/events.ts';
import { finishAttempt, type AttemptFacts } from '../core/judge/finish.ts';
import { abortRun, retryInstance, reviveFailed } from '../core/requests/recover.ts';
import type { Instance } from '../model/run.ts';
import type { RunState } from '../core/state/run-state.ts';
import type { AgentActivity } from '../model/activity.ts';
import type { AttemptEnd, ProcessEnd } from '../model/attempt.ts';
import type { Handle, Heard } from '../execution/executor.ts';
import { replaceFile } from '../disk/disk.ts';
import { harvest, notStarted, prepareOrder, stageOrder, type AttemptContext } from './attempts.ts';
import { watchInbox } from '../store/inbox/scanner.ts';
import { Intake } from './intake.ts';
import type { RunSession } from './session.ts';
import { Wake } from './wake.ts';
import { recordProposals } from '../core/requests/proposals.ts';
import type { InboxCommand } from '../store/inbox/records.ts';

export type StopMode = 'graceful' | 'now';

export interface EngineOptions {
  /** Give failed instances that are worth it another try, once the run is settled. */
  revive: boolean;
  onActivity?(instanceId: string, activities: AgentActivity[]): void;
  /** Failed instances that a resume leaves alone. */
  onLeftAlone?(instances: Instance[]): void;
  /** Something in the inbox was refused. */
  onRefused?(file: string, reason: string): void;
  /** Answers questions beside the loop, where the run's assistants are `inline`. */
  answerer?: Answerer | undefined;
}

/** Works beside the loop, and speaks to it through the inbox like everyone else. */
export interface Answerer {
  /** Begins what can be begun now. The engine does not end before what is returned has. */
  look(state: RunState): Promise<void>[];
  stop(mode: StopMode): void;
}

interface FinishedAttempt {
  instanceId: string;
  facts: AttemptFacts;
}

const CACHE_DELAY_MS = 200;
/** The cache is for readers: a tenth of the time at most goes into it, unless it would fall behind for long. */
const CACHE_SHARE = 0.1;
const LONGEST_CACHE_DELAY_MS = 3000;

export class Engine {
  readonly #context: AttemptContext;
  readonly #session: RunSession;
  readonly #options: EngineOptions;
  readonly #intake: Intake;
  readonly #wake = new Wake();
  /** Attempts that we watch. */
  readonly #live = new Map<string, Handle>();
  /** Attempts between their decision and their process, or between its end and its facts. */
  #between = 0;
  /** Attempts that ended unseen: a resume waits for their facts before it looks at what has failed. */
  readonly #recovering = new Set<string>();
  readonly #finished: FinishedAttempt[] = [];
  /** Questions that are being answered beside the loop. */
  #answering = 0;
  #stopping: StopMode | null = null;
  /** While aborting: how the running attempts ended. */
  #aborted: Map<string, ProcessEnd> | null = null;
  #cacheDelayMs = CACHE_DELAY_MS;
  #cacheTimer: NodeJS.Timeout | null = null;
  /** A defect in something that runs beside the loop; the loop throws it. */
  #defect: unknown = null;

  constructor(context: AttemptContext, options: EngineOptions) {
    this.#context = context;
    this.#session = context.session;
    this.#options = options;
    this.#intake = new Intake(context.session);
  }

  /** Drives until nothing runs and nothing can start. */
  async run(): Promise<void> {
    let revive = this.#options.revive;
    const unwatch = watchInbox(this.#session.paths, this.#wake.notify);
    try {
      await this.#recoverRunning();
      for (;;) {
        // The ends first, then the inbox: what a worker asked before it ended is seen before its end is
        // judged, also when it ended while the inbox was read.
        const finished = this.#finished.splice(0);
        const events = [...(await this.#receiveInbox()), ...this.#settle(finished)];
        if (revive && this.#recovering.size === 0) {
          revive = false;
          events.push(...this.#revive());
        }
        const settled = this.#between === 0 && this.#live.size === 0;
        if (this.#aborted && settled) events.push(...this.#finishAbort());
        const { events: next, starts } = advance(this.#session.state, {
          slots: this.#slots(),
          now: this.#session.now(),
        });
        const committed = this.#session.commitAsync([...events, ...next]);
        for (const { instanceId } of starts) this.#beside(this.#start(instanceId, 0, committed));
        await committed;
        if (this.#defect) throw this.#defect;
        this.#intake.committed(({ command }) => command === 'abort' && this.#aborted !== null);
        this.#lookForQuestions();
        if (this.#isIdle()) return;
        this.#scheduleCacheFlush();
        await this.#wake.wait();
        if (this.#defect) throw this.#defect;
      }
    } finally {
      unwatch();
      if (this.#cacheTimer) clearTimeout(this.#cacheTimer);
      for (const handle of this.#live.values()) handle.detach();
    }
  }

  /** Stops the agents and lets the loop end. They are left resumable. Again with `now` it kills. */
  stop(mode: StopMode): void {
    if (this.#stopping === 'now') return;
    this.#stopping = mode;
    for (const handle of this.#live.values()) handle.stop('terminated', howToStop(mode));
    this.#options.answerer?.stop(mode);
    this.#wake.notify();
  }

  /** Stops the agents, then fails what is not done. */
  abort(): void {
    if (this.#aborted) return;
    this.#aborted = new Map();
    for (const handle of this.#live.values()) handle.stop('terminated', 'ask');
    this.#options.answerer?.stop('graceful');
    this.#wake.notify();
  }

  #slots(): number {
    const halted = this.#stopping !== null || this.#aborted !== null;
    return halted ? 0 : this.#session.state.plan.project.max_concurrency;
  }

  #isIdle(): boolean {
    return (
      this.#live.size === 0 &&
      this.#between === 0 &&
      this.#answering === 0 &&
      this.#finished.length === 0 &&
      this.#aborted === null
    );
  }

  // ---- attempts -------------------------------------------------------------------------------

  /** Finds again what an earlier engine started: still at work, ended meanwhile, or never begun. */
  async #recoverRunning(): Promise<void> {
    for (const instance of this.#session.state.instances.values()) {
      if (instance.status !== 'running') continue;
      const id = instance.instance_id;
      const { order, problem } = prepareOrder(this.#context, id, 0);
      const found = await this.#context.executor.find(order, this.#heard(id));
      if (found.kind !== 'never_started') {
        if (found.kind === 'ended') this.#recovering.add(id);
        this.#watch(id, found.handle);
      } else if (problem !== null) this.#conclude(id, notStarted('task_runtime', problem));
      else this.#beside(this.#start(id, found.nextGeneration, Promise.resolve()));
    }
  }

  /** Prepares an attempt while its decision is `committed`; then its process begins. */
  async #start(instanceId: string, generation: number, committed: Promise<void>): Promise<void> {
    this.#between += 1;
    try {
      const { order, problem } = prepareOrder(this.#context, instanceId, generation);
      if (problem !== null) return this.#conclude(instanceId, notStarted('task_runtime', problem));
      const staged = await stageOrder(this.#context, instanceId, order);
      await committed;
      if (!staged.ok) return this.#conclude(instanceId, notStarted('task_runtime', staged.message));
      if (this.#stopping !== null || this.#aborted !== null) {
        return this.#conclude(instanceId, interrupted(notStarted(null, 'stopped before it began')));
      }
      const { executor } = this.#context;
      this.#watch(instanceId, await executor.start(staged.order, this.#heard(instanceId)));
    } catch (error) {
      // Before the count: with nothing between, the loop could take itself for idle.
      this.#fail(error);
    } finally {
      this.#between -= 1;
    }
  }

  #heard(instanceId: string): Heard {
    return (activities) => {
      for (const activity of activities) {
        if (activity.type === 'session_started') this.#noteSession(instanceId, activity.sessionId);
      }
      this.#options.onActivity?.(instanceId, activities);
    };
  }

  #watch(instanceId: string, handle: Handle): void {
    this.#live.set(instanceId, handle);
    this.#beside(handle.ended.then((end) => this.#ended(instanceId, end)));
    // A stop that came while the attempt was being prepared.
    if (this.#stopping !== null) handle.stop('terminated', howToStop(this.#stopping));
    else if (this.#aborted !== null) handle.stop('terminated', 'ask');
  }

  async #ended(instanceId: string, end: AttemptEnd): Promise<void> {
    this.#between += 1;
    this.#live.delete(instanceId);
    try {
      const facts = await harvest(this.#context, instanceId, end);
      const stopped = this.#stopping !== null && end.termination_reason === 'terminated';
      this.#conclude(instanceId, stopped ? interrupted(facts) : facts);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#between -= 1;
      this.#recovering.delete(instanceId);
      this.#wake.notify();
    }
  }

  #conclude(instanceId: string, facts: AttemptFacts): void {
    this.#finished.push({ instanceId, facts });
    this.#wake.notify();
  }

  #settle(finished: FinishedAttempt[]): RunEvent[] {
    return finished.flatMap(({ instanceId, facts }) => {
      if (this.#aborted && facts.process.termination_reason !== 'completed') {
        this.#aborted.set(instanceId, facts.process);
        return [];
      }
      return finishAttempt(this.#session.state, instanceId, facts, this.#session.now());
    });
  }

  /** A readable copy of the session id, beside the instance, as soon as it is known. */
  #noteSession(instanceId: string, sessionId: string): void {
    const file = this.#session.paths.sessionFile(instanceId);
    replaceFile(file, `${JSON.stringify({ session_id: sessionId })}\n`);
  }

  // ---- the inbox ------------------------------------------------------------------------------

  async #receiveInbox(): Promise<RunEvent[]> {
    const { events, commands, refused } = await this.#intake.receive();
    for (const { file, reason } of refused) this.#options.onRefused?.(file, reason);
    for (const command of commands) {
      events.push(...this.#obey(command));
    }
    return events;
  }

  /** Requests that cannot be met any more (the instance is not failed) are dropped: nothing is lost. */
  #obey(command: InboxCommand): RunEvent[] {
    const { state } = this.#session;
    switch (command.command) {
      case 'abort':
        this.abort();
        return [];
      case 'resume':
        return this.#revive();
      case 'retry_instance': {
        if (!state.instances.has(command.instance_id)) return [];
        const now = this.#session.now();
        const retry = retryInstance(state, command.instance_id, command.granted_iterations, now);
        return retry.ok ? retry.events : [];
      }
      case 'mark_proposal':
      case 'record_proposals':
        return recordProposals(state, command, this.#session.now());
    }
  }

  #revive(): RunEvent[] {
    const { events, leftAlone } = reviveFailed(this.#session.state, this.#session.now());
    this.#options.onLeftAlone?.(leftAlone);
    return events;
  }

  #finishAbort(): RunEvent[] {
    const ends = this.#aborted ?? new Map<string, ProcessEnd>();
    this.#aborted = null;
    return abortRun(this.#session.state, this.#session.now(), ends);
  }

  #lookForQuestions(): void {
    if (this.#stopping !== null || this.#aborted !== null) return;
    for (const work of this.#options.answerer?.look(this.#session.state) ?? []) {
      this.#answering += 1;
      const counted = work.finally(() => {
        this.#answering -= 1;
        this.#wake.notify();
      });
      this.#beside(counted);
    }
  }

  // ---- beside the loop ------------------------------------------------------------------------

  /** Lets something go on beside the loop; a defect in it ends the loop. */
  #beside(work: Promise<void>): void {
    work.catch((error: unknown) => this.#fail(error));
  }

  #fail(error: unknown): void {
    this.#defect ??= error;
    this.#wake.notify();
  }

  #scheduleCacheFlush(): void {
    this.#cacheTimer ??= setTimeout(() => {
      this.#cacheTimer = null;
      const { clock } = this.#session;
      const before = clock.elapsedMs();
      this.#session.flushCache();
      const tookMs = clock.elapsedMs() - before;
      const fairMs = Math.min(tookMs / CACHE_SHARE, LONGEST_CACHE_DELAY_MS);
      this.#cacheDelayMs = Math.max(CACHE_DELAY_MS, fairMs);
    }, this.#cacheDelayMs);
  }
}

function howToStop(mode: StopMode): 'ask' | 'kill' {
  return mode === 'now' ? 'kill' : 'ask';
}

/** Stopped on the operator's behalf: nobody's failure, and worth resuming. */
function interrupted(facts: AttemptFacts): AttemptFacts {
  const summary = 'stopped by the operator; resume goes on with it';
  return {
    ...facts,
    process: {
      ...facts.process,
      termination_reason: 'terminated',
      failure_kind: 'interrupted',
      failure_summary: summary,
      resume_recommended: true,
    },
  };
}
