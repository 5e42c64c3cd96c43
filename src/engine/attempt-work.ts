/**
 * Attempts from their decision to what came of them, beside the engine's loop: prepared and begun, or found again, then
 * watched, and what they left taken. Only the loop changes the state; it is told by `say` and `conclude`.
 */
import { endOnRecord } from '../core/judge/checks.ts';
import { recordPlaced } from '../core/judge/placement.ts';
import type { AttemptFacts } from '../core/judge/finish.ts';
import { recordPrepared, recordSeen } from '../core/judge/workspace.ts';
import type { RunEvent } from '../core/events/events.ts';
import {
  awaitsChecks,
  dueBaseline,
  dueCheck,
  treeBeforeBaselines,
  uncheckedTree,
} from '../core/state/checks.ts';
import { instanceOf } from '../core/state/run-state.ts';
import { notStarted } from '../attempt/harvest/harvest.ts';
import type { Executor, Found, Handle, Heard } from '../execution/executor.ts';
import type { Whereabouts } from '../model/whereabouts.ts';
import type { AgentActivity } from '../model/activity.ts';
import type { AttemptEnd } from '../model/attempt.ts';
import type { Checks } from './checks.ts';
import type { Loop } from './loop.ts';
import type { Attempts, DrivenRun } from './parts.ts';
import { troubleIn } from './trouble.ts';

export interface AttemptWorkParts {
  loop: Loop;
  run: DrivenRun;
  attempts: Attempts;
  executor: Executor;
  checks: Checks;
  /** What runs is left at work, unless it is overdue, and nothing begins. */
  settleOnly: boolean;
  /** Whether nothing may begin. */
  isHalted(): boolean;
  /** Whether the engine ends, and leaves agents at work. */
  isLeaving(): boolean;
  isAborting(): boolean;
  /** Resolves once the log holds these, which the next turn makes. */
  say(events: () => RunEvent[]): Promise<void>;
  /** What came of an attempt. */
  conclude(instanceId: string, facts: AttemptFacts): void;
  onActivity(instanceId: string, activities: AgentActivity[]): void;
}

export class AttemptWork {
  readonly #parts: AttemptWorkParts;
  /** Attempts that we watch. */
  readonly #live = new Map<string, Handle>();
  /** Instances whose attempt is between its decision and its facts, watched or not. */
  readonly #attempting = new Set<string>();
  /** How many of them are in our own hands: their process has yet to begin, or has ended. */
  #inHand = 0;
  /** Attempts that ended unseen, and are not settled yet. */
  readonly #recovering = new Set<string>();

  constructor(parts: AttemptWorkParts) {
    this.#parts = parts;
  }

  /** Attempts that are watched. */
  get live(): ReadonlyMap<string, Handle> {
    return this.#live;
  }

  /** Instances whose attempt is between its decision and its facts. */
  get attempting(): ReadonlySet<string> {
    return this.#attempting;
  }

  /** Whether attempts that ended unseen have all been settled. */
  get isRecovered(): boolean {
    return this.#recovering.size === 0;
  }

  /** Whether an engine that leaves the agents at work has nothing of theirs in its own hands. */
  get isOutOfHand(): boolean {
    return this.#inHand === 0;
  }

  settled(instanceId: string): void {
    this.#recovering.delete(instanceId);
  }

