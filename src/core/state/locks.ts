/**
 * Which instances hold the locks of a run, and which wait for them; derived from their statuses. An instance takes all
 * of its locks with its attempt, and none before; none that was created later passes one that waits for the same.
 */
import { nearest } from '../../model/policies.ts';
import type { LockSpec, ProjectSpec, TaskSpec } from '../../model/program.ts';
import type { Instance } from '../../model/run.ts';
import { OrdinalHeap } from './agenda.ts';
import { linksOf, taskOf, type LockLine, type RunState } from './run-state.ts';

const none: readonly LockSpec[] = [];

/** What an instance holds while it runs. */
export function locksOf(state: RunState, instance: Instance): readonly LockSpec[] {
  if (!state.hasLocks) return none;
  const task = taskOf(state, instance);
  return nearest(task.locks, state.plan.project.agents[task.agent]?.locks) ?? none;
}

/** Whether anything in a run takes locks: few do. */
export function takesLocks(
  { agents }: Pick<ProjectSpec, 'agents'>,
  tasks: readonly TaskSpec[],
): boolean {
  return [Object.values(agents), tasks].some((all) => all.some(({ locks }) => locks !== undefined));
}

/** Whether those of a user's other runs have a say, too. */
export function isOfUser({ scope }: LockSpec): boolean {
  return scope === 'user';
}

export function takeLocks(state: RunState, instance: Instance): void {
  for (const { name } of locksOf(state, instance)) {
    lineOf(state, name).holders.add(instance.instance_id);
  }
}

export function releaseLocks(state: RunState, instance: Instance): void {
  for (const { name } of locksOf(state, instance)) {
    lineOf(state, name).holders.delete(instance.instance_id);
  }
}

export function queueForLocks(state: RunState, instance: Instance): void {
  const { ordinal } = linksOf(state, instance.instance_id);
  for (const { name } of locksOf(state, instance)) {
    lineOf(state, name).waiting.push(ordinal, instance.instance_id);
  }
}

/** Whether, within the run, nobody holds what the instance takes, nor waits for it with an older claim. */
export function mayTakeLocks(state: RunState, instance: Instance): boolean {
  const locks = locksOf(state, instance);
  if (locks.length === 0) return true;
  const { ordinal } = linksOf(state, instance.instance_id);
  return locks.every(({ name, slots }) => {
    if (lineOf(state, name).holders.size >= slots) return false;
    const first = firstWaiting(state, name);
    return first === null || linksOf(state, first).ordinal >= ordinal;
  });
}

/** The instance that has waited first for some lock, and may take all that it takes; null: there is none. */
export function nextOfWaiting(state: RunState, but: ReadonlySet<string>): string | null {
  let next: string | null = null;
  for (const name of state.locks.keys()) {
    const first = firstWaiting(state, name);
    if (first === null || but.has(first)) continue;
    if (next !== null && linksOf(state, next).ordinal <= linksOf(state, first).ordinal) continue;
    const instance = state.instances.get(first);
    if (instance !== undefined && mayTakeLocks(state, instance)) next = first;
  }
  return next;
}

/** Who holds a lock in the run, in the order in which they took it. */
export function holdersOf(state: RunState, name: string): string[] {
  return [...(state.locks.get(name)?.holders ?? [])];
}

/** Of those that wait for a lock, the one that was created first. */
export function firstWaiting(state: RunState, name: string): string | null {
  const waiting = state.locks.get(name)?.waiting;
  for (let id = waiting?.peek(); id !== undefined; id = waiting?.peek()) {
    if (isWaitingForLock(state.instances.get(id))) return id;
    waiting?.take();
  }
  return null;
}

export function isWaitingForLock(instance: Instance | undefined): boolean {
  return instance?.status === 'waiting' && instance.waiting_reason === 'lock';
}

function lineOf(state: RunState, name: string): LockLine {
  let line = state.locks.get(name);
  if (!line) state.locks.set(name, (line = { holders: new Set(), waiting: new OrdinalHeap() }));
  return line;
}
