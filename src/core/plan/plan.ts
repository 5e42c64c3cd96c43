/**
 * What comes next in a run: instances that have become possible, what is ready, what must be skipped,
 * and which attempts to start. No clock, no disk: the caller commits the events, then starts the attempts.
 */
import type { Instance } from '../../model/run.ts';
import type { RunEvent } from '../events/events.ts';
import { wait } from '../judge/finish.ts';
import { type AtWork } from '../state/budgets.ts';
import { blockedUpstream } from '../state/blocked.ts';
import { openChooser } from '../state/choosers.ts';
import { probeLock, type AccountLimit } from '../../model/limits.ts';
import { holdBack } from '../judge/hold-back.ts';
import { isOfUser, locksOf, mayTakeLocks, nextOfWaiting } from '../state/locks.ts';
import { Recorder } from '../state/recorder.ts';
import { repliesToDeliver, unappliedReplies } from '../state/replies.ts';
import { endOf, frozenTask, instanceOf, linksOf, type RunState } from '../state/run-state.ts';
import { decidesByRules, type LockSpec } from '../../model/program.ts';
import { obeyAnswer } from '../requests/obey.ts';
import { barByBudget } from './budgets.ts';
import { closeQuestions } from './close-questions.ts';
import { decideByRules, passesCondition } from './conditions.ts';
import { noFacts, type Facts } from './facts.ts';
import { isAnswered, isStopped } from '../state/standing.ts';
import { createPossibleInstances } from './instances.ts';
import { askAboutConflicts, isMergeDue } from './run-result.ts';
import { isHead, isPastFirstN, itemWithoutPlace, stoppedRegion } from '../state/regions.ts';
import { gatherItems, hold, letIn, lookAtHeld, makeItems, openHead } from './regions.ts';
import { earliest, later } from './timers.ts';
import {
  limitOn,
  nextOfLimited,
  nextOfLimits,
  noLimits,
  renewHolds,
  type LimitOf,
} from './usage-limits.ts';
import { usageLimitPolicy } from '../state/usage-limits.ts';

export interface AttemptStart {
  instanceId: string;
  attempt: number;
  /** The session to continue, or null. */
  sessionId: string | null;
}

export interface PlanOptions {
  /** Attempts at a time; 0 starts none. */
  slots: number;
  /** ISO 8601, UTC. */
  now: string;
  /**
   * Of instances that take locks of their user: whether they have been taken for it, just now. Where that is not
   * known, the instance is among the `wanted`.
   */
  taken?: ReadonlyMap<string, boolean>;
  /** What attempts at work have used so far; null: nobody counts it. */
  atWork?: AtWork | null;
  /** What limits accounts; left out: nothing. */
  limitOf?: LimitOf;
  /** What conditions and controllers that decide by rules are judged with. */
  facts?: Facts;
}

/** An instance that would start, and the locks that it would hold. */
export interface Wanted {
  instanceId: string;
  locks: readonly LockSpec[];
}

export interface Plan {
  /** To commit before anything is started. */
  events: RunEvent[];
  starts: AttemptStart[];
  /** Would start, if the locks of their user could be taken: try, one after the other, and plan again. */
  wanted: Wanted[];
  /** Before the run can be done, the work of all is to be merged: see `recordMerged`. */
  mergesWork: boolean;
  /** ISO 8601: when to plan again though nothing has happened; null: not before something does. */
  wakeAt: string | null;
}

const nothingTaken: ReadonlyMap<string, boolean> = new Map();

/** A lock that another run has is tried again after this. */
const LOCK_RETRY_MS = 1000;

/** Goes as far as it can without an attempt's end, a reply or a person. */
export function plan(state: RunState, options: PlanOptions): Plan {
  const recorder = new Recorder(state, options.now);
  const starts: AttemptStart[] = [];
  const { agenda } = state;
  const { atWork = null, facts = noFacts, limitOf = noLimits, taken = nothingTaken } = options;
  const turn: Turn = { recorder, atWork, limitOf, taken, wanted: [], aside: [] };
  if (options.slots > 0) {
    endDelays(recorder);
    renewHolds(recorder, limitOf);
  }
  lookAtHeld(state);
  for (;;) {
    makeItems(recorder, facts);
    createPossibleInstances(recorder);
    const answered = agenda.answered.take();
    if (answered !== undefined) {
      obeyAnswer(recorder, answered);
      continue;
    }
    const unsettled = agenda.unsettled.take();
    if (unsettled !== undefined) {
      settle(recorder, unsettled, facts);
      continue;
    }
    if (letIn(recorder)) continue;
    const used = state.counts.running + turn.wanted.length;
    const start = used < options.slots ? startNext(turn) : null;
    if (start === 'again') continue;
    if (!start) break;
    starts.push(start);
  }
  for (const id of turn.aside) agenda.runnable.push(linksOf(state, id).ordinal, id);
  const mergesWork = announceEnd(recorder, options);
  const isBarred = turn.taken.size > 0 && [...turn.taken.values()].includes(false);
  const lockAt = isBarred ? later(options.now, LOCK_RETRY_MS) : null;
  const soonest = earliest(nextDelay(state), nextOfLimits(recorder));
  const wakeAt = earliest(lockAt, options.slots > 0 ? soonest : null);
  return { events: recorder.events, starts, wanted: turn.wanted, mergesWork, wakeAt };
}