  /** Lets go of those at work: the next engine finds them. */
  detach(): void {
    for (const handle of this.#live.values()) handle.detach();
  }

  /** Finds again what an earlier engine started: still at work, ended meanwhile, or never begun. */
  async recover(): Promise<void> {
    for (const instance of this.#parts.run.state.instances.values()) {
      if (instance.status !== 'running') continue;
      const id = instance.instance_id;
      if (awaitsChecks(instance)) {
        this.#recovering.add(id);
        const work = this.counted(id, async () => {
          const facts = await this.#harvest(id, endOnRecord(instance));
          // An engine may have died between its last check and this.
          const isChecked = dueCheck(this.#parts.run.state, id) === null;
          this.#parts.conclude(id, isChecked ? await this.clearedAfterChecks(id, facts) : facts);
        });
        this.#parts.loop.beside(work);
        continue;
      }
      const found = await this.#find(id);
      if (found === null) continue;
      if (found.kind === 'never_started') {
        if (this.#parts.settleOnly) {
          const message = 'the engine died before it could start this attempt';
          this.#parts.conclude(id, notStarted('unknown', message, true));
        } else this.#parts.loop.beside(this.start(id, found.nextGeneration, Promise.resolve()));
        continue;
      }
      const isLeft = found.kind === 'running' && this.#parts.settleOnly;
      if (isLeft && !found.isOverdue) {
        found.handle.detach();
        continue;
      }
      if (found.kind === 'ended') this.#recovering.add(id);
      this.#parts.loop.beside(this.counted(id, () => this.#watch(id, found.handle)));
    }
  }

  /** null where its own files keep it from being found. */
  async #find(instanceId: string): Promise<Found | null> {
    try {
      const { order } = this.#parts.attempts.order(instanceId, 0);
      return await this.#parts.executor.find(order, this.#heard(instanceId));
    } catch (error) {
      const trouble = troubleIn(this.#parts.run, error);
      if (trouble === null) throw error;
      this.#parts.conclude(
        instanceId,
        notStarted('unknown', `it cannot be found again: ${trouble}`),
      );
      return null;
    }
  }

  /** Prepares an attempt while its decision is `committed`; then its process begins, and is watched. */
  start(instanceId: string, generation: number, committed: Promise<void>): Promise<void> {
    return this.counted(instanceId, async () => {
      const handle = await this.#begin(instanceId, generation, committed);
      if (handle !== null) await this.#watch(instanceId, handle);
    });
  }

  /** null where no process has begun. */
  async #begin(
    instanceId: string,
    generation: number,
    committed: Promise<void>,
  ): Promise<Handle | null> {
    const never = (facts: AttemptFacts): null => {
      this.#parts.conclude(instanceId, facts);
      return null;
    };
    this.#inHand += 1;
    try {
      const failure = await this.#prepareTree(instanceId, committed);
      if (failure !== null) return never(failure);
      const { state } = this.#parts.run;
      if (dueBaseline(state, instanceId) !== null) {
        await committed;
        await this.#parts.checks.run(instanceId, () => dueBaseline(state, instanceId));
      }
      const before = treeBeforeBaselines(instanceOf(state, instanceId));
      if (before !== null) await this.#parts.attempts.restoreTree(instanceId, before);
      await this.#see(instanceId, committed);
      const { order, problem } = this.#parts.attempts.order(instanceId, generation);
      if (problem !== null) return never(notStarted('task_runtime', problem));
      const briefed = await this.#parts.attempts.brief(instanceId, order);
      await committed;
      this.#parts.run.checkPlace();
      if (!briefed.ok) {
        return never(notStarted('task_runtime', briefed.message, briefed.passes === true));
      }
      // The log says that it has begun: the next engine begins it.
      if (this.#parts.isLeaving()) return null;
      if (this.#parts.isHalted()) {
        return never(interrupted(notStarted(null, 'stopped before it began')));
      }
      return await this.#parts.executor.start(briefed.order, this.#heard(instanceId));
    } catch (error) {
      const trouble = troubleIn(this.#parts.run, error);
      if (trouble === null) throw error;
      await committed;
      return never(notStarted('task_runtime', `it could not be started: ${trouble}`));
    } finally {
      this.#inHand -= 1;
      if (this.#parts.isLeaving()) this.#parts.loop.wake();
    }
  }

  /** What stands against the tree that it is to work in; null: it has that, or needs none. */
  async #prepareTree(instanceId: string, committed: Promise<void>): Promise<AttemptFacts | null> {
    if (!this.#parts.attempts.hasTree(instanceId)) return null;
    await committed;
    const prepared = await this.#parts.attempts.prepareTree(instanceId);
    if (prepared.kind === 'failed') return notStarted(prepared.failureKind, prepared.message);
    if (prepared.kind === 'made') {
      const { workspace } = prepared;
      const { run, say } = this.#parts;
      await say(() => recordPrepared(run.state, instanceId, workspace, run.now()));
    }
    return null;
  }

  /**
   * Takes away what checks have left in the tree of an instance: before its end is judged, for from then on a person may
   * have mended there what its next attempt is to find. Returns the facts, with what stood against it.
   */
  async clearedAfterChecks(instanceId: string, facts: AttemptFacts): Promise<AttemptFacts> {
    const { run, attempts } = this.#parts;
    const unchecked = uncheckedTree(instanceOf(run.state, instanceId));
    if (unchecked === null) return facts;
    try {
      await attempts.restoreTree(instanceId, unchecked);
      return facts;
    } catch (error) {
      const trouble = troubleIn(run, error);
      if (trouble === null) throw error;
      return { ...facts, unrestored: trouble };
    }
  }

  /** Looks at the working tree that an attempt is about to begin in, where others share it. */
  async #see(instanceId: string, committed: Promise<void>): Promise<void> {
    const looking = this.#parts.attempts.seeBefore(instanceId);
    if (looking === null) return;
    const seen = await looking;
    await committed;
    if (seen === null) return;
    const { run, say } = this.#parts;
    await say(() => recordSeen(run.state, instanceId, seen, run.now()));
  }

  /** Does what belongs to an attempt beside the loop; until it is done, the engine does not end. */
  async counted(instanceId: string, work: () => Promise<void>): Promise<void> {
    this.#attempting.add(instanceId);
    try {
      await work();
    } catch (error) {
      // Before the count: with nothing under way, the loop could take itself for idle.
      this.#parts.loop.fail(error);
    } finally {
      this.#attempting.delete(instanceId);
      this.#parts.loop.wake();
    }
  }

  #heard(instanceId: string): Heard {
    return (activities) => {
      for (const activity of activities) {
        if (activity.type === 'session_started') {
          this.#parts.run.noteSession(instanceId, activity.sessionId);
        }
      }
      this.#parts.attempts.accounts.heard(instanceId, activities);
      this.#parts.onActivity(instanceId, activities);
    };
  }

  /** Waits for the end of an attempt, and takes what it left. */
  async #watch(instanceId: string, handle: Handle): Promise<void> {
    this.#live.set(instanceId, handle);
    const { loop, run, attempts, conclude } = this.#parts;
    // A stop may have come while the attempt was being prepared.
    const over = handle.ended.catch(() => undefined);
    loop.besideUntilStopped(over, {
      stop: (mode) => handle.stop('terminated', mode === 'now' ? 'kill' : 'ask'),
    });
    if (loop.stopping === null && this.#parts.isAborting()) handle.stop('terminated', 'ask');
    this.#followPlace(instanceId, handle);
    const end = await this.#endOf(instanceId, handle);
    if (end === null) return;
    this.#inHand += 1;
    try {
      this.#live.delete(instanceId);
      run.checkPlace();
      // At once: who waits for a lock of it is looked at in the turn that settles it.
      if (dueCheck(run.state, instanceId) === null) attempts.giveBack(instanceId);
      const limit = attempts.accounts.ended(instanceId, end);
      const harvested = await this.#harvest(instanceId, end);
      const facts = limit === undefined ? harvested : { ...harvested, limit };
      const stopped = loop.stopping !== null && end.termination_reason === 'terminated';
      conclude(instanceId, stopped ? interrupted(facts) : facts);
    } finally {
      this.#inHand -= 1;
    }
  }

  /** Has the log tell which machine has it. */
  #followPlace(instanceId: string, { remote }: Handle): void {
    if (remote === undefined) return;
    const { run, loop, say } = this.#parts;
    const { attempt } = instanceOf(run.state, instanceId);
    const note = (where: Whereabouts): void => {
      if (where.kind !== 'remote' || where.host === null) return;
      const { queue, host } = where;
      loop.beside(
        say(() => recordPlaced(run.state, instanceId, attempt, { queue, host }, run.now())),
      );
    };
    remote.onMoved(note);
    note(remote.whereabouts());
  }

