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
  { isUntold = false }: { isUntold?: boolean },
): boolean {
  // There is nothing to mend: a person must grant more.
  if (faults.some(({ kind }) => kind === 'loop_limit')) return false;
  const most = repairsOf(state.plan.project, taskOf(state, instance), isUntold);
  return timesContinued(state, instance.instance_id, 'repair') < most;
}

/** Has it go on: it is told of all faults, the first of which it would have failed with. */
export function repair(recorder: Recorder, instance: Instance, faults: readonly Fault[]): void {
  goOn(recorder, instance, {
    reason: 'repair',
    message: faults.map(({ message }) => message).join('\n\n'),
    failure_kind: faults[0]?.kind ?? null,
  });
}