interface Turn {
  recorder: Recorder;
  atWork: AtWork | null;
  limitOf: LimitOf;
  taken: ReadonlyMap<string, boolean>;
  wanted: Wanted[];
  /** Runnable, and to be looked at again when it is known what the wanted get. */
  aside: string[];
}

/** What has waited long enough goes on. */
function endDelays(recorder: Recorder): void {
  const { state, now } = recorder;
  for (let next = nextDelay(state); next !== null && next <= now; next = nextDelay(state)) {
    const id = state.agenda.delayed.take();
    if (id !== undefined) recorder.emit('instance_resumed', id, {});
  }
}

/** When the first delay is over, ISO 8601; null: there is none. */
function nextDelay({ agenda, instances }: RunState): string | null {
  for (let next = agenda.delayed.head(); next !== undefined; next = agenda.delayed.head()) {
    const until = instances.get(next.instanceId)?.waiting_until;
    // What was tried again meanwhile, or aborted, waits no more.
    if (until !== undefined && Date.parse(until) === next.ordinal) return until;
    agenda.delayed.take();
  }
  return null;
}

/** Moves one instance to where its upstream instances and its interrupts put it. */
function settle(recorder: Recorder, instanceId: string, facts: Facts): void {
  const { state } = recorder;
  const instance = state.instances.get(instanceId);
  // It has become a region.
  if (instance === undefined) return;
  const links = linksOf(state, instanceId);
  switch (instance.status) {
    case 'pending':
      if (isPastFirstN(state, instance)) return skipUnwanted(recorder, instance);
      if (links.blocked > 0) return skip(recorder, instanceId);
      if (links.unfinished > 0 || openChooser(state, instance) !== null) return;
      gatherItems(recorder, instance);
      if (isHead(state, instance)) return openHead(recorder, facts, instance);
      if (instance.attempt === 0) {
        const task = frozenTask(state, instance);
        if (!passesCondition(recorder, facts, instance, task)) return;
        if (decidesByRules(task)) {
          return decideByRules(recorder, facts, instance, task);
        }
      }
      if (!skipsStopped(recorder, instance)) begin(recorder, instance);
      return;
    case 'waiting':
      if (skipsStopped(recorder, instance)) return;
      if (isAnswered(instance)) {
        recorder.emit('instance_resumed', instanceId, {});
      }
      return;
    case 'skipped':
      // What an abort skipped for no upstream's sake stays as it is: see `retryInstance`.
      if (
        links.blocked === 0 &&
        links.skippedBecauseOf !== null &&
        stoppedRegion(state, instance) === null
      ) {
        recorder.emit('instance_requeued', instanceId, {
          reason: 'upstream_retried',
          granted_iterations: 0,
        });
      }
      return;
    case 'runnable':
      skipsStopped(recorder, instance);
      return;
    case 'running':
    case 'done':
    case 'failed':
      return;
  }
}

/** Lets an instance go on for which all above it is settled, once its item has a place. */
function begin(recorder: Recorder, instance: Instance): void {
  const { state } = recorder;
  // One that is tried again (after an abort) must not go on without the answer that it waited for.
  if (instance.blocking_interrupts.length > 0) return wait(recorder, instance);
  const item = itemWithoutPlace(state, instance);
  if (item === null) recorder.emit('instance_runnable', instance.instance_id, {});
  else hold(state, item, instance);
}

function skipUnwanted(recorder: Recorder, instance: Instance): void {
  recorder.emit('instance_skipped', instance.instance_id, {
    reason: 'a person wanted only the items before it',
    caused_by_instance_id: null,
    skip_reason: 'first_n',
  });
}

/** Skips what must not begin any more, because too many items of its region have failed. */
function skipsStopped(recorder: Recorder, instance: Instance): boolean {
  const region = stoppedRegion(recorder.state, instance);
  if (region === null) return false;
  const [cause = null] = region.failed;
  const items = region.failedItems === 1 ? '1 item has' : `${region.failedItems} items have`;
  recorder.emit('instance_skipped', instance.instance_id, {
    reason: `${items} failed (stop_after of ${region.task_id})`,
    caused_by_instance_id: cause,
    skip_reason: 'stop_after',
  });
  return true;
}

function skip(recorder: Recorder, instanceId: string): void {
  const { state } = recorder;
  const cause = blockedUpstream(state, instanceId);
  if (cause === null) return;
  const upstream = instanceOf(state, cause);
  const end = upstream.status === 'failed' ? 'failed' : 'was skipped';
  recorder.emit('instance_skipped', instanceId, {
    reason: `upstream ${upstream.task_id} (${cause}) ${isStopped(upstream) ? 'was stopped' : end}`,
    caused_by_instance_id: cause,
  });
}

