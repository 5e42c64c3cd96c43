/** How a run stands, where the contract's words for its status say too little. */
import type { Instance, WaitingReason } from '../../model/run.ts';
import { runStatus, type RunState } from './run-state.ts';

/** Stopped on a person's behalf: nobody's failure, and resumed like any other. */
export function isStopped(instance: Pick<Instance, 'status' | 'failure_kind'>): boolean {
  return instance.status === 'failed' && instance.failure_kind === 'interrupted';
}

/** Nobody knows how its attempt ended, as after a reboot: only a person can say that it may be made again. */
export function isOrphaned({
  termination_reason: reason,
  failure_kind: kind,
}: Pick<Instance, 'termination_reason' | 'failure_kind'>): boolean {
  return reason === 'orphaned' && kind === 'unknown';
}

/** Whether the run rests because a person stopped it: it has `failed`, and something in it was stopped. */
export function isRunStopped(state: RunState): boolean {
  if (state.counts.failed === 0 || state.aborted || runStatus(state) !== 'failed') return false;
  for (const instance of state.instances.values()) if (isStopped(instance)) return true;
  return false;
}

/**
 * Whether nothing in the run can go on any more, whoever asks for it. In runs of format 1 a retry takes an abort back,
 * as it did when they were made.
 */
export function isOverForGood(state: RunState): boolean {
  return state.aborted && state.plan.format_version > 1;
}

/** Whether the log's last word on the run was that it has ended. */
export function isOver(state: RunState): boolean {
  return state.aborted || state.announced !== null;
}

/** Whether all that it waited for is answered: it goes on as soon as an engine drives the run. */
export function isAnswered(
  instance: Pick<Instance, 'status' | 'waiting_reason' | 'blocking_interrupts'>,
): boolean {
  const { status, waiting_reason: reason, blocking_interrupts: open } = instance;
  const isAsking = reason === 'interrupts_pending' || reason === 'budget';
  return status === 'waiting' && isAsking && open.length === 0;
}

/** Whether it goes on by itself, at `waiting_until`. */
export function isDelayed({ waiting_reason: reason }: Pick<Instance, 'waiting_reason'>): boolean {
  return reason === 'delay';
}

/** What a waiting run waits for: whatever needs a person first. null: it does not wait. Runs of format 1 never say. */
export function waitingReason(state: RunState): WaitingReason | null {
  if (runStatus(state) !== 'waiting' || state.plan.format_version === 1) return null;
  const found = new Set<WaitingReason>();
  for (const id of state.runQuestions) {
    const isBudget = state.interrupts.get(id)?.interrupt.subject === 'budget';
    found.add(isBudget ? 'budget' : 'interrupts_pending');
  }
  if (found.size > 0) return found.has('budget') ? 'budget' : 'interrupts_pending';
  for (const { status, waiting_reason: reason } of state.instances.values()) {
    if (status === 'waiting' && reason !== null) found.add(reason);
  }
  return reasonsByNeed.find((reason) => found.has(reason)) ?? null;
}

const reasonsByNeed: readonly WaitingReason[] = ['interrupts_pending', 'budget', 'delay', 'lock'];

/** When the run goes on by itself, ISO 8601; null where nothing in it waits for time. */
export function waitingUntil({ counts, instances }: RunState): string | null {
  if (counts.waiting === 0) return null;
  let first: string | null = null;
  for (const { waiting_until: until } of instances.values()) {
    if (until !== undefined && (first === null || until < first)) first = until;
  }
  return first;
}

/**
 * How long at least one attempt of the run has been at work, milliseconds: what the run took, without the time in
 * which it rested. `nowMs`: since the epoch; an attempt that runs counts up to then.
 */
export function workedMs(state: RunState, nowMs: number): number {
  const { workingSince } = state;
  const running = workingSince === null ? 0 : Math.max(0, nowMs - Date.parse(workingSince));
  return state.workedMs + running;
}

/** How many instances are answered, and not gone on with yet. */
export function answeredCount(state: RunState): number {
  if (state.counts.waiting === 0) return 0;
  let count = 0;
  for (const instance of state.instances.values()) if (isAnswered(instance)) count += 1;
  return count;
}