  /** null where its own files keep it from being watched. */
  async #endOf(instanceId: string, handle: Handle): Promise<AttemptEnd | null> {
    try {
      return await handle.ended;
    } catch (error) {
      const trouble = troubleIn(this.#parts.run, error);
      if (trouble === null) throw error;
      // Nobody watches it any more.
      handle.stop('terminated', 'kill');
      this.#live.delete(instanceId);
      this.#parts.conclude(instanceId, notStarted('unknown', `it cannot be watched: ${trouble}`));
      return null;
    }
  }

  async #harvest(instanceId: string, end: AttemptEnd): Promise<AttemptFacts> {
    try {
      return await this.#parts.attempts.harvest(instanceId, end);
    } catch (error) {
      const trouble = troubleIn(this.#parts.run, error);
      if (trouble === null) throw error;
      const { result, artifacts } = notStarted(null, '');
      const heard = this.#parts.attempts.takesPrompt(instanceId)
        ? {}
        : ({ isUntold: true } as const);
      const summary = `what the attempt left cannot be taken: ${trouble}`;
      const process = { ...end, failure_summary: summary, resume_recommended: false };
      if (end.termination_reason !== 'completed') return { process, result, artifacts };
      return { process, result: { kind: 'invalid', message: summary }, artifacts, ...heard };
    }
  }
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
