/** An attempt that ended well, but whose work is not accepted, may mend it: `repair`, section 18 of the contract. */
import type { FailureKind, Instance } from '../../model/run.ts';
import { repairsOf } from '../state/policies.ts';
import type { Recorder } from '../state/recorder.ts';
import { taskOf, type RunState } from '../state/run-state.ts';
import { goOn, timesContinued } from './go-on.ts';

/** What is wrong with what an attempt left. */
export interface Fault {
  kind: FailureKind;
  message: string;
}

/** Whether it goes on, told what is wrong. */
export function mayRepair(
  state: RunState,
  instance: Instance,
  faults: readonly Fault[],
  { isUntold = false, left }: { isUntold?: boolean; left?: string },
): boolean {
  // There is nothing to mend: a person must grant more.
  if (faults.some(({ kind }) => kind === 'loop_limit')) return false;
  if (left !== undefined && isStuck(instance, left)) return false;
  const most = repairsOf(state.plan.project, taskOf(state, instance), isUntold);
  return timesContinued(state, instance.instance_id, 'repair') < most;
}

/** Whether the last two repairs, of which the latest attempt is one, have left just what was there before them. */
function isStuck({ attempts }: Instance, left: string): boolean {
  const [first, second] = attempts.slice(-3, -1).map(({ continued }) => continued);
  if (first?.reason !== 'repair' || second?.reason !== 'repair') return false;
  return first.left === left && second.left === left;
}

/** Has it go on: it is told of all faults, the first of which it would have failed with. */
export function repair(
  recorder: Recorder,
  instance: Instance,
  faults: readonly Fault[],
  left: string | null,
): void {
  goOn(recorder, instance, {
    reason: 'repair',
    message: faults.map(({ message }) => message).join('\n\n'),
    failure_kind: faults[0]?.kind ?? null,
    ...(left === null ? {} : { left }),
  });
}