/** `again`: nothing began, and something may yet. */
function startNext(turn: Turn): AttemptStart | 'again' | null {
  const { recorder, taken, wanted, aside } = turn;
  const { state } = recorder;
  const instance = takeNext(turn);
  if (instance === null) return null;
  const { instance_id: id } = instance;
  const isRunnable = instance.status === 'runnable';
  const barred = barByBudget(recorder, instance, turn.atWork);
  if (barred === 'hold' && isRunnable) aside.push(id);
  if (barred !== null) return barred === 'hold' ? null : 'again';
  const limit = limitOn(recorder, instance, turn.limitOf);
  const policy = limit === null ? null : usageLimitPolicy(state, instance);
  if (limit !== null && policy !== null && limit.until > recorder.now) {
    holdBack(recorder, instance, limit, policy);
    return 'again';
  }
  const own = locksOf(state, instance);
  const locks = limit === null ? own : [...own, probeLock(limit)];
  if (locks.some(({ name }) => isWanted(turn, name))) {
    if (isRunnable) aside.push(id);
    return isRunnable ? 'again' : null;
  }
  const isFree = mayTakeLocks(state, instance);
  if (isFree && locks.some(isOfUser) && !taken.has(id)) {
    wanted.push({ instanceId: id, locks });
    if (isRunnable) aside.push(id);
    return 'again';
  }
  if (isFree && taken.get(id) !== false) return start(recorder, instance, limit);
  if (isFree && limit !== null && policy !== null) holdBack(recorder, instance, limit, policy);
  else {
    if (!isRunnable) recorder.emit('instance_resumed', id, {});
    recorder.emit('instance_waiting', id, { waiting_reason: 'lock', blocking_interrupts: [] });
  }
  return 'again';
}

/** The instance that was created first of those that could start now. */
function takeNext(turn: Turn): Instance | null {
  const { state } = turn.recorder;
  const { runnable } = state.agenda;
  for (let id = runnable.peek(); id !== undefined; id = runnable.peek()) {
    if (instanceOf(state, id).status === 'runnable') break;
    runnable.take();
  }
  const ready = runnable.peek();
  const held = firstHeld(turn);
  if (held !== null && (ready === undefined || isBefore(state, held, ready))) {
    return instanceOf(state, held);
  }
  runnable.take();
  return ready === undefined ? null : instanceOf(state, ready);
}

/** As `takeNext`, of those that wait for a lock or for a limit; null: nothing of the run does, or none could. */
function firstHeld({ recorder, limitOf, taken, wanted }: Turn): string | null {
  const { state } = recorder;
  if (state.locks.size === 0 && state.limited.size === 0) return null;
  const refused = [...taken].filter(([, isTaken]) => !isTaken).map(([id]) => id);
  const but = new Set([...wanted.map(({ instanceId }) => instanceId), ...refused]);
  const forLock = nextOfWaiting(state, but);
  const forLimit = nextOfLimited(recorder, limitOf, but)?.instance_id ?? null;
  if (forLock === null || forLimit === null) return forLock ?? forLimit;
  return isBefore(state, forLimit, forLock) ? forLimit : forLock;
}

function isBefore(state: RunState, id: string, other: string): boolean {
  return linksOf(state, id).ordinal < linksOf(state, other).ordinal;
}

/** Whether an instance that may start in this very turn takes the lock. */
function isWanted({ wanted }: Turn, name: string): boolean {
  return wanted.some(({ locks }) => locks.some((lock) => lock.name === name));
}

function start(recorder: Recorder, instance: Instance, limit: AccountLimit | null): AttemptStart {
  const { state } = recorder;
  if (instance.status === 'waiting') recorder.emit('instance_resumed', instance.instance_id, {});
  const { instance_id: instanceId, session_id: sessionId } = instance;
  const attempt = instance.attempt + 1;
  const delivered = repliesToDeliver(state, instanceId, sessionId);
  const fresh = unappliedReplies(state, instanceId);
  const replies = delivered.map((record) => record.interrupt.interrupt_id);
  const started = { attempt, session_id: sessionId, replies };
  recorder.emit(
    'attempt_started',
    instanceId,
    limit === null ? started : { ...started, probes: limit.account },
  );
  for (const { interrupt } of fresh) {
    recorder.emit('interrupt_applied', instanceId, {
      interrupt_id: interrupt.interrupt_id,
      attempt,
    });
  }
  return { instanceId, attempt, sessionId };
}

/** Announces the end once: done, or failed with nothing left to do. Whether something must be merged before. */
function announceEnd(recorder: Recorder, options: PlanOptions): boolean {
  const { state } = recorder;
  const { counts } = state;
  if (counts.running + counts.runnable + counts.waiting + counts.pending > 0) return false;
  const status = endOf(state);
  // Where nothing may start, what failed may still be tried again.
  if (status === 'failed' && options.slots === 0) return false;
  if (state.announced === status) return false;
  if (status === 'done') {
    if (isMergeDue(state)) return options.slots > 0;
    askAboutConflicts(recorder);
  }
  // Somebody may yet say how it goes on.
  if (state.runQuestions.size > 0) return false;
  closeQuestions(recorder, 'run_completed');
  recorder.emit('run_completed', null, { status });
  return false;
}
