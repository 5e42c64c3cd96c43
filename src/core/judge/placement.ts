/** Which machine has an attempt that is carried out elsewhere. */
import type { RunEvent } from '../events/events.ts';
import { Recorder } from '../state/recorder.ts';
import { instanceOf, type RunState } from '../state/run-state.ts';
import type { AttemptPlace } from '../../model/run.ts';

/** Records who has that attempt of an instance, where it still runs and that is news. */
export function recordPlaced(
  state: RunState,
  instanceId: string,
  attempt: number,
  { queue, host }: AttemptPlace,
  now: string,
): RunEvent[] {
  const recorder = new Recorder(state, now);
  const { status, attempts } = instanceOf(state, instanceId);
  const latest = attempts.at(-1);
  if (status !== 'running' || latest?.attempt !== attempt || latest.finished_at !== null) return [];
  if (latest.placed?.queue === queue && latest.placed.host === host) return [];
  recorder.emit('attempt_placed', instanceId, { attempt, queue, host });
  return recorder.events;
}
