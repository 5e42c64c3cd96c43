/**
 * The loop that drives a run: take what was observed, decide (core), commit, act. It ends when nothing
 * runs and nothing can start: the run is done, has failed, or waits for replies at no cost.
 *
 * What is decided is on disk before it is done: an attempt's process starts after its `attempt_started`
 * is flushed. Everything that happens meanwhile (an exit, a file in the inbox, a signal) only fills a
 * list and wakes the loop; the loop alone changes the state.
 */
import { setImmediate as othersTurn } from 'node:timers/promises';
import { recordCheck } from '../core/judge/checks.ts';
import { awaitsChecks, dueBaseline, dueCheck } from '../core/state/checks.ts';
import type { Facts } from '../core/plan/facts.ts';
import { earliest, later } from '../core/plan/timers.ts';
import type { RunEvent } from '../core/events/events.ts';
import { finishAttempt, type AttemptFacts } from '../core/judge/finish.ts';
import { recordMerged } from '../core/plan/run-result.ts';
import { decide, type Request } from '../core/requests/decide.ts';
import { budgetOfAttempt } from '../core/state/budgets.ts';
import { instanceOf, linksOf } from '../core/state/run-state.ts';
import { leftAlone } from '../core/requests/revive.ts';
import type { AgentActivity } from '../model/activity.ts';
import type { ProcessEnd } from '../model/attempt.ts';
import { Refusal } from '../model/refusal.ts';
import type { Instance } from '../model/run.ts';
import type { Asker } from '../store/inbox/scanner.ts';
import type { InboxCommand } from '../store/inbox/records.ts';
import { atWorkOf } from './at-work.ts';
import type { Clock } from './clock.ts';
import { Answers } from './answers.ts';
import { AttemptWork } from './attempt-work.ts';
import { Checks } from './checks.ts';
import { CacheTimer } from './cache-timer.ts';
import { askerOf, askersOf } from './intake.ts';
import { Loop, type StopMode, type Turn } from './loop.ts';
import { factsOf, planTurn } from './plan-turn.ts';
import { TreeWork } from './tree-work.ts';
import { troubleIn } from './trouble.ts';
import type { Answerer, Attempts, DrivenInbox, DrivenRun, EngineParts } from './parts.ts';

export interface EngineOptions {
  /**
   * Settle what was left running, and nothing else: nothing starts, what runs is left at work unless it is
   * overdue, and requests wait for another engine.
   */
  settleOnly?: boolean;
  /** Give failed instances that are worth it another try, once the run is settled. */
  revive?: boolean;
  /** With `revive`: also those of whose end nobody knows. */
  orphaned?: boolean;
  /** Ends where nothing is at work and nothing begins for longer than this, seconds; without it, it stays. */
  maxWaitSec?: number | undefined;
  onActivity?(instanceId: string, activities: AgentActivity[]): void;
  /** Failed instances that a resume leaves alone. */
  onLeftAlone?(instances: Instance[]): void;
  /** Something in the inbox was refused. */
  onRefused?(file: string, reason: string): void;
  /** Answers questions beside the loop, where the run's assistants are `inline`. */
  answerer?: Answerer | undefined;
}

/** What the log is to hold before anything that rests on it begins. */
interface Saying {
  events(): RunEvent[];
  recorded(): void;
}

interface FinishedAttempt {
  instanceId: string;
  facts: AttemptFacts;
}

/** How often what running workers have asked is looked for: with each second's look at the inbox. */
const ASKERS_MS = 900;

export class Engine {
  readonly #clock: Clock;
  readonly #run: DrivenRun;
  readonly #inbox: DrivenInbox;
  readonly #attempts: Attempts;
  readonly #known: Pick<Facts, 'fits' | 'earlierUse'>;
  readonly #options: EngineOptions;
  readonly #loop: Loop;
  /** As `clock.elapsedMs()`; null before the first time. */
  #askersSeenMs: number | null = null;
  readonly #finished: FinishedAttempt[] = [];
  readonly #sayings: Saying[] = [];
  readonly #trees: TreeWork;
  /** The agents are to be left at work. */
  #isLeaving = false;
  readonly #answers: Answers;
  #revives: boolean;
  /** While aborting: how the running attempts ended. */
  #aborted: Map<string, ProcessEnd> | null = null;
  readonly #cache: CacheTimer;
  readonly #checks: Checks;
  readonly #work: AttemptWork;

