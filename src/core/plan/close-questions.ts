/** A run that is over asks nothing: section 20 of the contract. */
import type { ClosingReason } from '../../model/run.ts';
import { saysWhatIsClosed } from '../events/interrupt.ts';
import type { Recorder } from '../state/recorder.ts';

/** Closes what is open, right before the event that ends the run. In a run of format 1 its log cannot say so. */
export function closeQuestions(recorder: Recorder, reason: ClosingReason): void {
  const { state } = recorder;
  if (!saysWhatIsClosed(state)) return;
  for (const [id, { interrupt }] of state.interrupts) {
    if (interrupt.status !== 'open') continue;
    recorder.emit('interrupt_closed', interrupt.instance_id, { interrupt_id: id, reason });
  }
}