  constructor(parts: EngineParts, options: EngineOptions) {
    const { clock, run, inbox, attempts, executor } = parts;
    this.#known = { fits: parts.fits, earlierUse: parts.earlierUse };
    this.#run = run;
    this.#inbox = inbox;
    this.#attempts = attempts;
    this.#options = options;
    this.#clock = clock;
    this.#loop = new Loop(clock);
    this.#cache = new CacheTimer(clock, run);
    this.#revives = options.revive === true;
    this.#trees = new TreeWork({
      ...{ loop: this.#loop, attempts },
      isTroubleOfOne: (error) => troubleIn(this.#run, error) !== null,
    });
    this.#answers = new Answers(this.#loop, options.answerer);
    this.#checks = new Checks({
      ...{ loop: this.#loop, attempts, executor },
      isHalted: () => this.#isHalted(),
      record: (instanceId, receipt) =>
        this.#say(() => recordCheck(run.state, instanceId, receipt, run.now())),
    });
    this.#work = new AttemptWork({
      ...{ loop: this.#loop, run, attempts, executor, checks: this.#checks },
      settleOnly: options.settleOnly === true,
      isHalted: () => this.#isHalted(),
      isLeaving: () => this.#isLeaving && this.#loop.stopping === null,
      isAborting: () => this.#aborted !== null,
      say: (events) => this.#say(events),
      conclude: (instanceId, facts) => this.#conclude(instanceId, facts),
      onActivity: (instanceId, activities) => options.onActivity?.(instanceId, activities),
    });
  }

  /** Drives until nothing runs and nothing can start. */
  async run(): Promise<void> {
    const unwatch = this.#inbox.watch(this.#loop.wake);
    try {
      this.#attempts.putAwayLeftovers();
      await this.#work.recover();
      this.#dropTrees();
      await this.#loop.run(() => this.#turn());
      this.#attempts.putAwayLeftovers();
    } catch (error) {
      throw this.#withAgents(error);
    } finally {
      unwatch();
      this.#cache.stop();
      this.#work.detach();
      this.#checks.detach();
      this.#attempts.leave(new Set(this.#work.live.keys()));
    }
  }

  /** Where the run is gone, nobody finds its agents by it any more. */
  #withAgents(error: unknown): unknown {
    if (!(error instanceof Refusal) || error.code !== 'run-gone') return error;
    const { message, code, hint = '', exit, data } = error;
    const agents = [...this.#work.live].map(([id, { pid }]) =>
      pid === null ? id : `${id} (pid ${pid})`,
    );
    const left =
      agents.length === 0
        ? 'No agent of it was at work.'
        : `Nothing more was started; still at work: ${agents.join(', ')}.`;
    return new Refusal(code, `${message} ${left}`, { hint, exit, data });
  }

  /** Stops the agents and lets the loop end. They are left resumable. Again with `now` it kills. */
  stop(mode: StopMode): void {
    this.#loop.stop(mode);
  }

  /**
   * Lets the loop end, and leaves the agents at work: as if the engine had died, but with what has ended
   * settled. Answers beside the loop are stopped: nobody would take them.
   */
  leave(): void {
    this.#isLeaving = true;
    this.#answers.stop();
    this.#checks.stop();
    this.#loop.wake();
  }

  /** Stops the agents, then fails what is not done. */
  abort(): void {
    if (this.#aborted) return;
    this.#aborted = new Map();
    this.#loop.stopAll('graceful');
  }

  async #turn(): Promise<Turn> {
    const run = this.#run;
    run.checkPlace();
    // The ends first, then the inbox: what a worker asked before it ended is seen before its end is
    // judged, also when it ended while the inbox was read.
    const finished = this.#finished.splice(0);
    const sayings = this.#sayings.splice(0);
    const events = [
      ...(await this.#receiveInbox(finished)),
      ...sayings.flatMap(({ events }) => events()),
      ...this.#settle(finished),
      ...this.#trees.takeMerged().flatMap((results) => recordMerged(run.state, results, run.now())),
    ];
    // What ended unseen first: a resume looks at what has failed.
    if (this.#revives && this.#work.isRecovered) {
      this.#revives = false;
      events.push(...this.#revive());
    }
    if (this.#aborted && this.#work.attempting.size === 0) {
      await this.#endChecks();
      events.push(...this.#finishAbort());
    }
    const next = planTurn(run, this.#attempts, {
      slots: this.#slots(),
      atWork: atWorkOf(run.state, this.#work.live),
      facts: factsOf(run, this.#known, events),
      limitOf: this.#attempts.accounts.limitOf,
    });
    const decided = [...events, ...next.events];
    // Once more: the inbox took its time, and nothing may be laid out where the run is no longer.
    run.checkPlace();
    const committed = run.commitAsync(decided);
    for (const { instanceId } of next.starts) {
      this.#loop.beside(this.#work.start(instanceId, 0, committed));
    }
    if (next.mergesWork) this.#trees.merge(committed);
    await committed;
    // Before its attempt is put away: a question is found by its record, or else in an attempt that is not.
    if (decided.some((event) => event.event_type === 'interrupt_requested')) run.flushCache();
    for (const { recorded } of sayings) recorded();
    this.#beginChecks(finished);
    // What begins goes first: nobody waits for the rest.
    if (next.starts.length > 0) await othersTurn();
    this.#putAway(decided);
    this.#extend(decided);
    this.#loop.throwDefect();
    if (this.#options.settleOnly !== true) {
      this.#inbox.committed(({ command }) => command === 'abort' && this.#aborted !== null);
    }
    const isHalted = this.#isHalted();
    const planAt = next.wakeAt === null ? null : this.#onMachine(next.wakeAt);
    const wakeAt = isHalted ? null : earliest(planAt, this.#answers.begin(run.state));
    const isOver = this.#isIdle() && !this.#isWorthWaiting(wakeAt);
    if (!isOver) this.#cache.schedule();
    return { isOver, wakeAt };
  }

  #isWorthWaiting(until: string | null): boolean {
    const { maxWaitSec } = this.#options;
    if (maxWaitSec === undefined || until === null) return until !== null;
    return Date.parse(until) - Date.parse(this.#clock.now()) <= maxWaitSec * 1000;
  }

  /** When the machine's clock will say what comes at that time of the run, which may be ahead of it. */
  #onMachine(at: string): string {
    const aheadMs = Date.parse(this.#run.now()) - Date.parse(this.#clock.now());
    return aheadMs > 0 ? later(at, -aheadMs) : at;
  }

  #slots(): number {
    return this.#isHalted() ? 0 : this.#run.state.plan.project.max_concurrency;
  }

  /** Whether nothing may begin. */
  #isHalted(): boolean {
    return (
      this.#options.settleOnly === true ||
      this.#loop.stopping !== null ||
      this.#aborted !== null ||
      this.#isLeaving
    );
  }

  #isIdle(): boolean {
    const leaves = this.#isLeaving && this.#loop.stopping === null;
    return (
      (leaves ? this.#work.isOutOfHand : this.#work.attempting.size === 0) &&
      !this.#answers.isBusy &&
      !this.#trees.isBusy &&
      this.#finished.length === 0 &&
      this.#aborted === null
    );
  }

  // ---- attempts -------------------------------------------------------------------------------

  /** Resolves once the log holds these, which the next turn makes. */
  #say(events: Saying['events']): Promise<void> {
    return new Promise((recorded) => {
      this.#sayings.push({ events, recorded });
      this.#loop.wake();
    });
  }

  /** Of instances that are done, what an engine that died has left. */
  #dropTrees(): void {
    for (const { status, instance_id: id } of this.#run.state.instances.values()) {
      if (status === 'done') this.#trees.drop(id);
    }
  }

  #putAway(committed: readonly RunEvent[]): void {
    for (const event of committed) {
      if (event.event_type === 'instance_done') this.#trees.drop(event.instance_id ?? '');
      if (event.event_type !== 'attempt_finished' || event.instance_id === null) continue;
      try {
        this.#attempts.putAway(event.instance_id, event.payload.attempt);
      } catch (error) {
        // For people's eyes alone: what counts is in the log.
        if (troubleIn(this.#run, error) === null) throw error;
      }
    }
  }

  /** What a person granted counts for attempts at work, too. */
  #extend(committed: readonly RunEvent[]): void {
    for (const event of committed) {
      if (event.event_type !== 'granted' || event.instance_id === null) continue;
      const { wallSec } = linksOf(this.#run.state, event.instance_id);
      const handle = this.#work.live.get(event.instance_id);
      if (wallSec !== null) handle?.limitWall(wallSec * 1000);
      const budget = handle && budgetOfAttempt(this.#run.state, event.instance_id);
      if (budget) handle.limitUse(budget);
    }
  }

  /** What an attempt left is checked before its instance is done; then its end is judged once more. */
  #beginChecks(finished: readonly FinishedAttempt[]): void {
    for (const { instanceId: id, facts } of finished) {
      const { state } = this.#run;
      // After its end was judged: so nothing else is wrong with it.
      if (!awaitsChecks(instanceOf(state, id)) || this.#isHalted()) continue;
      const work = this.#work.counted(id, async () => {
        const isOver = await this.#checks.run(id, () => dueCheck(state, id));
        const judged = isOver ? await this.#work.clearedAfterChecks(id, facts) : null;
        this.#attempts.giveBack(id);
        if (judged !== null) this.#conclude(id, judged);
      });
      this.#loop.beside(work);
    }
  }

  /** Of an engine that died: nobody else would end them after the abort. */
  async #endChecks(): Promise<void> {
    const { state } = this.#run;
    for (const instance of state.instances.values()) {
      if (instance.status !== 'running') continue;
      const { instance_id: id } = instance;
      const due = awaitsChecks(instance) ? dueCheck(state, id) : dueBaseline(state, id);
      if (due === null) continue;
      try {
        await this.#checks.end(id, due);
      } catch (error) {
        // The run is aborted all the same.
        if (troubleIn(this.#run, error) === null) throw error;
      }
    }
  }

  #conclude(instanceId: string, facts: AttemptFacts): void {
    this.#finished.push({ instanceId, facts });
    this.#loop.wake();
  }

  #settle(finished: FinishedAttempt[]): RunEvent[] {
    return finished.flatMap(({ instanceId, facts }) => {
      this.#work.settled(instanceId);
      if (this.#aborted && facts.process.termination_reason !== 'completed') {
        this.#aborted.set(instanceId, facts.process);
        return [];
      }
      return finishAttempt(this.#run.state, instanceId, facts, this.#run.now());
    });
  }

  // ---- the inbox ------------------------------------------------------------------------------

  async #receiveInbox(finished: readonly FinishedAttempt[]): Promise<RunEvent[]> {
    const { events, commands, refused } = await this.#inbox.receive(this.#askers(finished));
    for (const { file, reason } of refused) this.#options.onRefused?.(file, reason);
    if (this.#options.settleOnly === true) return events;
    for (const command of commands) events.push(...this.#obey(command));
    return events;
  }

  /** Who may have asked: whoever is at work, about once a second, and whoever has just ended. */
  #askers(finished: readonly FinishedAttempt[]): Asker[] {
    const { state } = this.#run;
    const now = this.#clock.elapsedMs();
    const isFirst = this.#askersSeenMs === null;
    const isTime = now - (this.#askersSeenMs ?? -Infinity) >= ASKERS_MS;
    if (isTime) this.#askersSeenMs = now;
    // Also of those that are left at work.
    if (isFirst) return askersOf(state);
    const ended = finished.map(({ instanceId }) => askerOf(instanceOf(state, instanceId), true));
    const atWork = [...this.#work.attempting].map((id) => askerOf(instanceOf(state, id), isTime));
    return [...atWork, ...ended];
  }

  /** Requests that cannot be met any more (the instance is not failed) are dropped: nothing is lost. */
  #obey(command: InboxCommand): RunEvent[] {
    if (command.command === 'abort') {
      this.abort();
      return [];
    }
    return command.command === 'resume' ? this.#revive() : this.#decide(command);
  }

  #revive(): RunEvent[] {
    const { orphaned = false } = this.#options;
    this.#options.onLeftAlone?.(leftAlone(this.#run.state, orphaned));
    return this.#decide({ command: 'resume', orphaned });
  }

  #finishAbort(): RunEvent[] {
    const ends = this.#aborted ?? new Map<string, ProcessEnd>();
    this.#aborted = null;
    return this.#decide({ command: 'abort', ends });
  }

  #decide(request: Request): RunEvent[] {
    const decision = decide(this.#run.state, request, this.#run.now());
    return decision.ok ? decision.events : [];
  }
}
